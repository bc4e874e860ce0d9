"""Fixtures shared by all tests: the embedded site, up once for those marked `cluster`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import hypothesis
import pytest

from reprise_platform import access
from reprise_platform.errors import PlatformError

# A machine busy with something else is no failure; pytest's time-out catches a hang.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

_UP_WITHIN_S = 1800
_DOWN_WITHIN_S = 300
_CLUSTER_TEST_WITHIN_S = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests on a site the time that bringing one up takes, unless they set their own."""
    for item in items:
        if item.get_closest_marker("cluster") and not item.get_closest_marker(
            "timeout"
        ):
            item.add_marker(pytest.mark.timeout(_UP_WITHIN_S + _CLUSTER_TEST_WITHIN_S))


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
