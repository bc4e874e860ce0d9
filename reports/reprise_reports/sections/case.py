"""What every part of the report is written from, and the cells they share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reprise_pra.analysis.results import Outcome, Results
from reprise_reports.document import Cell, Column, Table, Tone
from reprise_reports.headline import TONES, Headline
from reprise_reports.manifest import Digest
from reprise_reports.voice import Voice, measured, parse_utc
from reprise_reports.words import outcome_name


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run, told in one language. `manifest` lists the evidence beside the report."""

    voice: Voice
    results: Results
    head: Headline
    manifest: tuple[Digest, ...]


def quantity(voice: Voice, value: float, unit: str) -> str:
    """Return a value with its unit; seconds as people say them, then exactly."""
    says: dict[str, Callable[[float], str]] = {
        "s": voice.exact_duration,
        "ms": voice.milliseconds,
        "ratio": voice.percent,
    }
    if unit in says:
        return says[unit](value)
    name = voice("écritures", "writes") if unit == "writes" else unit
    return f"{voice.number(value, 3)}\u00a0{name}".rstrip("\u00a0")


def quantity_cell(
    voice: Voice, value: float | None, unit: str, reason: str = ""
) -> Cell:
    """Return the value, "not measured" and the reason when there is none."""
    known = measured(value)
    if known is None:
        return missing_cell(voice, reason)
    if unit == "s" and abs(known) >= 60:  # noqa: PLR2004 - minutes: said twice
        return Cell(text=voice.duration(known), note=voice.seconds(known))
    return Cell(text=quantity(voice, known, unit))


def missing_cell(voice: Voice, reason: str = "", span: int = 1) -> Cell:
    """Return "not measured" with its reason; never a zero, never a blank."""
    if span > 1:
        return Cell(text=voice.missing(reason), tone=Tone.DOUBT, span=span)
    return Cell(text=voice.missing(), note=reason, tone=Tone.DOUBT)


def outcome_cell(voice: Voice, outcome: Outcome) -> Cell:
    """Return the verdict's name in its tone."""
    return Cell(text=outcome_name(voice, outcome), tone=TONES[outcome])


def offset_cell(case: Case, at_s: float | None, reason: str) -> Cell:
    """Return the distance from t0, with the UTC time under it."""
    voice, clock = case.voice, case.head.clock
    distance = clock.since_t0(at_s)
    if distance is None:
        return missing_cell(voice, reason)
    instant = clock.utc(at_s)
    note = f"{voice.clock(instant)}\u00a0UTC" if instant else ""
    return Cell(text=voice.offset(distance), note=note)


def instant_cell(case: Case, utc: str | None, reason: str) -> Cell:
    """Return the UTC time, with its distance from t0 under it."""
    voice, clock = case.voice, case.head.clock
    instant = parse_utc(utc)
    if instant is None:
        return missing_cell(voice, reason)
    distance = None if clock.t0_s is None else clock.since_t0(clock.second(utc))
    note = f"t0 {voice.offset(distance)}" if distance is not None else ""
    return Cell(text=voice.clock(instant), note=note)


def excerpt(voice: Voice, table: Table, limit: int, where: str) -> Table:
    """Return the table with the middle of a long list left out, and saying so."""
    count = len(table.rows)
    if count <= limit:
        return table
    first = limit * 2 // 3
    last = limit - first
    left_out = voice.number(count - limit)
    gap = Cell(
        text=voice(f"… {left_out} lignes …", f"… {left_out} rows …"),
        span=len(table.columns),
    )
    remainder = voice(
        f"{left_out} lignes sur {voice.number(count)} ne sont pas imprimées ; "
        f"toutes sont dans {where}.",
        f"{left_out} of {voice.number(count)} rows are not printed; "
        f"all of them are in {where}.",
    )
    rows = (*table.rows[:first], (gap,), *table.rows[count - last :])
    return dataclasses.replace(table, rows=rows, remainder=remainder)


def columns(*titles: tuple[str, int] | tuple[str, int, bool]) -> tuple[Column, ...]:
    """Return columns from (title, share of the width, is a number)."""
    return tuple(
        Column(title=title[0], share=title[1], is_number=len(title) > 2 and title[2])  # noqa: PLR2004
        for title in titles
    )


def bounded_cell(voice: Voice, cell: Cell, *, is_bound: bool) -> Cell:
    """Return the cell of a value that is known to be at least so much."""
    if not is_bound:
        return cell
    note = voice("borne inférieure", "lower bound")
    return Cell(text=f">\u00a0{cell.text}", note=note)


def recovery_reason(case: Case) -> str:
    """Return why the recovery time could not be measured."""
    if case.results.rta_reason:
        return case.voice.of(case.results.rta_reason)
    return mark_reason(case, "t0", "t7")


def mark_reason(case: Case, *names: str) -> str:
    """Return which of these instants the run lacks."""
    voice = case.voice
    known = {mark.name: mark for mark in case.results.marks}
    for name in names:
        mark = known.get(name)
        if mark is None or measured(mark.at_s) is None:
            return voice(f"le repère {name} manque", f"the mark {name} is missing")
    return voice("non calculé par l'analyse", "the analysis gave no value")
