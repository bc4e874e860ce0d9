"""The folder of one run: what it holds, and who may recompute it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from reprise_platform.paths import REPOSITORY
from reprise_pra.analysis import say
from reprise_pra.analysis.objectives import sha256_of, to_yaml
from reprise_pra.analysis.results import Text
from reprise_pra.drill.prepared import Prepared
from reprise_pra.history import JsonValue, utc_now

RUNS = REPOSITORY / "reports" / "runs"
_OTHERS = 0o077


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """`<runs>/<drill>/<utc>/`: plan, objectives, history, evidence, then the report."""

    path: Path

    @property
    def history(self) -> Path:
        """Where each process appends its own events."""
        return self.path / "history"

    @property
    def evidence(self) -> Path:
        """What the programs and objects said, as they said it."""
        return self.path / "evidence"

    @property
    def plan(self) -> Path:
        """The frozen plan, and where it comes from."""
        return self.path / "plan.json"

    @property
    def objectives(self) -> Path:
        """The objectives of this run, as they were when it started."""
        return self.path / "objectives.yaml"


def create(prepared: Prepared, *, runs: Path = RUNS) -> RunFolder:
    """Make the folder of a new run and write its plan and objectives.

    The link `latest` points to it at once, so that a run that is killed can be found.
    """
    plan = prepared.plan
    run_id = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    parent = runs / plan.drill
    folder = RunFolder(path=_new(parent, run_id))
    folder.history.mkdir(mode=0o700)
    folder.evidence.mkdir(mode=0o700)
    folder.objectives.write_text(to_yaml(prepared.objectives), encoding="utf-8")
    _write(folder.plan, _facts(prepared, folder))
    link = parent / "latest.new"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.path.name)
    link.replace(parent / "latest")
    return folder


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Let what is made meanwhile, by this process and by its new children, be its owner's.

    For a stretch, not for the whole drill: the machines of a site inherit the mask as
    well, and their containers, which are not root, could not read what they mount.
    """
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def close_to_others(folder: RunFolder) -> None:
    """Leave the run's files to their owner, whoever made them and under what mask.

    The folder itself was closed when it was made, so nobody else came by them before.
    """
    for path in (folder.path, *folder.path.rglob("*")):
        # A draft may be replaced meanwhile by what it becomes.
        with contextlib.suppress(FileNotFoundError):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o777 & ~_OTHERS)


def ended(folder: RunFolder) -> None:
    """Write into the plan when the run ended."""
    facts = json.loads(folder.plan.read_text(encoding="utf-8"))
    _write(folder.plan, {**facts, "ended_utc": utc_now()})


def objectives_problems(folder: RunFolder, prepared: Prepared) -> tuple[Text, ...]:
    """List the objectives files that changed since the run started; none is as wanted."""
    facts = json.loads(folder.plan.read_text(encoding="utf-8"))
    expected = (
        (folder.objectives, facts["objectives_sha256"]),
        (prepared.objectives_file, prepared.objectives_source_sha256),
    )
    return tuple(
        say.sentence(
            "{path} a changé pendant l'exercice",
            "{path} changed during the run",
            path=str(path),
        )
        for path, sha256 in expected
        if not path.is_file() or sha256_of(path) != sha256
    )


def _new(parent: Path, run_id: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        path = parent / f"{run_id}{suffix}"
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return path
    msg = f"{parent}: a hundred runs in one second"
    raise FileExistsError(msg)


def _facts(prepared: Prepared, folder: RunFolder) -> dict[str, JsonValue]:
    plan, site = prepared.plan, prepared.site
    rate_per_s = plan.load.rate_per_s
    if rate_per_s is None:
        rate_per_s = prepared.profile.arrivals.rate_per_s
    return {
        "run_id": f"{plan.drill}/{folder.path.name}",
        "drill": plan.drill,
        "site": site.name,
        "provider": site.provider,
        "seed": plan.seed,
        "started_utc": utc_now(),
        "ended_utc": None,
        "reprise_version": importlib.metadata.version("reprise"),
        "commit": _commit(),
        "machine": _machine(),
        "objectives_sha256": sha256_of(folder.objectives),
        "objectives_source_sha256": prepared.objectives_source_sha256,
        "plan_sha256": prepared.plan_sha256,
        "stable_s": plan.observation.stable_s,
        "minimum_operations": plan.load.minimum_operations,
        "t1_alert": plan.disaster.alert,
        "t1_journeys": list(prepared.objectives.tier_1()),
        "expected_volumes": list(plan.backups.expected_volumes),
        "load": {"profile": prepared.profile.name, "rate_per_s": rate_per_s},
        "schedule_tolerance_s": plan.load.schedule_tolerance_s,
        "backups_required": plan.backups.required,
        "disaster_after_s": plan.disaster_after_s,
        # Kubernetes' and the schedule's own would give other figures: told at once.
        "node_monitor_grace_s": site.detection.node_monitor_grace_s,
        "eviction_after_s": site.detection.eviction_after_s,
        "schedule_every_s": site.backups.every_s,
        "plan": plan.model_dump(mode="json"),
        "site_file": site.model_dump(mode="json"),
    }


def _commit() -> str | None:
    """Return the commit that runs, marked when files differ from it; None outside git."""
    git = ("git", "-c", "safe.directory=*", "-C", str(REPOSITORY))
    try:
        commit = _output(*git, "rev-parse", "HEAD")
        changed = _output(*git, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}+changes" if changed else commit


def _machine() -> str:
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.release()} {platform.machine()},"
        f" {os.cpu_count()} processors, {memory_gib:.0f} GiB,"
        f" Python {platform.python_version()}"
    )


def _output(*command: str) -> str:
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=10
    )
    return done.stdout.strip()


def _write(path: Path, facts: Mapping[str, JsonValue]) -> None:
    """Write whole or not at all: an analysis may read it at any moment."""
    text = json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
