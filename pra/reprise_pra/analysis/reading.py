"""History → Timeline: invocations meet their completions, values become types.

A completion without its invocation, or an invocation without its completion, is what a
killed process leaves: the first is named in `orphans`, the second stays pending.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from reprise_pra.analysis.errors import TimelineError
from reprise_pra.analysis.fields import Fields
from reprise_pra.analysis.reading_drill import (
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
)
from reprise_pra.analysis.reading_load import (
    arrival_of,
    loads_of,
    operation_of,
    probe_of,
)
from reprise_pra.analysis.timeline import ProcessSpan, Timeline
from reprise_pra.history import Event, History, Kind

_KIND_ORDER = {Kind.INVOKE: 0, Kind.OK: 1, Kind.FAIL: 1, Kind.INFO: 1}
_STOPPED = "load_stopped"  # the probers and the sentinel say it too
_LOAD_OWN = frozenset({"arrival", "schedule", _STOPPED})


@dataclasses.dataclass(slots=True, kw_only=True)
class Pair:
    """One operation: its invocation, and its completion when it came."""

    invoke: Event
    completion: Event | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """Events by writer's role and operation."""

    pairs: Mapping[tuple[str, str], list[Pair]]
    singles: Mapping[tuple[str, str], list[Event]]
    orphans: tuple[str, ...]


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
    sorted_ = _sort_out(events)

    def paired[T](
        role: str, operation: str, read: Callable[[Pair], T]
    ) -> tuple[T, ...]:
        return tuple(read(pair) for pair in sorted_.pairs.get((role, operation), ()))

    def single[T](
        role: str, operation: str, read: Callable[[Event], T]
    ) -> tuple[T, ...]:
        return tuple(
            read(event) for event in sorted_.singles.get((role, operation), ())
        )

    inject = sorted_.pairs.get(("nemesis", "inject"), [])
    undo = sorted_.pairs.get(("nemesis", "undo"), [])
    reads = paired(
        "reconciler", "read_back", lambda p: final_read_of(p.invoke, p.completion)
    )
    chosen = single("drill", "backup_chosen", lambda event: Fields(event).text("name"))
    return Timeline(
        start_ns=events[0].at_ns,
        start_utc=events[0].utc,
        end_ns=events[-1].at_ns,
        end_utc=events[-1].utc,
        torn=tuple(sorted(history.torn)),
        orphans=sorted_.orphans,
        processes=_spans(events),
        boot_ids=frozenset(event.boot_id for event in events),
        operations=tuple(
            operation_of(pair.invoke, pair.completion)
            for (role, operation), pairs in sorted(sorted_.pairs.items())
            if role == "load" and operation not in _LOAD_OWN
            for pair in pairs
        ),
        arrivals=single("load", "arrival", arrival_of),
        loads=loads_of(
            {event.process for event in events if _role(event.process) == "load"},
            sorted_.singles.get(("load", "schedule"), []),
            sorted_.singles.get(("load", _STOPPED), []),
        ),
        probes=single("prober", "probe", probe_of),
        # The first of a name counts: nothing recorded later moves a mark.
        marks={mark.name: mark for mark in reversed(single("drill", "mark", mark_of))},
        phases=paired("drill", "phase", lambda p: phase_of(p.invoke, p.completion)),
        faults=tuple(
            fault_of(
                pair.invoke,
                pair.completion,
                [(one.invoke, one.completion) for one in undo],
            )
            for pair in inject
        ),
        backups=backups_of(sorted_.singles.get(("drill", "backup"), [])),
        chosen_backup=chosen[-1] if chosen else None,
        restores=paired(
            "drill", "restore", lambda p: restore_of(p.invoke, p.completion)
        ),
        checks=single("drill", "check", check_of),
        decisions=single("drill", "decision", decision_of),
        alerts=single("sentinel", "alert", alert_of),
        switches=paired("drill", "switch", lambda p: switch_of(p.invoke, p.completion)),
        # An answer is kept over a later read that got none.
        final_reads={
            (read.clinical_type, read.uuid): read
            for read in sorted(
                reads, key=lambda read: (read.found is not None, read.at_ns)
            )
        },
    )


def _order(event: Event) -> tuple[int, str, int]:
    return event.at_ns, event.process, _KIND_ORDER[event.kind]


@functools.cache  # a handful of processes, asked about at every event
def _role(process: str) -> str:
    return process.partition("-")[0]


_INVOKED = frozenset(
    {
        ("drill", "phase"),
        ("drill", "restore"),
        ("drill", "switch"),
        ("nemesis", "inject"),
        ("nemesis", "undo"),
        ("reconciler", "read_back"),
    }
)


def _sort_out(events: Iterable[Event]) -> _Sorted:
    pairs: defaultdict[tuple[str, str], list[Pair]] = defaultdict(list)
    singles: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    waiting: dict[tuple[str, str, str], Pair] = {}
    orphans: set[str] = set()
    for event in events:
        role = _role(event.process)
        key = (role, event.operation)
        is_invoked = key in _INVOKED or (
            role == "load" and event.operation not in _LOAD_OWN
        )
        if not is_invoked:
            singles[key].append(event)
            continue
        identity = (event.process, event.operation, event.op_id)
        if event.kind is Kind.INVOKE:
            pair = waiting[identity] = Pair(invoke=event)
            pairs[key].append(pair)
        elif identity in waiting:
            waiting.pop(identity).completion = event
        else:
            orphans.add(f"{event.process} {event.operation} {event.op_id}")
    return _Sorted(pairs=pairs, singles=singles, orphans=tuple(sorted(orphans)))


def _spans(events: Iterable[Event]) -> tuple[ProcessSpan, ...]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    closed: set[str] = set()
    for event in events:
        first.setdefault(event.process, event.at_ns)
        last[event.process] = event.at_ns
        if event.operation == _STOPPED:
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
