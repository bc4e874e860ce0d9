"""A master's workers: who is heard of, who is ready for the run, what each is to prepare."""

from __future__ import annotations

import dataclasses
import math
import time
import uuid
from typing import Any

from gevent.event import Event
from locust.runners import MasterRunner

from reprise_loadtests import signals
from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import Profile
from reprise_loadtests.schedule import NS_PER_S
from reprise_pra.history import boot_id

_READY_WITHIN_S = 120.0
_HEARD_WITHIN_NS = 4 * NS_PER_S
_LOOK_EVERY_S = 0.1
_SETTLED = frozenset({signals.READY, signals.FAILED})


@dataclasses.dataclass(slots=True, kw_only=True)
class Hand:
    """A worker as the master knows it, by what it last said."""

    state: str = signals.IDLE
    run: str = ""
    reason: str = ""
    crashed: int = 0
    heard_ns: int = 0
    is_silent: bool = False


class Crew:
    """All workers that were ever heard of, and the run that they are asked to prepare."""

    def __init__(self, runner: MasterRunner) -> None:
        """Nobody was heard of yet."""
        self.hands: dict[str, Hand] = {}
        self.run = ""
        self.prepared: dict[str, Any] = {}
        self._runner = runner

    def heard(self, worker: str, beat: signals.Beat, *, now_ns: int) -> Hand:
        """Take what a worker said."""
        hand = self.hands.setdefault(worker, Hand())
        hand.state, hand.run, hand.heard_ns = beat.state, beat.run, now_ns
        hand.reason, hand.crashed = beat.reason, beat.crashed
        return hand

    def is_ready(self, hand: Hand) -> bool:
        """Tell whether a worker plays, or could play, the present run."""
        return hand.run == self.run and hand.state == signals.READY

    def ready(self) -> list[str]:
        """Return who is heard of and ready, in Locust's order."""
        found = [name for name, hand in self._living().items() if self.is_ready(hand)]
        return sorted(found, key=self._runner.get_worker_index)

    def prepare(
        self, profile: Profile, *, seed: int, host: str, history: str, stopping: Event
    ) -> list[str]:
        """Have every worker prepare a new run; return those that are ready.

        Raises:
            LoadError: none is; the message has every worker's reason.
        """
        self.run = uuid.uuid4().hex
        count = max(1, self._runner.worker_count)
        limits = profile.arrivals.model_copy(
            update={"max_live": _share_of(profile.arrivals.max_live, count)}
        )
        share = profile.model_copy(update={"arrivals": limits})
        self.prepared = {
            "run": self.run,
            "profile": share.model_dump(mode="json"),
            "seed": seed,
            "known": _share_of(profile.known_patients, count),
            "host": host,
            "history": history,
            "boot_id": boot_id(),
        }
        deadline_ns = time.monotonic_ns() + round(_READY_WITHIN_S * NS_PER_S)
        while time.monotonic_ns() < deadline_ns and not stopping.is_set():
            asked = [hand for hand in self._living().values() if hand.run == self.run]
            settled = [hand for hand in asked if hand.state in _SETTLED]
            if len(settled) >= max(1, self._runner.worker_count):
                break
            stopping.wait(_LOOK_EVERY_S)
        ready = self.ready()
        if not ready and not stopping.is_set():
            reasons = {hand.reason for hand in self.hands.values() if hand.reason}
            told = "; ".join(sorted(reasons)) or "none is heard of"
            msg = f"no worker is ready: {told}"
            raise LoadError(msg)
        return ready

    def _living(self) -> dict[str, Hand]:
        now_ns = time.monotonic_ns()
        return {
            name: hand
            for name, hand in self.hands.items()
            if now_ns - hand.heard_ns < _HEARD_WITHIN_NS
        }


def _share_of(number: int, workers: int) -> int:
    """Return one worker's share of a number, rounded up."""
    return math.ceil(number / workers)
