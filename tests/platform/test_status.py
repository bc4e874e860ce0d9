"""What is dead is told with its reason, and telling never hangs."""

from __future__ import annotations

import datetime
import threading
import time
from pathlib import Path

import pytest

from reprise_platform import podreasons
from reprise_platform.embedded import cgroups, postmortem
from reprise_platform.embedded.machine import CUT, ENDED, Machine, Service
from reprise_platform.errors import PlatformError
from reprise_platform.kube import Json, Object
from reprise_platform.status import Check, _at_once


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Lay a machine that is off, with nothing left of it yet."""
    monkeypatch.setattr(cgroups, "machine_groups", lambda *_: (tmp_path / "group",))
    service = Service(name="apiserver", command=("x",))
    made = Machine(
        name="cp",
        site="s",
        site_folder=tmp_path,
        root=tmp_path,
        services=(service,),
    )
    (made.folder / "log").mkdir(parents=True)
    return made


def test_each_way_to_die_has_its_reason(dead: Machine) -> None:
    """Never on, rebooted, ended, killed, cut, out of memory: each is told apart."""
    assert "never started" in postmortem.why_off(dead).en
    (dead.folder / "pid").write_text("1 2 3\n")
    assert "rebooted" in postmortem.why_off(dead).en
    (dead.folder / "console.log").write_text("mount: x: wrong fs type\n")
    (dead.folder / ENDED).write_text("32 2026-09-23T10:00:00Z\n")
    told = postmortem.why_off(dead)
    assert told.en.startswith("off: ended with code 32 at 2026-09-23T10:00:00Z")
    assert told.en.endswith("| mount: x: wrong fs type")
    assert "terminée avec le code 32" in told.fr
    (dead.folder / ENDED).write_text("137 2026-09-23T10:00:00Z\n")
    assert "killed by SIGKILL" in postmortem.why_off(dead).en
    group = cgroups.machine_groups("s", "cp")[0] / "pod"
    group.mkdir(parents=True)
    (group / "memory.oom_control").write_text("under_oom 0\noom_kill 2\n")
    assert "out of memory (2 processes" in postmortem.why_off(dead).en
    (dead.folder / CUT).touch()
    assert "its power was cut" in postmortem.why_off(dead).en


def test_a_service_that_loops_is_told_with_its_last_words(dead: Machine) -> None:
    """Three ends in two minutes are a loop; those of long ago are not."""
    log = dead.folder / "log" / "apiserver.log"

    def ends(when: datetime.datetime) -> str:
        stamp = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"Error: unknown flag: --tls\n{stamp} apiserver ended with code 1\n"

    now = datetime.datetime.now(datetime.UTC)
    log.write_text(ends(now - datetime.timedelta(hours=1)) * 5 + ends(now) * 2)
    assert postmortem.looping(dead) == {}
    log.write_text(ends(now) * 3)
    told = postmortem.looping(dead)["apiserver"].en
    assert "ends again and again (code 1" in told
    assert "Error: unknown flag: --tls" in told


def test_a_look_that_hangs_is_told_and_not_waited_for() -> None:
    """What answers is told, what fails says why, what hangs is left behind."""
    never = threading.Event()
    good = Check(what="good", works=True, detail="")

    def fails() -> list[Check]:
        message = "connection refused"
        raise PlatformError(message)

    def hangs() -> list[Check]:
        never.wait(60)
        return []

    began_s = time.monotonic()
    found = _at_once({"a": lambda: [good], "b": fails, "c": hangs}, 1.0)
    assert time.monotonic() - began_s < 30
    never.set()
    assert found["a"] == [good]
    assert [(check.works, check.detail) for check in found["b"]] == [
        (False, "connection refused")
    ]
    assert found["c"][0].detail == "no answer within 1 s"


def _pod(*, node: str = "a1", ready: str = "True", **status: Json) -> Object:
    conditions: list[Json] = [{"type": "Ready", "status": ready}]
    return {
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": "Running", "conditions": conditions, **status},
    }


def test_a_pod_says_what_it_waits_for() -> None:
    """Waiting reasons, last ends, dead nodes and no node at all: each is told."""
    ready = frozenset({"a1"})
    assert podreasons.of_pod(_pod(), ready) == ""
    assert "its node a2 is not Ready" in podreasons.of_pod(_pod(node="a2"), ready)
    assert "not ready yet" in podreasons.of_pod(_pod(ready="False"), ready)
    crash: Json = {
        "name": "db",
        "ready": False,
        "restartCount": 7,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m"}},
        "lastState": {
            "terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "T"}
        },
    }
    told = podreasons.of_pod(_pod(ready="False", containerStatuses=[crash]), ready)
    assert "db: CrashLoopBackOff back-off 5m" in told
    assert "last ended T with code 137 (OOMKilled)" in told
    assert "restarted 7 times" in told
    unplaced = _pod(
        node="",
        conditions=[
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/1 nodes are available",
            }
        ],
    )
    assert "Unschedulable: 0/1 nodes" in podreasons.of_pod(unplaced, ready)


def test_a_node_and_a_claim_say_why() -> None:
    """A node tells its condition's message, a claim the class it finds no volume of."""

    def node(**condition: str) -> Object:
        return {"status": {"conditions": [{"type": "Ready", **condition}]}}

    assert podreasons.of_node(node(status="True")) == ""
    message = "Kubelet stopped posting node status."
    told = podreasons.of_node(node(status="Unknown", message=message))
    assert message in told
    assert "never joined" in podreasons.of_node({})
    claim: Object = {
        "spec": {"storageClassName": "local-database"},
        "status": {"phase": "Pending"},
    }
    assert "no volume of class local-database" in podreasons.of_claim(claim)
    assert podreasons.of_claim({"status": {"phase": "Bound"}}) == ""
