"""What a profile needs of OpenMRS is found, made once, and named when it cannot be."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reprise_loadtests import bootstrap, dictionary
from reprise_loadtests.credentials import Credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.metadata import check, create, needs
from reprise_loadtests.profile import Network, Profile, load_profile
from reprise_loadtests.site import centres
from reprise_loadtests.wire import Wire
from reprise_platform import openmrs
from tests.loadtests.booking import GENERAL_MEDICINE

_CENTRES = 230


@pytest.fixture
def wire(fake: Any, credentials: Credentials) -> Iterator[Wire]:
    """A session of a user."""
    opened = Wire(fake.url, timeout_s=5)
    bootstrap.check_login(opened, credentials)
    yield opened
    opened.close()


@pytest.fixture
def day() -> Profile:
    """A day of a network whose locations take three pages."""
    return load_profile("day").model_copy(
        update={"network": Network(centres=_CENTRES), "known_patients": 2}
    )


def _bare(fake: Any, profile: Profile) -> set[str]:
    """Let the server lack all that can be made; return its uuids."""
    makeable = {
        one.path.rpartition("/")[2] for one in needs(profile) if one.body is not None
    }
    fake.missing |= makeable
    return makeable


def test_what_is_missing_is_made_once(fake: Any, wire: Wire, day: Profile) -> None:
    """A bare server gets all with fixed uuids; made again, nothing is posted."""
    makeable = _bare(fake, day)
    made = create(wire, day)
    created = {uuid_ for kind, uuid_ in fake.books.created}
    assert created == makeable | {c.uuid for c in centres(_CENTRES)} | {
        dictionary.SERVICE_NAME
    }
    assert len(made) == len(created)
    assert create(wire, day) == ()
    assert len(fake.books.created) == len(created)
    present = check(wire, day)
    assert present.centres == centres(_CENTRES)
    assert present.service == fake.books.services[-1]["uuid"]


def test_a_user_without_a_provider_gets_one(
    fake: Any, wire: Wire, day: Profile
) -> None:
    """OpenMRS without demonstration data: the user's person is made a provider, once."""
    fake.books.has_provider = False
    fake.books.services.append({"uuid": "s", "name": dictionary.SERVICE_NAME})
    fake.books.locations += [centre.uuid for centre in centres(_CENTRES)]
    assert create(wire, day) == ("provider of the user",)
    assert fake.books.created == [("provider", openmrs.ADMIN_PERSON)]
    assert create(wire, day) == ()


def test_a_lacking_privilege_is_told(fake: Any, wire: Wire, day: Profile) -> None:
    """Every object that could not be made is named, with the privilege it takes."""
    makeable = _bare(fake, day)
    fake.books.allows_creation = False
    with pytest.raises(LoadError) as caught:
        create(wire, day)
    lines = str(caught.value).splitlines()[1:]
    assert len(lines) == len(makeable) + _CENTRES + 1
    assert all("lacks a privilege" in line for line in lines)
    assert any("Manage location" in line for line in lines)


def test_what_a_profile_does_not_play_is_not_asked_for(fake: Any, wire: Wire) -> None:
    """The short profiles need neither centres nor services nor fitting concepts."""
    fake.missing |= {one.uuid for one in dictionary.AUDIOPROSTHESIS}
    fake.books.services.clear()
    for name in ("quick", "smoke"):
        present = check(wire, load_profile(name))
        assert present.service is None
        assert present.centres == ()


def test_the_centres_that_are_there_are_played(
    fake: Any, wire: Wire, day: Profile
) -> None:
    """A server with fewer centres is a smaller network; with none it is told."""
    with pytest.raises(LoadError, match=f"the network's {_CENTRES} centres"):
        check(wire, day)
    opened = centres(_CENTRES)[100:120]
    fake.books.locations += [str(uuid.uuid4()) for _ in range(150)]
    fake.books.locations += [centre.uuid for centre in opened]
    assert check(wire, day).centres == opened


def test_any_service_will_do_and_none_is_told(
    fake: Any, wire: Wire, day: Profile
) -> None:
    """Without a service of its own the network books with another's; without any, not."""
    fake.books.locations += [centre.uuid for centre in centres(1)]
    assert check(wire, day).service == GENERAL_MEDICINE["uuid"]
    fake.books.services.clear()
    with pytest.raises(LoadError, match="an appointment service"):
        check(wire, day)


def test_the_command_makes_and_then_does_nothing(
    fake: Any,
    day: Profile,
    credentials_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--create` tells what it made; the second time it says the clinics can open."""
    monkeypatch.setenv("REPRISE_CLINIC_CREDENTIALS", str(credentials_file))
    monkeypatch.setattr(bootstrap, "load_profile", lambda _: day)
    _bare(fake, day)
    arguments = ["--host", fake.url, "--history", str(tmp_path), "--profile", "day"]
    assert bootstrap.main(arguments) == 1
    assert "--create" in capsys.readouterr().err
    assert bootstrap.main([*arguments, "--create"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert f"made: location {centres(1)[0].name}" in told
    assert told[-1] == "the clinics can open: 2 known patients"
    assert bootstrap.main([*arguments, "--create"]) == 0
    assert capsys.readouterr().out.splitlines() == told[-1:]
