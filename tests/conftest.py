"""Fixtures shared by all tests, each made once a session.

The embedded site, for tests marked `cluster`; a MariaDB server and stand-in processes on
loopback, for those that need no more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from reprise_platform import access
from reprise_platform.alone.clinic import Clinic, clinic
from reprise_platform.alone.mariadb import MariaDB
from reprise_platform.errors import PlatformError

# A machine busy with something else is no failure; pytest's time-out catches a hang.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

_UP_WITHIN_S = 1800
_DOWN_WITHIN_S = 300
_CLUSTER_TEST_WITHIN_S = 600
# The first one makes MariaDB's image, where the cache does not have it.
_MARIADB_WITHIN_S = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests the time that making a site or an image takes, unless they set their own."""
    for item in items:
        if item.get_closest_marker("timeout"):
            continue
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.timeout(_UP_WITHIN_S + _CLUSTER_TEST_WITHIN_S))
        elif "mariadb" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(_MARIADB_WITHIN_S))


@pytest.fixture(scope="session")
def site_access() -> Iterator[access.Access]:
    """Bring a site of the tests' own up, once; take down what this session brought up.

    REPRISE_TEST_SITE names the site ("test"); REPRISE_KEEP=1 leaves it up, so that the
    next session starts in seconds.
    """
    name = os.environ.get("REPRISE_TEST_SITE", "test")
    was_up = _is_up(name)
    try:
        if not was_up:
            _platform("up", name, within_s=_UP_WITHIN_S)
        yield access.load_access(name)
    finally:
        # Also what came up halfway.
        if not was_up and os.environ.get("REPRISE_KEEP") != "1":
            _platform("down", name, within_s=_DOWN_WITHIN_S)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Return the session's MariaDB, empty: each user of it makes a database of its own.

    Who freezes or kills it leaves it thawed or started.
    """
    folder = Path(tempfile.mkdtemp(prefix="reprise-mariadb-"))
    try:
        # What is committed survives this process, if not a power cut: that is enough.
        options = ("--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=OFF")
        server = MariaDB(folder, options=options)
        try:
            server.start()
            yield server
        finally:
            server.process.kill()
    except PlatformError as error:
        pytest.fail(str(error), pytrace=False)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def alone(
    mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """Return two stand-in replicas on one database; left thawed by who freezes one."""
    folder = tmp_path_factory.mktemp("alone")
    with clinic(mariadb, folder, database="alone", replicas=2) as made:
        yield made


def _is_up(name: str) -> bool:
    """Tell whether the site was brought up and answers."""
    try:
        access.load_access(name)
    except PlatformError:
        return False
    return _run("status", name, within_s=60).returncode == 0


def _platform(command: str, name: str, *, within_s: float) -> None:
    done = _run(command, name, within_s=within_s)
    if done.returncode != 0:
        pytest.fail(f"`reprise_platform {command} --name {name}` failed", pytrace=False)


def _run(
    command: str, name: str, *, within_s: float
) -> subprocess.CompletedProcess[bytes]:
    """Run one command of the platform, its output shown by pytest as it comes."""
    return subprocess.run(
        [sys.executable, "-m", "reprise_platform", command, "--name", name],
        check=False,
        timeout=within_s,
        stdin=subprocess.DEVNULL,
    )
