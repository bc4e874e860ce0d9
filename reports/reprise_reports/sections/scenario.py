"""What was played, on what, and what kept it from doing harm."""

from __future__ import annotations

from reprise_reports.document import Bullets, Cell, Facts, Paragraph, Section
from reprise_reports.sections.case import Case
from reprise_reports.sections.cover import site_name
from reprise_reports.words import fault_name

SITE_LOSS = "power_off_site"


def scenario(case: Case) -> tuple[Section, ...]:
    """Return the scenario and its safeguards."""
    voice = case.voice
    played = Section(
        key="scenario",
        number="",
        title=voice("Scénario et garde-fous", "Scenario and safeguards"),
        blocks=(Paragraph(text=_story(case)), _facts(case)),
    )
    safeguards = Section(
        key="safeguards",
        number="",
        level=2,
        title=voice("Conventions et garde-fous", "Conventions and safeguards"),
        blocks=(Bullets(items=_safeguards(case)),),
    )
    return played, safeguards


def _story(case: Case) -> str:
    voice = case.voice
    continuity = [f for f in case.results.faults if f.fault != SITE_LOSS]
    lost = any(f.fault == SITE_LOSS for f in case.results.faults)
    struck = voice.count(
        len(continuity),
        ("épreuve de continuité", "épreuves de continuité"),
        ("continuity fault", "continuity faults"),
    )
    before = (
        voice(
            "Pendant que les centres travaillent, le site principal subit d'abord "
            f"{struck}, sans que les soins aient à s'interrompre. ",
            f"While the clinics work, the primary site first takes {struck}; care should "
            "not be interrupted. ",
        )
        if continuity
        else ""
    )
    disaster = (
        voice(
            "Puis le site principal est perdu en entier, à un moment tiré au sort : le "
            "service doit être repris sur le site de secours à partir des sauvegardes.",
            "Then the whole primary site is lost, at a moment drawn by lot: the service "
            "must be recovered on the recovery site from the backups.",
        )
        if lost
        else voice(
            "La perte du site principal n'a pas été jouée : l'exercice s'est arrêté avant.",
            "The loss of the primary site was not played: the drill ended before.",
        )
    )
    return before + disaster


def _facts(case: Case) -> Facts:
    voice, provenance = case.voice, case.results.provenance
    names = dict.fromkeys(fault_name(voice, f.fault) for f in case.results.faults)
    faults = ", ".join(names) or voice("aucune panne injectée", "no fault injected")
    return Facts(
        pairs=(
            (voice("Site", "Site"), Cell(text=site_name(case))),
            (voice("Plan", "Plan"), Cell(text=provenance.drill)),
            (voice("Pannes jouées", "Faults played"), Cell(text=faults)),
            (
                voice("Graine du tirage", "Random seed"),
                Cell(text=str(provenance.seed), is_code=True),
            ),
            (
                voice("Population", "Population"),
                Cell(
                    text=voice(
                        "patients synthétiques, aucune donnée de santé réelle",
                        "synthetic patients, no real health data",
                    )
                ),
            ),
        )
    )


def _safeguards(case: Case) -> tuple[str, ...]:
    voice = case.voice
    return (
        voice(
            "Chaque panne désigne ses cibles avant d'agir ; sans cible, ou au-delà du "
            "périmètre permis, elle est refusée.",
            "Each fault names its targets first; with none, or more than allowed, it is "
            "refused.",
        ),
        voice(
            "Ce qui défait une panne est consigné avant l'injection ; un gardien "
            "indépendant la défait si l'exercice s'interrompt.",
            "What undoes a fault is recorded before it is injected; an independent holder "
            "undoes it should the drill stop.",
        ),
        voice(
            "Une panne compte seulement si elle a été constatée par un chemin et un compte "
            "d'accès distincts de ceux de l'injecteur.",
            "A fault counts only when seen by a path and a credential that are not the "
            "injector's.",
        ),
        voice(
            "Le site principal reste isolé après la bascule : les deux sites ne servent "
            "jamais en même temps.",
            "The primary site stays fenced after the switch: two sites never serve at "
            "once.",
        ),
        voice(
            "Un exercice interrompu produit lui aussi un rapport, non concluant.",
            "An interrupted drill yields a report too, an inconclusive one.",
        ),
    )
