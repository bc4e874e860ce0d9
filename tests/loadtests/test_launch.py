"""What a drill starts, it can stop; what it leaves behind by dying stops by itself."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from reprise_loadtests import bootstrap, children, launch
from reprise_loadtests.content import CLINICAL_TYPES
from reprise_loadtests.credentials import Credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.metadata import needs
from reprise_loadtests.operations import OPERATIONS, READ_BACK_KEYS
from reprise_loadtests.profile import load_profile
from reprise_loadtests.recording import open_recorder, patients_on_record
from reprise_platform.access import Access, BackupStore, Cluster
from reprise_platform.waiting import until
from reprise_pra.history import Kind, read_history

_LIMIT_S = 60


@pytest.fixture
def access(fake: Any, credentials_file: Path, tmp_path: Path) -> Access:
    """A site of which only the front door is real."""
    nothing = Cluster(
        name="none",
        kubeconfig=tmp_path,
        observer_kubeconfig=tmp_path,
        context="none",
        uid="none",
    )
    fields: dict[str, Any] = {
        "site": "test",
        "provider": "embedded",
        "front_door": fake.url,
        "primary": nothing,
        "recovery": nothing,
        "backup_store": BackupStore(endpoint="", bucket="", region=""),
        "clinic_credentials": credentials_file,
        "velero": tmp_path,
        "escrow": tmp_path,
        "state": tmp_path,
        "zones": {},
        "recovery_nodes": (),
        "namespace": "openmrs",
        "probe_rates_per_s": {"read": 20.0, "write": 5.0},
        "production": False,
        "prometheus": "",
        "alertmanager": "https://alerts.invalid",
        "alert_webhook": f"http://127.0.0.1:{_free_port()}/alerts",
        "alert_webhook_token": tmp_path / "token",
    }
    (tmp_path / "token").write_text("heard")
    # The platform may know more of a site than the load asks.
    for field in dataclasses.fields(Access):
        fields.setdefault(field.name, None)
    return Access(**fields)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _beat(access: Access) -> bool:
    """Be the Alertmanager that tells that the front door is watched."""
    labels = {"alertname": "W", "severity": "none", "watches": "FrontDoorDown"}
    alert = {"status": "firing", "labels": labels, "fingerprint": "1"}
    try:
        return httpx.post(
            access.alert_webhook,
            json={"version": "4", "alerts": [alert]},
            headers={"Authorization": "Bearer heard"},
            trust_env=False,
        ).is_success
    except httpx.HTTPError:
        return False


def test_load_probers_and_sentinel_start_and_stop(
    fake: Any, access: Access, tmp_path: Path
) -> None:
    """As a drill does: all recorders write, all end well, each has its end recorded."""
    history_dir = tmp_path / "run" / "history"
    sentinel = launch.start_sentinel(access, history_dir, alert="FrontDoorDown")
    running = [sentinel]
    try:
        running += launch.start_probers(access, history_dir)
        running.append(launch.start_load(access, "smoke", 3, history_dir, None))
        until(lambda: _beat(access), within_s=_LIMIT_S, every_s=0.1, what="the ear")
        launch.await_watch(sentinel, access, history_dir)
        names = [process.name for process in running]
        assert names == [
            *("sentinel", "prober-read-0", "prober-read-1"),
            *("prober-write-0", "prober-write-1", "load"),
        ]
        assert all(process.is_running() for process in running)
        # The writes' patient is one of the ten the load's profile wants known.
        assert len(fake.objects["patient"]) >= 10
    finally:
        codes = children.stop(*running)
    assert set(codes.values()) == {0}
    assert children.stop(*running) == codes
    history = read_history(history_dir.glob("*.jsonl"))
    ended = {e.process for e in history.events if e.operation == "load_stopped"}
    assert ended == {*names[:-1], "load-1"}
    assert not history.torn
    logs = tmp_path / "run" / "evidence" / "logs"
    assert {path.stem for path in logs.iterdir()} == set(names)


def test_a_dead_drill_leaves_no_load(access: Access, tmp_path: Path) -> None:
    """SIGKILL of the parent: its children stop by themselves, with a recorded end."""
    history_dir = tmp_path / "run" / "history"
    told = tmp_path / "pids"
    site = tmp_path / "access"
    site.write_bytes(pickle.dumps(access))
    script = (
        "import pathlib, pickle, signal, sys\n"
        "from reprise_loadtests import launch\n"
        "site, history, told = map(pathlib.Path, sys.argv[1:])\n"
        "access = pickle.loads(site.read_bytes())\n"
        "all = [launch.start_sentinel(access, history, alert='X')]\n"
        "all += launch.start_probers(access, history)\n"
        "all.append(launch.start_load(access, 'smoke', 3, history, None))\n"
        "part = told.with_suffix('.part')\n"
        "part.write_text(' '.join(str(process.popen.pid) for process in all))\n"
        "part.rename(told)\n"
        "signal.pause()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(site), str(history_dir), str(told)]
    )
    try:
        until(told.exists, within_s=_LIMIT_S, every_s=0.1, what="the children's pids")
        pids = [int(pid) for pid in told.read_text().split()]
        assert all(_is_alive(pid) for pid in pids)
    finally:
        parent.kill()
        parent.wait()
    until(
        lambda: not any(_is_alive(pid) for pid in pids),
        within_s=children.STOP_WITHIN_S + 5,
        every_s=0.1,
        what="the children to end",
    )
    events = read_history(history_dir.glob("*.jsonl")).events
    assert sum(event.operation == "load_stopped" for event in events) == len(pids)


def test_a_load_that_cannot_start_says_why(
    access: Access, credentials_file: Path, tmp_path: Path
) -> None:
    """The end of Locust's own log is in the message, and nothing is left running."""
    credentials_file.write_text(json.dumps({"username": "clerk", "password": "no"}))
    with pytest.raises(LoadError, match="does not accept user"):
        launch.start_load(access, "smoke", 1, tmp_path / "run" / "history", None)
    with pytest.raises(LoadError, match="does not accept user"):
        launch.start_probers(access, tmp_path / "run" / "history")


def test_a_watch_that_does_not_begin_says_why(
    access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence, an address taken, a site that tells nobody: each is named."""
    monkeypatch.setattr(launch, "_WATCHED_WITHIN_S", 0.5)
    history_dir = tmp_path / "run" / "history"
    first = launch.start_sentinel(access, history_dir, alert="FrontDoorDown")
    try:
        with pytest.raises(LoadError, match=r"alerts.invalid to tell .*/alerts"):
            launch.await_watch(first, access, history_dir)
        monkeypatch.setattr(launch, "_WATCHED_WITHIN_S", _LIMIT_S)
        until(lambda: _beat(access), within_s=_LIMIT_S, every_s=0.1, what="the ear")
        elsewhere = tmp_path / "other" / "history"
        second = launch.start_sentinel(access, elsewhere, alert="FrontDoorDown")
        with pytest.raises(LoadError, match=r"ended; the end of(?s:.*)in use"):
            launch.await_watch(second, access, elsewhere)
        assert children.stop(second) == {"sentinel": 1}
    finally:
        children.stop(first)
    deaf = dataclasses.replace(access, alert_webhook="")
    with pytest.raises(LoadError, match="set `alert_webhook`"):
        launch.start_sentinel(deaf, history_dir, alert="FrontDoorDown")


def test_a_process_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    """SIGTERM ignored: SIGKILL after the limit, and the exit code tells."""
    ready = tmp_path / "ready"
    script = (
        "import pathlib, signal, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "signal.pause()\n"
    )
    popen = subprocess.Popen([sys.executable, "-c", script, str(ready)])
    until(ready.exists, within_s=_LIMIT_S, every_s=0.02, what="the process")
    leash = (tmp_path / "leash").open("wb", buffering=0)
    process = children.Process(name="deaf", popen=popen, log=tmp_path, leash=leash)
    assert children.stop(process, within_s=0.3) == {"deaf": -signal.SIGKILL}
    assert leash.closed


def test_known_patients_are_completed_once(
    fake: Any, credentials: Credentials, tmp_path: Path
) -> None:
    """A bootstrap brings the history's patients to the number wanted, and no further."""

    def prepare(count: int) -> int:
        return bootstrap.prepare(
            base_url=fake.url,
            credentials=credentials,
            history=tmp_path,
            profile=load_profile("smoke").model_copy(update={"known_patients": count}),
            seed=1,
        )

    assert prepare(4) == 4
    assert len(fake.objects["patient"]) == 4
    assert prepare(4) == 4
    assert len(fake.objects["patient"]) == 4
    assert prepare(6) == 6
    assert {patient.uuid for patient in patients_on_record(tmp_path)} == set(
        fake.objects["patient"]
    )
    events = read_history(tmp_path.glob("*")).events
    op_ids = [(e.process, e.op_id) for e in events if e.kind is Kind.INVOKE]
    assert len(op_ids) == len(set(op_ids))


def test_the_bootstrap_command_names_all_that_is_missing(
    fake: Any,
    credentials_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two missing concepts are two lines and exit code 1; nothing is registered."""
    monkeypatch.setenv("REPRISE_CLINIC_CREDENTIALS", str(credentials_file))
    arguments = ["--host", fake.url, "--history", str(tmp_path), "--profile", "smoke"]
    lacking = [needed for needed in needs() if "1000 Hz" in needed.what]
    fake.missing |= {needed.path.rpartition("/")[2] for needed in lacking}
    assert bootstrap.main(arguments) == 1
    told = capsys.readouterr().err
    assert all(needed.what in told for needed in lacking)
    assert not fake.objects["patient"]
    fake.missing.clear()
    assert bootstrap.main(arguments) == 0
    assert "10 known patients" in capsys.readouterr().out
    fake.refuse()
    assert bootstrap.main(arguments) == 1
    assert "no answer (refused)" in capsys.readouterr().err


def test_two_processes_never_share_a_file(tmp_path: Path) -> None:
    """Each opens the first `load-<n>` that nobody has."""
    with open_recorder(tmp_path) as one, open_recorder(tmp_path) as other:
        assert (one.process, other.process) == ("load-1", "load-2")
    with open_recorder(tmp_path, first=0) as third:
        assert third.process == "load-0"


def test_each_clinical_type_is_written_and_read_back() -> None:
    """The published table has a rule for every operation and a key for every write."""
    written = {operation.writes for operation in OPERATIONS.values()} - {None}
    assert written == set(READ_BACK_KEYS) == set(CLINICAL_TYPES)
    assert all(operation.acknowledged for operation in OPERATIONS.values())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"
