"""The objectives, fixed before the drill, each against its measurement."""

from __future__ import annotations

from reprise_pra.analysis.results import Verdict
from reprise_reports.document import Block, Cell, Facts, Paragraph, Section, Table, Tone
from reprise_reports.sections.case import (
    Case,
    bounded_cell,
    columns,
    excerpt,
    outcome_cell,
    quantity_cell,
)
from reprise_reports.voice import Voice, measured, parse_utc
from reprise_reports.words import journey_name

ROWS = 60


def objectives(case: Case) -> Section:
    """Return the section of objectives and verdicts."""
    voice = case.voice
    lead = Paragraph(
        text=voice(
            "L'exercice vérifie que le service de santé peut être repris sur un autre site, "
            "dans les délais et avec les pertes que l'établissement a jugés acceptables. Les "
            "critères ci-dessous sont fixés avant l'exercice ; l'empreinte de leur fichier, "
            "en page de garde, permet de vérifier qu'ils n'ont pas changé depuis. Le verdict "
            "d'ensemble est le plus sévère de tous.",
            "The drill checks that the health service can be recovered on another site, "
            "within the time and with the losses the organisation accepts. The criteria "
            "below are fixed before the drill; the digest of their file, on the cover, "
            "shows that they have not changed since. The overall verdict is the most "
            "severe of all.",
        )
    )
    return Section(
        key="objectives",
        number="",
        title=voice("Objet, objectifs et verdicts", "Purpose, objectives and verdicts"),
        blocks=(lead, *_promise(case), _table(case)),
        starts_page=True,
    )


def _promise(case: Case) -> tuple[Block, ...]:
    """Return who holds the objectives, and the service levels of each journey."""
    voice, promise = case.voice, case.results.promise
    if promise is None:
        return ()
    facts = Facts(
        pairs=(
            (voice("Service", "Service"), Cell(text=promise.service)),
            (voice("Porteur des objectifs", "Owner"), Cell(text=promise.owner)),
            (voice("Convenus le", "Agreed on"), Cell(text=_day(voice, promise.agreed))),
        )
    )
    levels = Table(
        caption=voice(
            "Niveaux de service promis par parcours de soin",
            "Service levels promised for each clinical journey",
        ),
        columns=columns(
            (voice("Parcours", "Journey"), 40),
            (voice("Priorité", "Tier"), 16),
            (voice("Disponibilité", "Availability"), 20, True),
            (voice("Latence p95", "Latency p95"), 24, True),
        ),
        rows=tuple(
            (
                Cell(text=journey_name(voice, journey.journey)),
                Cell(text=f"T{journey.tier}"),
                quantity_cell(voice, journey.availability, "ratio"),
                quantity_cell(voice, journey.latency_p95_ms, "ms"),
            )
            for journey in promise.journeys[:ROWS]
        ),
        empty=voice("Aucun parcours.", "No journey."),
    )
    return facts, levels


def _day(voice: Voice, date: str) -> str:
    instant = parse_utc(date)
    return voice.date(instant) if instant else date


def _table(case: Case) -> Table:
    voice = case.voice
    table = Table(
        caption=voice(
            "Objectifs, mesures et verdicts", "Objectives, measurements, verdicts"
        ),
        columns=columns(
            (voice("Objectif", "Objective"), 26),
            (voice("Attendu", "Expected"), 14, True),
            (voice("Mesuré", "Measured"), 16, True),
            (voice("Verdict", "Verdict"), 14),
            (voice("Motif", "Reason"), 30),
        ),
        rows=tuple(_row(case, verdict) for verdict in case.results.verdicts),
        empty=voice(
            "Aucun objectif n'a été jugé : l'exercice s'est arrêté avant toute mesure.",
            "No objective was judged: the drill ended before anything was measured.",
        ),
    )
    return excerpt(voice, table, ROWS, "results.csv")


def _row(case: Case, verdict: Verdict) -> tuple[Cell, ...]:
    voice = case.voice
    expected = (
        Cell(text=voice("non fixé", "not set"), tone=Tone.DOUBT)
        if measured(verdict.objective) is None
        else quantity_cell(voice, verdict.objective, verdict.unit)
    )
    actual = bounded_cell(
        voice,
        quantity_cell(voice, verdict.actual, verdict.unit, _see(case)),
        is_bound=verdict.is_lower_bound and measured(verdict.actual) is not None,
    )
    return (
        Cell(text=voice.of(verdict.title)),
        expected,
        actual,
        outcome_cell(voice, verdict.outcome),
        Cell(text=voice.sentence(verdict.reason)),
    )


def _see(case: Case) -> str:
    return case.voice("voir le motif", "see the reason")
