"""A drill ready to run: its plan and all that the plan names, read and found good."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import yaml

from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import Profile, load_profile
from reprise_platform.errors import PlatformError
from reprise_platform.sites import AnySite, parse_site
from reprise_pra.analysis.errors import InputError
from reprise_pra.analysis.objectives import (
    Objectives,
    parse_objectives,
    sha256_of,
    tighten,
)
from reprise_pra.analysis.parsing import parse_yaml
from reprise_pra.drill.plan import DrillPlan


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the command line replaces in a plan; None leaves the plan's own."""

    site: Path | None = None
    name: str | None = None
    seed: int | None = None
    objectives: Path | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan and what it names, parsed; every path absolute.

    Attributes:
        plan_sha256: of the plan's file.
        objectives_source_sha256: of the objectives' file, before any is tightened.
    """

    path: Path
    plan: DrillPlan
    plan_sha256: str
    objectives_file: Path
    objectives_source_sha256: str
    objectives: Objectives
    site_file: Path
    site: AnySite
    profile_file: str
    profile: Profile
    experiments: tuple[Path, ...]


def prepare(path: Path, overrides: Overrides) -> Prepared:
    """Read a plan and everything that it names.

    Raises:
        InputError: every problem of every file at once: file, key, what is accepted.
    """
    try:
        plan = parse_yaml(path, DrillPlan)
    except InputError as error:
        raise InputError([*error.problems, *_others(path, overrides)]) from error
    if overrides.seed is not None:
        plan = plan.model_copy(update={"seed": overrides.seed})
    folder = path.resolve().parent
    problems: list[str] = []

    def collect[T](read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (InputError, PlatformError, LoadError) as error:
            problems.extend(str(error).splitlines())
            return None

    site_file = overrides.site or folder / plan.site
    profile_file = _profile(folder, plan.load.profile)
    objectives_file = overrides.objectives or folder / plan.objectives
    site = collect(lambda: parse_site(site_file, name=overrides.name))
    profile = collect(lambda: load_profile(profile_file))
    played = (
        None
        if profile is None
        else {name for name, part in profile.mix.items() if part}
    )
    objectives = collect(
        lambda: tighten(
            parse_objectives(objectives_file, known_journeys=played),
            source=f"{path}: tighter",
            **plan.tighter.model_dump(),
        )
    )
    experiments = tuple(
        (folder / fault.experiment).resolve() for fault in plan.continuity
    )
    problems += [
        f"{path}: continuity.{index}.experiment: no such file: {experiment}"
        for index, experiment in enumerate(experiments)
        if not experiment.is_file()
    ]
    if problems or site is None or profile is None or objectives is None:
        raise InputError(problems)
    return Prepared(
        path=path.resolve(),
        plan=plan,
        plan_sha256=sha256_of(path),
        objectives_file=objectives_file.resolve(),
        objectives_source_sha256=sha256_of(objectives_file),
        objectives=objectives,
        site_file=site_file.resolve(),
        site=site,
        profile_file=profile_file,
        profile=profile,
        experiments=experiments,
    )


def _others(path: Path, overrides: Overrides) -> list[str]:
    """List what is wrong with the files that a wrong plan names, as far as it can be told.

    Whoever mends the plan should not meet the next file's problems only then.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    named = raw.get("objectives") if isinstance(raw, dict) else None
    file = overrides.objectives or (named and path.resolve().parent / str(named))
    if not file:
        return []
    try:
        parse_objectives(file)
    except InputError as error:
        return list(error.problems)
    return []


def _profile(folder: Path, name: str) -> str:
    beside = folder / name
    return str(beside.resolve()) if beside.is_file() else name
