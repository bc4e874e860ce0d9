"""A run folder becomes a `RecordedRun`: the only module of the analysis that reads files."""

from __future__ import annotations

import dataclasses
from pathlib import Path, PurePosixPath

import pydantic

from reprise_pra.analysis.errors import InputError
from reprise_pra.analysis.objectives import Objectives, parse_objectives, sha256_of
from reprise_pra.analysis.parsing import parse_json
from reprise_pra.history import History, HistoryError, read_history

_SHA256 = pydantic.Field(
    pattern="^[0-9a-f]{64}$", description="a SHA-256, 64 hexadecimal digits"
)


class LoadFacts(pydantic.BaseModel):
    """What the plan says of the load."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    rate_per_s: float = pydantic.Field(
        ge=0, description="arrivals a second, all journeys together, 0 or more"
    )


class ContinuityPlanned(pydantic.BaseModel):
    """One continuity fault of the plan: the file of its experiment."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True)

    experiment: str = pydantic.Field(min_length=1, description="an experiment's file")

    @property
    def name(self) -> str:
        """The experiment's name, as the drill's checks write it."""
        return PurePosixPath(self.experiment).stem


class BackupsPlanned(pydantic.BaseModel):
    """Which backup the plan restores."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True)

    restore: str = pydantic.Field("newest", description="newest or second_newest")


class PlanWritten(pydantic.BaseModel):
    """The drill's plan itself, as it stood when the run began."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True)

    continuity: tuple[ContinuityPlanned, ...] = pydantic.Field(
        (), description="a list of experiments"
    )
    backups: BackupsPlanned = pydantic.Field(
        default=BackupsPlanned(restore="newest"), description="a mapping with restore"
    )


class PlanFacts(pydantic.BaseModel):
    """What the analysis needs of `plan.json`; the drill's other keys are its own."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    run_id: str = pydantic.Field(min_length=1, description="the run's identifier")
    drill: str = pydantic.Field(min_length=1, description="the drill's name")
    site: str = pydantic.Field(min_length=1, description="the site's name")
    provider: str = pydantic.Field(min_length=1, description="embedded or remote")
    seed: int = pydantic.Field(description="the plan's seed, an integer")
    started_utc: str = pydantic.Field(description="ISO 8601, UTC")
    ended_utc: str | None = pydantic.Field(None, description="ISO 8601, UTC")
    reprise_version: str = pydantic.Field(description="the version that ran the drill")
    commit: str | None = pydantic.Field(
        None, description="the commit that ran, or null"
    )
    machine: str = pydantic.Field(description="what ran the drill, in a line")
    objectives_sha256: str = _SHA256
    plan_sha256: str = _SHA256
    stable_s: float = pydantic.Field(gt=0, description="seconds above 0")
    minimum_operations: int = pydantic.Field(ge=1, description="1 or more")
    t1_alert: str = pydantic.Field(
        min_length=1, description="the name of the alert that is t1"
    )
    expected_volumes: tuple[str, ...] = pydantic.Field(
        description="the volumes every backup must hold"
    )
    load: LoadFacts = pydantic.Field(description="a mapping with rate_per_s")
    schedule_tolerance_s: float = pydantic.Field(
        gt=0,
        validation_alias=pydantic.AliasChoices(
            "schedule_tolerance_s", "schedule_tolerance"
        ),
        description="the largest p99 of the generator's lag, seconds above 0",
    )
    backups_required: int = pydantic.Field(2, ge=1, description="1 or more")
    plan: PlanWritten | None = pydantic.Field(
        None,
        description="the drill's plan, a mapping; what was due is not known without",
    )
    probe_timeout_s: float = pydantic.Field(
        0.3, gt=0, description="the probers' time-out, seconds above 0"
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A finished or broken run, as recorded.

    `objectives_sha256` is that of the folder's copy *now*; the plan holds the one of then.
    """

    plan: PlanFacts
    objectives: Objectives
    objectives_sha256: str
    history: History


def load_run(folder: Path) -> RecordedRun:
    """Read `plan.json`, `objectives.yaml` and `history/*.jsonl` of a run folder.

    Raises:
        InputError: every problem of the three, with file, key and accepted values.
    """
    if not folder.is_dir():
        raise InputError([f"{folder}: no such run folder"])
    problems: list[str] = []
    plan = objectives = history = None
    try:
        plan = parse_json(folder / "plan.json", PlanFacts)
    except InputError as error:
        problems += error.problems
    try:
        objectives = parse_objectives(folder / "objectives.yaml")
    except InputError as error:
        problems += error.problems
    files = sorted((folder / "history").glob("*.jsonl"))
    if not files:
        problems.append(f"{folder / 'history'}: no *.jsonl file: nothing was recorded")
    try:
        history = read_history(files)
    except (HistoryError, OSError) as error:
        problems.append(str(error))
    if problems or plan is None or objectives is None or history is None:
        raise InputError(problems)
    return RecordedRun(
        plan=plan,
        objectives=objectives,
        objectives_sha256=sha256_of(folder / "objectives.yaml"),
        history=history,
    )
