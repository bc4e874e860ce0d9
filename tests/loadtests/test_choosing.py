"""Locust's own options: tags choose journeys, a shape is a rate, the rest is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest

from reprise_loadtests.choosing import chosen, shaped, tags_of
from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import Profile, load_profile
from reprise_loadtests.schedule import arrivals_within, rate_per_s


@pytest.fixture
def day() -> Profile:
    """A profile that plays every journey."""
    return load_profile("day")


def test_tags_choose_journeys_at_the_profiles_rate(day: Profile) -> None:
    """Names and roles choose; shares keep their proportion and add up to 1."""
    assert tags_of("fitting") == {"fitting", "audioprothesiste"}
    assistant = chosen(day, ["assistant"], [])
    assert assistant.mix == pytest.approx(
        {"register": 0.125, "appointment": 0.375, "check_in": 0.5}
    )
    assert assistant.arrivals == day.arrivals
    both = chosen(day, ["assistant", "agenda"], ["check_in"])
    assert set(both.mix) == {"register", "appointment", "agenda"}
    assert chosen(day, [], []) is day
    assert set(chosen(day, [], ["audioprothesiste"]).mix) == {
        *assistant.mix,
        "agenda",
    }
    assert all("audiogram" not in tags_of(name) for name in assistant.mix)


def test_tags_that_leave_nothing_are_refused(day: Profile) -> None:
    """An unknown tag is named with those there are; an empty mix names what is played."""
    with pytest.raises(LoadError, match="no journey has the tag surgery: give some of"):
        chosen(day, ["surgery"], [])
    with pytest.raises(LoadError, match="leave nothing of profile quick"):
        chosen(load_profile("quick"), ["manager"], [])


class _Shape:
    """What Locust's base class offers, whose import would patch this process."""

    def __init__(self) -> None:
        self.runner: Any = type("Runner", (), {"user_count": 0})
        self._start_s = time.perf_counter()

    def get_run_time(self) -> float:
        return time.perf_counter() - self._start_s

    def get_current_user_count(self) -> int:
        return int(self.runner.user_count)


class _Stages(_Shape):
    """A minute at 30, one at 90, the end."""

    def tick(self) -> tuple[int, float] | None:
        at_s = self.get_run_time()
        if at_s < 60:
            return 30, 5
        return (90, 5) if at_s < 120 else None


def test_a_shape_is_a_rate_of_arrivals(day: Profile) -> None:
    """Its users are arrivals a minute, drawn with the seed; its end is the schedule's."""
    profile, lasts_s = shaped(day, _Stages(), None)
    assert lasts_s == 120
    assert rate_per_s(profile.arrivals, 30) == pytest.approx(0.5)
    assert rate_per_s(profile.arrivals, 90) == pytest.approx(1.5)
    assert len(profile.arrivals.shape) < 10
    assert Profile.model_validate(profile.model_dump(mode="json")) == profile
    drawn = arrivals_within(profile, seed=3, duration_s=lasts_s)
    assert drawn == arrivals_within(profile, seed=3, duration_s=lasts_s)
    early = sum(one.offset_ns < 60e9 for one in drawn)
    assert early < len(drawn) - early
    shorter, only_s = shaped(day, _Stages(), 45.0)
    assert only_s == 45
    assert rate_per_s(shorter.arrivals, 20) == pytest.approx(0.5)


class _Counts(_Shape):
    def tick(self) -> tuple[int, float] | None:
        return self.get_current_user_count() + 1, 1


class _Chooses(_Shape):
    def tick(self) -> tuple[int, float, list[type]] | None:
        return 10, 1, []


class _Nobody(_Shape):
    def tick(self) -> tuple[int, float] | None:
        return (0, 1) if self.get_run_time() < 5 else None


class _Short(_Shape):
    def tick(self) -> tuple[int, float] | None:
        return None


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (_Counts, "get_run_time"),
        (_Chooses, "journeys are chosen by --tags"),
        (_Nobody, "asks for nobody"),
        (_Short, "asks for nobody"),
    ],
)
def test_a_shape_that_cannot_be_a_schedule_is_refused(
    day: Profile, shape: type[Any], told: str
) -> None:
    """What looks at users or chooses classes is refused with what to do instead."""
    made = shape()
    before = made.get_run_time
    with pytest.raises(LoadError, match=told):
        shaped(day, made, None)
    assert made.get_run_time == before
