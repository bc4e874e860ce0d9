"""Charts rendered and installed with Helm, as a person would from a shell."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from reprise_platform import content, kube, paths
from reprise_platform.access import Cluster
from reprise_platform.command import DIES_WITH_US, run
from reprise_platform.kube import Json, Object, text

_WITHIN_S = 120.0
_KEPT_REVISIONS = 3
# What a release was made from; Helm keeps it as a label of the release's Secret.
_MADE_FROM = "reprise-made-from"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A chart of `platform/helm`, the name it is installed by, and its values' file."""

    name: str
    chart: str
    namespace: str
    values: Path


def folder(chart: str) -> Path:
    """Return a chart's folder."""
    return paths.PLATFORM / "helm" / chart


def write_values(path: Path, values: Mapping[str, Json]) -> None:
    """Write a values file, root's alone, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.new")
    partial.touch(mode=0o600)
    partial.write_text(yaml.safe_dump(dict(values), sort_keys=False), encoding="utf-8")
    partial.rename(path)


def render(helm: Path, release: Release) -> list[Object]:
    """Return the objects that a release would be made of, asking no cluster.

    Raises:
        CommandError: the values are not what the chart takes; Helm's message names them.
    """
    return _parsed(_template(helm, release, release.values.read_text(encoding="utf-8")))


def install(helm: Path, cluster: Cluster, release: Release) -> bool:
    """Make a release be as its chart and values say; return whether anything was done.

    Nothing is done, and no revision made, where the same chart and values are installed
    and every object is there. A revision that a kill left pending is given up first:
    Helm would refuse every later one.

    Raises:
        CommandError: Helm's message.
        KubeError: the cluster did not answer.
    """
    made_from = content.key([folder(release.chart), release.values, str(helm)])
    if _is_installed(helm, cluster, release, made_from):
        return False
    run(
        [
            # A killed `up` leaves no Helm that still writes.
            *(*DIES_WITH_US, helm, "upgrade", "--install", release.name),
            *(folder(release.chart), "--values", release.values),
            *(
                "--namespace",
                release.namespace,
                "--labels",
                f"{_MADE_FROM}={made_from}",
            ),
            *(
                "--history-max",
                str(_KEPT_REVISIONS),
                "--kubeconfig",
                cluster.kubeconfig,
            ),
        ],
        within_s=_WITHIN_S,
        env=_environment(release),
    )
    return True


def _is_installed(
    helm: Path, cluster: Cluster, release: Release, made_from: str
) -> bool:
    """Tell whether the release is there, just so and whole; give up what is pending."""
    found = kube.list_objects(
        cluster,
        "v1",
        "Secret",
        namespace=release.namespace,
        selector=f"owner=helm,name={release.name}",
    )
    made = ""
    for item in found:
        status = text(item, "metadata", "labels", "status")
        if status.startswith("pending-"):
            name = text(item, "metadata", "name")
            kube.delete(cluster, "v1", "Secret", name, namespace=release.namespace)
        elif status == "deployed":
            made = text(item, "metadata", "labels", _MADE_FROM)
    return made == made_from and all(
        _is_there(cluster, item) for item in render(helm, release)
    )


def _is_there(cluster: Cluster, item: Object) -> bool:
    return (
        kube.get_object(
            cluster,
            text(item, "apiVersion"),
            text(item, "kind"),
            text(item, "metadata", "name"),
            namespace=text(item, "metadata", "namespace") or None,
        )
        is not None
    )


@functools.cache
def _template(helm: Path, release: Release, values: str) -> str:
    """Render once; `values` is what the file held, so that a changed one is read again."""
    return run(
        [
            *(helm, "template", release.name, folder(release.chart), "--values", "-"),
            *("--namespace", release.namespace),
        ],
        within_s=_WITHIN_S,
        env=_environment(release),
        stdin=values,
    )


def _parsed(rendered: str) -> list[Object]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [item for item in yaml.load_all(rendered, Loader=loader) if item]


def _environment(release: Release) -> dict[str, str]:
    """Keep Helm to the site's folder: no one's plug-ins, no cache in anyone's home."""
    own = release.values.parent / ".helm"
    names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "KUBECACHEDIR")
    return {**{name: str(own) for name in names}, "PATH": os.environ.get("PATH", "")}
