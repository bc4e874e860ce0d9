"""What clinicians got: faults, the prober's outages, availability and latency."""

from __future__ import annotations

from reprise_pra.analysis.results import FaultWindow, Outage, Sli
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
    offset_cell,
    quantity_cell,
)
from reprise_reports.voice import Voice, measured
from reprise_reports.words import class_name, fault_name, journey_name, window_name

LOAD = "load"
ROWS = 60


def faults(case: Case) -> Section:
    """Return the faults injected, seen to take and seen to be undone."""
    voice = case.voice
    table = Table(
        caption=voice("Pannes injectées", "Faults injected"),
        columns=columns(
            (voice("N°", "No."), 6),
            (voice("Panne", "Fault"), 20),
            (voice("Cibles", "Targets"), 16),
            (voice("Injectée", "Injected"), 15, True),
            (voice("Constatée", "Seen to take"), 15, True),
            (voice("Défaite", "Undone"), 15, True),
            (voice("Constatée par", "Seen by"), 13),
        ),
        rows=tuple(
            _fault_row(case, index, fault)
            for index, fault in enumerate(case.results.faults, start=1)
        ),
        empty=voice("Aucune panne n'a été injectée.", "No fault was injected."),
    )
    return Section(
        key="faults",
        number="",
        level=2,
        title=voice("Pannes injectées", "Faults injected"),
        blocks=(excerpt(voice, table, ROWS, "results.json"),),
    )


def service(case: Case) -> Section:
    """Return load, availability, latency and outages."""
    voice = case.voice
    blocks: tuple[Block, ...] = (_slis(case), _outages(case))
    if case.results.coverage:
        blocks = (*blocks, _coverage(case))
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
            (voice("Parcours", "Journey"), 16),
            (voice("Fenêtre", "Window"), 15),
            (voice("Opérations", "Operations"), 12, True),
            (voice("Échecs", "Failures"), 9, True),
            (voice("Dispo.", "Avail."), 10, True),
            ("p50", 9, True),
            ("p95", 9, True),
            ("SLO", 8),
            (voice("Budget", "Budget"), 12, True),
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


def _outages(case: Case) -> Table:
    voice = case.voice
    table = Table(
        caption=voice("Interruptions vues par la sonde", "Outages seen by the prober"),
        columns=columns(
            (voice("Service", "Class"), 14),
            (voice("Début", "Start"), 18, True),
            (voice("Fin", "End"), 18, True),
            (voice("Durée", "Duration"), 18, True),
            (voice("Entre", "Between"), 18, True),
            (voice("Aveugle", "Blind"), 14, True),
        ),
        rows=tuple(_outage_row(case, outage) for outage in case.results.outages),
        empty=voice(
            "Interruptions non mesurées : aucune sonde n'a laissé de relevé.",
            "Outages not measured: no prober left a record.",
        )
        if not case.results.coverage
        else voice(
            "Aucune interruption relevée hors des périodes aveugles ci-dessous.",
            "No outage seen outside of the blind stretches below.",
        ),
    )
    return excerpt(voice, table, ROWS, "results.json")


def _coverage(case: Case) -> Table:
    voice = case.voice
    return Table(
        caption=voice(
            "Ce que la sonde pouvait voir ; hors de là, rien n'est affirmé",
            "What the prober could see; outside of it, nothing is claimed",
        ),
        columns=columns(
            (voice("Service", "Class"), 16),
            (voice("Processus", "Processes"), 14, True),
            (voice("Appels", "Probes"), 14, True),
            (voice("Sautés", "Skipped"), 14, True),
            (voice("Aveugle au total", "Blind in all"), 14, True),
            (voice("Plus longue", "Longest"), 14, True),
            (voice("Lent au-delà de", "Slow above"), 14, True),
        ),
        rows=tuple(
            (
                Cell(text=class_name(voice, seen.service_class)),
                Cell(text=voice.number(seen.processes)),
                Cell(text=voice.number(seen.probes)),
                Cell(text=voice.number(seen.skipped)),
                quantity_cell(voice, seen.blind_s, "s"),
                quantity_cell(voice, seen.longest_blind_s, "s"),
                quantity_cell(voice, seen.slow_ms, "ms"),
            )
            for seen in case.results.coverage[:ROWS]
        ),
    )


def _outage_row(case: Case, outage: Outage) -> tuple[Cell, ...]:
    voice = case.voice
    reason = voice(
        "non terminée à la fin de l'observation", "not ended when it stopped"
    )
    duration = quantity_cell(voice, outage.duration_s, "s", reason)
    if outage.is_imprecise and measured(outage.duration_s) is not None:
        note = voice("imprécis", "imprecise")
        duration = Cell(text=duration.text, note=note, tone=Tone.DOUBT)
    return (
        Cell(text=class_name(voice, outage.service_class)),
        offset_cell(case, outage.start_s, voice("début non vu", "start not seen")),
        offset_cell(case, outage.end_s, reason),
        duration,
        _bounds(voice, outage, reason),
        quantity_cell(voice, outage.blind_s, "s", voice("inconnu", "unknown")),
    )


def _bounds(voice: Voice, outage: Outage, reason: str) -> Cell:
    start_low, start_high = measured(outage.start_low_s), measured(outage.start_high_s)
    end_low, end_high = measured(outage.end_low_s), measured(outage.end_high_s)
    if start_low is None or start_high is None or end_low is None or end_high is None:
        return missing_cell(voice, reason)
    shortest = max(0.0, end_low - start_high)
    longest = end_high - start_low
    text = voice(
        f"{voice.seconds(shortest)} et {voice.seconds(longest)}",
        f"{voice.seconds(shortest)} and {voice.seconds(longest)}",
    )
    return Cell(text=text)


def _fault_row(case: Case, index: int, fault: FaultWindow) -> tuple[Cell, ...]:
    voice = case.voice
    return (
        Cell(text=f"F{index}"),
        Cell(text=fault_name(voice, fault.fault)),
        Cell(text=", ".join(fault.targets) or voice("aucune", "none")),
        offset_cell(case, fault.injected_s, voice("instant absent", "no instant")),
        offset_cell(case, fault.taken_s, voice("jamais constatée", "never seen")),
        offset_cell(case, fault.undone_s, voice("fin non constatée", "end not seen")),
        Cell(text=fault.observer or voice("personne", "nobody")),
    )
