"""The chronology (main courante) and the marks of the recovery."""

from __future__ import annotations

import datetime

from reprise_pra.analysis.results import Entry, Mark, PhaseWindow
from reprise_reports.document import Cell, Section, Table, Tone
from reprise_reports.sections.case import (
    Case,
    columns,
    excerpt,
    missing_cell,
    offset_cell,
    quantity_cell,
)
from reprise_reports.voice import PARIS, measured, parse_utc
from reprise_reports.words import actor_name, mark_name, phase_name

ROWS = 150


def chronology(case: Case) -> tuple[Section, ...]:
    """Return the marks, then what happened line by line."""
    voice = case.voice
    marks = Section(
        key="chronology",
        number="",
        title=voice("Chronologie", "Chronology"),
        blocks=(_marks(case),),
    )
    entries = Section(
        key="log",
        number="",
        level=2,
        title=voice("Main courante", "Log of events"),
        blocks=(_log(case),),
    )
    return marks, _phases(case), entries


def _phases(case: Case) -> Section:
    voice = case.voice
    table = Table(
        caption=voice("Phases de l'exercice", "Phases of the drill"),
        columns=columns(
            (voice("Phase", "Phase"), 40),
            (voice("Début", "Start"), 20, True),
            (voice("Durée", "Duration"), 20, True),
            (voice("Issue", "Outcome"), 20),
        ),
        rows=tuple(_phase_row(case, phase) for phase in case.results.phases),
        empty=voice("Aucune phase enregistrée.", "No phase was recorded."),
    )
    return Section(
        key="phases",
        number="",
        level=2,
        title=voice("Déroulé", "Phases"),
        blocks=(excerpt(voice, table, ROWS, "results.json"),),
    )


def _phase_row(case: Case, phase: PhaseWindow) -> tuple[Cell, ...]:
    voice = case.voice
    unfinished = voice("phase non terminée", "phase not finished")
    end_s = measured(phase.end_s)
    outcomes = {
        "ok": Cell(text=voice("accomplie", "done"), tone=Tone.GOOD),
        "fail": Cell(text=voice("en échec", "failed"), tone=Tone.BAD),
        "info": Cell(text=voice("interrompue", "interrupted"), tone=Tone.DOUBT),
    }
    not_ended = Cell(text=voice("sans fin connue", "no known end"), tone=Tone.DOUBT)
    return (
        Cell(text=phase_name(voice, phase.phase)),
        offset_cell(case, phase.start_s, voice("instant absent", "no instant")),
        quantity_cell(
            voice, None if end_s is None else end_s - phase.start_s, "s", unfinished
        ),
        outcomes.get(phase.ended or "", not_ended),
    )


def _marks(case: Case) -> Table:
    voice = case.voice
    return Table(
        caption=voice(
            "Repères de la reprise, comptés depuis le sinistre (t0)",
            "Marks of the recovery, counted from the disaster (t0)",
        ),
        columns=columns(
            (voice("Repère", "Mark"), 10),
            (voice("Instant", "Instant"), 32),
            (voice("Depuis t0", "Since t0"), 20, True),
            (voice("Constat", "Observation"), 38),
        ),
        rows=tuple(_mark_row(case, mark) for mark in case.results.marks),
        empty=voice(
            "Aucun repère : la perte du site principal n'a pas été jouée.",
            "No mark: the loss of the primary site was not played.",
        ),
    )


def _mark_row(case: Case, mark: Mark) -> tuple[Cell, ...]:
    voice = case.voice
    return (
        Cell(text=mark.name),
        Cell(text=mark_name(voice, mark.name)),
        offset_cell(case, mark.at_s, voice("jamais venu", "never came")),
        Cell(text=voice.sentence(mark.detail)),
    )


def _log(case: Case) -> Table:
    voice = case.voice
    origin = "t0" if case.head.clock.t0_s is not None else voice("début", "start")
    table = Table(
        caption=voice(
            "Main courante, en temps universel et à l'heure de Paris",
            "Log of events, in universal time and Paris time",
        ),
        columns=columns(
            ("UTC", 11),
            (voice("Paris", "Paris"), 11),
            (voice(f"Depuis {origin}", f"Since {origin}"), 16, True),
            (voice("Acteur", "Actor"), 20),
            (voice("Événement", "Event"), 42),
        ),
        rows=tuple(_entry_row(case, entry) for entry in case.results.chronology),
        empty=voice("Aucun événement enregistré.", "No event was recorded."),
    )
    return excerpt(voice, table, ROWS, "results.json")


def _clock_cell(case: Case, instant: datetime.datetime) -> Cell:
    """Return the time of day, with the date when it is not the day the drill began."""
    voice = case.voice
    start = parse_utc(case.results.provenance.started_utc)
    is_same_day = start is not None and start.date() == instant.date()
    return Cell(
        text=voice.clock(instant), note="" if is_same_day else voice.date(instant)
    )


def _entry_row(case: Case, entry: Entry) -> tuple[Cell, ...]:
    voice = case.voice
    instant = parse_utc(entry.utc)
    no_instant = missing_cell(voice, voice("sans horodatage", "no timestamp"))
    distance = case.head.clock.since_t0(measured(entry.at_s))
    return (
        _clock_cell(case, instant) if instant else no_instant,
        _clock_cell(case, instant.astimezone(PARIS)) if instant else no_instant,
        missing_cell(voice) if distance is None else Cell(text=voice.offset(distance)),
        Cell(text=actor_name(voice, entry.actor)),
        Cell(text=voice.sentence(entry.text)),
    )
