"""What clinicians got: load, availability, latency, and the outages."""

from __future__ import annotations

from reprise_pra.analysis.results import Sli
from reprise_reports.document import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Section,
    Table,
    Tone,
)
from reprise_reports.sections.case import (
    Case,
    columns,
    excerpt,
    missing_cell,
    quantity_cell,
)
from reprise_reports.sections.outages import coverage, outages
from reprise_reports.voice import Voice, measured
from reprise_reports.words import journey_name, window_name

LOAD = "load"
ROWS = 60


def service(case: Case) -> Section:
    """Return load, availability, latency and outages."""
    voice = case.voice
    blocks: tuple[Block, ...] = (_slis(case), outages(case))
    if case.results.coverage:
        blocks = (*blocks, coverage(case))
    if case.results.load:
        blocks = (_figure(case), *blocks)
    else:
        absent = voice(
            "Charge non mesurée : aucune opération des soignants n'a été enregistrée.",
            "Load not measured: no operation of the clinicians was recorded.",
        )
        blocks = (Paragraph(text=absent), *blocks)
    return Section(
        key="service",
        number="",
        level=2,
        title=voice("Service rendu aux soignants", "Service to the clinicians"),
        blocks=blocks,
    )


def _figure(case: Case) -> Figure:
    voice = case.voice
    operations = sum(second.operations for second in case.results.load)
    failures = sum(second.failures for second in case.results.load)
    return Figure(
        name=LOAD,
        caption=voice(
            "Activité, échecs et latence ; pannes F1, F2… ombrées, repères t0 à t9",
            "Activity, failures and latency; faults F1, F2… shaded, marks t0 to t9",
        ),
        alt=voice(
            f"Trois courbes dans le temps : {voice.number(operations)} opérations, dont "
            f"{voice.number(failures)} en échec, et la latence médiane et au 95e "
            "percentile. Le tableau qui suit en donne les valeurs par fenêtre.",
            f"Three curves over time: {voice.number(operations)} operations, "
            f"{voice.number(failures)} of them failed, and the median and 95th percentile "
            "of latency. The table below gives the values of each window.",
        ),
    )


def _slis(case: Case) -> Table:
    voice = case.voice
    table = Table(
        caption=voice(
            "Disponibilité et latence par parcours, avant, pendant et après",
            "Availability and latency of each journey, before, during and after",
        ),
        columns=columns(
            (voice("Parcours", "Journey"), 15),
            (voice("Fenêtre", "Window"), 15),
            (voice("Opérations", "Operations"), 12, True),
            (voice("Échecs", "Failures"), 9, True),
            (voice("Dispo.", "Avail."), 10, True),
            ("p50", 9, True),
            ("p95", 9, True),
            ("SLO", 10),
            (voice("Budget", "Budget"), 11, True),
        ),
        rows=tuple(_sli_row(case, sli) for sli in case.results.slis),
        empty=voice(
            "Aucun indicateur de service n'a pu être mesuré.",
            "No service indicator could be measured.",
        ),
    )
    return excerpt(voice, table, ROWS, "results.csv")


def _sli_row(case: Case, sli: Sli) -> tuple[Cell, ...]:
    voice = case.voice
    length = _span(voice, sli.start_s, sli.end_s)
    lead = (
        Cell(text=journey_name(voice, sli.journey)),
        Cell(text=window_name(voice, sli.window), note=length),
        Cell(text=voice.number(sli.operations)),
    )
    if measured(sli.availability) is None and not sli.operations:
        reason = voice("aucune opération dans la fenêtre", "no operation in the window")
        return (*lead, missing_cell(voice, reason, span=6))
    no_value = voice("valeur absente", "no value")
    availability = measured(sli.availability)
    burn = measured(sli.burn_rate)
    spent = measured(sli.budget_spent)
    speed = (
        voice(f"vitesse {voice.number(burn, 1)}", f"burn rate {voice.number(burn, 1)}")
        if burn is not None
        else ""
    )
    return (
        *lead,
        Cell(text=voice.number(sli.failures)),
        missing_cell(voice, no_value)
        if availability is None
        else Cell(text=voice.percent(availability)),
        *_latencies(voice, sli),
        _within(voice, sli),
        missing_cell(voice, voice("sans objectif", "no objective"))
        if spent is None
        else Cell(text=voice.percent(spent), note=speed),
    )


def _latencies(voice: Voice, sli: Sli) -> tuple[Cell, ...]:
    if measured(sli.p50_ms) is None and measured(sli.p95_ms) is None:
        reason = voice("aucune réussite", "no success")
        return (missing_cell(voice, reason, span=2),)
    return _latency(voice, sli.p50_ms), _latency(voice, sli.p95_ms)


def _within(voice: Voice, sli: Sli) -> Cell:
    if sli.is_within is None:
        return missing_cell(voice)
    if sli.is_within:
        return Cell(text=voice("tenu", "met"), tone=Tone.GOOD)
    return Cell(text=voice("manqué", "missed"), tone=Tone.BAD)


def _span(voice: Voice, start_s: float, end_s: float) -> str:
    if measured(start_s) is None or measured(end_s) is None:
        return ""
    return voice.duration(round(end_s - start_s))


def _latency(voice: Voice, value_ms: float | None) -> Cell:
    reason = voice("aucune réussite", "no success")
    return quantity_cell(voice, value_ms, "ms", reason)
