"""The embedded clusters driven through a remote site file, with nothing else known."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from reprise_experiments.ledger import Ledger
from reprise_experiments.run import run_experiment
from reprise_platform import __main__ as command_line
from reprise_platform import kube, paths
from reprise_platform.access import Access, load_access
from reprise_platform.remote.faculties import PROCESS
from reprise_platform.status import status
from reprise_platform.waiting import until
from reprise_platform.workloads import patient
from reprise_pra.history import Kind, read_history
from tests.platform import remote_site

pytestmark = pytest.mark.cluster

_NAME = "afar"
_NODE_LOSS = paths.REPOSITORY / "experiments" / "node-loss.yaml"
_KUBERNETES = {"power_off": "kubernetes", "power_on": "kubernetes"}


@pytest.fixture(scope="module")
def team(
    site_access: Access, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Return the folder of the site's team, and know no other site meanwhile."""
    folder = tmp_path_factory.mktemp("team")
    with remote_site.rights(site_access):
        remote_site.write(folder, site_access, name=_NAME)
        state = tmp_path_factory.mktemp("state")
        with mock.patch.dict(os.environ, {"REPRISE_STATE": str(state)}):
            yield folder


@pytest.fixture
def joined(team: Path, request: pytest.FixtureRequest) -> Iterator[Access]:
    """Join the site with the ways a test asks for, and forget it afterwards."""
    file = team / "site.yaml"
    was = file.read_text(encoding="utf-8")
    try:
        remote_site.with_ways(file, getattr(request, "param", {}))
        assert command_line.main(["up", "--site", str(file)]) == 0
        yield load_access(_NAME)
    finally:
        file.write_text(was, encoding="utf-8")
        assert command_line.main(["down", "--site", str(file)]) == 0


def test_joined_site_is_known_by_its_file(joined: Access, site_access: Access) -> None:
    """What the file leaves out is found in the cluster, and all of it works."""
    assert joined.provider == "remote"
    assert joined.zones == site_access.zones
    assert joined.recovery_nodes == site_access.recovery_nodes
    assert [check for check in status(_NAME) if not check.works] == []
    assert not any(check.what.startswith("machine") for check in status(_NAME))


def test_forgetting_touches_nothing(
    team: Path, site_access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    """`down` takes the record and the credentials cut out for it; the site stays whole."""

    def uids() -> list[str]:
        found = kube.pods(site_access.primary, site_access.namespace)
        return [pod.uid for pod in found if not pod.deleting]

    before, file = uids(), team / "site.yaml"
    for _ in range(2):
        assert command_line.main(["up", "--site", str(file)]) == 0
    for _ in range(2):
        assert command_line.main(["down", "--site", str(file)]) == 0
    assert list(paths.site_state(_NAME).rglob("*.conf")) == []
    assert command_line.main(["status", "--site", str(file)]) == 1
    assert "not up here" in capsys.readouterr().err
    assert uids() == before


def test_a_pod_killed_is_made_again(joined: Access) -> None:
    """The operator's right ends a pod; the observer's sees another in its place."""
    (first, *_) = kube.pods(joined.primary, joined.namespace, "app=openmrs")

    def healed() -> bool:
        found = kube.pods(joined.primary, joined.namespace, "app=openmrs", observe=True)
        ready = [pod for pod in found if pod.ready and not pod.deleting]
        return len(ready) == len(joined.zones) and first.uid not in {
            pod.uid for pod in found
        }

    kube.delete(joined.primary, "v1", "Pod", first.name, namespace=joined.namespace)
    until(patient(healed), within_s=120, every_s=1, what="another replica Ready")


@pytest.mark.parametrize(
    ("joined", "way", "seen"),
    [
        ({}, "command", "silent_after_ms"),
        (_KUBERNETES, "kubernetes", "emptied_after_ms"),
    ],
    indirect=["joined"],
    ids=["command", "kubernetes"],
)
def test_node_loss(joined: Access, way: str, seen: str, tmp_path: Path) -> None:
    """A node is lost by the way the file declares, seen by the observer, and back."""
    outcome = run_experiment(
        _NODE_LOSS,
        access=joined,
        history_dir=tmp_path / "history",
        evidence_dir=tmp_path / "evidence",
        seed=1,
        variables={"hold_s": 5.0},
        within_s=500,
    )
    assert outcome.errors == ()
    assert outcome.residue == ()
    (node,) = outcome.targets
    acts = [
        (event.value["capability"], event.value["way"], event.value["of"])
        for event in read_history([joined.state / f"{PROCESS}.jsonl"]).events
        if event.kind is Kind.OK
    ]
    assert acts[-2:] == [("power_off", way, [node]), ("power_on", way, [node])]
    (taken,) = (
        event.value["evidence"]
        for event in read_history([tmp_path / "history" / "nemesis.jsonl"]).events
        if (event.operation, event.kind) == ("inject", Kind.OK)
    )
    assert isinstance(taken, dict)
    assert node in taken[seen]
    assert Ledger(joined.state).read().open == ()


type Mistake = Callable[[dict[str, Any], Path], None]


def _set(keys: str, value: object) -> Mistake:
    def make(raw: dict[str, Any], folder: Path) -> None:
        del folder
        *path, last = keys.split(".")
        inner = raw
        for key in path:
            inner = inner.setdefault(key, {})
        inner[last] = value

    return make


def _file(name: str, text: str | None, mode: int = 0o600) -> Mistake:
    def make(raw: dict[str, Any], folder: Path) -> None:
        del raw
        if text is None:
            (folder / name).unlink()
            return
        (folder / name).write_text(text or (folder / name).read_text())
        (folder / name).chmod(mode)

    return make


def _observer_is_strong(raw: dict[str, Any], folder: Path) -> None:
    # Another file, hence another credential for all that the site file shows.
    strong = folder / raw["primary"]["kubeconfig"]
    config = json.loads(strong.read_text(encoding="utf-8"))
    raw["primary"]["observer_context"] = config["contexts"][0]["name"]
    shutil.copy(strong, folder / raw["primary"]["observer_kubeconfig"])


def _clusters_exchanged(raw: dict[str, Any], folder: Path) -> None:
    del folder
    first, second = raw["primary"], raw["recovery"]
    first["uid"], second["uid"] = second["uid"], first["uid"]


def _operator_may_only_look(raw: dict[str, Any], folder: Path) -> None:
    weak = folder / raw["recovery"]["observer_kubeconfig"]
    raw["recovery"]["context"] = raw["recovery"]["observer_context"]
    weak_copy = folder / "weak.kubeconfig"
    shutil.copy(weak, weak_copy)
    raw["recovery"]["kubeconfig"] = weak_copy.name


def _the_store_as_front_door(raw: dict[str, Any], folder: Path) -> None:
    del folder
    raw["front_door"]["url"] = raw["backup_store"]["endpoint"]


_CLOSED_PORT = "http://127.0.0.1:9"
_NO_LOGIN = '{"username": "admin", "password": "wrong"}'
_NO_KEY = '{"access_key": "recovery", "secret_key": "wrong"}'
_OPERATOR = "operator-primary.kubeconfig"
_OPEN = 0o644

_MISTAKES: dict[str, tuple[Mistake, dict[str, str]]] = {
    "no kubeconfig": (
        _file(_OPERATOR, None),
        {"primary.kubeconfig": "give the path"},
    ),
    "open kubeconfig": (
        _file(_OPERATOR, "", _OPEN),
        {"primary.kubeconfig": "chmod 600"},
    ),
    "not a kubeconfig": (
        _file(_OPERATOR, "[]"),
        {"primary.kubeconfig": "no kubeconfig"},
    ),
    "unknown context": (
        _set("primary.context", "nobody@primary"),
        {"primary.context": "it has: operator@primary"},
    ),
    "another cluster": (
        _clusters_exchanged,
        {"primary.uid": "check the context", "recovery.uid": "check the context"},
    ),
    "strong observer": (
        _observer_is_strong,
        {"primary.observer_context": "an observer only looks"},
    ),
    "weak operator": (_operator_may_only_look, {"recovery.context": "may not"}),
    "wrong namespace": (_set("namespace", "openmrz"), {"namespace": "has: "}),
    "closed front door": (
        _set("front_door.url", _CLOSED_PORT),
        {"front_door.url": "does not answer"},
    ),
    "another server": (_the_store_as_front_door, {"front_door.url": "OpenMRS"}),
    "wrong login": (
        _file("clinic.json", _NO_LOGIN),
        {"clinic_credentials": "refused"},
    ),
    "no login": (_file("clinic.json", "{}"), {"clinic_credentials": "must hold"}),
    "closed store": (
        _set("backup_store.endpoint", _CLOSED_PORT),
        {"backup_store.endpoint": "does not answer"},
    ),
    "no bucket": (
        _set("backup_store.bucket", "elsewhere"),
        {"backup_store.bucket": "not this one"},
    ),
    "wrong key": (
        _file("bucket.json", _NO_KEY),
        {"backup_store.credentials": "refuses this key"},
    ),
    "no Secret": (_set("escrow", "nowhere"), {"escrow": "no Secret"}),
    "broken Secret": (_file("escrow/database.json", "{"), {"escrow": "no JSON"}),
    "no values": (_file("recovery-values.yaml", "[]"), {"recovery_values": "mapping"}),
    "wrong values": (
        _file("recovery-values.yaml", "openmrs: 1"),
        {"recovery_values": "does not fit the chart openmrs"},
    ),
    "no program": (
        _set("capabilities.switch", {"command": ["./move-dns.sh"]}),
        {"capabilities.switch.command": "install it"},
    ),
    "no Prometheus": (
        _set("observability.prometheus", _CLOSED_PORT),
        {"observability.prometheus": "does not answer"},
    ),
    "unknown node": (_set("zones", {"a": ["a9"]}), {"zones": "no node a9"}),
    "no authority": (_set("authority", "nothing.pem"), {"authority": "PEM"}),
    "unknown machine": (_set("machines", {"a9": "i-9"}), {"machines": "no node a9"}),
}


def _refusals(
    team: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *mistakes: Mistake
) -> dict[str, str]:
    """Make mistakes in a copy of the team's folder; return what `up` says, by key."""
    folder = tmp_path / "team"
    shutil.copytree(team, folder)
    file = folder / "site.yaml"
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    for make in mistakes:
        make(raw, folder)
    file.write_text(yaml.safe_dump(raw), encoding="utf-8")
    capsys.readouterr()
    assert command_line.main(["up", "--site", str(file)]) == 1
    assert not (paths.site_state(_NAME) / "access.json").exists()
    said = re.findall(
        rf"{re.escape(str(file))}: ([a-z_.]+): (.*)", capsys.readouterr().err
    )
    assert len(said) == len(dict(said)), said
    return dict(said)


@pytest.mark.parametrize("mistake", sorted(_MISTAKES))
def test_single_mistake_gets_its_own_refusal(
    team: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    """One wrong value is told once, by file, key and remedy, and nothing is recorded."""
    make, expected = _MISTAKES[mistake]
    said = _refusals(team, tmp_path, capsys, make)
    assert said.keys() == expected.keys(), said
    for key, word in expected.items():
        assert word in said[key]


def test_all_mistakes_are_told_at_once(
    team: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever mends a site file meets every problem at the first refusal."""
    chosen = ("wrong login", "closed store", "no Secret", "no values", "no program")
    expected = {key for name in chosen for key in _MISTAKES[name][1]}
    made = [_MISTAKES[name][0] for name in (*chosen, "another cluster")]
    said = _refusals(team, tmp_path, capsys, *made)
    assert said.keys() == expected | {"primary.uid", "recovery.uid"}
