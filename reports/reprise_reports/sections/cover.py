"""The cover and the verdict's stamp."""

from __future__ import annotations

from reprise_pra.analysis.results import Outcome, Verdict
from reprise_reports.document import Cell, Cover, Stamp
from reprise_reports.headline import TONES
from reprise_reports.sections.case import Case
from reprise_reports.voice import parse_utc
from reprise_reports.words import assumption_name, outcome_name


def title(case: Case) -> str:
    """Return the report's title."""
    return case.voice(
        "Rapport de validation du plan de reprise d'activité",
        "Disaster recovery plan: validation report",
    )


def reference(case: Case) -> str:
    """Return the reference under which the report is filed."""
    provenance = case.results.provenance
    # A run is named by its instant, or by its drill and instant.
    instant = provenance.run_id.rpartition("/")[2]
    return f"PRA-{provenance.drill}-{instant}"


def banner(case: Case) -> str:
    """Return what each page of an embedded run's report must say."""
    if not case.head.is_embedded:
        return ""
    return case.voice(
        "Démontré sur maquette : cet exercice montre des mécanismes, ses durées ne sont "
        "pas celles de l'établissement.",
        "Shown on a model site: this drill shows mechanisms, its minutes are not those "
        "of the organisation.",
    )


def cover(case: Case) -> Cover:
    """Return the first page."""
    voice, provenance = case.voice, case.results.provenance
    unreadable = voice("instant absent de l'historique", "no instant in the history")
    start = voice.utc_instant(provenance.started_utc) or voice.missing(unreadable)
    end = voice.utc_instant(provenance.ended_utc) or voice.missing(unreadable)
    day = parse_utc(provenance.started_utc)
    on_day = voice(f" du {voice.date(day)}", f" of {voice.date(day)}") if day else ""
    facts = (
        (voice("Référence", "Reference"), Cell(text=reference(case))),
        (voice("Début d'exercice (DEBEX)", "Drill starts"), Cell(text=start)),
        (voice("Fin d'exercice (FINEX)", "Drill ends"), Cell(text=end)),
        (voice("Site", "Site"), Cell(text=site_name(case))),
        (voice("Plan joué", "Plan"), Cell(text=provenance.drill)),
        (
            voice("Empreinte du plan", "Digest of the plan"),
            Cell(text=provenance.plan_sha256, is_code=True),
        ),
        (
            voice("Empreinte des objectifs", "Digest of the objectives"),
            Cell(text=provenance.objectives_sha256, is_code=True),
        ),
        (
            voice("Outil de mesure", "Measuring tool"),
            Cell(text=f"Reprise {provenance.reprise_version}"),
        ),
        (
            voice("Approbateurs", "Approved by"),
            Cell(
                text=voice(
                    "à renseigner au procès-verbal", "to be filled in, see the end"
                )
            ),
        ),
    )
    return Cover(
        kicker=voice(
            "Plan de reprise d'activité (PRA)", "Disaster recovery plan (DRP)"
        ),
        title=title(case),
        subtitle=voice(
            f"Exercice «\u00a0{provenance.drill}\u00a0»{on_day}",
            f"Drill “{provenance.drill}”{on_day}",
        ),
        facts=facts,
        note=voice(
            "Ce document reste un projet tant que le procès-verbal de recette n'est pas "
            "signé. L'outil qui l'a produit ne signe jamais.",
            "This document remains a draft until the acceptance record is signed. "
            "The tool that made it never signs.",
        ),
    )


def site_name(case: Case) -> str:
    """Return the site and what it is."""
    provenance = case.results.provenance
    kind = (
        case.voice("maquette sur une seule machine", "model site on one machine")
        if case.head.is_embedded
        else case.voice(
            f"fournisseur {provenance.provider}", f"provider {provenance.provider}"
        )
    )
    return f"{provenance.site} ({kind})"


def stamp(case: Case) -> Stamp:
    """Return the verdict and the sentence that explains it."""
    outcome = case.results.outcome
    return Stamp(
        text=outcome_name(case.voice, outcome).upper(),
        tone=TONES[outcome],
        sentence=_why(case),
    )


def _why(case: Case) -> str:
    voice, head, outcome = case.voice, case.head, case.results.outcome
    suffix = voice(" — démontré sur maquette.", " — shown on a model site.")
    end = suffix if head.is_embedded else "."
    if outcome is Outcome.MET:
        count = voice.number(len(case.results.verdicts))
        text = voice(
            f"Objectifs tenus : {count} sur {count}, hypothèses vérifiées",
            f"Objectives met: {count} of {count}, with every assumption checked",
        )
        return text + end
    if outcome is Outcome.MISSED:
        return _named(voice("Objectifs manqués", "Missed"), case, head.missed) + end
    if head.broken:
        names = [assumption_name(voice, a) for a in head.broken[:3]]
        lead = voice(
            "L'exercice ne permet pas de conclure", "The drill proves nothing yet"
        )
        because = voice("hypothèses non tenues", "assumptions that do not hold")
        return voice.colon(lead, voice.colon(because, ", ".join(names))) + end
    if not case.results.verdicts:
        text = voice(
            "Aucun objectif n'a pu être confronté à une mesure",
            "No objective could be compared with a measurement",
        )
        return text + end
    return _named(voice("Non conclu", "Not concluded"), case, head.unknown) + end


def _named(lead: str, case: Case, verdicts: tuple[Verdict, ...]) -> str:
    names = [case.voice.of(verdict.title) for verdict in verdicts[:3]]
    more = len(verdicts) - len(names)
    others = case.voice.count(more, ("autre", "autres"), ("more", "more"))
    tail = case.voice(f" et {others}", f" and {others}") if more else ""
    return case.voice.colon(lead, ", ".join(names) + tail) if names else lead
