"""Load profiles: how busy the clinics are, as data (`loadtests/profiles/*.yaml`)."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic
import yaml

from reprise_loadtests.errors import LoadError

type JourneyName = Literal[
    "register",
    "appointment",
    "check_in",
    "consult",
    "audiogram",
    "fitting",
    "follow_up",
    "attachment",
    "agenda",
]

BOOKING: frozenset[JourneyName] = frozenset({"appointment", "check_in", "fitting"})
"""The journeys that make appointments, hence need a service to make them with."""

_PROFILES = Path(__file__).resolve().parents[1] / "profiles"

type _Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
type _NotNegative = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]


class _Table(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class Point(_Table):
    """At `at_s` of the day's shape, the rate is `factor` times the profile's."""

    at_s: _NotNegative
    factor: _NotNegative


class Arrivals(_Table):
    """How often a journey starts.

    Attributes:
        rate_per_s: journeys a second, of all kinds, where the factor is 1.
        shape: the day's shape, linear between points, starting over after the last.
        max_live: journeys under way at once; the house is full beyond.
    """

    rate_per_s: _Positive
    max_live: Annotated[int, pydantic.Field(gt=0)]
    shape: Annotated[tuple[Point, ...], pydantic.Field(strict=False)] = (
        Point(at_s=0.0, factor=1.0),
    )

    @pydantic.field_validator("shape")
    @classmethod
    def _shape_is_a_cycle(cls, shape: tuple[Point, ...]) -> tuple[Point, ...]:
        if not shape or shape[0].at_s != 0:
            msg = "needs a first point with at_s: 0"
            raise ValueError(msg)
        times = [point.at_s for point in shape]
        if any(later <= earlier for earlier, later in itertools.pairwise(times)):
            msg = "needs points in increasing order of at_s"
            raise ValueError(msg)
        if shape[-1].factor != shape[0].factor:
            msg = "starts over after its last point, which needs the first one's factor"
            raise ValueError(msg)
        if max(point.factor for point in shape) <= 0:
            msg = "needs a factor above 0 somewhere"
            raise ValueError(msg)
        return shape


class ThinkTime(_Table):
    """Pause of a user between two operations: lognormal, cut at `max_s`."""

    median_s: _Positive
    sigma: _NotNegative
    max_s: _Positive


class Client(_Table):
    """The users' client: how long it waits for an answer."""

    timeout_s: _Positive


class Network(_Table):
    """The centres at work: how many, and how unequal.

    Attributes:
        centres: locations of their own, busiest first.
        concentration: the n-th has a weight of 1 / n^concentration; 0: all alike.
    """

    centres: Annotated[int, pydantic.Field(gt=0, le=1000)]
    concentration: _NotNegative = 0.5


class Profile(_Table):
    """One load profile.

    Attributes:
        mix: journey to its share; the shares add up to 1.
        known_patients: patients registered before the load starts.
        network: the centres; None: all work at the outpatient clinic.
        examination: what an audiogram holds: `thresholds` of both ears, or `full` with
            bone conduction and the type of hearing loss.
    """

    name: str
    arrivals: Arrivals
    mix: dict[JourneyName, _NotNegative]
    think_time: ThinkTime
    client: Client
    known_patients: Annotated[int, pydantic.Field(gt=0)]
    network: Network | None = None
    examination: Literal["thresholds", "full"] = "thresholds"

    @pydantic.model_validator(mode="after")
    def _mix_is_whole(self) -> Self:
        total = sum(self.mix.values())
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            msg = f"mix: shares must add up to 1, they add up to {total:g}"
            raise ValueError(msg)
        return self

    @property
    def books(self) -> bool:
        """Whether appointments are made."""
        return any(share > 0 for name, share in self.mix.items() if name in BOOKING)

    @property
    def is_audioprosthesis(self) -> bool:
        """Whether more is written down than thresholds and vital signs."""
        return self.examination == "full" or any(
            self.mix.get(name, 0) > 0 for name in ("fitting", "follow_up")
        )


def load_profile(name_or_path: str | Path) -> Profile:
    """Read a profile by name (a file of `loadtests/profiles/`) or by path.

    Raises:
        LoadError: there is no such profile, or it is wrong: every problem at once, with
            file, key and what is accepted.
    """
    path = _resolve(name_or_path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        msg = f"{path}: cannot be read as YAML: {error}"
        raise LoadError(msg) from error
    try:
        return Profile.model_validate(raw)
    except pydantic.ValidationError as error:
        problems = [
            f"{path}: {'.'.join(map(str, item['loc'])) or 'profile'}: {item['msg']}"
            f" (found: {item['input']!r})"
            for item in error.errors(include_url=False)
        ]
        raise LoadError("\n".join(problems)) from error


def profile_names() -> tuple[str, ...]:
    """Return the names of the profiles that come with the project."""
    return tuple(sorted(path.stem for path in _PROFILES.glob("*.yaml")))


def _resolve(name_or_path: str | Path) -> Path:
    named = _PROFILES / f"{name_or_path}.yaml"
    for path in (named, Path(name_or_path)):
        if path.is_file():
            return path
    msg = (
        f"no load profile {str(name_or_path)!r}: give one of"
        f" {', '.join(profile_names())}, or the path of a YAML file"
    )
    raise LoadError(msg)
