"""A worker of several Locust processes: plays what its master deals, and says so.

Its file of the history is a ledger like any other. Instants in it are this machine's; a
`clock` event says how far the master's are ahead, measured with every beat.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import gevent
from gevent.event import Event
from gevent.queue import Queue
from locust.runners import WorkerRunner

from reprise_loadtests import signals
from reprise_loadtests.clinics import Clinics
from reprise_loadtests.dealer import Due
from reprise_loadtests.errors import LoadError
from reprise_loadtests.known import KnownPatients
from reprise_loadtests.opening import House
from reprise_loadtests.profile import Profile
from reprise_loadtests.schedule import Arrival
from reprise_loadtests.signals import Offset
from reprise_pra.history import Kind, boot_id

log = logging.getLogger(__name__)

_EXCHANGES = 4
"""Measures of the clock before a worker says that it is ready."""


class Worker:
    """Plays its share of each run its master prepares."""

    def __init__(
        self, house: House, runner: WorkerRunner, *, has_history: bool
    ) -> None:
        """Begin to speak to the master; without a history of its own, use the master's."""
        self.house = house
        self._runner = runner
        self._has_history = has_history
        self._run = ""
        self._state = signals.IDLE
        self._reason = ""
        self._begun: list[int] = []
        self._confirmed = 0
        self._best: Offset | None = None
        self._exchanges = 0
        self._shift_ns = 0
        self._dealt: Queue[Due | None] = Queue()
        self._clinics: Clinics | None = None
        self._leaving = Event()
        runner.register_message(signals.HEARD, self._heard)
        runner.register_message(signals.PREPARE, self._prepare)
        runner.register_message(signals.DEAL, self._deal)
        runner.register_message(signals.END, self._end)
        gevent.spawn(self._beat)

    def check(self) -> None:
        """Do nothing: the master says which site, `prepare` checks it."""

    def play(self) -> None:
        """Wait: Locust's user has no part in what is dealt."""
        self._leaving.wait()

    def stop(self) -> None:
        """Stop the run under way, if any, and record its end."""
        if self._state == signals.READY:
            self._state = signals.DONE
            self._say()
        self._dealt.put(None)
        if self._clinics is not None:
            self._clinics.stop()

    def close(self) -> None:
        """Stop, tell the master what is on record, close the file."""
        self.stop()
        self._leaving.set()
        self._say()
        self.house.close_history()

    def _beat(self) -> None:
        while not self._leaving.wait(signals.BEAT_EVERY_S):
            self._say()

    def _say(self) -> None:
        crashed = 0 if self._clinics is None else self._clinics.count.crashed
        beat = signals.Beat(
            run=self._run,
            state=self._state,
            sent_ns=time.monotonic_ns(),
            place=self._confirmed,
            begun=self._begun[self._confirmed :],
            boot_id=boot_id(),
            reason=self._reason,
            crashed=crashed,
        )
        try:
            self._runner.send_message(signals.BEAT, beat.message())
        except Exception as error:  # noqa: BLE001 - Locust's own; it mends its connection
            log.warning("the master cannot be told: %s", error)

    def _heard(self, environment: object, msg: signals.Said) -> None:
        del environment
        found = signals.measured(
            sent_ns=msg.data["sent_ns"],
            master_ns=msg.data["master_ns"],
            back_ns=time.monotonic_ns(),
        )
        self._exchanges += 1
        if self._best is None or found.bound_ns < self._best.bound_ns:
            self._best = found
        self._confirmed = max(self._confirmed, msg.data["upto"])

    def _prepare(self, environment: object, msg: signals.Said) -> None:
        del environment
        if msg.data["run"] == self._run:
            return
        if self._clinics is not None:
            self._clinics.stop()
            self._clinics = None
        self._run, self._state, self._reason = msg.data["run"], signals.PREPARING, ""
        self._begun, self._confirmed = [], 0
        self._dealt = Queue()
        gevent.spawn(self._go, msg.data)

    def _go(self, told: dict[str, Any]) -> None:
        try:
            self._clinics = self._open(told)
        except LoadError as error:
            log.error("this worker cannot start: %s", error)  # noqa: TRY400 - told, not traced
            self._state, self._reason = signals.FAILED, str(error)
            return
        self._state = signals.READY
        self._clinics.run_share(self._dues(self._dealt))
        self._record_clock()
        self._say()
        self._state = signals.DONE

    def _open(self, told: dict[str, Any]) -> Clinics:
        """Check the site and register this worker's own patients, whom no other examines.

        Raises:
            LoadError: the site is not what the profile needs.
        """
        profile = Profile.model_validate(told["profile"])
        self.house.environment.host = told["host"]
        if not self._has_history:
            self.house.options.history = told["history"]
        self.house.check(profile)
        recorder = self.house.recorder()
        known = self.house.register(
            profile, told["known"], seed=told["seed"], known=KnownPatients(())
        )
        while self._exchanges < _EXCHANGES:
            gevent.sleep(signals.BEAT_EVERY_S)
        assert self._best is not None
        # One boot has one monotonic clock: there is nothing to shift.
        is_same = told["boot_id"] == boot_id()
        self._shift_ns = 0 if is_same else self._best.offset_ns
        self._record_clock()
        log.info("worker's history: %s", recorder.process)
        return self.house.clinics(
            profile, seed=told["seed"], known=known, begun=self._begun.append
        )

    def _record_clock(self) -> None:
        assert self._best is not None
        self.house.recorder().record(
            Kind.OK,
            "clock",
            self._run,
            {
                "worker": self._runner.client_id,
                "offset_ns": self._best.offset_ns,
                "bound_ns": self._best.bound_ns,
                "shift_ns": self._shift_ns,
            },
        )

    def _dues(self, dealt: Queue[Due | None]) -> Iterator[Due]:
        while (due := dealt.get()) is not None:
            yield due

    def _deal(self, environment: object, msg: signals.Said) -> None:
        del environment
        if msg.data["run"] != self._run:
            return
        for instance, journey, intended_ns in msg.data["dealt"]:
            arrival = Arrival(instance=instance, offset_ns=0, journey=journey)
            intended_ns -= self._shift_ns  # noqa: PLW2901 - in this machine's clock
            self._dealt.put(
                Due(instance=instance, arrival=arrival, intended_ns=intended_ns)
            )

    def _end(self, environment: object, msg: signals.Said) -> None:
        del environment
        if msg.data["run"] == self._run:
            if self._clinics is not None:
                self._clinics.count.until_ns = msg.data["until_ns"] - self._shift_ns
            self._dealt.put(None)
