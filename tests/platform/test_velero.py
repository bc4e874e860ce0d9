"""Velero is believed by its objects only."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from reprise_platform import velero
from reprise_platform.backups import Reason, judge
from reprise_platform.velero_objects import VeleroError, parse
from tests.platform import fakecluster
from tests.platform.fakecluster import FakeKube, FakeVelero, stamp


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> tuple[FakeKube, FakeVelero]:
    """A cluster and a client in memory."""
    return fakecluster.install(monkeypatch)


def test_backups_come_with_their_volumes(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path
) -> None:
    """A backup's volumes are other objects, joined by label; Go's zeros are left out."""
    cluster, _ = fakes
    cluster.put(
        "Backup",
        "openmrs-1",
        status={
            "phase": "Completed",
            "startTimestamp": stamp(),
            "completionTimestamp": stamp(20),
            "hookStatus": {"hooksAttempted": 1},
        },
    )
    cluster.put(
        "PodVolumeBackup",
        "openmrs-1-x",
        labels={"velero.io/backup-name": "openmrs-1"},
        spec={"volume": "dump"},
        status={"phase": "Completed", "progress": {"bytesDone": 7, "totalBytes": 7}},
    )
    (found,) = velero.backups(fakecluster.access(tmp_path).recovery)
    assert judge(found, ("dump",)).counts
    assert found.hooks_failed == 0
    assert found.started == fakecluster.NOW


def test_hooks_that_did_not_run_are_not_hooks_not_told_of(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path
) -> None:
    """An empty hookStatus says that none ran: the dump is an older one."""
    cluster, _ = fakes
    cluster.put("Backup", "b", status={"phase": "Completed", "hookStatus": {}})
    (found,) = velero.backups(fakecluster.access(tmp_path).recovery)
    assert judge(found, ()).reason is Reason.HOOK_NOT_RUN


def test_an_object_not_looked_at_yet_has_no_phase(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path
) -> None:
    """No status, a null status, a null progress: not yet, and never an end."""
    cluster, _ = fakes
    cluster.put("Restore", "r")
    cluster.put(
        "PodVolumeRestore",
        "r-x",
        labels={"velero.io/restore-name": "r"},
        spec={"volume": "dump"},
        status=None,
    )
    found = velero.restore_state(fakecluster.access(tmp_path).recovery, "r")
    assert found is not None
    assert (found.phase, found.is_terminal, found.is_settled) == ("", False, False)
    assert found.volumes[0].phase == ""


def test_a_restore_is_settled_with_its_last_volume(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path
) -> None:
    """A restore that says Completed while a volume is being copied is not over."""
    cluster, _ = fakes
    cluster.put("Restore", "r", status={"phase": "Completed"})
    cluster.put(
        "PodVolumeRestore",
        "r-x",
        labels={"velero.io/restore-name": "r"},
        spec={"volume": "dump"},
        status={"phase": "InProgress"},
    )
    found = velero.restore_state(fakecluster.access(tmp_path).recovery, "r")
    assert found is not None
    assert (found.is_terminal, found.is_settled) == (True, False)


def test_a_location_tells_when_it_was_looked_at(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path
) -> None:
    """The time of the last look, and none before the first."""
    cluster, _ = fakes
    cluster.put("BackupStorageLocation", "new")
    cluster.put(
        "BackupStorageLocation",
        "default",
        status={"phase": "Available", "lastSyncedTime": stamp(3)},
    )
    new, known = velero.locations(fakecluster.access(tmp_path).recovery)
    assert new.last_synced is None
    assert known.last_synced == fakecluster.NOW + datetime.timedelta(seconds=3)


def test_a_restore_is_asked_for_by_the_client_without_o(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path
) -> None:
    """`-o` prints instead of creating, `--wait` answers 0 for a failure: neither is used."""
    _, client = fakes
    site = fakecluster.access(tmp_path)
    request = velero.RestoreRequest(
        name="r", backup="b", namespace="openmrs", wave="dump", into_namespace="proof"
    )
    velero.create_restore(site.velero, site.recovery, request)
    (line,) = client.lines
    assert not {"-o", "--output", "--wait", "-w"} & set(line)
    text = " ".join(line)
    assert "restore create r --from-backup b --include-namespaces openmrs" in text
    assert "--selector wave=dump --namespace-mappings openmrs:proof" in text
    assert f"--kubeconfig {site.recovery.kubeconfig} --kubecontext recovery" in text
    assert "exclude-resources" not in text


def test_only_the_object_says_that_it_was_created(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the client returns: with the object all is well, without it nothing is."""
    cluster, client = fakes
    site = fakecluster.access(tmp_path)
    monkeypatch.setattr(velero, "_CREATED_WITHIN_S", 0.01)
    client.is_silent = True
    with pytest.raises(VeleroError, match="An error occurred"):
        velero.create_backup(site.velero, site.recovery, "b", schedule="openmrs")
    cluster.put("Backup", "b")
    velero.create_backup(site.velero, site.recovery, "b", schedule="openmrs")


def test_an_unknown_shape_is_an_operating_error() -> None:
    """A Velero that changed its objects is told of, with the key."""
    with pytest.raises(VeleroError, match=r"metadata\.name"):
        parse({"metadata": {"name": None}})


def test_the_server_is_restarted_by_its_pods(
    fakes: tuple[FakeKube, FakeVelero], tmp_path: Path
) -> None:
    """Its Deployment was applied whole: applied in part, the rest of it would go."""
    cluster, _ = fakes
    velero.restart_server(fakecluster.access(tmp_path).recovery)
    assert [kind for kind, _ in cluster.deleted] == ["Pod"]
    assert cluster.applied == []
