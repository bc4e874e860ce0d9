"""A folder as a real site's team would have it, of a site that is up here."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from reprise_platform import kube, manifests, paths
from reprise_platform.access import Access, Cluster
from reprise_platform.embedded import credentials
from reprise_platform.kube_rest import Json, request, text
from reprise_platform.waiting import until

type Way = str | dict[str, Json]

_RIGHTS = paths.PLATFORM / "sites" / "remote-rights.yaml"
_TOKEN_LASTS_S = 7200
# On a machine busy with other sites a program takes a minute to begin.
_COMMAND_WITHIN_S = 600
_CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "Namespace"}


def commands(access: Access) -> dict[str, Way]:
    """Return a command for each capability: an operator's hand on the embedded site."""
    # Known by no variable of the caller's: only what the command itself says.
    program = ["env", f"REPRISE_STATE={paths.state()}", sys.executable, "-m"]

    def way(*words: str) -> Way:
        line: list[Json] = [*program, "reprise_platform", *words, "--name", access.site]
        return {"command": line, "within_s": _COMMAND_WITHIN_S}

    return {
        "power_off": way("power", "off", "{machine}"),
        "power_on": way("power", "on", "{machine}"),
        "isolate_zone": way("zone", "isolate", "{zone}"),
        "restore_zone": way("zone", "restore", "{zone}"),
        "power_off_primary": way("power", "off", "--primary"),
        "fence_primary": way("fence"),
        "switch": way("switch", "{to}"),
        "make_recovery_volumes": way("volumes", "make", "--namespace", "{namespace}"),
        "drop_recovery_volumes": way("volumes", "drop", "{volume}"),
    }


@contextlib.contextmanager
def rights(access: Access) -> Iterator[None]:
    """Have the accounts of `remote-rights.yaml` on both clusters for a while."""
    items = list(yaml.safe_load_all(_RIGHTS.read_text(encoding="utf-8")))
    clusters = (access.primary, access.recovery)
    for cluster in clusters:
        kube.apply(cluster, items)
    try:
        yield
    finally:
        for cluster in clusters:
            for item in items:
                if item["kind"] in _CLUSTER_WIDE:
                    name = text(item, "metadata", "name")
                    kube.delete(cluster, item["apiVersion"], item["kind"], name)
        for cluster in clusters:
            _wait_until_gone(cluster)


def _wait_until_gone(cluster: Cluster) -> None:
    """Wait: accounts made anew in a namespace that is on its way out would go with it."""

    def gone() -> bool:
        return kube.get_object(cluster, "v1", "Namespace", "reprise") is None

    until(gone, within_s=60, every_s=0.5, what="the accounts' namespace to be gone")


def with_ways(file: Path, ways: Mapping[str, Way]) -> None:
    """Replace the ways of some capabilities in a site file."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    raw["capabilities"] |= ways
    file.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")


def write(folder: Path, access: Access, *, name: str) -> Path:
    """Write the site file of a site that is up here, and all it names; return it."""
    reached = {
        cluster.name: _reached(folder, cluster)
        for cluster in (access.primary, access.recovery)
    }
    accounts = json.loads(credentials.account_file(access.state).read_text())
    secret = accounts["accessAccounts"]["recovery"]["secret"]
    _private(folder / "bucket.json", {"access_key": "recovery", "secret_key": secret})
    _private(folder / "clinic.json", json.loads(access.clinic_credentials.read_text()))
    assert access.authority is not None
    assert access.observability_credentials is not None
    shutil.copyfile(access.authority, folder / "authority.pem")
    login = json.loads(access.observability_credentials.read_text())
    _private(folder / "observability.json", login)
    assert access.alert_webhook_token is not None
    shutil.copy(access.alert_webhook_token, folder / "webhook-token")
    shutil.copytree(access.escrow, folder / "escrow")
    shutil.copyfile(manifests.values_file(access), folder / "recovery-values.yaml")
    raw = {
        "name": name,
        "provider": "remote",
        **reached,
        "namespace": access.namespace,
        "front_door": {"url": access.front_door},
        "clinic_credentials": "clinic.json",
        "backup_store": {
            "endpoint": access.backup_store.endpoint,
            "bucket": access.backup_store.bucket,
            "region": access.backup_store.region,
            "credentials": "bucket.json",
        },
        "authority": "authority.pem",
        "observability": {
            "prometheus": access.prometheus,
            "alertmanager": access.alertmanager,
            "credentials": "observability.json",
            "webhook": access.alert_webhook,
            "webhook_token": "webhook-token",
        },
        "escrow": "escrow",
        "recovery_values": "recovery-values.yaml",
        "detection": {"node_monitor_grace_s": 8, "eviction_after_s": 5},
        "backups": {"every_s": 55, "restore_deadline_s": 120},
        "capabilities": commands(access),
    }
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    return file


def _reached(folder: Path, cluster: Cluster) -> dict[str, str]:
    """Write a kubeconfig for each of the two accounts, as a person would keep them."""
    found = {"uid": cluster.uid}
    own = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    (server,) = (each["cluster"] for each in own["clusters"])
    for account, prefix in (("operator", ""), ("observer", "observer_")):
        context = f"{account}@{cluster.name}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "",
            "clusters": [{"name": cluster.name, "cluster": server}],
            "users": [{"name": account, "user": {"token": _token(cluster, account)}}],
            "contexts": [
                {"name": context, "context": {"cluster": cluster.name, "user": account}}
            ],
        }
        file = folder / f"{account}-{cluster.name}.kubeconfig"
        _private(file, config)
        found |= {f"{prefix}kubeconfig": file.name, f"{prefix}context": context}
    return found


def _token(cluster: Cluster, account: str) -> str:
    path = f"/api/v1/namespaces/reprise/serviceaccounts/{account}/token"
    body: dict[str, Json] = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _TOKEN_LASTS_S},
    }
    answer = request(cluster, "POST", path, f"token of {account}", body=body)
    return text(answer, "status", "token")


def _private(file: Path, value: object) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(value), encoding="utf-8")
