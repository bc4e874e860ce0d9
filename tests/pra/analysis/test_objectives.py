"""Objectives are refused whole, with every problem at once, or read as agreed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprise_pra.analysis.errors import InputError
from reprise_pra.analysis.objectives import (
    Objectives,
    parse_objectives,
    tighten,
    to_yaml,
)
from reprise_pra.analysis.testing import objectives

_SHIPPED = Path(__file__).parents[3] / "pra" / "objectives.yaml"
_GOOD = to_yaml(objectives())


def _parse(tmp_path: Path, text: str) -> Objectives:
    path = tmp_path / "objectives.yaml"
    path.write_text(text, encoding="utf-8")
    return parse_objectives(path)


def _problems(tmp_path: Path, text: str) -> str:
    with pytest.raises(InputError) as refused:
        _parse(tmp_path, text)
    return "\n".join(refused.value.problems)


def test_shipped_objectives_are_valid() -> None:
    """The objectives in the repository parse, and all three journeys are vital."""
    shipped = parse_objectives(
        _SHIPPED, known_journeys={"register", "consult", "audiogram"}
    )
    assert shipped.tier_1() == ("audiogram", "consult", "register")
    assert (shipped.rto_s, shipped.rpo_s, shipped.dmia_s) == (900, 300, 3600)


def test_writing_and_reading_give_the_same(tmp_path: Path) -> None:
    """What a run keeps as its copy is read back equal."""
    assert _parse(tmp_path, _GOOD) == objectives()


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Each line names the file, the key and what is accepted."""
    text = (
        _GOOD.replace("rto_s: 900.0", "rto_s: -1")
        .replace("rpo_s: 300.0", "rpo_s: fast")
        .replace("availability: 0.99", "availability: 1", 1)
        .replace("tier: 1", "tier: 4", 1)
        + "colour: blue\n"
    )
    told = _problems(tmp_path, text).splitlines()
    assert len(told) == 5
    assert all(line.startswith(f"{tmp_path}/objectives.yaml: ") for line in told)
    assert any("rto_s: " in line and "above 0" in line for line in told)
    assert any("rpo_s" in line and "'fast'" in line for line in told)
    assert any("journeys.register.availability" in line for line in told)
    assert any(
        "journeys.register.tier" in line and "1 (vital)" in line for line in told
    )
    assert any("colour: unknown key; accepted: the keys" in line for line in told)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty or not a mapping"),
        ("- a\n", "empty or not a mapping"),
        ("rto_s: [1\n", "not YAML"),
        (_GOOD + "rto_s: 1\n", "stands twice"),
        (_GOOD.replace("rto_s: 900.0", "rto_s: yes"), "rto_s"),
        (_GOOD.replace("rto_s: 900.0", "rto_s: .inf"), "rto_s"),
        (_GOOD.replace("dmia_s: 3600.0", "dmia_s: 60"), "must not exceed dmia_s"),
        (_GOOD.replace("tier: 1", "tier: 2"), "at least one must be of tier 1"),
        (_GOOD.replace("agreed: 2026-01-15", "agreed: soon"), "agreed"),
        (_GOOD.replace("owner: ", "boss: "), "owner: missing"),
    ],
)
def test_bad_objectives_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    """An objective that is absent, ambiguous or inconsistent never reaches a verdict."""
    assert expected in _problems(tmp_path, text)


def test_absent_file_is_named(tmp_path: Path) -> None:
    """A missing file is one clear problem."""
    with pytest.raises(InputError, match="no such file"):
        parse_objectives(tmp_path / "nothing.yaml")


def test_journey_nobody_plays_is_refused(tmp_path: Path) -> None:
    """A journey the load cannot play would make the whole drill inconclusive."""
    path = tmp_path / "objectives.yaml"
    path.write_text(_GOOD, encoding="utf-8")
    with pytest.raises(InputError, match=r"journeys\.register: no such journey"):
        parse_objectives(path, known_journeys={"consult"})


def test_a_plan_may_tighten_never_loosen() -> None:
    """A tighter objective is taken, a looser one refused with the agreed value."""
    assert tighten(objectives(), source="plan", rto_s=1).rto_s == 1
    with pytest.raises(InputError, match="accepted: at most 900"):
        tighten(objectives(), source="plan", rto_s=901)
    with pytest.raises(InputError, match="must not exceed dmia_s"):
        tighten(objectives(), source="plan", dmia_s=10)
