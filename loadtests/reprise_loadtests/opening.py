"""What one Locust process holds of the load: its options, its history, its run under way.

Alone, it plays the whole schedule (`Opening`). As one of several, see `master`, `worker`.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from locust.env import Environment

from reprise_loadtests import bootstrap, metadata
from reprise_loadtests.choosing import chosen, shaped
from reprise_loadtests.clinics import Clinics
from reprise_loadtests.credentials import Credentials, find_authority, find_credentials
from reprise_loadtests.desk import Done
from reprise_loadtests.errors import LoadError
from reprise_loadtests.known import KnownPatients
from reprise_loadtests.profile import Profile, load_profile
from reprise_loadtests.recording import open_recorder, patients_on_record
from reprise_loadtests.wire import Wire
from reprise_pra.history import Recorder

log = logging.getLogger(__name__)


class OperationFailedError(Exception):
    """What Locust's page shows of an operation that did not succeed."""


class House:
    """Options, profile, site and history: what every kind of process needs of them."""

    def __init__(self, environment: Environment) -> None:
        """Read the options; nothing is sent or written yet."""
        self.environment = environment
        self.present = metadata.Present()
        self._recorder: Recorder | None = None
        # Locust would filter the one task by them; they choose journeys.
        self._tags = tuple(getattr(self.options, "tags", None) or ())
        self._not_tags = tuple(getattr(self.options, "exclude_tags", None) or ())
        environment.tags = environment.exclude_tags = None
        vars(self.options).update(tags=None, exclude_tags=None)

    @property
    def options(self) -> argparse.Namespace:
        """Return what was asked for on the command line, or on the web page."""
        options = self.environment.parsed_options
        assert isinstance(options, argparse.Namespace)
        return options

    @property
    def host(self) -> str:
        """Return the front door's URL.

        Raises:
            LoadError: none is given.
        """
        host = self.environment.host
        if not host:
            msg = "no front door: give --host http(s)://HOST:PORT"
            raise LoadError(msg)
        return host

    @property
    def history(self) -> Path:
        """Return the folder that events are written to."""
        return Path(self.options.history)

    def plan(self) -> tuple[Profile, float | None]:
        """Return the profile as it is to be played, and for how long (s) if not for ever.

        Raises:
            LoadError: there is no such profile, tags leave nothing, a shape is refused.
        """
        profile = load_profile(self.options.load_profile)
        profile = chosen(profile, self._tags, self._not_tags)
        duration_s: float | None = self.options.duration_s
        if self.environment.shape_class is None:
            return profile, duration_s
        return shaped(profile, self.environment.shape_class, duration_s)

    def check(self, profile: Profile) -> None:
        """Check credentials and site.

        Raises:
            LoadError: the load cannot start.
        """
        credentials = find_credentials()
        wire = self._wire(profile)
        try:
            bootstrap.check_login(wire, credentials)
            self.present = metadata.check(wire, profile)
        finally:
            wire.close()

    def recorder(self) -> Recorder:
        """Return this process' file, opened at the first need."""
        if self._recorder is None:
            self._recorder = open_recorder(self.history)
        return self._recorder

    def register(
        self, profile: Profile, count: int, *, seed: int, known: KnownPatients
    ) -> KnownPatients:
        """Register `count` patients beside those that are known.

        Raises:
            LoadError: a registration did not succeed.
        """
        log.info("registering %d patients first", count)
        wire = self._wire(profile)
        try:
            added = bootstrap.register_known_patients(
                wire=wire,
                credentials=find_credentials(),
                recorder=self.recorder(),
                count=count,
                seed=seed,
            )
        finally:
            wire.close()
        return KnownPatients((*known.before, *added))

    def clinics(
        self,
        profile: Profile,
        *,
        seed: int,
        known: KnownPatients,
        begun: Callable[[int], None] = lambda _: None,
        after_instance: int = 0,
    ) -> Clinics:
        """Make the clinics of a run."""
        credentials: Credentials = find_credentials()
        return Clinics(
            profile=profile,
            seed=seed,
            base_url=self.host,
            credentials=credentials,
            recorder=self.recorder(),
            known=known,
            present=self.present,
            observe=self._show,
            begun=begun,
            after_instance=after_instance,
            authority=find_authority(),
        )

    def close_history(self) -> None:
        """Close this process' file; it is opened no more."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def _wire(self, profile: Profile) -> Wire:
        try:
            return Wire(
                self.host,
                timeout_s=profile.client.timeout_s,
                authority=find_authority(),
            )
        except ValueError as error:
            raise LoadError(str(error)) from error

    def _show(self, done: Done) -> None:
        hooks: Any = self.environment.events
        hooks.request.fire(
            request_type=done.journey,
            name=done.operation,
            response_time=done.latency_ms,
            response_length=0,
            exception=None
            if done.problem is None
            else OperationFailedError(done.problem),
            context={},
            start_time=time.time() - done.latency_ms / 1000,
            url=None,
        )


class Opening:
    """The whole load in one process."""

    def __init__(self, house: House) -> None:
        """Nothing is checked yet."""
        self.house = house
        self._clinics: Clinics | None = None
        self._last_instance = 0
        self._checked_host: str | None = None

    def check(self) -> None:
        """Check profile, credentials and site.

        Raises:
            LoadError: the load cannot start.
        """
        profile, _ = self.house.plan()
        self.house.check(profile)
        self._checked_host = self.house.host

    def play(self) -> None:
        """Prepare known patients and play the schedule to its end.

        Raises:
            LoadError: the preparation failed.
        """
        house = self.house
        if self._checked_host != house.host:
            self.check()  # the web page names another host
        profile, duration_s = house.plan()
        seed: int = house.options.seed
        house.recorder()
        known = KnownPatients(patients_on_record(house.history))
        lacking = profile.known_patients - len(known)
        if lacking > 0:
            known = house.register(profile, lacking, seed=seed, known=known)
        self._clinics = house.clinics(
            profile, seed=seed, known=known, after_instance=self._last_instance
        )
        log.info(
            "clinics open: profile %s, seed %d, %d centres, %d known patients, history %s",
            profile.name,
            seed,
            max(1, len(house.present.centres)),
            len(known),
            house.history,
        )
        self._clinics.run(duration_s)

    def stop(self) -> None:
        """Stop the run under way, if any, and record its end."""
        if self._clinics is not None:
            self._clinics.stop()
            self._last_instance = self._clinics.last_instance

    def close(self) -> None:
        """Stop, close the history file and say how it went by the exit code."""
        self.stop()
        if self._clinics is not None and self._clinics.count.crashed:
            self.house.environment.process_exit_code = 1
        self.house.close_history()
