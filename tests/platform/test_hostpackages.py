"""What this machine lacks is installed where apt is there, and named where it is not."""

from __future__ import annotations

import pytest

from reprise_platform import hostpackages
from reprise_platform.errors import PlatformError


def _machine(
    monkeypatch: pytest.MonkeyPatch, *, has: set[str]
) -> list[tuple[str, ...]]:
    """Stand on a machine with these programs; return the commands it is asked to run."""
    ran: list[tuple[str, ...]] = []

    def run(command: list[str], **_: object) -> str:
        ran.append(tuple(command))
        return ""

    monkeypatch.setattr(hostpackages, "FILES", ())
    monkeypatch.setattr("shutil.which", lambda name: name if name in has else None)
    monkeypatch.setattr(hostpackages, "run", run)
    return ran


def _silent(_: str) -> None: ...


_ALL = {tool for tool, _, _ in hostpackages.TOOLS}


def test_a_machine_that_lacks_nothing_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With every tool there, no command is run and nothing is installed."""
    ran = _machine(monkeypatch, has=_ALL | {"apt-get"})

    assert hostpackages.ensure(say=_silent) == ()
    assert ran == []


def test_what_is_missing_is_installed_once_with_what_the_caller_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A missing tool's package and the caller's are installed together, each once."""
    ran = _machine(monkeypatch, has=(_ALL - {"nsenter", "unshare"}) | {"apt-get"})

    said: list[str] = []

    installed = hostpackages.ensure([("fonts-dejavu-core", "a font")], say=said.append)

    assert installed == ("util-linux", "fonts-dejavu-core")
    assert [command[1] for command in ran] == ["update", "install"]
    assert ran[-1][-2:] == installed
    assert "--no-install-recommends" in ran[-1]
    whys = "entering a machine's namespaces; a machine's own namespaces"
    assert said == [
        f"installing on this machine: util-linux ({whys})",
        "installing on this machine: fonts-dejavu-core (a font)",
    ]


def test_without_apt_the_packages_are_named_and_nothing_is_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there is no apt, one refusal names every package and what it is for."""
    ran = _machine(monkeypatch, has=_ALL - {"mmdebstrap", "ip"})

    with pytest.raises(PlatformError) as refused:
        hostpackages.ensure([("fonts-dejavu-core", "a font")], say=_silent)
    assert ran == []
    for line in (
        "iproute2: network namespaces and links",
        "mmdebstrap: the machines' Debian root",
        "fonts-dejavu-core: a font",
    ):
        assert f"  {line}\n" in str(refused.value)
