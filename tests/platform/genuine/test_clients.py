"""The clients people use work as they come: kubectl, the Python client, Velero's."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import kubernetes.client
import kubernetes.config
import kubernetes.watch
import pytest

from reprise_platform.access import Access
from reprise_platform.command import run
from reprise_platform.embedded import builds
from reprise_platform.errors import CommandError
from reprise_platform.kube import Json
from tests.platform.genuine.sandbox import IDLE, Sandbox, as_list, config

pytestmark = pytest.mark.cluster


def test_kubectl_knows_the_server(sandbox: Sandbox) -> None:
    """Kubectl discovers, explains, diffs and asks for rights; the server says it is well."""
    assert "readyz check passed" in sandbox.kubectl("get", "--raw=/readyz?verbose")
    kinds = sandbox.kubectl("api-resources", "-o", "name").split()
    assert {"pods", "deployments.apps", "backups.velero.io"} <= set(kinds)
    assert "minAvailable" in sandbox.kubectl("explain", "pdb.spec")
    assert sandbox.kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    who = json.loads(sandbox.kubectl("auth", "whoami", "-o", "json"))
    assert who["status"]["userInfo"]["username"]
    sandbox.apply(config("old", {"colour": "blue"}))
    changed = json.dumps(config("old", {"colour": "red"}))
    # The exit code of a difference is 1.
    sandbox.refused(r"\+\s+colour: red", "diff", "-f", "-", stdin=changed)


def test_python_client_watches_on_from_where_it_stopped(sandbox: Sandbox) -> None:
    """A watch resumed at a version tells what changed since, and nothing before."""
    client = kubernetes.config.new_client_from_config(  # type: ignore[no-untyped-call]
        str(sandbox.cluster.kubeconfig), sandbox.cluster.context
    )
    core = kubernetes.client.CoreV1Api(client)
    space = sandbox.namespace

    def make(name: str) -> None:
        named = kubernetes.client.V1ObjectMeta(name=name, labels={"mine": "yes"})
        body = kubernetes.client.V1ConfigMap(metadata=named, data={"a": "1"})
        core.create_namespaced_config_map(space, body)

    def told(version: str, count: int) -> list[tuple[str, str, str]]:
        stream = kubernetes.watch.Watch().stream(  # type: ignore[no-untyped-call]
            core.list_namespaced_config_map,
            *(space,),
            label_selector="mine=yes",
            resource_version=version,
            timeout_seconds=20,
        )
        return [
            (event["type"], found.metadata.name, found.metadata.resource_version)
            for event in itertools.islice(stream, count)
            for found in (event["object"],)
        ]

    make("one")
    seen = core.list_namespaced_config_map(space, label_selector="mine=yes")
    assert seen.metadata is not None
    version = seen.metadata.resource_version
    assert version is not None
    make("two")
    core.patch_namespaced_config_map("two", space, {"data": {"a": "2"}})
    first = told(version, 2)
    assert [event[:2] for event in first] == [("ADDED", "two"), ("MODIFIED", "two")]
    core.delete_namespaced_config_map("one", space)
    make("three")
    assert [event[:2] for event in told(first[-1][2], 2)] == [
        ("DELETED", "one"),
        ("ADDED", "three"),
    ]


def test_velero_saves_and_brings_back(sandbox: Sandbox, site_access: Access) -> None:
    """Velero's client sees its server and location; what it saved comes back as it was."""

    def velero(*words: str) -> str:
        config = f"--kubeconfig={site_access.primary.kubeconfig}"
        return run([site_access.velero, config, *words], within_s=120)

    assert velero("version").count(builds.VELERO_VERSION) == 2
    assert "Available" in velero("backup-location", "get")
    sandbox.apply(config("kept", {"colour": "blue"}))
    name = sandbox.namespace
    chosen = ("--include-namespaces", name, "--include-resources", "configmaps")
    velero("backup", "create", name, *chosen, "--wait")
    try:
        sandbox.kubectl("delete", "configmap", "kept")
        velero("restore", "create", name, "--from-backup", name, "--wait")
        assert sandbox.values(".data.colour", "configmap/kept") == ["blue"]
        assert "Completed" in velero("restore", "get", name)
    finally:
        velero("restore", "delete", name, "--confirm")
        velero("backup", "delete", name, "--confirm")


def test_helm_installs_upgrades_rolls_back_and_uninstalls(
    sandbox: Sandbox, site_access: Access, tmp_path: Path
) -> None:
    """A release goes through its whole life by Helm's own commands, and leaves nothing.

    An upgrade that never gets ready is told as failed, and a rollback brings back what
    the revision named held.
    """
    chart = _chart(sandbox, tmp_path / "tiny")
    home = str(tmp_path / "home")
    names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "KUBECACHEDIR")

    def helm(*words: str | Path) -> str:
        return run(
            [
                *(site_access.helm, "--kubeconfig", sandbox.cluster.kubeconfig),
                *("--kube-context", sandbox.cluster.context),
                *("--namespace", sandbox.namespace, *words),
            ],
            env=dict.fromkeys(names, home),
            within_s=120,
        )

    def colour() -> list[str]:
        return sandbox.values(".data.colour", "configmap/tiny")

    def statuses() -> list[str]:
        told = json.loads(helm("history", "tiny", "-o", "json"))
        return [revision["status"] for revision in told]

    waiting = ("--wait", "--timeout", "60s")
    helm("install", "tiny", chart, *waiting)
    assert colour() == ["blue"]
    assert sandbox.values(".status.readyReplicas", "deployment/tiny") == ["1"]
    helm("upgrade", "tiny", chart, "--set", "colour=red", *waiting)
    assert colour() == ["red"]
    broken = ("--set", "colour=grey", "--set", "command={false}")
    with pytest.raises(CommandError, match="tiny"):
        helm("upgrade", "tiny", chart, *broken, "--wait", "--timeout", "8s")
    assert statuses() == ["superseded", "deployed", "failed"]
    helm("rollback", "tiny", "1", *waiting)
    assert colour() == ["blue"]
    assert statuses() == ["superseded", "superseded", "failed", "deployed"]
    assert "uninstalled" in helm("uninstall", "tiny", *waiting)
    listed = ("configmap,deployment,secret", "-l", "app.kubernetes.io/instance=tiny")
    assert sandbox.values(".items[*].metadata.name", *listed) == []
    assert json.loads(helm("list", "-o", "json")) == []


def _chart(sandbox: Sandbox, folder: Path) -> Path:
    """Write a chart of a ConfigMap and of a Deployment whose command is a value."""
    label: Json = {"app.kubernetes.io/instance": "{{ .Release.Name }}"}
    workload = sandbox.workload("Deployment", "tiny", "COMMAND", replicas=1)
    settings = config("tiny", {"colour": "{{ .Values.colour }}"})
    for item in (workload, settings):
        metadata = item["metadata"]
        assert isinstance(metadata, dict)
        metadata["labels"] = label
    items = as_list(settings, workload)
    files = {
        "Chart.yaml": {"apiVersion": "v2", "name": "tiny", "version": "1.0.0"},
        "values.yaml": {"colour": "blue", "command": list(IDLE)},
    }
    (folder / "templates").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    command = "{{ toJson .Values.command }}"
    template = items.replace('["COMMAND"]', command)
    (folder / "templates" / "all.yaml").write_text(template)
    return folder
