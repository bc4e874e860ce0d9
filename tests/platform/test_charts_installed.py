"""What a site's Kubernetes itself says of the charts: admission, eviction, releases."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform import __main__ as command_line
from reprise_platform import kube, kube_rest
from reprise_platform.access import Access, Cluster
from reprise_platform.command import run
from reprise_platform.embedded import builds
from reprise_platform.kube import KubeError, Object, text
from reprise_platform.kube_rest import at
from reprise_platform.waiting import until
from reprise_platform.workloads import patient
from tests.platform import charting

pytestmark = pytest.mark.cluster


def _dry_run(cluster: Cluster, item: Object) -> None:
    """Let the API server judge an object, with all its admission, and keep nothing."""
    query = "?dryRun=All&fieldValidation=Strict&fieldManager=test&force=true"
    kube_rest.request(
        cluster,
        "PATCH",
        f"{kube_rest.path_of(item)}/{text(item, 'metadata', 'name')}{query}",
        f"apply {item['kind']}",
        body=item,
        content_type="application/apply-patch+yaml",
    )


def _pod(name: str, namespace: str, template: Object) -> Object:
    """Return a template's pod; a volume that a StatefulSet claims for it is empty here."""
    spec = copy.deepcopy(template["spec"])
    assert isinstance(spec, dict)
    volumes = spec["volumes"]
    assert isinstance(volumes, list)
    if name == "galera":
        volumes.append({"name": "data", "emptyDir": {}})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


@pytest.mark.parametrize("variation", charting.VARIATIONS)
def test_the_api_server_takes_every_object(
    site_access: Access, tmp_path: Path, variation: str
) -> None:
    """Every object a real site may ask for passes the API server's own strict check."""
    values = charting.VARIATIONS[variation]
    for item in charting.rendered(site_access.helm, tmp_path, values):
        # A StatefulSet that runs takes no other volumes: under a name of its own.
        metadata = item["metadata"]
        assert isinstance(metadata, dict)
        renamed = {**item, "metadata": {**metadata, "name": "dry-run"}}
        _dry_run(site_access.primary, renamed)


def test_every_pod_of_the_application_is_restricted(
    site_access: Access, tmp_path: Path
) -> None:
    """In the application's namespace the API server takes its pods, warning of none."""
    values = charting.VARIATIONS["the recovery site"]
    items = [
        *charting.rendered(site_access.helm, tmp_path, {}),
        *charting.rendered(site_access.helm, tmp_path, values),
    ]
    names = set()
    for name, template in charting.pod_templates(items):
        names.add(name)
        _dry_run(site_access.primary, _pod(name, site_access.namespace, template))
    assert names == {"openmrs", "galera", "dump", "load", "attachments"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("containers", "0", "securityContext", "allowPrivilegeEscalation"), True),
        (("securityContext", "runAsUser"), 0),
        (("securityContext", "seccompProfile", "type"), "Unconfined"),
        (("hostNetwork",), True),
        (("volumes", "0"), {"name": "scripts", "hostPath": {"path": "/"}}),
    ],
    ids=lambda each: ".".join(each) if isinstance(each, tuple) else "",
)
@pytest.mark.parametrize("cluster", ["primary", "recovery"])
def test_a_privileged_pod_is_refused(
    site_access: Access,
    tmp_path: Path,
    cluster: str,
    path: tuple[str, ...],
    value: kube.Json,
) -> None:
    """A pod that asks for more than "restricted" is not admitted beside the service's."""
    where: Cluster = getattr(site_access, cluster)
    namespace = site_access.namespace if cluster == "primary" else "kube-system"
    items = charting.rendered(site_access.helm, tmp_path, {})
    template = dict(charting.pod_templates(items))["galera"]
    pod = _pod("galera", namespace, template)
    here: kube.Json = pod["spec"]
    for step in path[:-1]:
        if isinstance(here, list):
            here = here[int(step)]
        else:
            assert isinstance(here, dict)
            here = here[step]
    if isinstance(here, list):
        here[int(path[-1])] = value
    else:
        assert isinstance(here, dict)
        here[path[-1]] = value
    with pytest.raises(KubeError, match=r'violates PodSecurity "restricted:v1\.35"'):
        _dry_run(where, pod)


def test_what_runs_is_not_root(site_access: Access) -> None:
    """Inside each pod: no root, no capability, system calls filtered, programs unwritable."""
    script = (
        "id -u; grep -E '^(CapEff|Seccomp|NoNewPrivs):' /proc/self/status; touch /x"
    )
    for app in ("galera", "openmrs", "dump"):
        (pod, *_) = kube.pods(site_access.primary, site_access.namespace, f"app={app}")
        told = run(
            [
                *(_kubectl(), f"--kubeconfig={site_access.primary.kubeconfig}"),
                *("-n", site_access.namespace, "exec", pod.name, "-c"),
                *(_container(app), "--", "sh", "-c", f"({script}) 2>&1; true"),
            ]
        )
        lines = told.split("\n")
        assert int(lines[0]) > 0, app
        assert {*lines} >= {
            "CapEff:\t0000000000000000",
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
        }
        assert "Read-only file system" in told, app


def test_no_dead_client_stays(site_access: Access) -> None:
    """What a probe that was cut off leaves behind in a member's pod is reaped."""
    cluster, namespace = site_access.primary, site_access.namespace
    line: tuple[str | Path, ...] = (_kubectl(), f"--kubeconfig={cluster.kubeconfig}")
    line = (*line, "-n", namespace, "exec", "galera-0", "-c", "mariadb", "--")
    states = "cat /proc/[0-9]*/stat 2> /dev/null | grep -c ') Z ' || true"
    # The parent ends first: who takes the child is the pod's first process.
    run([*line, "bash", "-c", "for i in 1 2 3; do (sleep 0.2 &); done"])
    until(
        lambda: run([*line, "bash", "-c", "pgrep -x sleep || echo none"]) == "none\n",
        within_s=20,
        every_s=0.2,
        what="three children of no one to end",
    )
    assert run([*line, "bash", "-c", states]).strip() == "0"


@pytest.fixture
def whole(site_access: Access) -> Iterator[Access]:
    """Have every pod of the service ready, before and after."""
    _until_ready(site_access)
    yield site_access
    _until_ready(site_access)


@pytest.mark.parametrize("app", ["openmrs", "galera"])
def test_only_one_may_be_evicted(whole: Access, app: str) -> None:
    """Through the Eviction API one pod goes; a second is refused until the first is back."""
    cluster, namespace = whole.primary, whole.namespace
    first, second, *_ = kube.pods(cluster, namespace, f"app={app}")
    _evict(cluster, namespace, first.name)
    with pytest.raises(KubeError, match="disruption budget") as refused:
        _evict(cluster, namespace, second.name)
    assert refused.value.status == 429
    uids = {pod.uid for pod in kube.pods(cluster, namespace, f"app={app}")}
    assert second.uid in uids


def test_releases_are_helms(site_access: Access) -> None:
    """`helm list` knows what the site installed, on each cluster, in its first revision."""
    for cluster, wanted in (
        (site_access.primary, {"cluster", "openmrs", "velero"}),
        (site_access.recovery, {"cluster", "velero"}),
    ):
        listed = json.loads(_helm(site_access, cluster, "list", "-A", "-o", "json"))
        assert {each["name"] for each in listed} == wanted
        assert {each["status"] for each in listed} == {"deployed"}


def test_up_again_makes_no_revision(site_access: Access) -> None:
    """`up` on a site that is up leaves its releases as they are; what is gone comes back."""

    def revisions() -> dict[str, str]:
        listed = json.loads(
            _helm(site_access, site_access.primary, "list", "-A", "-o", "json")
        )
        return {each["name"]: each["revision"] for each in listed}

    before = revisions()
    assert command_line.main(["up", "--name", site_access.site]) == 0
    assert revisions() == before
    kube.delete(
        site_access.primary,
        "policy/v1",
        "PodDisruptionBudget",
        "galera",
        namespace=site_access.namespace,
    )
    assert command_line.main(["up", "--name", site_access.site]) == 0
    assert revisions() == before | {"openmrs": str(int(before["openmrs"]) + 1)}
    listed = kube.list_objects(
        site_access.primary,
        "policy/v1",
        "PodDisruptionBudget",
        namespace=site_access.namespace,
    )
    assert {text(item, "metadata", "name") for item in listed} == {"galera", "openmrs"}


def _evict(cluster: Cluster, namespace: str, pod: str) -> None:
    body: Object = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": namespace},
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    kube_rest.request(cluster, "POST", path, f"evict {pod}", body=body)


def _until_ready(access: Access) -> None:
    def ready() -> bool:
        for kind, app in (("StatefulSet", "galera"), ("Deployment", "openmrs")):
            found = kube.get_object(
                access.primary, "apps/v1", kind, app, namespace=access.namespace
            )
            wanted = at(found, "spec", "replicas")
            if wanted is None or at(found, "status", "readyReplicas") != wanted:
                return False
        # The controller lets one go again a moment after the last is ready.
        budgets = kube.list_objects(
            access.primary,
            "policy/v1",
            "PodDisruptionBudget",
            namespace=access.namespace,
        )
        return all(at(each, "status", "disruptionsAllowed") == 1 for each in budgets)

    until(
        patient(ready), within_s=180, every_s=1, what="every pod of the service ready"
    )


def _container(app: str) -> str:
    return "mariadb" if app == "galera" else app


def _kubectl() -> Path:
    item = next(each for each in builds.BUILDS if each.name == "kubernetes")
    return builds.build(item) / "kubectl"


def _helm(access: Access, cluster: Cluster, *words: str) -> str:
    home = str(access.state / "helm" / ".helm")
    env = dict.fromkeys(("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "KUBECACHEDIR"), home)
    return run([access.helm, *words, "--kubeconfig", cluster.kubeconfig], env=env)
