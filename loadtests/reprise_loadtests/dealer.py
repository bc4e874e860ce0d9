"""Splits one seeded schedule among workers: each arrival is dealt once, to one of them.

Instance i belongs to slot i modulo the number of slots, and a slot to a worker, so the
split is the same whatever the machines' pace. A worker that falls silent keeps what it was
dealt (it may still play it) and is dealt nothing more: its slot's arrivals go to a spare,
else to the others in turn. When it is heard again, or another joins, the slot is held
again. Since nothing is dealt twice nothing is played twice; what was dealt and never
begun is known by its number.

Pure: instants and what was heard go in, who plays what comes out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from reprise_loadtests.profile import Profile
from reprise_loadtests.schedule import NS_PER_S, Arrival, arrivals

HORIZON_NS = NS_PER_S
"""How long before its instant an arrival is dealt: longer than a message takes."""

SILENT_NS = 2 * NS_PER_S
"""A worker of whom nothing was heard for this long is dealt nothing."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One journey to start: its number in the history, its journey, its instant."""

    instance: int
    arrival: Arrival
    intended_ns: int


class Dealer:
    """One schedule being dealt. Instants are the master's CLOCK_MONOTONIC, ns."""

    def __init__(
        self,
        *,
        profile: Profile,
        seed: int,
        start_ns: int,
        end_ns: int | None,
        after: int,
        workers: Sequence[str],
    ) -> None:
        """Deal from `start_ns` to workers that are all heard of now; each has a slot.

        `planned` counts what was due so far, `dealt` holds it by its number, with who
        was to play it; none is due from `until_ns` on, once that is known.
        """
        self.dealt: dict[int, tuple[Due, str]] = {}
        self.until_ns = 0
        self.planned = 0
        self._slots = list(workers)
        self._spares: list[str] = []
        self._heard_ns = dict.fromkeys(workers, start_ns)
        self._begun: set[int] = set()
        self._start_ns = start_ns
        self._end_ns = end_ns
        self._after = after
        self._drawn = arrivals(profile, seed=seed)
        self._next = self._draw()

    def hear(self, worker: str, *, now_ns: int, begun: Iterable[int] = ()) -> None:
        """Take a sign of life, and which of its arrivals a worker has on record."""
        is_new = worker not in self._slots and worker not in self._spares
        self._heard_ns[worker] = now_ns
        self._begun.update(begun)
        if is_new:
            self._seat(worker, now_ns)

    def leave(self, worker: str, *, begun: Iterable[int] = ()) -> None:
        """Take a farewell: nothing more is dealt to this worker."""
        self._begun.update(begun)
        self._heard_ns.pop(worker, None)
        if worker in self._spares:
            self._spares.remove(worker)

    def slot_of(self, worker: str) -> int | None:
        """Return which slot a worker holds."""
        return self._slots.index(worker) if worker in self._slots else None

    def is_heard(self, worker: str, *, now_ns: int) -> bool:
        """Tell whether a worker gave a sign of life of late."""
        return now_ns - self._heard_ns.get(worker, -SILENT_NS) < SILENT_NS

    def deal(self, *, now_ns: int) -> dict[str | None, list[Due]]:
        """Return what is to be dealt now, by worker; under None what nobody can take."""
        found: dict[str | None, list[Due]] = {}
        while not self.until_ns:
            due = self._next
            if self._end_ns is not None and due.intended_ns >= self._end_ns:
                self.until_ns = self._end_ns
                break
            if due.intended_ns > now_ns + HORIZON_NS:
                break
            holder = self._holder(due.instance, now_ns)
            found.setdefault(holder, []).append(due)
            if holder is not None:
                self.dealt[due.instance] = (due, holder)
            self.planned += 1
            self._next = self._draw()
        return found

    def stop(self, *, now_ns: int) -> None:
        """Let nothing be due from now on; what was dealt for later is not due either."""
        if not self.until_ns:
            self.until_ns = now_ns
            later = [
                n for n, (due, _) in self.dealt.items() if due.intended_ns >= now_ns
            ]
            for number in later:
                del self.dealt[number]
            self.planned -= len(later)

    def unbegun(self) -> tuple[Due, ...]:
        """Return what was dealt, in its order, and is on nobody's record as far as heard."""
        return tuple(
            due for number, (due, _) in self.dealt.items() if number not in self._begun
        )

    def _draw(self) -> Due:
        drawn = next(self._drawn)
        return Due(
            instance=self._after + drawn.instance,
            arrival=drawn,
            intended_ns=self._start_ns + drawn.offset_ns,
        )

    def _holder(self, instance: int, now_ns: int) -> str | None:
        slot = instance % len(self._slots)
        if self.is_heard(self._slots[slot], now_ns=now_ns):
            return self._slots[slot]
        for spare in self._spares:
            if self.is_heard(spare, now_ns=now_ns):
                self._spares.remove(spare)
                self._slots[slot] = spare
                return spare
        living = [one for one in self._slots if self.is_heard(one, now_ns=now_ns)]
        return living[instance % len(living)] if living else None

    def _seat(self, worker: str, now_ns: int) -> None:
        for slot, holder in enumerate(self._slots):
            if not self.is_heard(holder, now_ns=now_ns):
                self._slots[slot] = worker
                return
        self._spares.append(worker)
