"""What was promised: RTO, RPO, DMIA and the service levels of each clinical journey.

An objective has an owner, by role, and the date it was agreed: a number nobody holds is
no objective. A drill may be judged by tighter objectives than agreed, never looser ones.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic
import yaml

from reprise_pra.analysis.errors import InputError
from reprise_pra.analysis.parsing import parse_yaml, validate

_STRICT = pydantic.ConfigDict(
    extra="forbid", frozen=True, strict=True, allow_inf_nan=False
)

_Seconds = Annotated[
    float, pydantic.Field(gt=0, description="a number of seconds above 0")
]


class JourneyObjective(pydantic.BaseModel):
    """The service level of one clinical journey; tier 1 must be back for t7."""

    model_config = _STRICT

    tier: Literal[1, 2, 3] = pydantic.Field(
        description="1 (vital), 2 (important) or 3 (the rest)"
    )
    availability: float = pydantic.Field(
        gt=0,
        lt=1,
        description="a ratio above 0 and below 1, such as 0.99 (1 leaves no budget)",
    )
    latency_p95_ms: float = pydantic.Field(
        gt=0, description="a number of milliseconds above 0"
    )
    acts: tuple[str, ...] = pydantic.Field(
        default=(),
        strict=False,
        description="the operations that the journey must be seen to do before a fault",
    )


class Objectives(pydantic.BaseModel):
    """The content of `objectives.yaml`."""

    model_config = _STRICT

    service: str = pydantic.Field(min_length=1, description="the service's name")
    owner: str = pydantic.Field(
        min_length=1, description="the role that holds the objectives, not a person"
    )
    agreed: datetime.date = pydantic.Field(
        description="the day they were agreed, such as 2026-01-31"
    )
    rto_s: _Seconds
    rpo_s: float = pydantic.Field(
        ge=0, description="a number of seconds, 0 when no loss at all is admitted"
    )
    dmia_s: _Seconds
    continuity_s: _Seconds | None = pydantic.Field(
        default=None,
        description="the longest interruption that one lost node or zone may cause, "
        "seconds above 0",
    )
    journeys: dict[str, JourneyObjective] = pydantic.Field(
        min_length=1,
        description="one entry a journey: tier, availability, latency_p95_ms",
    )

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.rto_s > self.dmia_s:
            msg = (
                f"rto_s ({self.rto_s:g}) must not exceed dmia_s ({self.dmia_s:g}), "
                "the maximum tolerable downtime it has to fit in"
            )
            raise ValueError(msg)
        if not any(journey.tier == 1 for journey in self.journeys.values()):
            msg = "journeys: at least one must be of tier 1, or nothing defines t7"
            raise ValueError(msg)
        return self

    def tier_1(self) -> tuple[str, ...]:
        """Return the names of the journeys that define recovery, sorted."""
        return tuple(
            sorted(name for name, promise in self.journeys.items() if promise.tier == 1)
        )


def parse_objectives(
    path: Path, *, known_journeys: Collection[str] | None = None
) -> Objectives:
    """Read an objectives file.

    Args:
        path: the YAML file.
        known_journeys: the journeys the load can play; others are refused before a drill
            spends an hour to find that nobody played them.

    Raises:
        InputError: every problem, with file, key and accepted values.
    """
    objectives = parse_yaml(path, Objectives)
    strangers = sorted(
        set(objectives.journeys) - set(known_journeys or objectives.journeys)
    )
    if strangers:
        accepted = ", ".join(sorted(known_journeys or ()))
        raise InputError(
            [
                f"{path}: journeys.{name}: no such journey; accepted: {accepted}"
                for name in strangers
            ]
        )
    return objectives


def tighten(
    objectives: Objectives,
    *,
    source: str,
    rto_s: float | None = None,
    rpo_s: float | None = None,
    dmia_s: float | None = None,
) -> Objectives:
    """Return the objectives with some of them tighter, as a drill's plan may ask.

    Args:
        objectives: those agreed.
        source: where the tighter values stand, for the problems ("drill.yaml: objectives").
        rto_s: recovery time, seconds.
        rpo_s: data loss, seconds.
        dmia_s: maximum tolerable downtime, seconds.

    Raises:
        InputError: a value is looser than agreed, or the result is inconsistent.
    """
    asked = {"rto_s": rto_s, "rpo_s": rpo_s, "dmia_s": dmia_s}
    content = objectives.model_dump()
    problems = []
    for key, value in asked.items():
        if value is None:
            continue
        if value > content[key]:
            problems.append(
                f"{source}.{key}: {value:g} is looser than agreed; "
                f"accepted: at most {content[key]:g}"
            )
        content[key] = value
    if problems:
        raise InputError(problems)
    return validate(content, Objectives, source=source)


def to_yaml(objectives: Objectives) -> str:
    """Write objectives as YAML that `parse_objectives` reads back equal."""
    return yaml.safe_dump(
        objectives.model_dump(exclude_none=True), sort_keys=False, allow_unicode=True
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
