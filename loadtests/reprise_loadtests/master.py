"""The master of several Locust processes: draws the schedule and deals it to its workers.

It plays nothing. Its file of the history holds the schedule, who joined and fell silent,
each worker's clock, and as turned away what was dealt to a worker that was lost.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import gevent
from gevent.event import Event
from locust.runners import MasterRunner

from reprise_loadtests import signals
from reprise_loadtests.crew import Crew
from reprise_loadtests.dealer import Dealer, Due
from reprise_loadtests.errors import LoadError
from reprise_loadtests.opening import House
from reprise_loadtests.profile import Profile
from reprise_loadtests.schedule import NS_PER_S
from reprise_pra.history import HistoryError, Kind, read_history

log = logging.getLogger(__name__)

_LEAD_NS = 2 * NS_PER_S
_TICK_S = 0.1
_DRAIN_MARGIN_S = 4.0


class Master:
    """Deals one schedule after another, as Locust's page starts them."""

    def __init__(self, house: House, runner: MasterRunner) -> None:
        """Listen to the workers; nothing is dealt before `begin`."""
        self.house = house
        self._runner = runner
        self._crew = Crew(runner)
        self._dealer: Dealer | None = None
        self._stopping = Event()
        self._ended = Event()
        self._ended.set()
        self._last_instance = 0
        self._turned_away = 0
        runner.register_message(signals.BEAT, self._heard)

    def check(self) -> None:
        """Check profile, credentials and site.

        Raises:
            LoadError: the load cannot start.
        """
        profile, _ = self.house.plan()
        self.house.check(profile)

    def play(self) -> None:
        """Do nothing: a master has no users."""

    def begin(self) -> None:
        """Begin a run, beside what else this process does."""
        gevent.spawn(self._play)

    def stop(self) -> None:
        """Let nothing more be due; wait for what is under way, and record the end."""
        self._stopping.set()
        self._ended.wait()

    def close(self) -> None:
        """Stop, and say by the exit code whether a journey crashed."""
        self.stop()
        if any(hand.crashed for hand in self._crew.hands.values()):
            self.house.environment.process_exit_code = 1
        self.house.close_history()

    def _play(self) -> None:
        self._stopping.clear()
        self._ended.clear()
        try:
            self._deal_all()
        except LoadError as error:
            log.error("the load cannot start: %s", error)  # noqa: TRY400 - told, not traced
            self.house.environment.process_exit_code = 1
        finally:
            self._dealer = None
            self._ended.set()
        if self.house.options.headless:
            self._runner.quit()
        elif not self._stopping.is_set():
            self._runner.stop()

    def _deal_all(self) -> None:
        profile, duration_s = self.house.plan()
        seed: int = self.house.options.seed
        recorder = self.house.recorder()
        workers = self._crew.prepare(
            profile,
            seed=seed,
            host=self.house.host,
            history=str(self.house.history),
            stopping=self._stopping,
        )
        if not workers:
            return
        start_ns = time.monotonic_ns() + _LEAD_NS
        end_ns = None if duration_s is None else start_ns + round(duration_s * NS_PER_S)
        dealer = self._dealer = Dealer(
            profile=profile,
            seed=seed,
            start_ns=start_ns,
            end_ns=end_ns,
            after=self._last_instance,
            workers=workers,
        )
        recorder.record(
            Kind.OK,
            "schedule",
            f"schedule-{self._last_instance}",
            {
                "profile": profile.name,
                "played": profile.model_dump(mode="json"),
                "after": self._last_instance,
                "seed": seed,
                "rate_per_s": profile.arrivals.rate_per_s,
                "duration_s": duration_s,
                "start_ns": start_ns,
                "workers": len(workers),
            },
        )
        for worker in workers:
            self._tell(worker, "joined")
        while not dealer.until_ns:
            if self._stopping.wait(_TICK_S):
                dealer.stop(now_ns=time.monotonic_ns())
            self._deal(dealer)
        self._finish(dealer, profile)

    def _deal(self, dealer: Dealer) -> None:
        now_ns = time.monotonic_ns()
        for worker, dues in dealer.deal(now_ns=now_ns).items():
            if worker is None:
                for due in dues:
                    self._turn_away(due, "no worker was heard")
                continue
            dealt = [
                [due.instance, due.arrival.journey, due.intended_ns] for due in dues
            ]
            self._send(worker, signals.DEAL, {"run": self._crew.run, "dealt": dealt})
        for worker, hand in self._crew.hands.items():
            is_silent = not dealer.is_heard(worker, now_ns=now_ns)
            if is_silent and not hand.is_silent and self._crew.is_ready(hand):
                hand.is_silent = True
                self._tell(worker, "silent")

    def _finish(self, dealer: Dealer, profile: Profile) -> None:
        """Let workers end, then account for what nobody is known to have begun."""
        self._runner.send_message(
            signals.END, {"run": self._crew.run, "until_ns": dealer.until_ns}
        )
        limit_s = profile.client.timeout_s * len(profile.mix) + _DRAIN_MARGIN_S
        deadline_ns = dealer.until_ns + round(limit_s * NS_PER_S)
        while time.monotonic_ns() < deadline_ns:
            if not self._crew.ready():
                break
            gevent.sleep(_TICK_S)
        on_record = self._on_record()
        for due in dealer.unbegun():
            if due.instance not in on_record:
                self._turn_away(due, "its worker was lost")
        self._last_instance += dealer.planned
        self.house.recorder().record(
            Kind.OK,
            "load_stopped",
            "load_stopped",
            {
                "planned": dealer.planned,
                "arrived": dealer.planned - self._turned_away,
                "turned_away": self._turned_away,
                "crashed": 0,
                "until_ns": dealer.until_ns,
            },
        )
        self._turned_away = 0

    def _on_record(self) -> set[object]:
        """Return what workers have on record that write to this process' own folder.

        What a worker elsewhere has on record `merge` sees, when the files are together.
        """
        try:
            events = read_history(self.house.history.glob("load-*.jsonl")).events
        except HistoryError as error:
            log.warning("what workers recorded cannot be read: %s", error)
            return set()
        return {e.value.get("instance") for e in events if e.operation == "arrival"}

    def _turn_away(self, due: Due, reason: str) -> None:
        now_ns = time.monotonic_ns()
        self._turned_away += 1
        self.house.recorder().record(
            Kind.FAIL,
            "arrival",
            f"a{due.instance}",
            {
                "journey": due.arrival.journey,
                "instance": due.instance,
                "intended_ns": due.intended_ns,
                "lag_ns": 0,
                "turned_away": True,
                "reason": reason,
            },
            at_ns=now_ns,
        )

    def _heard(self, environment: object, msg: signals.Said) -> None:
        del environment
        now_ns = time.monotonic_ns()
        beat = signals.Beat(**msg.data)
        worker: str = msg.node_id
        hand = self._crew.heard(worker, beat, now_ns=now_ns)
        self._send(
            worker,
            signals.HEARD,
            {
                "sent_ns": beat.sent_ns,
                "master_ns": now_ns,
                "upto": beat.place + len(beat.begun),
            },
        )
        if self._crew.run and beat.run != self._crew.run and not self._ended.is_set():
            self._send(worker, signals.PREPARE, self._crew.prepared)
        dealer = self._dealer
        if dealer is None or hand.run != self._crew.run:
            return
        if not self._crew.is_ready(hand):
            dealer.leave(worker, begun=beat.begun)
            return
        is_new = not dealer.is_heard(worker, now_ns=now_ns)
        dealer.hear(worker, now_ns=now_ns, begun=beat.begun)
        if is_new:
            hand.is_silent = False
            self._tell(worker, "heard")

    def _tell(self, worker: str, what: str) -> None:
        assert self._dealer is not None
        slot = self._dealer.slot_of(worker)
        log.info("worker %s: %s, slot %s", worker, what, slot)
        self.house.recorder().record(
            Kind.OK, "worker", worker, {"worker": worker, "what": what, "slot": slot}
        )

    def _send(self, worker: str, what: str, data: dict[str, Any]) -> None:
        self._runner.send_message(what, data, client_id=worker)
