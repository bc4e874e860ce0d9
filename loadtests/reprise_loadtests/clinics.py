"""The clinics' day: starts every journey at its intended instant, whatever the others do.

An open model: one greenlet for each journey, none waits for another, so a frozen server
meets the same arrivals as a healthy one and the wait shows in the latencies. When the
house is full an arrival is turned away, which is a failed operation.
"""

from __future__ import annotations

import dataclasses
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import gevent
from gevent.event import Event
from gevent.pool import Group

from reprise_loadtests.credentials import Credentials
from reprise_loadtests.dealer import Due
from reprise_loadtests.desk import Desk, Done, JourneyOverError
from reprise_loadtests.journeys import JOURNEYS
from reprise_loadtests.known import KnownPatients
from reprise_loadtests.metadata import Present
from reprise_loadtests.profile import Profile, ThinkTime
from reprise_loadtests.schedule import (
    NS_PER_S,
    arrivals,
    arrivals_within,
    centre_rng,
    instance_rng,
    think_s,
)
from reprise_loadtests.site import Site, draw_centre
from reprise_loadtests.wire import Wire
from reprise_pra.history import Kind, Recorder

_LEAD_NS = NS_PER_S // 4
"""From the schedule's event to its origin, so that the first arrival is not late."""

_UNLIMITED_PLAN_S = 3600.0
"""What `planned` covers when the load has no end of its own."""

_DRAIN_MARGIN_S = 2.0

log = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True, kw_only=True)
class Count:
    """What became of the arrivals so far; none was due any more at `until_ns`."""

    planned: int = 0
    arrived: int = 0
    turned_away: int = 0
    crashed: int = 0
    until_ns: int = 0


class GreenPacing:
    """A user's waits, between greenlets; a think time never outlives a stop."""

    def __init__(
        self, *, think_time: ThinkTime, rng: random.Random, stopping: Event
    ) -> None:
        """Draw think times from `rng`; `stopping` ends any wait."""
        self._think_time = think_time
        self._rng = rng
        self._stopping = stopping

    def think_ns(self) -> int:
        """Draw the next think time."""
        return round(think_s(self._think_time, self._rng) * NS_PER_S)

    def wait_until(self, at_ns: int) -> bool:
        """Wait until CLOCK_MONOTONIC `at_ns`; True when the load stops."""
        return _wait_until(self._stopping, at_ns)


class Clinics:
    """One run of a schedule against one front door."""

    def __init__(
        self,
        *,
        profile: Profile,
        seed: int,
        base_url: str,
        credentials: Credentials,
        recorder: Recorder,
        known: KnownPatients,
        present: Present | None = None,
        observe: Callable[[Done], None] = lambda _: None,
        begun: Callable[[int], None] = lambda _: None,
        after_instance: int = 0,
        authority: Path | None = None,
    ) -> None:
        """Prepare a run; instances are numbered from `after_instance` + 1.

        `begun` hears of every arrival that is on record, admitted or turned away.
        """
        self.count = Count()
        self.last_instance = after_instance
        self._profile = profile
        self._seed = seed
        self._base_url = base_url
        self._authority = authority
        self._credentials = credentials
        self._recorder = recorder
        self._known = known
        self._present = present or Present()
        self._observe = observe
        self._begun = begun
        self._after_instance = after_instance
        self._live = Group()
        self._stopping = Event()
        self._accounted = Event()
        self._ended = Event()

    def run(self, duration_s: float | None) -> None:
        """Play the schedule for `duration_s` seconds, or until `stop` is called.

        Returns when every journey has ended and the end is recorded.
        """
        start_ns = time.monotonic_ns() + _LEAD_NS
        self._record_schedule(start_ns, duration_s)
        end_ns = None if duration_s is None else start_ns + round(duration_s * NS_PER_S)
        self._go(self._drawn(start_ns, end_ns))

    def run_share(self, dues: Iterable[Due]) -> None:
        """Play what a master deals, until `dues` ends or `stop` is called.

        Returns when every journey has ended and the end is recorded.
        """
        self._go(dues)

    def _go(self, dues: Iterable[Due]) -> None:
        try:
            self._play(dues)
            self._live.join()
        finally:
            self._end()

    def stop(self) -> None:
        """Start nothing more, let operations under way end, record the end; idempotent.

        Takes no longer than the client's time-out and a margin: what is unanswered then
        is left without a completion, which is its truth.
        """
        self.count.until_ns = self.count.until_ns or time.monotonic_ns()
        self._stopping.set()
        self._accounted.wait(timeout=_DRAIN_MARGIN_S)
        self._live.join(timeout=self._profile.client.timeout_s + _DRAIN_MARGIN_S)
        self._end()

    def _drawn(self, start_ns: int, end_ns: int | None) -> Iterator[Due]:
        for arrival in arrivals(self._profile, seed=self._seed):
            intended_ns = start_ns + arrival.offset_ns
            if end_ns is not None and intended_ns >= end_ns:
                self.count.until_ns = self.count.until_ns or end_ns
                return
            yield Due(
                instance=self._after_instance + arrival.instance,
                arrival=arrival,
                intended_ns=intended_ns,
            )

    def _play(self, dues: Iterable[Due]) -> None:
        try:
            for due in dues:
                stopped = _wait_until(self._stopping, due.intended_ns)
                if self.count.until_ns and due.intended_ns >= self.count.until_ns:
                    break
                self.count.planned += 1
                self.last_instance = due.instance
                if stopped or len(self._live) >= self._profile.arrivals.max_live:
                    # Due before the stop and late, too: not lost without a word.
                    self.count.turned_away += 1
                    self._record_arrival(Kind.FAIL, due)
                else:
                    self._live.spawn(self._go_through, due)
        finally:
            self._accounted.set()

    def _end(self) -> None:
        self._stopping.set()
        self._live.kill()
        # From here to the record nothing yields: of two callers one records.
        if self._ended.is_set():
            return
        self._ended.set()
        self._recorder.record(
            Kind.OK, "load_stopped", "load_stopped", dataclasses.asdict(self.count)
        )

    def _record_schedule(self, start_ns: int, duration_s: float | None) -> None:
        over_s = _UNLIMITED_PLAN_S if duration_s is None else duration_s
        planned = arrivals_within(self._profile, seed=self._seed, duration_s=over_s)
        self._recorder.record(
            Kind.OK,
            "schedule",
            f"schedule-{self._after_instance}",
            {
                "profile": self._profile.name,
                "played": self._profile.model_dump(mode="json"),
                "after": self._after_instance,
                "seed": self._seed,
                "rate_per_s": self._profile.arrivals.rate_per_s,
                "planned": len(planned),
                "planned_over_s": over_s,
                "duration_s": duration_s,
                "start_ns": start_ns,
            },
        )

    def _record_arrival(self, kind: Kind, due: Due) -> None:
        now_ns = time.monotonic_ns()
        self._recorder.record(
            kind,
            "arrival",
            f"a{due.instance}",
            {
                "journey": due.arrival.journey,
                "instance": due.instance,
                "intended_ns": due.intended_ns,
                "lag_ns": now_ns - due.intended_ns,
                "turned_away": kind is Kind.FAIL,
            },
            at_ns=now_ns,
        )
        self._begun(due.instance)

    def _go_through(self, due: Due) -> None:
        # Here and not where it was spawned: the lag includes the wait for the processor.
        self._record_arrival(Kind.OK, due)
        self.count.arrived += 1
        instance, journey = due.instance, due.arrival.journey
        rng = instance_rng(self._seed, instance)
        wire = Wire(
            self._base_url,
            timeout_s=self._profile.client.timeout_s,
            alarm=_alarm,
            authority=self._authority,
        )
        desk = Desk(
            wire=wire,
            recorder=self._recorder,
            credentials=self._credentials,
            journey=journey,
            instance=instance,
            intended_ns=due.intended_ns,
            pacing=GreenPacing(
                think_time=self._profile.think_time,
                rng=instance_rng(self._seed, -instance),
                stopping=self._stopping,
            ),
            site=self._site(instance),
            observe=self._observe,
        )
        try:
            JOURNEYS[journey](desk, self._known, rng)
        except JourneyOverError:
            pass
        except Exception:
            # The boundary of a journey: a fault of ours must not end the clinics' day,
            # and must not pass for one of theirs either.
            self.count.crashed += 1
            log.exception("journey %s %d crashed", journey, instance)
        finally:
            wire.close()

    def _site(self, instance: int) -> Site:
        network, opened = self._profile.network, self._present.centres
        is_full = self._profile.examination == "full"
        if network is None or not opened:
            return Site(service=self._present.service, is_full=is_full)
        centre = draw_centre(network, opened, centre_rng(self._seed, instance))
        return Site(centre=centre.uuid, service=self._present.service, is_full=is_full)


def _alarm(seconds: float) -> gevent.Timeout:
    return gevent.Timeout(seconds, TimeoutError(f"no answer within {seconds:g} s"))


def _wait_until(stopping: Event, at_ns: int) -> bool:
    wait_s = (at_ns - time.monotonic_ns()) / NS_PER_S
    return bool(stopping.wait(wait_s) if wait_s > 0 else stopping.is_set())
