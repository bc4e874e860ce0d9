"""The outages a prober saw, and what it could not see."""

from __future__ import annotations

import math

from reprise_pra.analysis.results import Outage
from reprise_reports.document import Cell, Table, Tone
from reprise_reports.sections.case import (
    Case,
    columns,
    missing_cell,
    offset_cell,
    quantity_cell,
)
from reprise_reports.voice import Voice, measured
from reprise_reports.words import class_name

# A starved machine gives hundreds of outages of milliseconds: the long ones matter.
LONGEST = 20
ROWS = 60


def outages(case: Case) -> Table:
    """Return the longest outages, in the order of time."""
    voice = case.voice
    shown, left_out = _longest(case.results.outages)
    return Table(
        caption=voice("Interruptions vues par la sonde", "Outages seen by the prober"),
        columns=columns(
            (voice("Service", "Class"), 14),
            (voice("Début", "Start"), 18, True),
            (voice("Fin", "End"), 18, True),
            (voice("Durée", "Duration"), 18, True),
            (voice("Entre", "Between"), 18, True),
            (voice("Aveugle", "Blind"), 14, True),
        ),
        rows=tuple(_outage_row(case, outage) for outage in shown),
        remainder=_left_out(voice, left_out, len(case.results.outages)),
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


def _left_out(voice: Voice, left_out: int, total: int) -> str:
    if not left_out:
        return ""
    return voice(
        f"Les {LONGEST} plus longues, sur {voice.number(total)} ; les autres sont dans "
        "results.json.",
        f"The {LONGEST} longest, of {voice.number(total)}; the others are in "
        "results.json.",
    )


def _longest(outages: tuple[Outage, ...]) -> tuple[list[Outage], int]:
    """Return the longest outages, those without an end first, and how many are left."""

    def length_s(outage: Outage) -> float:
        duration_s = measured(outage.duration_s)
        return math.inf if duration_s is None else duration_s

    kept = sorted(range(len(outages)), key=lambda index: -length_s(outages[index]))
    shown = sorted(kept[:LONGEST])
    return [outages[index] for index in shown], len(outages) - len(shown)


def coverage(case: Case) -> Table:
    """Return what the probers could see."""
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
    stops = (
        voice.count(outage.interruptions, ("coupure", "coupures"), ("stop", "stops"))
        if outage.interruptions > 1
        else ""
    )
    return (
        Cell(text=class_name(voice, outage.service_class), note=stops),
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
