"""A site's secrets are read by whom they are for, and by nobody else."""

from __future__ import annotations

import base64
import contextlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from reprise_platform.access import Access
from reprise_platform.command import run
from reprise_platform.embedded import builds, cgroups
from reprise_platform.embedded.layout import Layout
from reprise_platform.embedded.topology import Node
from reprise_platform.errors import CommandError
from tests.platform import endpoints
from tests.platform.genuine.sandbox import IDLE, Sandbox, config

pytestmark = pytest.mark.cluster

_SECRET = "kept-from-all-but-its-pod"


def test_secrets_are_in_no_list_of_processes(
    site_access: Access, layout: Layout
) -> None:
    """No password, key or token is on a command line, nor in an environment but its own.

    Its own: the store's root key in the store's server, and what Kubernetes hands to the
    containers that ask for it by reference. One that is planted is found.
    """
    secrets = _all_secrets(layout)
    assert len(secrets) > 60
    assert _told(site_access.site, "cmdline", secrets) == set()
    holders = _told(site_access.site, "environ", secrets)
    assert {name for _, name in holders} <= {
        *("store/root.json", "escrow/database.json", "escrow/openmrs-admin.json"),
        *("escrow/attachments.json", "clinic.json"),
    }
    planted = ["bash", "-c", "sleep 30; true", next(iter(secrets))]
    with subprocess.Popen(planted) as process:
        try:
            for group in cgroups.machine_groups(site_access.site, "store"):
                (group / "cgroup.procs").write_text(str(process.pid))
            found = _told(site_access.site, "cmdline", secrets)
        finally:
            process.kill()
    assert found == {("bash", next(iter(secrets.values())))}


def test_a_kubelet_reads_what_its_own_pods_use(
    layout: Layout, sandbox: Sandbox
) -> None:
    """A node's key reads the Secret of a pod that runs there; another node's does not."""
    first, second, *_ = layout.topology.primary.nodes
    secret = config("kept", {"word": _SECRET}, "Secret")
    sandbox.apply(
        secret,
        sandbox.pod(
            *("reader", *IDLE),
            nodeName=first.name,
            volumes=[{"name": "kept", "secret": {"secretName": "kept"}}],
            container={"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]},
        ),
    )
    sandbox.ready("pod/reader")
    told = _as_kubelet(layout, sandbox, first)
    assert base64.b64encode(_SECRET.encode()).decode() in told
    with pytest.raises(CommandError, match=r"orbidden.*no relationship found"):
        _as_kubelet(layout, sandbox, second)


def test_etcd_keeps_secrets_sealed(layout: Layout, sandbox: Sandbox) -> None:
    """In etcd a Secret is ciphertext; the same look at a ConfigMap reads it as it is."""
    sandbox.apply(
        config("sealed", {"word": _SECRET}, "Secret"), config("open", {"word": _SECRET})
    )
    cluster = layout.topology.primary
    client = layout.pki(cluster) / cluster.control_plane / "etcd-client"

    def kept(kind: str, name: str) -> bytes:
        key = f"/registry/{kind}/{sandbox.namespace}/{name}"
        return endpoints.etcd_value(layout, cluster, key, client)

    assert _SECRET.encode() in kept("configmaps", "open")
    sealed = kept("secrets", "sealed")
    assert sealed.startswith(b"k8s:enc:secretbox:v1:1:")
    assert _SECRET.encode() not in sealed


def _all_secrets(layout: Layout) -> dict[str, str]:
    """Return every secret of a site, as it is and in base64, and the file it lies in."""
    folder, found = layout.folder, dict[str, str]()
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if (
            path.is_symlink()
            or not path.is_file()
            or name.startswith(("machines/", "net/"))
        ):
            continue
        if path.suffix == ".key":
            # One line of a PEM is enough to know it by.
            found[path.read_text().splitlines()[1]] = name
        elif path.suffix in {".json", ""}:
            words = re.findall(r"\b[0-9a-f]{40}\b", path.read_text(errors="replace"))
            found |= dict.fromkeys(words, name)
        if path.name == "encryption.json":
            (key,) = re.findall(r'"secret": "([^"]+)"', path.read_text())
            found[key] = name
    coded = {base64.b64encode(word.encode()).decode(): n for word, n in found.items()}
    # The first letters of every token that Kubernetes signs.
    return found | coded | {"eyJhbGciOi": "token"}


def _told(site: str, file: str, secrets: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return (process, secret's file) wherever a process' `file` in /proc has one."""
    found = set()
    for pid in cgroups.processes(site):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/{file}").read_bytes().decode(errors="replace")
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            found |= {(name, secrets[word]) for word in secrets if word in text}
    return found


def _as_kubelet(layout: Layout, sandbox: Sandbox, node: Node) -> str:
    config_file = layout.pki(layout.topology.primary) / node.name / "kubelet.conf"
    words = ("-n", sandbox.namespace, "get", "secret", "kept", "-o", "json")
    item = next(each for each in builds.BUILDS if each.name == "kubernetes")
    program = builds.build(item) / "kubectl"
    return run([program, f"--kubeconfig={config_file}", *words])
