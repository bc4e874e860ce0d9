"""What the drill sees while it runs: backups, the key, steadiness, recovery, the alert."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform import kube, velero
from reprise_platform.backups import Backup
from reprise_platform.errors import PlatformError
from reprise_platform.proof import KeyProof
from reprise_platform.waiting import until
from reprise_pra.analysis.reading import read_timeline
from reprise_pra.analysis.testing import Script, Written, ns, objectives
from reprise_pra.analysis.testing_drills import watched
from reprise_pra.analysis.timeline import Timeline
from reprise_pra.drill import backupwatch, looking
from reprise_pra.drill.background import Background
from reprise_pra.drill.backupwatch import BackupWatch, prove_key_beside
from reprise_pra.drill.looking import Bell, Lookout
from reprise_pra.history import History, Kind, Recorder, read_history
from tests.platform import fakecluster
from tests.platform.test_backups import backup, copy

SNAPSHOT = "2026-03-01T12:00:05.250000+00:00"


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """The drill's own recorder."""
    with Recorder(tmp_path / "history", "drill") as made:
        yield made


class Primary:
    """A primary site whose backups and dump's log a test sets."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.backups: tuple[Backup, ...] = ()
        self.log = ""
        self.is_dead = False
        patch.setattr(velero, "backups", self._backups)
        patch.setattr(kube, "pods", fakecluster.FakeKube().pods)
        patch.setattr(kube, "pod_log", lambda *_: self.log)
        patch.setattr(fakecluster.FakeKube, "_alive", lambda *_: None)

    def _backups(self, _cluster: object) -> tuple[Backup, ...]:
        if self.is_dead:
            message = "no route to host"
            raise PlatformError(message)
        return self.backups


@pytest.fixture
def primary(monkeypatch: pytest.MonkeyPatch) -> Primary:
    """A primary without a backup."""
    return Primary(monkeypatch)


def told(folder: Path) -> list[tuple[str, str, object]]:
    """Return each backup event: name, phase, snapshot."""
    events = read_history((folder / "history").glob("*.jsonl")).events
    return [
        (event.op_id, str(event.value["phase"]), event.value["snapshot_utc"])
        for event in events
        if event.operation == "backup"
    ]


def test_a_backup_is_recorded_as_it_changes(
    primary: Primary, recorder: Recorder, tmp_path: Path
) -> None:
    """Each change once; the snapshot's instant comes from the dump pod's log."""
    watch = BackupWatch(fakecluster.access(tmp_path), ("dump",), recorder)
    primary.backups = (backup("a", phase="InProgress", volumes=()),)
    watch.look()
    watch.look()
    primary.backups = (backup("a"),)
    primary.log = f'noise\n{{"snapshot_utc":"{SNAPSHOT}"}}\n'
    watch.look()
    watch.look()
    assert told(tmp_path) == [("a", "InProgress", None), ("a", "Completed", SNAPSHOT)]
    assert watch.counting() == ("a",)


def test_a_snapshot_once_heard_is_kept(
    primary: Primary, recorder: Recorder, tmp_path: Path
) -> None:
    """A dump pod that starts again loses its log, and no backup loses its instant."""
    watch = BackupWatch(fakecluster.access(tmp_path), ("dump",), recorder)
    primary.backups = (backup("a"),)
    primary.log = f'{{"snapshot_utc":"{SNAPSHOT}"}}\n'
    watch.look()
    primary.log = ""
    watch.look()
    assert told(tmp_path) == [("a", "Completed", SNAPSHOT)]


def test_another_backups_snapshot_is_not_taken(
    primary: Primary, recorder: Recorder, tmp_path: Path
) -> None:
    """An instant belongs to the backup during which the dump was made."""
    watch = BackupWatch(fakecluster.access(tmp_path), ("dump",), recorder)
    primary.backups = (backup("a", minute=10),)
    primary.log = f'{{"snapshot_utc":"{SNAPSHOT}"}}\n'
    watch.look()
    assert told(tmp_path) == [("a", "Completed", None)]


def test_a_dead_primary_does_not_end_the_watch(
    primary: Primary, recorder: Recorder, tmp_path: Path
) -> None:
    """The watch goes on asking, and what it saw before still counts."""
    watch = BackupWatch(fakecluster.access(tmp_path), ("dump",), recorder)
    primary.backups = (backup("a"), backup("b", volumes=(copy(done=0, total=0),)))
    watch.start()
    until(watch.counting, within_s=5, every_s=0.01, what="a look")
    primary.is_dead = True
    watch.stop(wait_s=5)
    assert watch.counting() == ("a",)


def test_the_key_is_proved_once_a_backup_is_known(
    primary: Primary,
    recorder: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the other phases; until then there is no answer, and then always the same."""
    proof = KeyProof(backup="a", restore="proof-1", bytes_restored=9, seconds=1.0)
    may = threading.Event()

    def prove(*_: object, **__: object) -> KeyProof:
        may.wait(5)
        return proof

    monkeypatch.setattr(backupwatch, "prove_key", prove)
    primary.backups = (backup("a"),)
    beside = _beside(recorder, tmp_path)
    assert beside.result() is None
    may.set()
    assert until(beside.result, within_s=5, every_s=0.01, what="the proof") == proof
    assert beside.result() == proof


def test_a_key_that_cannot_be_proved_is_raised_where_it_is_asked(
    primary: Primary, recorder: Recorder, tmp_path: Path
) -> None:
    """No backup ever known: the thread's failure is the phase's, never silence."""
    beside = _beside(recorder, tmp_path)
    with pytest.raises(PlatformError, match="known on the recovery site"):
        until(beside.result, within_s=5, every_s=0.01, what="the proof")


def _beside(recorder: Recorder, folder: Path) -> Background[KeyProof]:
    return prove_key_beside(
        fakecluster.access(folder),
        expected_volumes=("dump",),
        known_within_s=0.05,
        within_s=1,
        recorder=recorder,
        evidence=folder,
        tell=lambda _text: None,
    )


def lookout(folder: Path, script: Script) -> Lookout:
    """Look at a script's run."""
    promise = objectives()
    script.save(folder / "run", promise)
    return Lookout(folder / "run" / "history", promise, minimum_operations=3)


def clinics(script: Script, start_s: float, end_s: float, **said: object) -> Script:
    """Let both journeys do one operation a second."""
    for second in range(int(start_s), int(end_s)):
        for journey in ("register", "consult"):
            script.operation(journey, "search", second, **said)  # type: ignore[arg-type]
    return script


def test_a_look_without_news_reads_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says the same for nothing; the next line written is read, and one of another t0."""
    seen = lookout(tmp_path, clinics(Script(), 0, 60))
    said = seen.unrecovered(t0_ns=ns(10), stable_s=30)
    reads: list[object] = []

    def read(history: History) -> Timeline:
        reads.append(history)
        return read_timeline(history)

    monkeypatch.setattr(looking, "read_timeline", read)
    assert seen.unrecovered(t0_ns=ns(10), stable_s=30) == said
    assert reads == []
    seen.unrecovered(t0_ns=ns(11), stable_s=30)
    assert len(reads) == 1
    path = tmp_path / "run" / "history" / "load-1.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(lines[-1].replace('"op_id":"', '"op_id":"new-'))
    seen.unrecovered(t0_ns=ns(11), stable_s=30)
    assert len(reads) == 2


def test_a_steady_baseline_has_no_problem(tmp_path: Path) -> None:
    """Enough operations of each T1 journey, within both objectives."""
    look = lookout(tmp_path, clinics(Script(), 0, 30))
    assert look.unsteady(since_ns=ns(0)) == ()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(Script().phase("baseline", 0, 1), "0 operations", id="no load"),
        pytest.param(clinics(Script(), 0, 2), "2 operations", id="hardly any load"),
        pytest.param(
            clinics(clinics(Script(), 0, 30), 30, 32, kind=Kind.INFO),
            "availability",
            id="failures",
        ),
        pytest.param(
            clinics(Script(), 0, 30, latency_s=3), "95th percentile 3,000", id="slow"
        ),
    ],
)
def test_what_is_not_steady_is_told(tmp_path: Path, script: Script, said: str) -> None:
    """Each T1 journey says what it lacks."""
    problems = lookout(tmp_path, script).unsteady(since_ns=ns(0))
    assert len(problems) == 2
    assert all(said in problem.en for problem in problems)


def test_old_troubles_are_no_troubles(tmp_path: Path) -> None:
    """The window slides: a hard start does not spoil the baseline for ever."""
    script = clinics(clinics(Script(), 0, 10, kind=Kind.INFO), 10, 40)
    look = lookout(tmp_path, script)
    assert look.unsteady(since_ns=ns(0))
    assert look.unsteady(since_ns=ns(10)) == ()


def test_recovery_needs_its_stable_time(tmp_path: Path) -> None:
    """Good again is not recovered: it must stay so for `stable_s`."""
    script = clinics(clinics(Script(), 0, 20), 20, 50, kind=Kind.INFO)
    look = lookout(tmp_path, clinics(script, 50, 90))
    assert look.unrecovered(t0_ns=ns(20), stable_s=30) == ()
    assert len(look.unrecovered(t0_ns=ns(20), stable_s=45)) == 2


def test_a_journey_that_is_not_played_has_not_recovered(tmp_path: Path) -> None:
    """Silence is no service: nobody tried, so nobody can say."""
    look = lookout(tmp_path, clinics(Script(), 0, 20))
    problems = look.unrecovered(t0_ns=ns(20), stable_s=30)
    assert [problem.en.partition(":")[0] for problem in problems] == [
        "consult",
        "register",
    ]


def test_a_patient_lost_with_the_site_does_not_keep_it_from_recovering(
    tmp_path: Path,
) -> None:
    """Absent after the loss is a loss of data, to be counted, and no unavailability."""
    script = clinics(Script(), 0, 20)
    script.operation("register", "register_patient", 15, write=Written(uuid="lost"))
    clinics(script, 20, 90)
    script.operation("register", "register_patient", 60, write=Written(uuid="new"))
    script.operation(
        "consult", "search", 55, kind=Kind.FAIL, said={"status": 404, "uuid": "lost"}
    )
    look = lookout(tmp_path, script)
    assert look.unrecovered(t0_ns=ns(20), stable_s=30) == ()


def test_the_alert_is_heard_after_the_loss_only(tmp_path: Path) -> None:
    """What rang before cannot detect it; the first that rings after does."""
    script = Script().alert("firing", 5).alert("resolved", 8).alert("firing", 25)
    script.save(tmp_path / "run")
    bell = Bell(tmp_path / "run" / "history", "FrontDoorDown")
    assert bell.is_ringing()
    heard = bell.rung_after(ns(10))
    assert heard is not None
    assert heard.at_ns == ns(25)
    assert bell.rung_after(ns(26)) is None
    other = Bell(tmp_path / "run" / "history", "Other")
    assert not other.is_ringing()
    assert not bell.is_watched()


def test_the_alert_is_watched_as_long_as_it_is_heard_to_be(tmp_path: Path) -> None:
    """The latest word counts; what begins a watch may say no more than its alert."""
    script = watched(Script(), 3)
    script.save(tmp_path / "one")
    assert Bell(tmp_path / "one" / "history", "FrontDoorDown").is_watched()
    assert not Bell(tmp_path / "one" / "history", "Other").is_watched()
    watched(script, 9, kept=False).save(tmp_path / "two")
    assert not Bell(tmp_path / "two" / "history", "FrontDoorDown").is_watched()


def test_the_fakes_backup_is_of_its_time() -> None:
    """The snapshot used here lies within the fake backup, as the tests above assume."""
    one = backup("a")
    assert one.started is not None
    assert one.completed is not None
    instant = datetime.datetime.fromisoformat(SNAPSHOT)
    assert one.started <= instant <= one.completed
