"""A clinic whose users do not pause, at a small OpenMRS, with what its history says."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

from reprise_loadtests.bootstrap import NoPause, register_known_patients
from reprise_loadtests.credentials import Credentials
from reprise_loadtests.desk import Desk, Done
from reprise_loadtests.journeys import JOURNEYS
from reprise_loadtests.known import KnownPatients
from reprise_loadtests.profile import JourneyName
from reprise_loadtests.site import Site
from reprise_loadtests.wire import Wire
from reprise_pra.history import Event, Kind, Recorder, read_history
from tests.loadtests.booking import GENERAL_MEDICINE


class Clinic:
    """A clinic whose users do not pause, with what its history says."""

    def __init__(self, fake: Any, credentials: Credentials, folder: Path) -> None:
        self.fake = fake
        self.credentials = credentials
        self.folder = folder
        self.recorder = Recorder(folder, "load-1")
        self.site = Site(service=GENERAL_MEDICINE["uuid"])
        self.done: list[Done] = []
        self.timeout_s = 0.5
        self.wires: list[Wire] = []
        self.rng = random.Random(5)
        self._instances = itertools.count(1)
        wire = Wire(fake.url, timeout_s=10)
        self.known = KnownPatients(
            register_known_patients(
                wire=wire,
                credentials=credentials,
                recorder=self.recorder,
                count=3,
                seed=1,
            )
        )
        wire.close()

    def desk(self, journey: str = "register") -> Desk:
        """Seat a user with a short time-out."""
        wire = Wire(self.fake.url, timeout_s=self.timeout_s)
        self.wires.append(wire)
        return Desk(
            wire=wire,
            recorder=self.recorder,
            credentials=self.credentials,
            journey=journey,
            instance=next(self._instances),
            intended_ns=0,
            pacing=NoPause(),
            site=self.site,
            observe=self.done.append,
        )

    def go(self, journey: JourneyName) -> None:
        """Let a user go through a journey."""
        JOURNEYS[journey](self.desk(journey), self.known, self.rng)

    def events(self) -> tuple[Event, ...]:
        """Return what is written down so far."""
        return read_history(self.folder.glob("*.jsonl")).events

    def completions(self, instance: int) -> list[tuple[str, Kind]]:
        """Return how the operations of one journey ended."""
        return [
            (event.operation, event.kind)
            for event in self.events()
            if event.op_id.startswith(f"{instance}.") and event.kind is not Kind.INVOKE
        ]
