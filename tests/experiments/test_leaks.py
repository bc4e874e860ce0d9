"""No fault outlives its run: real processes, killed at the worst moments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_experiments import lease
from reprise_experiments.errors import Refused, Stopped
from reprise_experiments.lessee import take
from reprise_experiments.locking import try_lock
from reprise_experiments.site import Site
from reprise_experiments.testing import Mood, World
from reprise_platform.waiting import until
from reprise_pra.history import Kind, read_history

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

# A runner as small as one can be: it injects, then does whatever `then` says.
RUNNER = """
import os, signal, sys, time
from pathlib import Path
from reprise_experiments import lessee, nemesis, site, targets
from reprise_experiments.recording import open_recorder

name, history, late_s, slack_s, then = sys.argv[1:]
nemesis._SLACK_S = float(slack_s)
place = site.reach(name)
held = lessee.take(name, place.access.state, late_s=float(late_s))
with open_recorder(Path(history), "nemesis") as recorder:
    nemesis.inject(
        place, fault="isolate_zone",
        selector=targets.parse_selector({"zone": "b"}),
        radius=targets.BlastRadius(max_nodes=2, max_zones=1),
        limits=nemesis.Limits(take_s=5, hold_s=0, undo_s=5),
        recorder=recorder, history=Path(history), check=held.check,
    )
print(held.holder, flush=True)
exec(then)
"""
# A drill that does nothing but run one experiment.
DRILL = """
import sys
from pathlib import Path
from reprise_experiments.run import run_experiment
from reprise_experiments.site import reach

folder = Path(sys.argv[3])
run_experiment(
    Path(sys.argv[1]), access=reach(sys.argv[2]).access, seed=1,
    history_dir=folder / "history", evidence_dir=folder / "evidence",
    variables={"hold_s": 60, "undo_within_s": 5},
)
"""
FOR_EVER = "time.sleep(3600)"


class Runner:
    """The small runner as a process."""

    def __init__(
        self,
        fake: World,
        history: Path,
        *,
        late_s: float = 20,
        slack_s: float = 60,
        then: str = FOR_EVER,
    ) -> None:
        """Start it and wait until its fault has taken."""
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                RUNNER,
                fake.site_name,
                str(history),
                str(late_s),
                str(slack_s),
                then,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.holder = int(self.process.stdout.readline() or 0)
        assert self.holder, "the runner did not get as far as its fault"

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        self.process.kill()
        self.process.communicate()


def _gone(fake: World, site: Site) -> bool:
    """Tell whether the fault is undone, closed, and the lease holder has exited."""
    lock = try_lock(lease.lock_path(site.access.state))
    if lock is None:
        return False
    os.close(lock)
    return not fake.broken() and not site.ledger.read().open


def _wait_gone(fake: World, site: Site, within_s: float) -> float:
    started = time.monotonic()
    until(
        lambda: _gone(fake, site), within_s=within_s, every_s=0.02, what="fault undone"
    )
    return time.monotonic() - started


@pytest.fixture
def runners() -> Iterator[list[Runner]]:
    """Collect runners, so that none outlives its test."""
    found: list[Runner] = []
    yield found
    for runner in found:
        runner.end()


def test_holder_undoes_what_a_killed_runner_left(
    fake: World, site: Site, tmp_path: Path, runners: list[Runner]
) -> None:
    """SIGKILL of the runner is noticed at once, not after a time-out."""
    runner = Runner(fake, tmp_path / "history")
    runners.append(runner)
    assert fake.broken() == {"cut/b"}

    runner.process.kill()
    took_s = _wait_gone(fake, site, within_s=10)

    assert took_s < 5
    events = read_history([tmp_path / "history" / "lease.jsonl"]).events
    assert [event.kind for event in events] == [Kind.INVOKE, Kind.OK]
    assert events[-1].value["by"] == "lease"


def test_holder_undoes_when_the_runner_just_exits(
    fake: World, site: Site, tmp_path: Path, runners: list[Runner]
) -> None:
    """A runner that crashes, or forgets, leaves no more behind than a killed one."""
    runners.append(Runner(fake, tmp_path / "history", then="os._exit(9)"))

    _wait_gone(fake, site, within_s=10)


def test_holder_undoes_when_the_lease_is_let_go_of_with_a_fault_open(
    fake: World, site: Site, tmp_path: Path, runners: list[Runner]
) -> None:
    """Letting go is no way to leave a fault."""
    runners.append(Runner(fake, tmp_path / "history", then="held.release()"))

    _wait_gone(fake, site, within_s=10)


def test_stopped_runner_is_killed_before_its_fault_is_undone(
    fake: World, site: Site, tmp_path: Path, runners: list[Runner]
) -> None:
    """A runner that is silent too long could wake up and inject: it must not."""
    runner = Runner(fake, tmp_path / "history", late_s=1)
    runners.append(runner)

    os.kill(runner.process.pid, signal.SIGSTOP)
    _wait_gone(fake, site, within_s=15)

    assert runner.process.wait(5) == -signal.SIGKILL


def test_fault_open_past_its_limits_has_a_hung_runner(
    fake: World, site: Site, tmp_path: Path, runners: list[Runner]
) -> None:
    """A runner that beats but does nothing else (5 + 0 + 5 s, no slack) is ended too."""
    runner = Runner(fake, tmp_path / "history", slack_s=-9)
    runners.append(runner)

    _wait_gone(fake, site, within_s=15)

    assert runner.process.wait(5) == -signal.SIGKILL


def test_holder_told_to_end_undoes_first(
    fake: World, site: Site, tmp_path: Path, runners: list[Runner]
) -> None:
    """SIGTERM to the holder, as at a shutdown, leaves no fault."""
    runner = Runner(fake, tmp_path / "history")
    runners.append(runner)

    os.kill(runner.holder, signal.SIGTERM)
    _wait_gone(fake, site, within_s=10)


def test_holder_tries_again_and_then_leaves_the_fault_to_people(
    fake: World, site: Site, tmp_path: Path, runners: list[Runner]
) -> None:
    """What could not be undone stays in the ledger and blocks the next fault."""
    fake.feel(Mood.UNDO_BROKEN)
    runner = Runner(fake, tmp_path / "history")
    runners.append(runner)
    runner.process.kill()

    def free() -> bool:
        lock = try_lock(lease.lock_path(site.access.state))
        if lock is not None:
            os.close(lock)
        return lock is not None

    until(free, within_s=15, every_s=0.05, what="the holder to give up")

    assert [call for call in fake.calls() if call == "restore_zone b"] == [
        "restore_zone b"
    ] * 3
    with pytest.raises(Refused, match="recover"):
        site.ledger.check_clear()


def test_second_runner_is_refused(fake: World, site: Site) -> None:
    """One runner a site: the second learns who has it."""
    first = take(fake.site_name, site.access.state)
    try:
        with pytest.raises(Refused, match=str(first.holder)):
            take(fake.site_name, site.access.state)
    finally:
        assert first.release() == 0


def test_holder_that_cannot_reach_the_site_is_no_holder(site: Site) -> None:
    """A holder proves that it could undo before it says that it is there."""
    with pytest.raises(Refused, match=r"lease\.log"):
        take("test:no_such_module:x", site.access.state)


def test_runner_notices_that_its_holder_is_dead(fake: World, site: Site) -> None:
    """Without a holder a runner must not go on."""
    held = take(fake.site_name, site.access.state)
    held.check()
    os.kill(held.holder, signal.SIGKILL)

    def lost() -> bool:
        try:
            held.check()
        except Stopped:
            return True
        return False

    until(lost, within_s=5, every_s=0.05, what="the loss noticed")
    held.release()


def test_runner_notices_that_its_holder_is_stopped(fake: World, site: Site) -> None:
    """A holder that lives but does not answer could undo nothing."""
    held = take(fake.site_name, site.access.state, late_s=1)
    os.kill(held.holder, signal.SIGSTOP)

    def lost() -> bool:
        try:
            held.check()
        except Stopped:
            return True
        return False

    until(lost, within_s=10, every_s=0.05, what="the silence noticed")
    os.kill(held.holder, signal.SIGKILL)
    held.release()


def _chaos(fake: World, tmp_path: Path, hold_s: float) -> subprocess.Popen[bytes]:
    """Start a bare `chaos run`, and wait until its fault has taken."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "chaostoolkit",
            "--no-version-check",
            "--no-log-file",
            "run",
            "--journal-path",
            str(tmp_path / "journal.json"),
            *("--var", f"hold_s:float={hold_s}"),
            *("--var", "undo_within_s:float=5"),
            str(EXPERIMENTS / "zone-loss.yaml"),
        ],
        env=os.environ
        | {
            "REPRISE_SITE": fake.site_name,
            "REPRISE_HISTORY": str(tmp_path / "history"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    taken = tmp_path / "history" / "nemesis.jsonl"
    until(
        lambda: taken.exists() and '"ok"' in taken.read_text(encoding="utf-8"),
        within_s=30,
        every_s=0.05,
        what="the fault taken",
    )
    return process


def _holder(site: Site) -> int:
    return int(lease.lock_path(site.access.state).read_text().split()[0])


def test_bare_chaos_run_killed_leaves_no_fault(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """The lease is there without any drill."""
    process = _chaos(fake, tmp_path, hold_s=60)
    process.kill()
    process.wait()

    assert _wait_gone(fake, site, within_s=10) < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_cancelled_chaos_run_undoes_by_itself(
    number: signal.Signals, fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """A cancelled job, and Ctrl-C, play the rollback; the holder has nothing to do."""
    process = _chaos(fake, tmp_path, hold_s=60)
    process.send_signal(number)

    assert process.wait(30) == 1
    assert _gone(fake, site)
    events = read_history([tmp_path / "history" / "nemesis.jsonl"]).events
    assert events[-1].value["by"] == "runner"


def test_chaos_run_whose_rollbacks_are_skipped_leaves_no_fault(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """SIGUSR2 makes the Chaos Toolkit skip every rollback; the lease does not care."""
    process = _chaos(fake, tmp_path, hold_s=60)
    process.send_signal(signal.SIGUSR2)
    process.wait(30)

    _wait_gone(fake, site, within_s=10)


def test_chaos_run_without_its_holder_undoes_and_stops(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """SIGKILL of the lease holder interrupts the experiment, which undoes."""
    process = _chaos(fake, tmp_path, hold_s=60)
    os.kill(_holder(site), signal.SIGKILL)

    assert process.wait(30) == 1
    assert _gone(fake, site)
    journal = (tmp_path / "journal.json").read_text(encoding="utf-8")
    assert "lease holder" in journal
    assert '"interrupted"' in journal


def test_experiment_of_a_killed_drill_undoes_and_stops(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """SIGKILL of the drill above: its experiment does not run on alone."""
    drill = subprocess.Popen(
        [
            sys.executable,
            "-c",
            DRILL,
            str(EXPERIMENTS / "node-loss.yaml"),
            fake.site_name,
            str(tmp_path),
        ]
    )
    until(fake.broken, within_s=30, every_s=0.05, what="the fault taken")
    drill.kill()
    drill.wait()

    _wait_gone(fake, site, within_s=20)


def test_runner_killed_in_the_middle_of_injecting_leaves_no_fault(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """The ledger was written before: even a fault half injected is undone."""
    fake.feel(Mood.LETHAL)
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "chaostoolkit",
            "--no-version-check",
            "--no-log-file",
            "run",
            "--journal-path",
            str(tmp_path / "journal.json"),
            str(EXPERIMENTS / "zone-loss.yaml"),
        ],
        env=os.environ
        | {
            "REPRISE_SITE": fake.site_name,
            "REPRISE_HISTORY": str(tmp_path / "history"),
        },
        capture_output=True,
        check=False,
    )

    assert process.returncode == -signal.SIGKILL
    assert any(call.startswith("isolate_zone") for call in fake.calls())
    _wait_gone(fake, site, within_s=10)
