"""Profiles are data, and a wrong one is refused with everything that is wrong in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import load_profile, profile_names


def test_the_projects_profiles_load() -> None:
    """Every profile that comes with the project is a good one, named as its file."""
    assert set(profile_names()) >= {"quarterly", "quick", "smoke"}
    for name in profile_names():
        assert load_profile(name).name == name


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Four mistakes make one message with file and key of each."""
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "name: wrong\n"
        "arrivals: {rate_per_s: 0, max_live: many}\n"
        "mix: {register: 1.0, dance: 0.5}\n"
        "think_time: {median_s: 1, sigma: 0.5, max_s: 2}\n"
        "client: {timeout_s: 10}\n"
        "known_patients: 3\n"
        "colour: red\n"
    )
    with pytest.raises(LoadError) as raised:
        load_profile(path)
    message = str(raised.value)
    for key in ("arrivals.rate_per_s", "arrivals.max_live", "mix", "dance", "colour"):
        assert key in message
    assert message.count(str(path)) >= 4


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("[{at_s: 1, factor: 1}]", "at_s: 0"),
        ("[{at_s: 0, factor: 1}, {at_s: 9, factor: 2}]", "first one's factor"),
        ("[{at_s: 0, factor: 1}, {at_s: 0, factor: 1}]", "increasing"),
        ("[{at_s: 0, factor: 0}]", "above 0"),
    ],
)
def test_a_shape_that_is_no_day_is_refused(
    tmp_path: Path, shape: str, told: str
) -> None:
    """A shape starts at 0, goes on, and ends where it began."""
    path = tmp_path / "shape.yaml"
    path.write_text(
        f"name: x\narrivals: {{rate_per_s: 1, max_live: 3, shape: {shape}}}\n"
        "mix: {register: 1.0}\nthink_time: {median_s: 1, sigma: 0.5, max_s: 2}\n"
        "client: {timeout_s: 10}\nknown_patients: 3\n"
    )
    with pytest.raises(LoadError, match=told):
        load_profile(path)


def test_shares_must_add_up(tmp_path: Path) -> None:
    """Half a mix is refused, with the sum found."""
    path = tmp_path / "half.yaml"
    path.write_text(
        "name: x\narrivals: {rate_per_s: 1, max_live: 3}\n"
        "mix: {register: 0.5}\nthink_time: {median_s: 1, sigma: 0.5, max_s: 2}\n"
        "client: {timeout_s: 10}\nknown_patients: 3\n"
    )
    with pytest.raises(LoadError, match=r"add up to 1, they add up to 0\.5"):
        load_profile(path)


def test_an_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    """A misspelt name is answered with the names there are."""
    with pytest.raises(LoadError, match="quick"):
        load_profile("quik")
    with pytest.raises(LoadError, match="no load profile"):
        load_profile(tmp_path / "none.yaml")


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    """Neither a broken file nor an empty one gets past."""
    path = tmp_path / "broken.yaml"
    path.write_text("arrivals: {rate")
    with pytest.raises(LoadError, match="cannot be read"):
        load_profile(path)
    path.write_text("")
    with pytest.raises(LoadError):
        load_profile(path)
