"""The recovery's steps: their order, what they believe, how each failure shows."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from reprise_platform import (
    kube,
    manifests,
    proof,
    recovery,
    reindexing,
    renewing,
    restoring,
)
from reprise_platform.access import Cluster
from reprise_platform.errors import SiteError
from reprise_platform.recovery import STEPS, Limits, Recovery, RecoveryError, Request
from reprise_platform.workloads import JobError
from reprise_pra.analysis.results import Text
from reprise_pra.history import Event, Kind, Recorder, read_history
from tests.platform import fakecluster
from tests.platform.fakecluster import NOW, stamp

BACKUP = "openmrs-20260301115900"
WHOLE: kube.Object = {
    "phase": "Completed",
    "progress": {"bytesDone": 9, "totalBytes": 9},
}
LOG = (
    '{"snapshot_utc":"2026-03-01T11:59:04+00:00","bytes":9,"sha256":"00"}\n'
    '{"patient": 3, "visit": 2}\n'
)


class Power:
    """The capabilities, as a list of what was asked of them."""

    def __init__(self, cluster: fakecluster.FakeKube) -> None:
        self.calls: list[str] = []
        self._cluster = cluster
        self._made = 0

    def fence_primary(self) -> None:
        """Note it."""
        self.calls.append("fence")

    def switch(self, to: str) -> None:
        """Note it."""
        self.calls.append(f"switch {to}")

    def prepare_recovery_volumes(self, namespace: str | None = None) -> tuple[str, ...]:
        """Note it, and make a volume for the dump and one for the database."""
        self.calls.append(f"volumes {namespace}")
        self._made += 1
        made = []
        for role, claim in (("database", "data-galera-0"), ("dump", "dump")):
            volume = f"{role}-{self._made}"
            spec: kube.Object = {"claimRef": {"name": claim}}
            self._cluster.put("PersistentVolume", volume, "", spec=spec)
            made.append(volume)
        return tuple(made)

    def drop_recovery_volumes(self, names: Sequence[str]) -> None:
        """Note it."""
        self.calls.append(f"drop {' '.join(names)}")


class World:
    """A lost primary, a recovery cluster in memory, one backup in the store."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cluster, self.client = fakecluster.install(monkeypatch)
        self.power = Power(self.cluster)
        self.access = fakecluster.access(folder)
        self.history = folder / "history"
        self.recorder = Recorder(self.history, "drill")
        self.told: list[Text] = []
        self.reindexed: list[float] = []
        monkeypatch.setattr(
            reindexing,
            "rebuild",
            lambda _access, within_s: self.reindexed.append(within_s),
        )
        for module in (recovery, proof, renewing):
            monkeypatch.setattr(module, "capabilities", lambda _access: self.power)
        for name in ("_POLL_S", "_STRAGGLERS_S", "_AFTER_RESTART_S"):
            monkeypatch.setattr(restoring, name, 0.01)
        made = {
            "recovery_database": ("StatefulSet", "apps/v1", "galera"),
            "load_job": ("Job", "batch/v1", "load"),
            "openmrs": ("Deployment", "apps/v1", "openmrs"),
        }
        for function, (kind, version, name) in made.items():
            item = {
                "apiVersion": version,
                "kind": kind,
                "metadata": {"name": name, "namespace": "openmrs"},
            }
            monkeypatch.setattr(manifests, function, lambda _access, i=item: [i])
        self.access.escrow.mkdir()
        secret = manifests.secret("database", "openmrs", {"backup": "x"})
        (self.access.escrow / "database.json").write_text(json.dumps(secret))
        self.cluster.log = LOG
        self.store(BACKUP)
        self.synced(5)
        self.client.on_restore = self.restores

    def store(self, name: str, *, started: float = -60) -> None:
        """Put a whole backup into the store, as the recovery site knows it."""
        self.cluster.put(
            "Backup",
            name,
            status={
                "phase": "Completed",
                "startTimestamp": stamp(started),
                "completionTimestamp": stamp(started + 20),
                "hookStatus": {"hooksAttempted": 1},
            },
        )
        self.cluster.put(
            "PodVolumeBackup",
            f"{name}-x",
            labels={"velero.io/backup-name": name},
            spec={"volume": "dump"},
            status=dict(WHOLE),
        )

    def synced(self, *seconds: float, phase: str = "Available") -> None:
        """Let the location be looked at, at each of these instants in turn."""
        self.cluster.put("BackupStorageLocation", "default")
        self.cluster.play(
            "BackupStorageLocation",
            "default",
            [{"phase": phase, "lastSyncedTime": stamp(at)} for at in seconds],
        )

    def restores(
        self,
        name: str,
        _backup: str,
        *,
        phases: tuple[str, ...] = ("", "InProgress", "Completed"),
        volumes: tuple[kube.Object, ...] = (WHOLE,),
    ) -> None:
        """Let a restore go through phases; its volumes are as given at once."""
        self.cluster.play("Restore", name, [{"phase": phase} for phase in phases])
        for number, status in enumerate(volumes):
            self.cluster.put(
                "PodVolumeRestore",
                f"{name}-{number}",
                labels={"velero.io/restore-name": name},
                spec={"volume": "dump"},
                status=status,
            )

    def recovery(self, *, rank: int = 1, age_min_s: float = 0) -> Recovery:
        """Prepare a recovery with short limits."""
        request = Request(
            access=self.access,
            lost_at=NOW,
            expected_volumes=("dump",),
            rank=rank,
            age_min_s=age_min_s,
            limits=Limits(
                location_s=0.05, restore_s=0.2, database_s=1, load_s=1, openmrs_s=1
            ),
            evidence=self.history.parent / "evidence",
        )
        return Recovery(request, recorder=self.recorder, tell=self.told.append)

    def run(self, under_way: Recovery) -> None:
        """Carry out every phase."""
        for phase in ("prepare", "restore", "start", "switch"):
            recovery.run_phase(under_way, phase)

    def events(self) -> tuple[Event, ...]:
        """Return what was recorded."""
        return read_history(self.history.glob("*.jsonl")).events

    def marks(self) -> list[str]:
        """Return the marks recorded, in their order."""
        return [event.op_id for event in self.events() if event.operation == "mark"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world in which everything goes well."""
    made = World(tmp_path, monkeypatch)
    yield made
    made.recorder.close()


def test_the_recovery_marks_its_way(world: World) -> None:
    """Each mark from t3 to t6 is recorded once, in order; every step is told."""
    world.run(world.recovery())
    assert world.marks() == ["t3", "t4", "t5", "t6"]
    assert world.told == [step.title for step in STEPS]
    assert world.power.calls == ["fence", "volumes None", "switch recovery"]
    assert world.reindexed == [Limits().reindex_s]


def test_nothing_is_restored_beside_what_runs_there(world: World) -> None:
    """Looked at again after the key's proof: what came since would pass for restored."""
    world.cluster.put("PersistentVolumeClaim", "dump", "openmrs")
    with pytest.raises(RecoveryError, match="not empty: PersistentVolumeClaim dump"):
        world.run(world.recovery())
    checks = [event for event in world.events() if event.operation == "check"]
    assert [(one.op_id, one.value["holds"]) for one in checks] == [
        ("recovery_target_empty", False)
    ]
    assert world.power.calls == ["fence"]
    assert world.cluster.applied == []
    assert world.marks() == []


def test_an_empty_target_is_recorded(world: World) -> None:
    """Whoever judges sees that the look was made, and when: before the restore."""
    world.run(world.recovery())
    order = [event.operation for event in world.events()]
    (check,) = [event for event in world.events() if event.operation == "check"]
    assert check.value["holds"] is True
    assert order.index("check") < order.index("restore")


def test_the_primary_is_fenced_and_secrets_come_before_data(world: World) -> None:
    """A primary powered on again writes backups; a pod without its Secret never starts."""
    world.run(world.recovery())
    titles = [step.title.en for step in STEPS]
    assert titles[0] == "fence the primary site"
    assert titles.index("escrowed Secrets") < titles.index(
        "restore the volumes of the dump and of the attachments"
    )
    kinds = [item["kind"] for item in world.cluster.applied]
    assert kinds == ["Namespace", "Secret", "StatefulSet", "Job", "Deployment"]


def test_the_restored_backup_tells_its_snapshot(world: World) -> None:
    """The data's own instant comes from inside the dump: Velero's is seconds earlier."""
    world.run(world.recovery())
    (told,) = [event for event in world.events() if event.operation == "backup"]
    assert told.value["snapshot_utc"] == "2026-03-01T11:59:04+00:00"
    assert told.value["counts"] is True
    assert told.value["loaded"]["patient"] == 3  # type: ignore[index,call-overload]


@pytest.mark.parametrize("seconds", [-30, 0])
def test_a_location_looked_at_before_the_loss_is_waited_for(
    world: World, seconds: float
) -> None:
    """Until a look that began after the loss, a newer backup may yet appear."""
    world.synced(seconds)
    with pytest.raises(RecoveryError, match="backup location synced"):
        recovery.run_phase(world.recovery(), "prepare")
    assert world.marks() == []


def test_a_location_that_is_not_available_is_waited_for(world: World) -> None:
    """A fresh time of a store that cannot be reached is worth nothing."""
    world.synced(30, phase="Unavailable")
    with pytest.raises(RecoveryError, match="backup location synced"):
        recovery.run_phase(world.recovery(), "prepare")


def test_the_second_newest_can_be_restored(world: World) -> None:
    """A plan may ask for an older backup, to show what it costs."""
    world.store("openmrs-older", started=-120)
    under_way = world.recovery(rank=2)
    world.run(under_way)
    assert under_way.chosen().name == "openmrs-older"


def test_a_minimum_age_passes_over_the_newest(world: World) -> None:
    """A backup begun less than the asked age before the loss is not restored."""
    world.store("openmrs-older", started=-120)
    under_way = world.recovery(age_min_s=90)
    recovery.run_phase(under_way, "prepare")
    assert under_way.chosen().name == "openmrs-older"


def test_no_backup_that_counts_is_told_with_every_reason(world: World) -> None:
    """Whoever reads the report learns what was there and why it was worth nothing."""
    world.cluster.put("Backup", BACKUP, status={"phase": "PartiallyFailed"})
    with pytest.raises(RecoveryError, match=f"{BACKUP}: its phase is PartiallyFailed"):
        recovery.run_phase(world.recovery(), "prepare")


@pytest.mark.parametrize(
    ("phases", "volumes", "said"),
    [
        pytest.param(
            ("Completed",), (), "nothing was restored", id="Completed without data"
        ),
        pytest.param(
            ("FailedValidation",), (), "FailedValidation", id="backup not synced yet"
        ),
        pytest.param(
            ("Completed",),
            ({"phase": "Completed", "progress": {"bytesDone": 4, "totalBytes": 4}},),
            "[4] bytes restored, the backup has [9]",
            id="fewer bytes than the backup",
        ),
        pytest.param(
            ("PartiallyFailed",),
            ({"phase": "Failed", "message": "invalid repository password"},),
            "invalid repository password",
            id="wrong key, although everything read Ready",
        ),
        pytest.param(
            ("PartiallyFailed",),
            ({"phase": ""},),
            "not begun",
            id="a volume whose phase stays empty for ever",
        ),
        pytest.param(
            ("PartiallyFailed",),
            (WHOLE,),
            "restore PartiallyFailed",
            id="the data is back, the restore says no",
        ),
    ],
)
def test_a_restore_is_believed_by_its_bytes(
    world: World,
    phases: tuple[str, ...],
    volumes: tuple[kube.Object, ...],
    said: str,
) -> None:
    """Each provoked trap of the recovery ends the phase, with its reason, and no t5."""
    world.client.on_restore = lambda name, backup: world.restores(
        name, backup, phases=phases, volumes=volumes
    )
    under_way = world.recovery()
    recovery.run_phase(under_way, "prepare")
    with pytest.raises(RecoveryError) as caught:
        recovery.run_phase(under_way, "restore")
    assert said in str(caught.value)
    assert world.marks() == ["t3", "t4"]
    ended = [event for event in world.events() if event.operation == "restore"]
    assert [event.kind for event in ended] == [Kind.INVOKE, Kind.FAIL]
    assert said in str(ended[-1].value["reason"])


def hang(world: World, times: int) -> None:
    """Let the first restores hang, each leaving behind what a restore makes first."""
    left = itertools.chain(range(times), itertools.repeat(None))

    def on_restore(name: str, backup: str) -> None:
        if next(left) is None:
            world.restores(name, backup)
            return
        world.restores(name, backup, phases=("InProgress",), volumes=())
        for kind in ("Deployment", "Pod", "PersistentVolumeClaim"):
            world.cluster.put(kind, "dump", "openmrs", {"wave": "data"})
        world.cluster.put("PersistentVolumeClaim", "data-galera-0", "openmrs")

    world.client.on_restore = on_restore


def restored(world: World) -> list[tuple[str, str]]:
    """Return each restore's backup and how it ended."""
    events = [event for event in world.events() if event.operation == "restore"]
    return [(str(event.value["backup"]), event.kind.value) for event in events[1::2]]


def test_a_restore_that_hangs_is_made_once_more(world: World) -> None:
    """The server is restarted to free its queue; the same backup, on volumes made anew."""
    hang(world, 1)
    under_way = world.recovery()
    recovery.run_phase(under_way, "prepare")
    recovery.run_phase(under_way, "restore")
    assert ("Pod", "velero-deploy=velero") in world.cluster.deleted
    assert restored(world) == [(BACKUP, "fail"), (BACKUP, "ok")]
    names = {event.op_id for event in world.events() if event.operation == "restore"}
    assert len(names) == 2, "a restore's name is never used twice"
    assert world.marks() == ["t3", "t4", "t5"]


def test_what_a_hung_restore_left_is_not_in_the_way(world: World) -> None:
    """Velero skips what exists; the database, already started, keeps its own volume."""
    hang(world, 1)
    under_way = world.recovery()
    recovery.run_phase(under_way, "prepare")
    recovery.run_phase(under_way, "restore")
    gone = [kind for kind, name in world.cluster.deleted if name == "dump"]
    assert gone == ["Deployment", "Pod", "PersistentVolumeClaim"]
    assert world.power.calls[-3:] == ["volumes None", "drop dump-1", "drop database-2"]
    assert under_way.volumes == ("database-1", "dump-2")


def test_a_backup_that_hangs_twice_gives_way_to_the_one_before(world: World) -> None:
    """An older backup that can be restored is worth more than the newest that cannot."""
    world.store("openmrs-older", started=-120)
    hang(world, 2)
    world.run(under_way := world.recovery())
    assert restored(world) == [
        (BACKUP, "fail"),
        (BACKUP, "fail"),
        ("openmrs-older", "ok"),
    ]
    assert under_way.chosen().name == "openmrs-older"
    chosen = [one.op_id for one in world.events() if one.operation == "backup_chosen"]
    assert chosen == [BACKUP, "openmrs-older"]
    assert world.marks() == ["t3", "t4", "t5", "t6"]


@pytest.mark.parametrize("older", [True, False], ids=["three hang", "no older backup"])
def test_a_restore_that_always_hangs_ends_the_recovery(
    world: World, *, older: bool
) -> None:
    """Every try is told, and there is an end to them."""
    if older:
        world.store("openmrs-older", started=-120)
    hang(world, 9)
    under_way = world.recovery()
    recovery.run_phase(under_way, "prepare")
    with pytest.raises(RecoveryError, match="restarted to free its queue"):
        recovery.run_phase(under_way, "restore")
    assert len(restored(world)) == (3 if older else 2)
    assert world.marks() == ["t3", "t4"]


def test_the_database_starts_before_anything_is_waited_for(world: World) -> None:
    """It needs no backup; OpenMRS does, and would make a schema of its own without one."""
    titles = [step.title.en for step in STEPS]
    order = [
        "empty volumes",
        "ask for the database",
        "backup location synced",
        "restore the volumes of the dump and of the attachments",
        "the database is ready",
        "load the dump",
        "start OpenMRS",
    ]
    assert [title for title in titles if title in order] == order
    recovery.run_phase(world.recovery(), "prepare")
    assert [item["kind"] for item in world.cluster.applied][-1] == "StatefulSet"


def test_every_step_and_mark_is_told_in_both_languages(world: World) -> None:
    """The console and the report speak French to the French."""
    world.run(world.recovery())
    assert all(step.title.fr != step.title.en for step in STEPS)
    for event in world.events():
        if event.operation == "mark":
            detail = event.value["detail"]
            assert isinstance(detail, dict)
            assert detail["fr"] != detail["en"] or " " not in str(detail["fr"])


def test_a_failed_load_shows_its_log(world: World) -> None:
    """A dump that does not match its digest ends the recovery, with the job's words."""
    world.cluster.log = "digest of the restored dump: aa, expected bb"
    under_way = world.recovery()
    recovery.run_phase(under_way, "prepare")
    recovery.run_phase(under_way, "restore")
    applied = world.cluster.apply

    def failing(cluster: Cluster, objects: Sequence[kube.Object]) -> None:
        applied(cluster, [{**item, "status": {"failed": 1}} for item in objects])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kube, "apply", failing)
        with pytest.raises(JobError, match="expected bb"):
            recovery._load(under_way)


def test_without_escrow_nothing_begins(world: World) -> None:
    """A recovery without its Secrets would end as a pod that never starts."""
    for file in world.access.escrow.iterdir():
        file.unlink()
    with pytest.raises(RecoveryError) as caught:
        recovery.run_phase(world.recovery(), "prepare")
    assert isinstance(caught.value.__cause__, SiteError)


def test_what_runs_on_the_recovery_site_is_in_the_way(world: World) -> None:
    """Velero skips what exists, so old data would pass for restored data."""
    assert restoring.target_problems(world.access) == ()
    world.cluster.put("Pod", "dump-1", "openmrs")
    assert restoring.target_problems(world.access) == ("Pod dump-1",)


def test_the_key_is_proved_beside_the_service(world: World) -> None:
    """The proof restores into its own namespace, then drops it; Restore objects stay."""
    proved = _prove(world)
    assert (proved.backup, proved.bytes_restored) == (BACKUP, 9)
    (line,) = world.client.lines
    assert "openmrs:proof" in line
    assert [kind for kind, _ in world.cluster.deleted] == ["Namespace"]
    assert world.power.calls == ["volumes proof", "drop database-1 dump-1"]
    namespaces = {
        kube.text(item, "metadata", "namespace")
        for item in world.cluster.applied
        if item["kind"] == "Secret"
    }
    assert namespaces == {"proof"}


def test_a_key_that_does_not_open_leaves_nothing_behind(world: World) -> None:
    """Failed or not, the proof's namespace and volumes go."""
    world.client.on_restore = lambda name, backup: world.restores(
        name, backup, phases=("PartiallyFailed",), volumes=({"phase": "Failed"},)
    )
    with pytest.raises(restoring.RestoreError):
        _prove(world)
    assert [kind for kind, _ in world.cluster.deleted] == ["Namespace"]
    assert world.power.calls == ["volumes proof", "drop database-1 dump-1"]


def _prove(world: World) -> proof.KeyProof:
    return proof.prove_key(
        world.access,
        expected_volumes=("dump",),
        within_s=1,
        recorder=world.recorder,
        evidence=world.history.parent / "evidence",
        tell=world.told.append,
    )


def test_the_clock_of_the_loss_is_utc(world: World) -> None:
    """Instants of Kubernetes carry a zone; a loss without one could not be compared."""
    assert world.recovery().request.lost_at.tzinfo is datetime.UTC
