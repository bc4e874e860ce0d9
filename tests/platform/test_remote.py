"""A remote site's file: what is refused, by file and key, and how an act is written down."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reprise_experiments.errors import Refused
from reprise_experiments.faults import check_ways
from reprise_platform import paths
from reprise_platform.access import Access
from reprise_platform.errors import PlatformError, SiteError
from reprise_platform.kube_rest import Object, path_to
from reprise_platform.remote import asking
from reprise_platform.remote.asking import VARIABLE, lacking_ways
from reprise_platform.remote.faculties import PROCESS, Remote
from reprise_platform.remote.joining import DECLARED, leave
from reprise_platform.remote.kubeconfigs import one_context
from reprise_platform.remote.nodes import ZONE_LABEL, sight_problems, zones
from reprise_platform.remote.servers import webhook_problems
from reprise_platform.sites import RemoteSite, parse_site, remote_example
from reprise_pra.history import Event, Kind
from tests.platform import examples, fakecluster


def _changed(keys: str, value: object) -> dict[str, Any]:
    raw: dict[str, Any] = copy.deepcopy(yaml.safe_load(remote_example().read_text()))
    inner = raw
    *path, last = keys.split(".")
    for key in path:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return raw


def _parsed(tmp_path: Path, raw: dict[str, Any]) -> RemoteSite:
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(raw))
    site = parse_site(file)
    assert isinstance(site, RemoteSite)
    return site


def test_example_can_be_parsed_and_kept(tmp_path: Path) -> None:
    """The documented example is good, and comes back whole from the site's record."""
    site = _parsed(tmp_path, yaml.safe_load(remote_example().read_text()))
    assert RemoteSite.model_validate_json(site.model_dump_json()) == site
    assert site.clinic_credentials == tmp_path / "secrets" / "clinic.json"


@pytest.mark.parametrize(
    ("keys", "value", "word"),
    [
        ("escrow", None, "required"),
        ("primary.kubeconfig", None, "required"),
        ("primary.uid", "x", "kubectl get namespace"),
        ("recovery.uid", "00000000-0000-4000-8000-000000000001", "another cluster"),
        ("front_door.url", "openmrs.example", "URL"),
        ("backup_store.endpoint", "https://s3.example/path", "URL"),
        ("observability.webhook", "https://here:1/x", "where to listen"),
        ("observability.webhook_token", None, "needs the other"),
        ("backups.every_s", 1, "50"),
        ("surprise", 1, "not permitted"),
        ("zones", {"a": []}, "every zone needs a node"),
        ("production", True, "who, begins, expires"),
        ("capabilities.switch", {"cmd": 1}, "a way is"),
        ("capabilities.switch", {"command": []}, "needs a program"),
        ("capabilities.switch", {"command": ["x", "{node}"]}, "nothing fills {node}"),
        ("capabilities.switch", "kubernetes", "alone"),
        ("capabilities.power_on", "none", "both or neither"),
    ],
)
def test_wrong_value_is_named(
    tmp_path: Path, keys: str, value: object, word: str
) -> None:
    """A wrong or missing value gets one refusal with the file, its key and the remedy."""
    with pytest.raises(SiteError) as caught:
        _parsed(tmp_path, _changed(keys, value))
    *lines, last = str(caught.value).splitlines()
    assert "remote.example.yaml" in last
    (line,) = lines
    told = {
        "production": "approval",
        "zones": "zones.a",
        "observability.webhook_token": "observability.webhook",
    }
    key = told.get(keys, keys)
    assert line.startswith(f"{tmp_path}/site.yaml: {key}: ")
    assert word in line


def test_a_drill_must_be_able_to_listen(tmp_path: Path) -> None:
    """An address that is not this machine's, a token for all to read: told by `up`."""
    site = _parsed(tmp_path, yaml.safe_load(remote_example().read_text()))
    token = site.observability.webhook_token
    assert token is not None
    token.parent.mkdir()
    token.write_text("")
    token.chmod(0o644)
    found = dict(webhook_problems(site))
    assert "chmod 600" in found["observability.webhook_token"]
    assert "cannot listen" in found["observability.webhook"]
    token.chmod(0o600)
    assert "is empty" in dict(webhook_problems(site))["observability.webhook_token"]


def test_observer_must_be_somebody_else(tmp_path: Path) -> None:
    """The credential that sees a fault take is not the one that does it."""
    raw = _changed("primary.observer_context", "operator@staging")
    raw["primary"]["observer_kubeconfig"] = raw["primary"]["kubeconfig"]
    with pytest.raises(SiteError, match=r"primary\.observer_context: is the injector"):
        _parsed(tmp_path, raw)


def test_kubeconfig_is_cut_to_one_context(tmp_path: Path) -> None:
    """Only the chosen context is taken; one open to others, or unknown, is refused."""
    file = tmp_path / "config"
    both = ("here", "there")
    raw = {
        "current-context": "there",
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in both],
        "clusters": [{"name": n, "cluster": {"server": f"https://{n}"}} for n in both],
        "users": [{"name": n, "user": {"client-key": f"{n}.key"}} for n in both],
    }
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(raw))
    text = json.dumps(one_context(file, "here"))
    assert "there" not in text
    assert f"{tmp_path}/here.key" in text
    with pytest.raises(SiteError, match="has no context nowhere; it has: here, there"):
        one_context(file, "nowhere")
    file.chmod(0o644)
    with pytest.raises(SiteError, match="chmod 600"):
        one_context(file, "here")


@pytest.fixture
def joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Access:
    """Record a site whose commands are a Python that prints, or fails."""
    examples.state_in(tmp_path, monkeypatch)
    raw = _changed("capabilities.isolate_zone", "none")
    prints = "import sys; print(sys.argv[1]); sys.exit(sys.argv[1] == 'bad')"
    command = {"command": [sys.executable, "-c", prints, "{machine}"]}
    raw["capabilities"] |= {"power_off": command, "power_on": command}
    raw["machines"] = {"a1": "i-1"}
    folder = tmp_path / "state" / "sites" / "fake"
    folder.mkdir(parents=True, mode=0o700)
    (folder / DECLARED).write_text(_parsed(tmp_path, raw).model_dump_json())
    return dataclasses.replace(
        fakecluster.access(folder), provider="remote", state=folder
    )


def test_each_act_is_evidence(joined: Access) -> None:
    """A command is told the machine's own name; what came of it is written, good or bad."""
    power = Remote(joined)
    power.power_off(["a1"])
    with pytest.raises(PlatformError, match="exit code 1"):
        power.power_off(["bad"])
    with pytest.raises(SiteError, match=r"capabilities\.isolate_zone: none"):
        power.isolate_zone("a")
    (file,) = joined.state.glob(f"{PROCESS}.jsonl")
    assert joined.state.stat().st_mode & 0o777 == 0o700
    events = [Event.from_line(line) for line in file.read_text().splitlines()]
    assert [
        (event.kind, event.value["capability"], event.value["way"]) for event in events
    ] == [
        (Kind.INVOKE, "power_off", "command"),
        (Kind.OK, "power_off", "command"),
        (Kind.INVOKE, "power_off", "command"),
        (Kind.FAIL, "power_off", "command"),
        (Kind.INVOKE, "isolate_zone", "none"),
        (Kind.FAIL, "isolate_zone", "none"),
    ]
    assert events[0].op_id == events[1].op_id != events[2].op_id
    assert events[1].value["said"] == "i-1\n"


def test_down_forgets_the_record_only(joined: Access) -> None:
    """What an open fault left stays when a remote site is forgotten."""
    ledger = joined.state / "faults.jsonl"
    ledger.touch()
    leave("fake")
    leave("fake")
    assert [path.name for path in joined.state.iterdir()] == [ledger.name]


def test_fault_without_a_way_is_refused_at_planning(joined: Access) -> None:
    """A fault that the site cannot do, or not undo, is refused before it is touched."""
    access = dataclasses.replace(joined, ways={"power_off": "none"})
    with pytest.raises(Refused, match="power_off"):
        check_ways("power_off_node", access)
    check_ways("isolate_zone", access)


def _node(name: str, zone: str = "", address: str = "127.0.0.1") -> Object:
    return {
        "metadata": {"name": name, "labels": {ZONE_LABEL: zone} if zone else {}},
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }


def test_zones_come_from_the_file_or_the_labels(tmp_path: Path) -> None:
    """A node of no zone, of another zone, or that is not there is refused by name."""
    raw = _changed("machines", None)
    named = _parsed(tmp_path, {**raw, "zones": {"a": ["a1"], "b": ["b1"]}})
    plain = _parsed(tmp_path, raw)
    both = {"a1": _node("a1", "a"), "b1": _node("b1", "b")}
    bare = {"a1": _node("a1"), "b1": _node("b1")}
    told = {"a": ("a1",), "b": ("b1",)}
    assert zones(plain, both) == zones(named, both) == zones(named, bare) == told
    with pytest.raises(SiteError, match="is missing: a1, b1; set it, or write `zones`"):
        zones(plain, bare)
    with pytest.raises(SiteError, match="no node b1 in primary; it has: a1"):
        zones(named, {"a1": _node("a1")})
    with pytest.raises(SiteError, match="b1 stands in zone b here, and in c"):
        zones(named, {**both, "b1": _node("b1", "c")})


def test_a_node_that_cannot_be_seen_is_refused() -> None:
    """A silent node would pass for one without power: `up` wants each to answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        seen = {"a1": _node("a1")}
        assert list(sight_problems(seen, {"a": ("a1",)}, port=port)) == []
        unseen = {**seen, "b1": _node("b1", address="127.0.0.2")}
        ((key, told),) = sight_problems(unseen, {"a": ("a1", "b1")}, port=port)
    assert key == "zones"
    assert "b1 (127.0.0.2)" in told
    assert "a1" not in told


_ASKS = """
import sys
from reprise_platform.remote.asking import ask, somebody_is_there
assert somebody_is_there()
ask("cut the power of a1")
"""


@pytest.mark.parametrize(("said", "code"), [("done", 0), ("no", 1)])
def test_a_person_is_asked_from_another_session(said: str, code: int) -> None:
    """An experiment has a session of its own, and asks at the terminal handed to it."""
    mine, theirs = os.openpty()
    environment = {**os.environ, VARIABLE: os.ttyname(theirs)}
    with subprocess.Popen(
        [sys.executable, "-c", _ASKS],
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        seen = b""
        while b"Enter: " not in seen:
            seen += os.read(mine, 1024)
        os.write(mine, f"{said}\n".encode())
        assert child.wait(timeout=30) == code
    os.close(mine)
    os.close(theirs)
    assert b"cut the power of a1" in seen


def test_a_person_is_needed_at_planning(joined: Access) -> None:
    """A way that asks somebody is refused while nobody is at a terminal."""
    access = dataclasses.replace(joined, ways={"switch": "manual", "fence": "command"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "somebody_is_there", lambda: False)
        (told,) = lacking_ways(access, ("switch", "fence"))
    assert "switch is manual, and nobody" in told


def test_operator_may_apply_all_that_the_chart_holds() -> None:
    """Whatever kind the chart installs, the accounts made for a remote site may apply."""
    file = paths.PLATFORM / "sites" / "remote-rights.yaml"
    patched = {
        resource
        for item in yaml.safe_load_all(file.read_text())
        if item["metadata"]["name"] == "reprise:remote-operator"
        for rule in item.get("rules", ())
        if "patch" in rule["verbs"]
        for resource in rule["resources"]
    }
    templates = (paths.PLATFORM / "helm" / "openmrs" / "templates").glob("*.yaml")
    kinds = {
        kind
        for template in templates
        for kind in re.findall(r"^kind: (\w+)$", template.read_text(), re.MULTILINE)
    }
    assert "StatefulSet" in kinds
    lacking = {
        kind
        for kind in kinds
        if path_to("v1", kind, None).split("/")[-1] not in patched
    }
    assert lacking == set()
