"""A cluster in memory behind `reprise_platform.kube`, and a Velero that plays a script."""

from __future__ import annotations

import copy
import datetime
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from reprise_platform import kube, velero, workloads
from reprise_platform.access import Access, BackupStore, Cluster
from reprise_platform.errors import CommandError

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def access(folder: Path) -> Access:
    """Describe a site whose clusters are in memory."""

    def cluster(name: str) -> Cluster:
        return Cluster(
            name=name,
            kubeconfig=folder / f"{name}.conf",
            observer_kubeconfig=folder / f"{name}-observer.conf",
            context=name,
            uid=f"uid-{name}",
        )

    return Access(
        site="fake",
        provider="embedded",
        front_door="http://127.0.0.1:1",
        primary=cluster("primary"),
        recovery=cluster("recovery"),
        backup_store=BackupStore(endpoint="http://127.0.0.1:2", bucket="b", region="r"),
        clinic_credentials=folder / "clinic.json",
        velero=folder / "velero",
        escrow=folder / "escrow",
        state=folder,
        zones={"a": ("a1",)},
        recovery_nodes=("r1",),
        namespace="openmrs",
        probe_rates_per_s={"read": 25, "write": 2},
        production=False,
    )


def stamp(seconds: float = 0) -> str:
    """Return an instant as Kubernetes writes it: whole seconds, Z."""
    at = NOW + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeKube:
    """Objects of the recovery cluster; to touch the primary is an error, it is dead.

    `script` holds, by kind, successive states that a created object goes through: one at
    each look, the last one for ever.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], kube.Object] = {}
        self.applied: list[kube.Object] = []
        self.deleted: list[tuple[str, str]] = []
        self.scripts: dict[tuple[str, str, str], itertools.chain[kube.Object]] = {}
        self.log = ""
        self.log_of: dict[str, str] = {}

    def put(
        self,
        kind: str,
        name: str,
        namespace: str = "velero",
        labels: dict[str, kube.Json] | None = None,
        **parts: kube.Json,
    ) -> None:
        """Put one object there."""
        found: kube.Object = {
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace},
        }
        found |= parts
        if labels:
            found["metadata"] = {"name": name, "namespace": namespace, "labels": labels}
        self.objects[kind, namespace, name] = found

    def play(
        self, kind: str, name: str, states: Iterable[Mapping[str, object]]
    ) -> None:
        """Let an object's status go through `states`, one a look, the last for ever."""
        *first, last = states
        self.scripts[kind, "velero", name] = itertools.chain(
            first,  # type: ignore[arg-type]
            itertools.repeat(last),  # type: ignore[arg-type]
        )

    def _alive(self, cluster: Cluster) -> None:
        assert cluster.name == "recovery", "the recovery must not look at the primary"

    def _looked(self, key: tuple[str, str, str]) -> kube.Object | None:
        found = self.objects.get(key)
        if found is not None and key in self.scripts:
            found = {**found, "status": next(self.scripts[key])}
        return copy.deepcopy(found)

    def get_object(
        self,
        cluster: Cluster,
        _version: str,
        kind: str,
        name: str,
        *,
        namespace: str | None = None,
    ) -> kube.Object | None:
        """Stand for `kube.get_object`."""
        self._alive(cluster)
        return self._looked((kind, namespace or "", name))

    def list_objects(
        self,
        cluster: Cluster,
        _version: str,
        kind: str,
        *,
        namespace: str | None = None,
        selector: str = "",
    ) -> tuple[kube.Object, ...]:
        """Stand for `kube.list_objects`; a selector is `label=value`s, with commas."""
        self._alive(cluster)
        wanted = [pair.partition("=") for pair in selector.split(",") if pair]
        return tuple(
            found
            for key in [*self.objects]
            if key[0] == kind and key[1] == (namespace or "")
            if all(
                kube.text(self.objects[key], "metadata", "labels", label) == value
                for label, _, value in wanted
            )
            if (found := self._looked(key))
        )

    def apply(self, cluster: Cluster, objects: Iterable[kube.Object]) -> None:
        """Stand for `kube.apply`; what is applied runs at once."""
        self._alive(cluster)
        for item in objects:
            self.applied.append(item)
            metadata = item["metadata"]
            assert isinstance(metadata, dict)
            key = (str(item["kind"]), str(metadata.get("namespace", "")))
            running: kube.Object = {
                "observedGeneration": 1,
                "readyReplicas": 1,
                "updatedReplicas": 1,
                "succeeded": 1,
            }
            self.objects[*key, str(metadata["name"])] = {"status": running, **item}

    def delete(
        self,
        cluster: Cluster,
        _version: str,
        kind: str,
        name: str,
        *,
        namespace: str | None = None,
    ) -> None:
        """Stand for `kube.delete`."""
        self._alive(cluster)
        self.deleted.append((kind, name))
        self.objects.pop((kind, namespace or "", name), None)

    def pods(
        self, cluster: Cluster, namespace: str, selector: str
    ) -> tuple[kube.PodState, ...]:
        """Stand for `kube.pods`: one pod for any selector."""
        self._alive(cluster)
        pod = kube.PodState(
            name=f"{namespace}-{selector}",
            uid="1",
            node="r1",
            phase="Running",
            ready=True,
            deleting=False,
            labels={},
        )
        return (pod,)

    def pod_log(self, cluster: Cluster, _namespace: str, pod: str) -> str:
        """Stand for `kube.pod_log`."""
        self._alive(cluster)
        return self.log_of.get(pod, self.log)


class FakeVelero:
    """The client: it makes the object asked for, whatever it says or returns."""

    def __init__(self, cluster: FakeKube) -> None:
        self.cluster = cluster
        self.lines: list[list[str]] = []
        self.on_restore: Callable[[str, str], None] = lambda _name, _backup: None
        self.is_silent = False

    def run(self, command: Sequence[str | Path], *, within_s: float) -> str:
        """Stand for the program."""
        assert within_s > 0, "a client that hangs must be given up"
        words = [str(word) for word in command]
        self.lines.append(words)
        if self.is_silent:
            message = "exit code 1: An error occurred"
            raise CommandError(message)
        kind, _create, name = words[words.index("velero", 1) + 1 :][:3]
        if kind == "restore":
            self.cluster.put("Restore", name)
            self.on_restore(name, words[words.index("--from-backup") + 1])
        else:
            self.cluster.put("Backup", name)
        # The real client answers 0 for a restore that failed; nobody may believe it.
        return "Restore completed with status: Failed"


def install(monkeypatch: pytest.MonkeyPatch) -> tuple[FakeKube, FakeVelero]:
    """Put the fakes in the place of the cluster and of the client."""
    cluster = FakeKube()
    client = FakeVelero(cluster)
    for name in ("get_object", "list_objects", "apply", "delete", "pods", "pod_log"):
        monkeypatch.setattr(kube, name, getattr(cluster, name))
    monkeypatch.setattr(velero, "run", client.run)
    monkeypatch.setattr(workloads, "_POLL_S", 0.001)
    return cluster, client
