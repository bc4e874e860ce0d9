"""The faults of a drill: injected, seen to take, undone, and what clinicians lost by each."""

from __future__ import annotations

from reprise_pra.analysis.results import FaultImpact, FaultWindow
from reprise_reports.document import Block, Cell, Section, Table, Tone
from reprise_reports.sections.case import (
    Case,
    bounded_cell,
    columns,
    excerpt,
    offset_cell,
    quantity_cell,
)
from reprise_reports.voice import measured
from reprise_reports.words import class_name, fault_name

ROWS = 60


def faults(case: Case) -> Section:
    """Return the faults injected, seen to take and seen to be undone."""
    voice = case.voice
    table = Table(
        caption=voice("Pannes injectées", "Faults injected"),
        columns=columns(
            (voice("N°", "No."), 6),
            (voice("Panne", "Fault"), 19),
            (voice("Cibles", "Targets"), 14),
            (voice("Injectée", "Injected"), 14, True),
            (voice("Constatée", "Seen to take"), 14, True),
            (voice("Défaite", "Undone"), 14, True),
            (voice("Constatée par", "Seen by"), 19),
        ),
        rows=tuple(
            _fault_row(case, index, fault)
            for index, fault in enumerate(case.results.faults, start=1)
        ),
        empty=voice("Aucune panne n'a été injectée.", "No fault was injected."),
    )
    blocks: tuple[Block, ...] = (excerpt(voice, table, ROWS, "results.json"),)
    if case.results.impacts:
        blocks = (*blocks, _impacts(case))
    return Section(
        key="faults",
        number="",
        level=2,
        title=voice("Pannes injectées", "Faults injected"),
        blocks=blocks,
    )


def _impacts(case: Case) -> Table:
    voice = case.voice
    table = Table(
        caption=voice(
            "Interruptions causées par chaque panne, vues par la sonde",
            "Outages caused by each fault, as the prober saw them",
        ),
        columns=columns(
            (voice("Panne", "Fault"), 30),
            (voice("Service", "Class"), 16),
            (voice("Interruptions", "Outages"), 18, True),
            (voice("La plus longue", "Longest"), 18, True),
            (voice("Au total", "In all"), 18, True),
        ),
        rows=tuple(_impact_row(case, impact) for impact in case.results.impacts),
    )
    return excerpt(voice, table, ROWS, "results.json")


def _impact_row(case: Case, impact: FaultImpact) -> tuple[Cell, ...]:
    voice = case.voice
    reason = voice("sans fin constatée", "with no end seen")

    def length(value_s: float | None, at_least_s: float | None = None) -> Cell:
        if measured(value_s) is None and at_least_s:
            cell = quantity_cell(voice, at_least_s, "s", reason)
            return bounded_cell(voice, cell, is_bound=measured(at_least_s) is not None)
        cell = quantity_cell(voice, value_s, "s", reason)
        if not impact.is_imprecise or measured(value_s) is None:
            return cell
        note = voice("imprécis", "imprecise")
        return Cell(text=cell.text, note=note, tone=Tone.DOUBT)

    distance = case.head.clock.since_t0(impact.injected_s)
    return (
        Cell(
            text=fault_name(voice, impact.fault),
            note="" if distance is None else voice.offset(distance),
        ),
        Cell(text=class_name(voice, impact.service_class)),
        Cell(text=voice.number(impact.outages)),
        length(impact.longest_s, impact.at_least_s),
        length(impact.total_s),
    )


def _fault_row(case: Case, index: int, fault: FaultWindow) -> tuple[Cell, ...]:
    voice = case.voice
    return (
        Cell(text=f"F{index}"),
        Cell(text=fault_name(voice, fault.fault)),
        Cell(text=", ".join(fault.targets) or voice("aucune", "none")),
        offset_cell(case, fault.injected_s, voice("instant absent", "no instant")),
        offset_cell(case, fault.taken_s, voice("jamais constatée", "never seen")),
        _undone(case, fault),
        Cell(text=fault.observer or voice("personne", "nobody")),
    )


def _undone(case: Case, fault: FaultWindow) -> Cell:
    voice = case.voice
    if measured(fault.undone_s) is None and measured(fault.undo_s) is None:
        # The lost site of a drill stays lost: that is not a measurement that lacks.
        note = voice("aucune annulation demandée", "no undo asked for")
        return Cell(text=voice("maintenue", "kept"), note=note)
    return offset_cell(case, fault.undone_s, voice("fin non constatée", "end not seen"))
