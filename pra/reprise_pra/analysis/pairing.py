"""Events sorted by who wrote them and of what; invocations meet their completions.

A completion without its invocation, or an invocation without its completion, is what a
killed process leaves: the first is named in `orphans`, the second stays pending.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from reprise_pra.history import Event, Kind

STOPPED = "load_stopped"  # the probers and the sentinel say it too
_LOAD_OWN = frozenset({"arrival", "schedule", "clock", "worker", STOPPED})
_INVOKED = frozenset(
    {
        ("acts", "act"),
        ("drill", "phase"),
        ("drill", "restore"),
        ("drill", "switch"),
        ("nemesis", "inject"),
        ("nemesis", "undo"),
        ("reconciler", "read_back"),
    }
)


@dataclasses.dataclass(slots=True, kw_only=True)
class Pair:
    """One operation: its invocation, and its completion when it came."""

    invoke: Event
    completion: Event | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The events of a history by the role of their writer and by operation."""

    pairs: Mapping[tuple[str, str], list[Pair]]
    singles: Mapping[tuple[str, str], list[Event]]
    orphans: tuple[str, ...]

    def pairs_of[T](
        self, role: str, operation: str, read: Callable[[Event, Event | None], T]
    ) -> tuple[T, ...]:
        """Read every pair of an operation, in the order of the invocations."""
        pairs = self.pairs.get((role, operation), ())
        return tuple(read(pair.invoke, pair.completion) for pair in pairs)

    def clinical[T](self, read: Callable[[Event, Event | None], T]) -> tuple[T, ...]:
        """Read every clinical operation: what the load does but its own housekeeping."""
        return tuple(
            one
            for role, operation in sorted(self.pairs)
            if role == "load"
            for one in self.pairs_of(role, operation, read)
        )

    def events_of(self, role: str, operation: str) -> list[Event]:
        """Return the events of an operation that has no invocation, in order."""
        return self.singles.get((role, operation), [])

    def singles_of[T](
        self, role: str, operation: str, read: Callable[[Event], T]
    ) -> tuple[T, ...]:
        """Read every event of an operation that has no invocation."""
        return tuple(read(event) for event in self.events_of(role, operation))


@functools.cache  # a handful of processes, asked about at every event
def role_of(process: str) -> str:
    """Return what a process is: `load` for `load-2`, `prober` for `prober-read-0`."""
    return process.partition("-")[0]


def pair_events(events: Iterable[Event]) -> Paired:
    """Sort events that are in the order of their clock."""
    pairs: defaultdict[tuple[str, str], list[Pair]] = defaultdict(list)
    singles: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    waiting: dict[tuple[str, str, str], Pair] = {}
    orphans: set[str] = set()
    for event in events:
        role = role_of(event.process)
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
    return Paired(pairs=pairs, singles=singles, orphans=tuple(sorted(orphans)))
