"""History → Timeline: values become types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reprise_pra.analysis.errors import TimelineError
from reprise_pra.analysis.fields import Fields
from reprise_pra.analysis.pairing import STOPPED, Paired, pair_events, role_of
from reprise_pra.analysis.reading_drill import (
    act_of,
    alert_of,
    backups_of,
    check_of,
    decision_of,
    fault_of,
    final_read_of,
    mark_of,
    phase_of,
    restore_of,
    switch_of,
    watch_of,
)
from reprise_pra.analysis.reading_load import (
    arrival_of,
    loads_of,
    operation_of,
    probe_of,
)
from reprise_pra.analysis.recorded import Fault, FinalRead, ProcessSpan
from reprise_pra.analysis.timeline import Timeline
from reprise_pra.history import Event, History, Kind

_KIND_ORDER = {Kind.INVOKE: 0, Kind.OK: 1, Kind.FAIL: 1, Kind.INFO: 1}


def read_timeline(history: History) -> Timeline:
    """Make the typed timeline of a history.

    Raises:
        TimelineError: the history is empty, or an event's value is not what its operation
            promises.
    """
    if not history.events:
        msg = "history: not one event: nothing can be said of this run"
        raise TimelineError(msg)
    events = sorted(history.events, key=_order)
    paired = pair_events(events)
    chosen = paired.events_of("drill", "backup_chosen")
    marks = paired.singles_of("drill", "mark", mark_of)
    return Timeline(
        start_ns=events[0].at_ns,
        start_utc=events[0].utc,
        end_ns=events[-1].at_ns,
        end_utc=events[-1].utc,
        torn=tuple(sorted(history.torn)),
        orphans=paired.orphans,
        processes=_spans(events),
        boot_ids=frozenset(event.boot_id for event in events),
        operations=paired.clinical(operation_of),
        arrivals=paired.singles_of("load", "arrival", arrival_of),
        loads=loads_of(
            {event.process for event in events if role_of(event.process) == "load"},
            paired.events_of("load", "schedule"),
            paired.events_of("load", STOPPED),
        ),
        probes=paired.singles_of("prober", "probe", probe_of),
        # The first of a name counts: nothing recorded later moves a mark.
        marks={mark.name: mark for mark in reversed(marks)},
        phases=paired.pairs_of("drill", "phase", phase_of),
        faults=_faults(paired),
        acts=paired.pairs_of("acts", "act", act_of),
        backups=backups_of(paired.events_of("drill", "backup")),
        chosen_backup=Fields(chosen[-1]).text("name") if chosen else None,
        restores=paired.pairs_of("drill", "restore", restore_of),
        checks=paired.singles_of("drill", "check", check_of),
        decisions=paired.singles_of("drill", "decision", decision_of),
        alerts=paired.singles_of("sentinel", "alert", alert_of),
        watches=paired.singles_of("sentinel", "watch", watch_of),
        switches=paired.pairs_of("drill", "switch", switch_of),
        final_reads=_final_reads(
            paired.pairs_of("reconciler", "read_back", final_read_of)
        ),
    )


def _order(event: Event) -> tuple[int, str, int]:
    return event.at_ns, event.process, _KIND_ORDER[event.kind]


def _faults(paired: Paired) -> tuple[Fault, ...]:
    undone = [
        (pair.invoke, pair.completion)
        for pair in paired.pairs.get(("nemesis", "undo"), ())
    ]
    return paired.pairs_of(
        "nemesis", "inject", lambda inject, taken: fault_of(inject, taken, undone)
    )


def _final_reads(
    reads: Sequence[FinalRead],
) -> dict[tuple[str, str], FinalRead]:
    """Keep the last read of each object; an answer is kept over a later silence."""
    by_weight = sorted(reads, key=lambda read: (read.found is not None, read.at_ns))
    return {(read.clinical_type, read.uuid): read for read in by_weight}


def _spans(events: Iterable[Event]) -> tuple[ProcessSpan, ...]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    closed: set[str] = set()
    for event in events:
        first.setdefault(event.process, event.at_ns)
        last[event.process] = event.at_ns
        if event.operation == STOPPED:
            closed.add(event.process)
    return tuple(
        ProcessSpan(
            process=process,
            first_ns=first[process],
            last_ns=last[process],
            is_closed=process in closed,
        )
        for process in sorted(first)
    )
