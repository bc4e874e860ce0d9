"""A release is installed when it must be, and then alone; a kill half-way is no obstacle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from reprise_platform import charts, kube
from reprise_platform.access import Cluster
from reprise_platform.kube import Object
from tests.platform import fakecluster

_ITEM = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made, namespace: openmrs}\n"


class Helm:
    """Helm in memory: it renders one object, and puts the release's Secret there."""

    def __init__(self, cluster: fakecluster.FakeKube) -> None:
        self.cluster = cluster
        self.installed: list[list[str]] = []
        self.environments: list[Mapping[str, str]] = []

    def run(
        self,
        command: Sequence[str | Path],
        *,
        within_s: float,
        env: Mapping[str, str],
        stdin: str | None = None,
    ) -> str:
        """Stand for the program."""
        assert within_s > 0, "a Helm that hangs must be given up"
        words = [str(word) for word in command]
        self.environments.append(env)
        if "template" in words:
            assert stdin is not None
            return _ITEM
        self.installed.append(words)
        pair = words[words.index("--labels") + 1]
        self.revision("deployed", made_from=pair.partition("=")[2])
        self.cluster.put("ConfigMap", "made", "openmrs")
        return ""

    def revision(self, status: str, *, made_from: str = "") -> None:
        """Put the Secret of one more revision there."""
        number = sum(key[0] == "Secret" for key in self.cluster.objects) + 1
        self.cluster.put(
            "Secret",
            f"sh.helm.release.v1.openmrs.v{number}",
            "openmrs",
            labels={
                "owner": "helm",
                "name": "openmrs",
                "status": status,
                "reprise-made-from": made_from,
            },
        )


@pytest.fixture
def helm(monkeypatch: pytest.MonkeyPatch) -> Helm:
    """Put the fakes in the place of Helm and of the cluster."""
    cluster, _ = fakecluster.install(monkeypatch)
    made = Helm(cluster)
    monkeypatch.setattr(charts, "run", made.run)
    charts._template.cache_clear()
    return made


@pytest.fixture
def release(tmp_path: Path) -> charts.Release:
    """Write some values."""
    values = tmp_path / "helm" / "values.yaml"
    charts.write_values(values, {"openmrs": {"replicas": 3}})
    return charts.Release(
        name="openmrs", chart="openmrs", namespace="openmrs", values=values
    )


def _recovery(folder: Path) -> Cluster:
    return fakecluster.access(folder).recovery


def test_installed_once(helm: Helm, release: charts.Release, tmp_path: Path) -> None:
    """The first time makes a revision; again, with the same values, makes none."""
    cluster = _recovery(tmp_path)
    assert charts.install(Path("helm"), cluster, release) is True
    assert charts.install(Path("helm"), cluster, release) is False
    (words,) = helm.installed
    assert words[3:6] == ["helm", "upgrade", "--install"]
    assert str(release.values) in words
    assert str(cluster.kubeconfig) in words


def test_other_values_are_another_revision(
    helm: Helm, release: charts.Release, tmp_path: Path
) -> None:
    """A changed value reaches the cluster."""
    charts.install(Path("helm"), _recovery(tmp_path), release)
    charts.write_values(release.values, {"openmrs": {"replicas": 2}})
    assert charts.install(Path("helm"), _recovery(tmp_path), release) is True
    assert len(helm.installed) == 2


def test_what_was_deleted_comes_back(
    helm: Helm, release: charts.Release, tmp_path: Path
) -> None:
    """An object of the release that is gone is made again by the next `up`."""
    charts.install(Path("helm"), _recovery(tmp_path), release)
    kube.delete(_recovery(tmp_path), "v1", "ConfigMap", "made", namespace="openmrs")
    assert charts.install(Path("helm"), _recovery(tmp_path), release) is True
    assert len(helm.installed) == 2


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade"])
def test_a_revision_left_pending_is_given_up(
    helm: Helm, release: charts.Release, tmp_path: Path, status: str
) -> None:
    """Helm refuses all while one is pending: a kill half-way must not end in that."""
    helm.revision(status)
    assert charts.install(Path("helm"), _recovery(tmp_path), release) is True
    assert ("Secret", "sh.helm.release.v1.openmrs.v1") in helm.cluster.deleted


def test_a_failed_revision_is_made_again(
    helm: Helm, release: charts.Release, tmp_path: Path
) -> None:
    """What failed is not taken for installed, and is left for Helm to supersede."""
    helm.revision("failed")
    assert charts.install(Path("helm"), _recovery(tmp_path), release) is True
    assert helm.cluster.deleted == []


def test_values_are_roots_alone(release: charts.Release) -> None:
    """A values file, and the folder it lies in, are nobody else's to read."""
    assert release.values.stat().st_mode & 0o777 == 0o600
    assert release.values.parent.stat().st_mode & 0o777 == 0o700
    assert list(release.values.parent.iterdir()) == [release.values]


def test_helm_keeps_to_the_site(
    helm: Helm, release: charts.Release, tmp_path: Path
) -> None:
    """Helm reads nobody's plug-ins and leaves no cache in anybody's home."""
    charts.install(Path("helm"), _recovery(tmp_path), release)
    for environment in helm.environments:
        for name in (
            "HELM_CACHE_HOME",
            "HELM_CONFIG_HOME",
            "HELM_DATA_HOME",
            "KUBECACHEDIR",
        ):
            assert Path(environment[name]).is_relative_to(tmp_path)


def test_a_chart_is_rendered_once(helm: Helm, release: charts.Release) -> None:
    """A recovery's steps share one rendering; changed values are rendered again."""
    first: list[Object] = charts.render(Path("helm"), release)
    assert charts.render(Path("helm"), release) == first
    assert len(helm.environments) == 1
    charts.write_values(release.values, {"openmrs": {"replicas": 1}})
    charts.render(Path("helm"), release)
    assert len(helm.environments) == 2
