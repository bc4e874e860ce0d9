"""Where OpenMRS is unkind and the stand-in can be: each setting, and its opposite."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from reprise_platform import openmrs
from reprise_platform.alone.clinic import Clinic, clinic
from reprise_platform.alone.mariadb import MariaDB
from reprise_platform.standin import server
from reprise_platform.standin.database import (
    Database,
    DatabaseUnavailableError,
    Session,
)
from reprise_platform.standin.settings import read_settings
from reprise_platform.standin.store import identifiers
from reprise_platform.waiting import until

_HERE = "upstream"
_ELSEWHERE = "restored"


def _unkind(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    return {"STANDIN_SEARCH": "index", "STANDIN_FOLDER": str(folder)}


@pytest.fixture(scope="module")
def indexed(
    mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """Return two replicas that search an index."""
    folder = tmp_path_factory.mktemp(_HERE)
    environment = _unkind(folder / "data")
    with clinic(
        mariadb, folder, database=_HERE, replicas=2, environment=environment
    ) as made:
        yield made


def _rest(of: Clinic, replica: int) -> httpx.Client:
    url = f"{of.replicas[replica].url}{openmrs.REST_PATH}/"
    login = (of.username, of.password)
    return httpx.Client(base_url=url, auth=login, timeout=60)


def _register(rest: httpx.Client, family: str) -> str:
    path = f"idgen/identifiersource/{openmrs.IDENTIFIER_SOURCE}/identifier"
    number = rest.post(path, json={}).json()["identifier"]
    body = {
        "person": {
            "gender": "F",
            "names": [{"givenName": "Jérôme", "familyName": family}],
        },
        "identifiers": [
            {
                "identifier": number,
                "identifierType": openmrs.IDENTIFIER_TYPE,
                "location": openmrs.OUTPATIENT_CLINIC,
                "preferred": True,
            }
        ],
    }
    answer = rest.post("patient", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uuid"])


def _found(rest: httpx.Client, text: str) -> list[str]:
    answer = rest.get("patient", params={"q": text})
    assert answer.status_code == 200, answer.text
    return [each["uuid"] for each in answer.json()["results"]]


def _family() -> str:
    return f"Essai{uuid.uuid4().hex[:8]}"


def test_index_follows_every_replica(indexed: Clinic) -> None:
    """What one replica writes the other finds, by any name and by number, once there."""
    family = _family()
    with _rest(indexed, 0) as here, _rest(indexed, 1) as there:
        assert _found(there, family) == []
        patient = _register(here, family)
        for text in (family, family.upper(), f"jerome {family[:7]}"):
            assert patient in _found(there, text)
        renamed = {"names": [{"givenName": "Anne", "familyName": f"{family}bis"}]}
        assert here.post(f"person/{patient}", json=renamed).status_code == 200
        assert _found(there, f"{family}bis") == [patient]
        assert here.delete(f"patient/{patient}").status_code == 204
        assert _found(there, family) == _found(here, family) == []


def test_search_is_blind_after_a_raw_restore(
    mariadb: MariaDB, indexed: Clinic, tmp_path: Path
) -> None:
    """Read by uuid, not found by name, until one replica makes the index anew for all."""
    family = _family()
    with _rest(indexed, 0) as here:
        patient = _register(here, family)
        assert _found(here, family) == [patient]
    mariadb.create(_ELSEWHERE)
    mariadb.load(_ELSEWHERE, mariadb.dump(_HERE))
    with _restored(mariadb, indexed, tmp_path) as restored:
        with _rest(restored, 0) as here, _rest(restored, 1) as there:
            for rest in (here, there):
                assert rest.get(f"patient/{patient}").status_code == 200
                assert _found(rest, family) == []
            later = _register(there, f"{family}bis")
            assert _found(here, family) == [later]
            assert here.post("cleardbcache").status_code == 204
            assert here.post("searchindexupdate").status_code == 204
            assert set(_found(here, family)) == {patient, later}
            assert set(_found(there, family)) == {patient, later}
        restored.replicas[1].process.kill()
        restored.replicas[1].start()
        with _rest(restored, 1) as again:
            assert set(_found(again, family)) == {patient, later}


class _restored:  # noqa: N801 - used as a function
    """Run replicas on the restored database, which `clinic` would make empty."""

    def __init__(self, mariadb: MariaDB, before: Clinic, folder: Path) -> None:
        self._made = Clinic(
            mariadb,
            folder,
            database=_ELSEWHERE,
            replicas=2,
            environment=_unkind(folder / "data"),
        )
        # The one that the dump holds is what counts.
        self._made.password = before.password

    def __enter__(self) -> Clinic:
        for replica in self._made.replicas:
            replica.start()
        return self._made

    def __exit__(self, *_: object) -> None:
        for replica in self._made.replicas:
            replica.process.kill()


def test_sessions_are_one_processs_own(indexed: Clinic) -> None:
    """A cookie of one replica is stale on the other: 401, as behind a door that strays."""
    with _rest(indexed, 0) as here:
        here.get("session")
        cookie = {"Cookie": f"JSESSIONID={here.cookies['JSESSIONID']}"}
    with _rest(indexed, 1) as there:
        assert there.get("location?limit=1", headers=cookie).status_code == 401


@pytest.fixture
def database(mariadb: MariaDB, indexed: Clinic) -> Iterator[Callable[..., Database]]:
    """Return what opens that database with settings of its own."""
    opened = []

    def make(**more: str) -> Database:
        settings = read_settings(indexed.environment | more)
        made, pool = server.open_database(settings)
        opened.append(pool)
        return made

    yield make
    mariadb.process.thaw()
    for pool in opened:
        pool.close()


@pytest.mark.parametrize("locked", [True, False])
def test_two_replicas_ask_for_a_number_at_once(
    mariadb: MariaDB, database: Callable[..., Database], *, locked: bool
) -> None:
    """Locked, each gets its own; as upstream, both get the same."""
    numbers: list[str] = []
    first, second = database(), database()

    def take(session: Session) -> str:
        return identifiers.generate(session, 1, 1, None, locked=locked)

    def wait_for_the_other(session: Session) -> None:
        numbers.append(take(session))
        # The server answers that question from a cache, which is made anew when nobody
        # asked for 0.1 s: it must have forgotten others, and be asked seldom.
        until(
            lambda: mariadb.sql(_WAITING) == [(0,)],
            within_s=30,
            every_s=0.3,
            what="nobody waiting for a row",
        )
        other.start()
        until(
            lambda: mariadb.sql(_WAITING) != [(0,)],
            within_s=30,
            every_s=0.3,
            what="the other replica waiting for the sequence's row",
        )

    other = threading.Thread(target=lambda: numbers.append(second.write(take)))
    first.write(wait_for_the_other)
    other.join(30)
    assert len(numbers) == 2
    assert len(set(numbers)) == (2 if locked else 1)


_WAITING = (
    "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"
)


def test_frozen_database_holds_a_request_for_its_time(
    mariadb: MariaDB, database: Callable[..., Database]
) -> None:
    """With a time-out the request ends with it; as upstream it waits for the thaw."""
    bounded = database(STANDIN_DB_READ_TIMEOUT_S="0.3")
    patient = database(STANDIN_DB_READ_TIMEOUT_S="0")
    answers: list[object] = []

    def ask(of: Database) -> object:
        return of.read(lambda session: session.row("SELECT 1"))

    assert ask(bounded) == ask(patient) == (1,)
    mariadb.process.freeze()
    with pytest.raises(DatabaseUnavailableError):
        ask(bounded)
    waiting = threading.Thread(target=lambda: answers.append(ask(patient)))
    waiting.start()
    waiting.join(1)
    assert answers == []
    mariadb.process.thaw()
    waiting.join(30)
    assert answers == [(1,)]


def test_start_takes_its_time(mariadb: MariaDB, tmp_path: Path) -> None:
    """The port refuses, then accepts and is silent, then answers; in this order."""
    made = Clinic(
        mariadb,
        tmp_path,
        database=_HERE,
        replicas=1,
        environment={"STANDIN_START_S": "4"},
    )
    (replica,) = made.replicas
    seen: list[str] = []

    def look() -> bool:
        try:
            httpx.get(f"{replica.url}/openmrs/health/started", timeout=0.2)
        except httpx.ConnectError:
            now = "refused"
        except httpx.TimeoutException:
            now = "silent"
        else:
            now = "answered"
        if now not in seen:
            seen.append(now)
        return now == "answered"

    try:
        replica.process.launch()
        begun_s = time.monotonic()
        until(look, within_s=60, every_s=0.02, what="the replica's first answer")
    finally:
        replica.process.kill()
    assert seen == ["refused", "silent", "answered"]
    assert time.monotonic() - begun_s >= 4
