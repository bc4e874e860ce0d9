"""Drill plans: one YAML file, its keys, what each accepts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic

_NAME = "a-z, 0-9 and -, beginning with a letter, 31 at most"
_FILE = "the path of a file, from this file's folder"


def _seconds(default: float, *, low: float = 1, high: float = 14400) -> float:
    """Declare a number of seconds within bounds; pydantic's fields are made so."""
    field: float = pydantic.Field(
        default=default,
        ge=low,
        le=high,
        description=f"seconds, {low:g} to {high:g}",
    )
    return field


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )


_PathField = Annotated[Path, pydantic.Field(strict=False, description=_FILE)]


class LoadPlan(_Frozen):
    """The clinics' day.

    Attributes:
        rate_per_s: replaces the profile's; with 0 nobody comes, and nothing is proved.
        minimum_operations: of each T1 journey after t7, to tell recovery from luck.
        schedule_tolerance_s: journeys that start later than this (99th percentile) void
            the latencies: the generator was too busy.
    """

    profile: str = pydantic.Field(
        min_length=1,
        description="the name of a load profile, or a path from this file's folder",
    )
    rate_per_s: float | None = pydantic.Field(
        default=None, ge=0, le=200, description="journeys a second, 0 to 200"
    )
    minimum_operations: int = pydantic.Field(
        default=3, ge=1, le=1000, description="a whole number, 1 to 1000"
    )
    schedule_tolerance_s: float = _seconds(0.5, low=0.01, high=60)


class Continuity(_Frozen):
    """One continuity fault: a Chaos Toolkit experiment, then a pause to settle."""

    experiment: _PathField
    settle_s: float = _seconds(10, low=0, high=3600)


class BackupPlan(_Frozen):
    """Which backups the disaster needs behind it, and which of them is restored.

    Attributes:
        required: how many must count before the disaster.
        expected_volumes: those without which a backup counts for nothing.
        restore: the second newest shows what an older backup costs.
        age_min_s: restore none begun later than this before the loss.
    """

    required: int = pydantic.Field(default=2, ge=2, le=10, description="2 to 10")
    expected_volumes: Annotated[
        tuple[str, ...],
        pydantic.Field(
            strict=False, min_length=1, description="one volume name or more"
        ),
    ] = ("dump", "attachments")
    restore: Literal["newest", "second_newest"] = pydantic.Field(
        default="newest", description="newest or second_newest"
    )
    age_min_s: float = _seconds(0, low=0, high=3600)

    @property
    def rank(self) -> int:
        """1 for the newest backup that counts, 2 for the one before."""
        return 1 if self.restore == "newest" else 2


class Disaster(_Frozen):
    """The loss of the primary site, at a moment drawn from the seed.

    Attributes:
        within_s: the moment is drawn evenly within that many seconds after all is ready,
            so that it is aligned with no schedule.
        alert: the alert that detects the loss.
    """

    within_s: float = _seconds(60, low=5, high=3600)
    alert: Literal["FrontDoorDown"] = pydantic.Field(
        default="FrontDoorDown", description="FrontDoorDown"
    )


class Observation(_Frozen):
    """How long the service is looked at.

    Attributes:
        baseline_s: before anything is broken.
        stable_s: every T1 journey must have been good that long to count as recovered.
        margin_s: looked at longer still, for a relapse to show.
    """

    baseline_s: float = _seconds(60, low=10, high=3600)
    stable_s: float = _seconds(30, low=30, high=3600)
    margin_s: float = _seconds(15, low=0, high=3600)


class Limits(_Frozen):
    """How long each wait may last before the drill gives up."""

    steady_s: float = _seconds(120)
    continuity_s: float = _seconds(600)
    backups_s: float = _seconds(600)
    proof_s: float = _seconds(300)
    detect_s: float = _seconds(180)
    location_s: float = _seconds(180)
    restore_s: float = _seconds(300)
    database_s: float = _seconds(240)
    load_s: float = _seconds(900)
    openmrs_s: float = _seconds(300)
    observe_s: float = _seconds(600)
    reconcile_s: float = _seconds(600)


class Tighter(_Frozen):
    """Objectives of this drill alone; each may only be tighter than the agreed one."""

    rto_s: float | None = pydantic.Field(default=None, gt=0, description="seconds")
    rpo_s: float | None = pydantic.Field(default=None, ge=0, description="seconds")
    dmia_s: float | None = pydantic.Field(default=None, gt=0, description="seconds")


class DrillPlan(_Frozen):
    """One drill, as its file says; paths in it start from that file's folder."""

    drill: str = pydantic.Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description=_NAME)
    site: _PathField
    objectives: _PathField
    tighter: Tighter = Tighter()
    seed: int = pydantic.Field(ge=0, description="a whole number, 0 or more")
    load: LoadPlan
    continuity: Annotated[
        tuple[Continuity, ...],
        pydantic.Field(
            strict=False,
            min_length=1,
            max_length=10,
            description="1 to 10 entries with the key experiment",
        ),
    ]
    backups: BackupPlan = BackupPlan()
    disaster: Disaster = Disaster()
    observation: Observation = Observation()
    limits: Limits = Limits()

    @pydantic.model_validator(mode="after")
    def _observes_long_enough(self) -> Self:
        needed_s = self.observation.stable_s + self.observation.margin_s
        if self.limits.observe_s <= needed_s:
            msg = (
                f"limits.observe_s ({self.limits.observe_s:g}) must exceed"
                f" observation.stable_s + margin_s ({needed_s:g}), or nothing recovers"
            )
            raise ValueError(msg)
        return self

    @property
    def disaster_after_s(self) -> float:
        """When the disaster strikes, in seconds after all is ready: drawn from the seed."""
        drawn = random.Random(f"disaster {self.seed}").uniform(
            0, self.disaster.within_s
        )
        return round(drawn, 3)
