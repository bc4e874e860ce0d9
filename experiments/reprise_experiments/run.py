"""Runs one experiment as the drill does: `chaos run` in a process of its own, then the gate.

The experiment gets a session of its own, so that Ctrl-C reaches it once and through here,
as SIGUSR1: the one signal that the Chaos Toolkit cannot mistake for a failed activity. It
watches this process in turn, and undoes when this one dies.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from reprise_experiments.controls.guard import PARENT_VARIABLE
from reprise_experiments.errors import ExperimentsError
from reprise_experiments.gate import Judgement, judge_journal
from reprise_experiments.lease import lock_path
from reprise_experiments.ledger import Ledger
from reprise_experiments.locking import locked
from reprise_platform.access import Access
from reprise_platform.remote import asking
from reprise_pra.history import JsonValue

_INTERRUPTED_WITHIN_S = 300.0
_LEASE_WITHIN_S = 600.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentOutcome:
    """What came of an experiment.

    Attributes:
        errors: why it proves nothing; empty when fault, hold and undo were all seen.
        findings: where the system deviated from its hypothesis.
        targets: the nodes hit.
        started_ns: CLOCK_MONOTONIC, as `ended_ns`.
    """

    name: str
    exit_code: int
    journal: Path
    errors: tuple[str, ...]
    findings: tuple[str, ...]
    targets: tuple[str, ...]
    ledger_ids: tuple[str, ...]
    residue: tuple[str, ...]
    started_ns: int
    ended_ns: int

    @property
    def is_valid(self) -> bool:
        """Whether it proves anything."""
        return not self.errors

    @property
    def held(self) -> bool:
        """Whether the system did what its hypothesis says."""
        return self.is_valid and not self.findings


def run_experiment(
    path: Path,
    *,
    access: Access,
    history_dir: Path,
    evidence_dir: Path,
    seed: int,
    variables: Mapping[str, str | float] | None = None,
    within_s: float = 900.0,
) -> ExperimentOutcome:
    """Run an experiment and judge it.

    Args:
        path: the experiment file.
        history_dir: where `nemesis.jsonl` and `experiment.jsonl` grow as it happens.
        evidence_dir: gets the journal, the toolkit's own events and its output.
        variables: values for the experiment's `configuration`, by name.
        within_s: interrupts the experiment, which then undoes, after so many seconds.

    Returns:
        The outcome, whatever happened to the experiment's process.
    """
    evidence_dir.mkdir(parents=True, exist_ok=True)
    name = path.stem
    journal = evidence_dir / f"{name}-journal.json"
    journal.unlink(missing_ok=True)
    started_ns = time.monotonic_ns()
    with (evidence_dir / f"{name}-chaos.log").open("wb") as output:
        process = subprocess.Popen(
            _command(path, journal, evidence_dir / f"{name}-events.jsonl", variables),
            env=os.environ
            | {
                "REPRISE_SITE": access.site,
                "REPRISE_HISTORY": str(history_dir.resolve()),
                "REPRISE_SEED": str(seed),
                PARENT_VARIABLE: str(os.getpid()),
            }
            | dict(asking.handed_on()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        late = _wait(process, within_s)
    ended_ns = time.monotonic_ns()
    judged = _judge(journal)
    errors = [*judged.errors, *_left_open(access)]
    if late:
        errors.append(f"interrupted after its limit of {within_s:g} s")
    if process.returncode not in {0, 1}:
        errors.append(f"the Chaos Toolkit ended with {process.returncode}")
    return ExperimentOutcome(
        name=name,
        exit_code=process.returncode,
        journal=journal,
        errors=tuple(errors),
        findings=judged.findings,
        targets=judged.targets,
        ledger_ids=judged.ledger_ids,
        residue=judged.residue,
        started_ns=started_ns,
        ended_ns=ended_ns,
    )


def _command(
    path: Path, journal: Path, events: Path, variables: Mapping[str, str | float] | None
) -> list[str]:
    command = [sys.executable, "-m", "chaostoolkit", "--no-version-check"]
    command += ["--log-file", str(journal.with_suffix(".log"))]
    # Settings of whoever runs this must not add controls, nor change strategies.
    command += ["--settings", str(journal.with_suffix(".no-settings"))]
    command += ["run", "--rollback-strategy", "always"]
    command += ["--journal-path", str(journal), "--events-file", str(events)]
    for name, value in (variables or {}).items():
        kind = {int: ":int", float: ":float"}.get(type(value), "")
        command += ["--var", f"{name}{kind}={value}"]
    return [*command, str(path)]


def _wait(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """Wait for the end; tell whether it was interrupted for being late.

    Left by an exception (Ctrl-C here), the experiment is interrupted too and waited for.
    """
    try:
        process.wait(timeout=within_s)
    except subprocess.TimeoutExpired:
        return True
    else:
        return False
    finally:
        _interrupt(process)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGUSR1)
    try:
        process.wait(timeout=_INTERRUPTED_WITHIN_S)
    except subprocess.TimeoutExpired:
        # It had the time to undo twice: its lease holder undoes now.
        process.kill()
        process.wait()


def _judge(journal: Path) -> Judgement:
    try:
        raw: JsonValue = json.loads(journal.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raw = None
        said = judge_journal(raw)
        reason = f"no journal, so the run was killed or never began: {error}"
        return dataclasses.replace(said, errors=(reason,))
    return judge_journal(raw)


def _left_open(access: Access) -> tuple[str, ...]:
    """Wait for the lease holder to be gone, then tell what it left open."""
    try:
        with locked(lock_path(access.state), within_s=_LEASE_WITHIN_S):
            contents = Ledger(access.state).read()
    except ExperimentsError as error:
        return (str(error),)
    names = [entry for entry in contents.open if entry.leased]
    return tuple(f"fault {entry.fault} {entry.id} is still open" for entry in names)
