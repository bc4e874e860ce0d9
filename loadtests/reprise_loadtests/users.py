"""The clinics' day as Locust runs it: its web page, its statistics, its signals.

Locust's own users form a closed model, where a frozen server stops the arrivals. So one
`User` plays the whole schedule (`clinics`), and Locust shows what comes of it; of several
processes a master deals it (`master`) and workers play (`worker`). Importing this module
patches the process for gevent: only Locust may.
"""

from __future__ import annotations

import argparse
import datetime
import logging
import sys
from pathlib import Path
from typing import Any, Final, Protocol

import gevent
from locust import User, events, task
from locust.env import Environment
from locust.exception import StopTest, StopUser
from locust.runners import MasterRunner, WorkerRunner

from reprise_loadtests.columns import keep_requests
from reprise_loadtests.errors import LoadError
from reprise_loadtests.master import Master
from reprise_loadtests.opening import House, Opening
from reprise_loadtests.worker import Worker

log = logging.getLogger(__name__)

_PART_EVERY_S = 0.1


class Part(Protocol):
    """What a process is in the load: all of it, the master, a worker."""

    def check(self) -> None:
        """Tell whether the load could start."""
        ...

    def play(self) -> None:
        """Play until the end, or until stopped."""
        ...

    def stop(self) -> None:
        """Stop what is under way."""
        ...

    def close(self) -> None:
        """End for good."""
        ...


_parts: Final[dict[int, Part]] = {}
"""Locust calls listeners with its environment and keeps nothing of ours for us."""


class Clinic(User):
    """All clinics of the network: one user, who plays the whole schedule."""

    fixed_count = 1

    @task
    def day(self) -> None:
        """Play the schedule, then leave."""
        # A worker that joins a run may be given this user before Locust says `init`.
        while (part := _parts.get(id(self.environment))) is None:
            gevent.sleep(_PART_EVERY_S)
        try:
            part.play()
        except LoadError as error:
            log.error("the load cannot start: %s", error)  # noqa: TRY400 - told, not traced
            self.environment.process_exit_code = 1
            raise StopTest(str(error)) from error
        options = self.environment.parsed_options
        runner = self.environment.runner
        if (
            options is not None
            and options.headless
            and runner is not None
            and not isinstance(runner, WorkerRunner)
        ):
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
    # A text, since a master sends its options to its workers.
    add(
        "--history",
        env_var="REPRISE_LOAD_HISTORY",
        default=None,
        include_in_web_ui=False,
        help="history folder; reports/runs/load/<utc>/history if not given",
    )


def _open_house(environment: Environment, **_: object) -> None:
    options = environment.parsed_options
    assert options is not None
    has_history = options.history is not None
    if not has_history:
        utc = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        options.history = str(Path("reports/runs/load") / utc / "history")
    keep_requests(environment)
    house = House(environment)
    part: Part
    if isinstance(environment.runner, WorkerRunner):
        part = Worker(house, environment.runner, has_history=has_history)
    elif isinstance(environment.runner, MasterRunner):
        part = Master(house, environment.runner)
    else:
        part = Opening(house)
    _parts[id(environment)] = part
    if isinstance(part, Worker) or (not environment.host and not options.headless):
        return  # a master, or its web page, says where; checked when the load starts
    try:
        part.check()
    except LoadError as error:
        log.error("the load cannot start: %s", error)  # noqa: TRY400 - told, not traced
        sys.exit(1)


def _start_dealing(environment: Environment, **_: object) -> None:
    part = _parts.get(id(environment))
    if isinstance(part, Master):
        part.begin()


def _close_clinics(environment: Environment, **_: object) -> None:
    if (part := _parts.get(id(environment))) is not None:
        part.stop()


def _close_house(environment: Environment, **_: object) -> None:
    if (part := _parts.get(id(environment))) is not None:
        part.close()


_EVENTS: Any = events  # Locust's hooks are untyped
_EVENTS.init_command_line_parser.add_listener(_add_options)
_EVENTS.init.add_listener(_open_house)
_EVENTS.test_start.add_listener(_start_dealing)
_EVENTS.test_stopping.add_listener(_close_clinics)
_EVENTS.quitting.add_listener(_close_house)
