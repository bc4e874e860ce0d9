"""Which journeys are played, and at which rate, when Locust's own options say so.

`--tags` and `--exclude-tags` name journeys, or roles. A `LoadTestShape` of the user's own
is read as a rate: the users it asks for are arrivals a minute, since the load is open and
has no users to count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from reprise_loadtests.errors import LoadError
from reprise_loadtests.journeys import ROLES
from reprise_loadtests.profile import JourneyName, Point, Profile

_TICK_S = 1.0
_LONGEST_S = 86_400
_PER_MINUTE = 60.0
_ANSWER = 2

NEEDS_A_CLOCK: Final = (
    "a shape may go by get_run_time() alone: the schedule is drawn before it is played,"
    " so that nothing the server does can change it"
)


class Shape(Protocol):
    """What is asked of a `LoadTestShape`, whose import would patch the process."""

    runner: Any

    def tick(self) -> Sequence[object] | None:
        """Return users and spawn rate for the present; None at the end."""
        ...


def tags_of(journey: JourneyName) -> frozenset[str]:
    """Return the tags of a journey: its name, and who goes through it."""
    return frozenset(
        {journey, *(role for role, names in ROLES.items() if journey in names)}
    )


def chosen(profile: Profile, tags: Sequence[str], not_tags: Sequence[str]) -> Profile:
    """Return the profile with the journeys that tags choose, at the profile's rate.

    Raises:
        LoadError: a tag is none, or nothing of the profile's mix is left.
    """
    if not tags and not not_tags:
        return profile
    known = {tag for names in ROLES.values() for name in names for tag in tags_of(name)}
    strangers = sorted({*tags, *not_tags} - known)
    if strangers:
        msg = (
            f"no journey has the tag {', '.join(strangers)}:"
            f" give some of {', '.join(sorted(known))}"
        )
        raise LoadError(msg)
    left = {
        name: share
        for name, share in profile.mix.items()
        if (not tags or tags_of(name) & set(tags)) and not tags_of(name) & set(not_tags)
    }
    total = sum(left.values())
    if total <= 0:
        msg = f"tags leave nothing of profile {profile.name}: it plays" + "".join(
            f" {name}" for name, share in profile.mix.items() if share
        )
        raise LoadError(msg)
    mix = {name: share / total for name, share in left.items()}
    return profile.model_copy(update={"mix": mix})


def shaped(
    profile: Profile, shape: Shape, duration_s: float | None
) -> tuple[Profile, float]:
    """Return the profile at the rates of a `LoadTestShape`, and for how long, seconds.

    Its `tick` is asked once for each second of the schedule, before anything starts. The
    spawn rate it gives has no meaning here: an arrival is there at once.

    Raises:
        LoadError: it needs more than the time, chooses user classes, or asks for nobody.
    """
    per_minute = _ticks(shape, min(duration_s or _LONGEST_S, _LONGEST_S))
    if min(per_minute, default=0.0) <= 0:
        # Locust itself would take away the one user that plays the schedule.
        msg = f"{type(shape).__name__} asks for nobody at times: give 1 user at least"
        raise LoadError(msg)
    highest = max(per_minute)
    points = [
        Point(at_s=second * _TICK_S, factor=value / highest)
        for second, value in enumerate(per_minute)
        # In a stretch at one rate its ends say all.
        if second in {0, len(per_minute) - 1}
        or {value} != set(per_minute[second - 1 : second + 2])
    ]
    lasts_s = len(per_minute) * _TICK_S
    points.append(Point(at_s=lasts_s, factor=points[0].factor))
    arrivals = profile.arrivals.model_copy(
        update={"rate_per_s": highest / _PER_MINUTE, "shape": tuple(points)}
    )
    return profile.model_copy(update={"arrivals": arrivals}), lasts_s


def _ticks(shape: Shape, most_s: float) -> list[float]:
    told: list[float] = []
    # What Locust counts and times is hidden: the time is the schedule's.
    runner, shape.runner = shape.runner, None
    vars(shape)["get_run_time"] = lambda: len(told) * _TICK_S
    try:
        while len(told) * _TICK_S < most_s and (tick := shape.tick()) is not None:
            told.append(_users(tick))
    except LoadError:
        raise
    except Exception as error:
        msg = f"{type(shape).__name__}.tick() failed: {error!r}; {NEEDS_A_CLOCK}"
        raise LoadError(msg) from error
    finally:
        shape.runner = runner
        del vars(shape)["get_run_time"]
    return told


def _users(tick: Sequence[object]) -> float:
    if len(tick) != _ANSWER or not isinstance(tick[0], int | float):
        msg = "a shape gives users and a spawn rate; journeys are chosen by --tags"
        raise LoadError(msg)
    return float(tick[0])
