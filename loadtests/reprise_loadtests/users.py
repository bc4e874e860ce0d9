"""The clinics' day as Locust runs it: its web page, its statistics, its signals.

Locust's own users form a closed model, where a frozen server stops the arrivals. So one
`User` plays the whole schedule (`clinics`), and Locust shows what comes of it. Importing
this module patches the process for gevent: only Locust may.
"""

from __future__ import annotations

import argparse
import datetime
import logging
import sys
import time
from pathlib import Path
from typing import Any, Final

from locust import User, events, task
from locust.env import Environment
from locust.exception import StopTest, StopUser

from reprise_loadtests import bootstrap, metadata
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


class Opening:
    """What one Locust process holds: its history file, and the run under way."""

    def __init__(self, environment: Environment) -> None:
        """Read the options; nothing is sent or written yet."""
        self.environment = environment
        self._recorder: Recorder | None = None
        self._clinics: Clinics | None = None
        self._last_instance = 0
        self._checked_host: str | None = None
        self._present = metadata.Present()

    def check(self) -> None:
        """Check profile, credentials and site.

        Raises:
            LoadError: the load cannot start.
        """
        profile, credentials = self._profile(), find_credentials()
        wire = self._wire(profile)
        try:
            bootstrap.check_login(wire, credentials)
            self._present = metadata.check(wire, profile)
        finally:
            wire.close()
        self._checked_host = self._host()

    def play(self) -> None:
        """Prepare known patients and play the schedule to its end.

        Raises:
            LoadError: the preparation failed.
        """
        options = self.environment.parsed_options
        assert options is not None
        if self._checked_host != self._host():
            self.check()  # the web page names another host
        profile, credentials = self._profile(), find_credentials()
        recorder = self._open()
        known = self._known(profile, credentials, recorder)
        self._clinics = Clinics(
            profile=profile,
            seed=options.seed,
            base_url=self._host(),
            credentials=credentials,
            recorder=recorder,
            known=known,
            present=self._present,
            observe=self._show,
            after_instance=self._last_instance,
            authority=find_authority(),
        )
        log.info(
            "clinics open: profile %s, seed %d, %d centres, %d known patients, history %s",
            profile.name,
            options.seed,
            max(1, len(self._present.centres)),
            len(known),
            _history(options),
        )
        self._clinics.run(options.duration_s)

    def stop(self) -> None:
        """Stop the run under way, if any, and record its end."""
        if self._clinics is not None:
            self._clinics.stop()
            self._last_instance = self._clinics.last_instance

    def close(self) -> None:
        """Stop, close the history file and say how it went by the exit code."""
        self.stop()
        if self._clinics is not None and self._clinics.count.crashed:
            self.environment.process_exit_code = 1
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def _profile(self) -> Profile:
        options = self.environment.parsed_options
        assert options is not None
        return load_profile(options.load_profile)

    def _host(self) -> str:
        host = self.environment.host
        if not host:
            msg = "no front door: give --host http(s)://HOST:PORT"
            raise LoadError(msg)
        return host

    def _wire(self, profile: Profile) -> Wire:
        try:
            return Wire(
                self._host(),
                timeout_s=profile.client.timeout_s,
                authority=find_authority(),
            )
        except ValueError as error:
            raise LoadError(str(error)) from error

    def _open(self) -> Recorder:
        if self._recorder is None:
            options = self.environment.parsed_options
            assert options is not None
            self._recorder = open_recorder(_history(options))
        return self._recorder

    def _known(
        self, profile: Profile, credentials: Credentials, recorder: Recorder
    ) -> KnownPatients:
        options = self.environment.parsed_options
        assert options is not None
        before = patients_on_record(_history(options))
        lacking = profile.known_patients - len(before)
        if lacking <= 0:
            return KnownPatients(before)
        log.info("registering %d patients first", lacking)
        wire = self._wire(profile)
        try:
            added = bootstrap.register_known_patients(
                wire=wire,
                credentials=credentials,
                recorder=recorder,
                count=lacking,
                seed=options.seed,
            )
        finally:
            wire.close()
        return KnownPatients((*before, *added))

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


_openings: Final[dict[int, Opening]] = {}
"""Locust calls listeners with its environment and keeps nothing of ours for us."""


class Clinic(User):
    """All clinics of the network: one user, who plays the whole schedule."""

    fixed_count = 1

    @task
    def day(self) -> None:
        """Play the schedule, then leave."""
        opening = _openings[id(self.environment)]
        try:
            opening.play()
        except LoadError as error:
            log.error("the load cannot start: %s", error)  # noqa: TRY400 - told, not traced
            self.environment.process_exit_code = 1
            raise StopTest(str(error)) from error
        options = self.environment.parsed_options
        runner = self.environment.runner
        if options is not None and options.headless and runner is not None:
            runner.quit()
        raise StopUser


def _add_options(parser: argparse.ArgumentParser) -> None:
    add: Any = (
        parser.add_argument
    )  # Locust's parser takes more keywords than argparse's
    add(
        "--load-profile",
        env_var="REPRISE_LOAD_PROFILE",
        default="quick",
        help="load profile",
    )
    add(
        "--seed",
        env_var="REPRISE_LOAD_SEED",
        type=int,
        default=1,
        help="schedule's seed",
    )
    add(
        "--duration-s",
        env_var="REPRISE_LOAD_DURATION_S",
        type=float,
        default=None,
        help="length of the schedule in seconds; without it, until stopped",
    )
    add(
        "--history",
        env_var="REPRISE_LOAD_HISTORY",
        type=Path,
        default=None,
        include_in_web_ui=False,
        help="history folder; reports/runs/load/<utc>/history if not given",
    )


def _open_house(environment: Environment, **_: object) -> None:
    options = environment.parsed_options
    assert options is not None
    if options.history is None:
        utc = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        options.history = Path("reports/runs/load") / utc / "history"
    opening = _openings[id(environment)] = Opening(environment)
    if not environment.host and not options.headless:
        return  # its web page asks for it; checked when the load starts
    try:
        opening.check()
    except LoadError as error:
        log.error("the load cannot start: %s", error)  # noqa: TRY400 - told, not traced
        sys.exit(1)


def _close_clinics(environment: Environment, **_: object) -> None:
    _openings[id(environment)].stop()


def _close_house(environment: Environment, **_: object) -> None:
    _openings[id(environment)].close()


def _history(options: argparse.Namespace) -> Path:
    assert isinstance(options.history, Path)
    return options.history


_EVENTS: Any = events  # Locust's hooks are untyped
_EVENTS.init_command_line_parser.add_listener(_add_options)
_EVENTS.init.add_listener(_open_house)
_EVENTS.test_stopping.add_listener(_close_clinics)
_EVENTS.quitting.add_listener(_close_house)
