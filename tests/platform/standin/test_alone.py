"""A clinic without a site: MariaDB and replicas on loopback, and the contract on them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reprise_platform import openmrs
from reprise_platform.alone import programs
from reprise_platform.alone.clinic import Clinic
from reprise_platform.alone.mariadb import MariaDB
from reprise_platform.embedded import images
from reprise_platform.errors import CommandError, PlatformError

_CONTRACT = Path(__file__).parent / "contract"
_LOCATION = f"{openmrs.REST_PATH}/location/{openmrs.OUTPATIENT_CLINIC}"


@pytest.fixture
def thawed(alone: Clinic) -> Iterator[Clinic]:
    """Return the clinic, all of it going on after the test."""
    yield alone
    alone.server.process.thaw()
    for replica in alone.replicas:
        replica.process.thaw()


def _get(clinic: Clinic, replica: int, *, timeout_s: float = 10) -> httpx.Response:
    url = f"{clinic.replicas[replica].url}{_LOCATION}"
    login = (clinic.username, clinic.password)
    return httpx.get(url, auth=login, timeout=timeout_s)


def test_contract_is_put_to_it_by_url(alone: Clinic) -> None:
    """All of the contract holds for it, as on a site or on a real OpenMRS."""
    words = ["-m", "cluster", "-q", "-p", "no:cacheprovider", str(_CONTRACT)]
    target = ["--base-url", alone.url, "--credentials", str(alone.credentials)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *target],
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout


def test_replicas_share_a_database(alone: Clinic) -> None:
    """Both answer, from the same rows, however they raced to put them there."""
    assert {_get(alone, number).json()["uuid"] for number in (0, 1)} == {
        openmrs.OUTPATIENT_CLINIC
    }


def test_frozen_replica_holds_its_own_clients_only(thawed: Clinic) -> None:
    """A frozen process accepts and says nothing; its neighbour answers; it comes back."""
    thawed.replicas[0].process.freeze()
    with pytest.raises(httpx.ReadTimeout):
        _get(thawed, 0, timeout_s=0.3)
    assert _get(thawed, 1).status_code == 200
    thawed.replicas[0].process.thaw()
    assert _get(thawed, 0).status_code == 200


def test_frozen_database_holds_everyone(thawed: Clinic) -> None:
    """A request waits for as long as the database is frozen, and is answered then."""
    thawed.server.process.freeze()
    with pytest.raises(httpx.ReadTimeout):
        _get(thawed, 1, timeout_s=0.3)
    thawed.server.process.thaw()
    assert _get(thawed, 1).status_code == 200


def test_killed_replica_returns_at_its_address(alone: Clinic) -> None:
    """Killed, it refuses; started again, it answers where it did, its data there."""
    replica = alone.replicas[1]
    replica.process.kill()
    with pytest.raises(httpx.ConnectError):
        _get(alone, 1)
    replica.start()
    assert _get(alone, 1).status_code == 200


def test_dump_loads_elsewhere(mariadb: MariaDB, alone: Clinic) -> None:
    """What one database holds is what another holds after a dump and a load."""
    mariadb.create("loaded")
    mariadb.load("loaded", mariadb.dump("alone"))
    count = "SELECT COUNT(*) FROM {}.concept"
    (here,), (there,) = (mariadb.sql(count.format(it)) for it in ("alone", "loaded"))
    assert here == there > (0,)


def test_database_that_ends_at_once_says_why(tmp_path: Path) -> None:
    """A server that cannot start is not waited for: its log's end is in the error."""
    server = MariaDB(tmp_path / "db", options=("--no-such-option=1",))
    begun_s = time.monotonic()
    with pytest.raises(PlatformError, match="no-such-option"):
        server.start()
    assert time.monotonic() - begun_s < 50


def test_no_image_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the image is neither there nor can be made, the remedy is in the error."""

    def refuse() -> images.Image:
        msg = "no such program: mmdebstrap"
        raise CommandError(msg)

    monkeypatch.setattr(images, "mariadb", refuse)
    with pytest.raises(PlatformError, match=r"(?s)Run once as root.*mmdebstrap"):
        programs.programs()
