"""The kernel's modules: asked for when they are missing, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprise_platform.embedded import modules
from reprise_platform.errors import CommandError


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Stand on a machine without connection tracking; return what is said."""
    monkeypatch.setattr(
        modules, "_NEEDED", (("nf_conntrack", tmp_path / "max", "connections"),)
    )
    return []


def test_a_missing_module_is_loaded_and_told(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the kernel would not load in time is asked for, with its reason."""
    ran: list[list[str]] = []
    monkeypatch.setattr(modules, "run", lambda command, **_: ran.append(command))
    modules.need(said.append)
    assert ran == [["modprobe", "nf_conntrack"]]
    assert said == ["loaded the kernel's module nf_conntrack (connections)"]


def test_a_module_that_is_there_is_left_alone(
    said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Loaded or built in: nothing is run and nothing is said."""
    (tmp_path / "max").touch()
    monkeypatch.setattr(modules, "run", lambda *_, **__: pytest.fail("was run"))
    modules.need(said.append)
    assert said == []


def test_a_kernel_without_modules_is_for_doctor_to_judge(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be loaded nothing is claimed, and `up` goes on to its own check."""

    def refuse(*_: object, **__: object) -> None:
        msg = "modprobe: not found"
        raise CommandError(msg)

    monkeypatch.setattr(modules, "run", refuse)
    modules.need(said.append)
    assert said == []


def test_what_came_meanwhile_is_told_once(
    said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Modules that the kernel loaded by itself are named, and that they stay."""
    (tmp_path / "modules").write_text("veth 1 0 - Live\next4 1 0 - Live\n")
    monkeypatch.setattr(modules, "_LOADED", tmp_path / "modules")
    modules.tell(frozenset({"ext4"}), said.append)
    modules.tell(modules.loaded(), said.append)
    assert len(said) == 1
    assert "veth; they stay" in said[0]
