"""The acceptance record, left to people, and the annexes an auditor starts from."""

from __future__ import annotations

from reprise_reports.document import (
    Bullets,
    Cell,
    Command,
    Facts,
    Paragraph,
    Section,
    Table,
)
from reprise_reports.manifest import SUMS
from reprise_reports.sections.case import Case, columns

LISTED = 40


def acceptance(case: Case) -> Section:
    """Return the acceptance record (PV de recette): the tool never signs."""
    voice, provenance = case.voice, case.results.provenance
    plan = provenance.plan_sha256[:12]
    choices = (
        voice("recetté sans réserve", "accepted without reservation"),
        voice("recetté avec réserves", "accepted with reservations"),
        voice("refusé", "refused"),
    )
    signatures = Table(
        caption=voice("Avis et signatures", "Opinions and signatures"),
        columns=columns(
            (voice("Fonction", "Function"), 30),
            (voice("Nom", "Name"), 22),
            (voice("Avis", "Opinion"), 16),
            (voice("Date", "Date"), 12),
            (voice("Signature", "Signature"), 20),
        ),
        rows=tuple(
            (Cell(text=role), *(Cell(text="") for _ in range(4)))
            for role in _roles(case)
        ),
        is_form=True,
    )
    return Section(
        key="acceptance",
        number="",
        title=voice("Procès-verbal de recette", "Acceptance record"),
        starts_page=True,
        blocks=(
            Paragraph(
                text=voice(
                    "Projet : ce procès-verbal n'engage personne tant qu'il n'est pas "
                    "signé.",
                    "Draft: this record binds nobody until it is signed.",
                )
            ),
            Paragraph(
                text=voice(
                    f"Le plan de reprise d'activité «\u00a0{provenance.drill}\u00a0» "
                    f"(empreinte {plan}…) est déclaré :",
                    f"The disaster recovery plan “{provenance.drill}” (digest {plan}…) is "
                    "declared:",
                )
            ),
            Bullets(items=choices, is_checklist=True),
            signatures,
        ),
    )


def annexes(case: Case) -> tuple[Section, ...]:
    """Return provenance, recomputing, manifest and glossary."""
    voice = case.voice
    return (
        Section(
            key="annex-provenance",
            number="",
            title=voice("Provenance", "Provenance"),
            blocks=(Facts(pairs=_provenance(case)),),
            starts_page=True,
        ),
        _recompute(case),
        _manifest(case),
        Section(
            key="annex-glossary",
            number="",
            title=voice("Glossaire", "Glossary"),
            blocks=(Facts(pairs=_glossary(case)),),
        ),
    )


def _roles(case: Case) -> tuple[str, ...]:
    voice = case.voice
    return (
        voice("Direction générale", "General management"),
        voice("Direction des systèmes d'information", "Head of information systems"),
        voice("Sécurité des systèmes d'information (RSSI)", "Security officer (CISO)"),
        voice("Protection des données (DPO)", "Data protection officer"),
        voice("Responsable du PRA", "Owner of the recovery plan"),
        voice("Référent métier (audioprothésiste)", "Clinical referent (audiologist)"),
        voice("Hébergeur", "Hosting provider"),
    )


def _provenance(case: Case) -> tuple[tuple[str, Cell], ...]:
    voice, provenance = case.voice, case.results.provenance
    no_commit = voice("hors dépôt de sources", "not run from a repository")
    return (
        (voice("Exécution", "Run"), Cell(text=provenance.run_id, is_code=True)),
        (voice("Exercice", "Drill"), Cell(text=provenance.drill)),
        (
            voice("Site, fournisseur", "Site, provider"),
            Cell(text=f"{provenance.site}, {provenance.provider}"),
        ),
        (voice("Début", "Start"), Cell(text=provenance.started_utc, is_code=True)),
        (voice("Fin", "End"), Cell(text=provenance.ended_utc, is_code=True)),
        (voice("Graine", "Seed"), Cell(text=str(provenance.seed), is_code=True)),
        (
            voice("Version de Reprise", "Reprise version"),
            Cell(text=provenance.reprise_version, is_code=True),
        ),
        (
            "Commit",
            Cell(text=provenance.commit, is_code=True)
            if provenance.commit
            else Cell(text=voice.missing(no_commit)),
        ),
        (
            voice("Plan (SHA-256)", "Plan (SHA-256)"),
            Cell(text=provenance.plan_sha256, is_code=True),
        ),
        (
            voice("Objectifs (SHA-256)", "Objectives (SHA-256)"),
            Cell(text=provenance.objectives_sha256, is_code=True),
        ),
        (voice("Machine", "Machine"), Cell(text=provenance.machine)),
        (
            voice("Format des résultats", "Results format"),
            Cell(text=f"{case.results.schema_version}"),
        ),
    )


def _recompute(case: Case) -> Section:
    voice, provenance = case.voice, case.results.provenance
    instant = provenance.run_id.rpartition("/")[2]
    run = f"reports/runs/{provenance.drill}/{instant}"
    return Section(
        key="annex-recompute",
        number="",
        title=voice("Recalculer ce rapport", "Recomputing this report"),
        blocks=(
            Paragraph(
                text=voice(
                    "Les résultats découlent des seuls fichiers enregistrés. Sur toute "
                    "machine où Reprise est installé, la première commande vérifie ces "
                    "fichiers, la deuxième recalcule les résultats et le rapport, la "
                    "dernière refait le rapport seul.",
                    "The results follow from the recorded files alone. On any machine with "
                    "Reprise installed, the first command checks these files, the second "
                    "computes the results and the report again, the last makes the report "
                    "alone.",
                )
            ),
            Command(
                text=f"(cd {run} && sha256sum --check {SUMS})\n"
                f"python -m reprise_pra analyse {run}\n"
                f"python -m reprise_reports {run}"
            ),
        ),
    )


def _manifest(case: Case) -> Section:
    voice = case.voice
    shown = case.manifest[:LISTED]
    left_out = len(case.manifest) - len(shown)
    remainder = (
        voice(
            f"{left_out} autres fichiers sont listés dans {SUMS}.",
            f"{left_out} more files are listed in {SUMS}.",
        )
        if left_out
        else ""
    )
    table = Table(
        caption=voice("Fichiers de preuve", "Evidence files"),
        columns=columns(
            (voice("Fichier", "File"), 28),
            (voice("Taille", "Size"), 12, True),
            ("SHA-256", 60),
        ),
        rows=tuple(
            (
                Cell(text=digest.path, is_code=True),
                Cell(text=voice.size(digest.size_bytes)),
                Cell(text=digest.sha256, is_code=True),
            )
            for digest in shown
        ),
        empty=voice(
            "Aucun fichier de preuve n'accompagne ce rapport.",
            "No evidence file lies beside this report.",
        ),
        remainder=remainder,
    )
    return Section(
        key="annex-manifest",
        number="",
        title=voice("Manifeste", "Manifest"),
        blocks=(table,),
    )


def _glossary(case: Case) -> tuple[tuple[str, Cell], ...]:
    voice = case.voice
    texts = (
        (
            voice("DMIA", "MTD"),
            voice(
                "durée maximale d'interruption admissible.",
                "maximum tolerable downtime (DMIA).",
            ),
        ),
        (
            "PRA, PCA" if voice.is_french else "DRP, BCP",
            voice(
                "plan de reprise, plan de continuité d'activité.",
                "disaster recovery plan (PRA), business continuity plan (PCA).",
            ),
        ),
        (
            "RTO, RTA",
            voice(
                "délai de reprise visé ; délai de reprise constaté (RTO mesuré).",
                "recovery time objective; recovery time actual (measured RTO).",
            ),
        ),
        (
            "RPO, RPA",
            voice(
                "perte de données maximale admissible (PDMA), exprimée en durée ; perte "
                "constatée (RPO mesuré).",
                "recovery point objective; recovery point actual (measured RPO).",
            ),
        ),
        (
            "SLO, SLI",
            voice(
                "niveau de service promis ; niveau constaté.",
                "service level objective; service level indicator, what was measured.",
            ),
        ),
        (
            voice("DEBEX, FINEX", "Drill start, end"),
            voice(
                "début et fin d'exercice.",
                "called DEBEX and FINEX in the French report.",
            ),
        ),
        (
            voice("Site de secours", "Recovery site"),
            voice(
                "site sur lequel le service est repris quand le site principal est perdu.",
                "the site on which the service is recovered when the primary is lost.",
            ),
        ),
        (
            voice("Maquette", "Model site"),
            voice(
                "site complet et réel par ses logiciels, réduit à une machine.",
                "a site whose software is whole and real, in one machine.",
            ),
        ),
    )
    return tuple((name, Cell(text=text)) for name, text in texts)
