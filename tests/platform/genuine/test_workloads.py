"""Pods are started, replaced, moved and ended as on any Kubernetes."""

from __future__ import annotations

import kubernetes.client
import kubernetes.config
import pytest
from kubernetes.client.exceptions import ApiException

from reprise_platform.access import Access
from reprise_platform.kube import Object
from reprise_platform.waiting import until
from tests.platform.genuine.sandbox import IDLE, Sandbox, config

pytestmark = pytest.mark.cluster

_ROLLOUT = ("--timeout=80s",)


@pytest.fixture(scope="module", autouse=True)
def ticking(commons: Sandbox) -> Sandbox:
    """Ask for a CronJob first: it ticks once a minute, and the last test sees it."""
    job: Object = {"template": {"spec": commons.spec("true", restartPolicy="Never")}}
    spec: Object = {"schedule": "* * * * *", "jobTemplate": {"spec": job}}
    commons.apply(
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "tick"},
            "spec": spec,
        }
    )
    return commons


def test_rollout_and_rollback(sandbox: Sandbox) -> None:
    """A change rolls out; one that cannot start leaves the old pods; undo takes it back."""

    def tags() -> list[str]:
        running = ("pods", "-l", "app=web", "--field-selector=status.phase=Running")
        return sandbox.values(".items[*].spec.containers[0].env[1].value", *running)

    def deploy(tag: str, image: str) -> None:
        pod_name: Object = {"fieldRef": {"fieldPath": "metadata.name"}}
        env: list[Object] = [
            {"name": "POD", "valueFrom": pod_name},
            {"name": "TAG", "value": tag},
        ]
        changed: Object = {"env": [*env], "image": image}
        sandbox.apply(
            sandbox.workload("Deployment", "web", *IDLE, replicas=2, container=changed)
        )

    for tag in ("one", "two"):
        deploy(tag, sandbox.image)
        sandbox.kubectl("rollout", "status", "deployment/web", *_ROLLOUT)
    assert set(tags()) == {"two"}
    deploy("three", "localhost/reprise/none:none")
    sandbox.refused("timed out", "rollout", "status", "deployment/web", "--timeout=3s")
    sandbox.kubectl("rollout", "undo", "deployment/web")
    sandbox.kubectl("rollout", "status", "deployment/web", *_ROLLOUT)
    assert tags() == ["two", "two"]
    history = sandbox.kubectl("rollout", "history", "deployment/web")
    # Undone is not forgotten: the second revision became the fourth.
    assert [line.split()[0] for line in history.splitlines()[2:] if line] == list("134")


def test_exec_has_input_and_an_exit_code(sandbox: Sandbox) -> None:
    """A command in a pod reads what it is given, and its exit code comes back."""
    sandbox.apply(sandbox.pod("shell", *IDLE))
    sandbox.ready("pod/shell")
    words = ("exec", "-i", "shell", "--", "tr", "a-z", "A-Z")
    assert sandbox.kubectl(*words, stdin="héard\n") == "HéARD\n"
    sandbox.refused("exit code 7:", "exec", "shell", "--", "bash", "-c", "exit 7")


def test_logs_of_this_life_and_the_one_before(sandbox: Sandbox) -> None:
    """A container that fails is started again; each life's log is kept; one can follow."""
    script = (
        "echo life $(cat /seen/lives | wc -l); echo x >> /seen/lives;"
        " [ $(cat /seen/lives | wc -l) = 2 ] || exit 3; sleep 2; echo done"
    )
    mount: Object = {"volumeMounts": [{"name": "seen", "mountPath": "/seen"}]}
    sandbox.apply(
        sandbox.pod(
            *("lives", "bash", "-c", f"touch /seen/lives; {script}"),
            restartPolicy="OnFailure",
            volumes=[{"name": "seen", "emptyDir": {}}],
            container=mount,
        )
    )
    restarted = "jsonpath={.status.containerStatuses[0].restartCount}=1"
    sandbox.kubectl("wait", f"--for={restarted}", "--timeout=80s", "pod/lives")
    assert sandbox.kubectl("logs", "lives", "--previous") == "life 0\n"
    assert sandbox.kubectl("logs", "lives", "--follow") == "life 1\ndone\n"
    last = ".status.containerStatuses[0].lastState.terminated.exitCode"
    assert sandbox.values(last, "pod/lives") == ["3"]


def test_job_ends_well_or_badly(sandbox: Sandbox) -> None:
    """A Job runs to its completions; one that fails stops at its limit and says why."""
    for name, command, more in (
        ("good", ["bash", "-c", "echo $POD"], {"completions": 3, "parallelism": 3}),
        ("bad", ["false"], {"backoffLimit": 0}),
    ):
        template: Object = {"spec": sandbox.spec(*command, restartPolicy="Never")}
        sandbox.apply(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": name},
                "spec": {"template": template, **more},
            }
        )
    wait = ("wait", "--timeout=80s")
    sandbox.kubectl(*wait, "--for=condition=Complete", "job/good")
    sandbox.kubectl(*wait, "--for=condition=Failed", "job/bad")
    assert sandbox.values(".status.succeeded", "job/good") == ["3"]
    assert len(sandbox.kubectl("logs", "-l", "job-name=good").split()) == 3
    failed = '.status.conditions[?(@.type=="Failed")].reason'
    assert sandbox.values(failed, "job/bad") == ["BackoffLimitExceeded"]


def test_configuration_reaches_pods(sandbox: Sandbox) -> None:
    """A ConfigMap and a Secret are variables and files of a pod; a change reaches files."""
    sandbox.apply(
        config("settings", {"colour": "blue"}),
        config("password", {"word": "s3same"}, kind="Secret"),
    )
    sources: list[Object] = [
        {"configMap": {"name": "settings"}},
        {"secret": {"name": "password"}},
    ]
    secret: Object = {"secretKeyRef": {"name": "password", "key": "word"}}
    inner: Object = {
        "envFrom": [{"configMapRef": {"name": "settings"}}],
        "env": [{"name": "WORD", "valueFrom": secret}],
        "volumeMounts": [{"name": "all", "mountPath": "/all"}],
    }
    volume: Object = {
        "name": "all",
        "projected": {"defaultMode": 0o400, "sources": [*sources]},
    }
    sandbox.apply(sandbox.pod("reader", *IDLE, volumes=[volume], container=inner))
    sandbox.ready("pod/reader")
    script = "echo $colour $WORD $(cat /all/colour) $(cat /all/word)"
    assert sandbox.exec("reader", "bash", "-c", script) == "blue s3same blue s3same\n"
    sandbox.apply(config("settings", {"colour": "green"}))
    # A kubelet looks at a pod's volumes when the pod changes, else from time to time.
    sandbox.kubectl("annotate", "pod", "reader", "look=again")
    until(
        lambda: sandbox.exec("reader", "cat", "/all/colour") == "green",
        within_s=80,
        every_s=0.5,
        what="the changed file",
    )


def test_eviction_respects_a_budget(sandbox: Sandbox) -> None:
    """A pod that its disruption budget needs is not evicted; one that it spares is."""
    sandbox.apply(
        sandbox.workload("Deployment", "web", *IDLE, replicas=2),
        _budget(minimum=2),
    )
    sandbox.kubectl("rollout", "status", "deployment/web", *_ROLLOUT)
    _allowed(sandbox, "0")
    (name, *_) = sandbox.values(".items[*].metadata.name", "pods")
    client = kubernetes.config.new_client_from_config(  # type: ignore[no-untyped-call]
        str(sandbox.cluster.kubeconfig), sandbox.cluster.context
    )
    core = kubernetes.client.CoreV1Api(client)
    eviction = kubernetes.client.V1Eviction(
        metadata=kubernetes.client.V1ObjectMeta(name=name)
    )
    with pytest.raises(ApiException) as refused:
        core.create_namespaced_pod_eviction(name, sandbox.namespace, eviction)
    assert refused.value.status == 429
    assert "disruption budget" in str(refused.value.body)
    sandbox.apply(_budget(minimum=1))
    _allowed(sandbox, "1")
    core.create_namespaced_pod_eviction(name, sandbox.namespace, eviction)
    sandbox.kubectl("wait", "--for=delete", f"pod/{name}", "--timeout=80s")


def test_cordon_and_drain(sandbox: Sandbox, a_node: str) -> None:
    """A cordoned node takes no new pod; drained, its pods go and start elsewhere."""
    sandbox.apply(
        sandbox.workload("Deployment", "web", *IDLE, replicas=1, **_preferring(a_node))
    )
    sandbox.kubectl("rollout", "status", "deployment/web", *_ROLLOUT)
    assert sandbox.values(".items[*].spec.nodeName", "pods") == [a_node]
    drained = ("--pod-selector=app=web", "--timeout=60s")
    try:
        sandbox.kubectl("drain", a_node, "--ignore-daemonsets", *drained)
        sandbox.kubectl("rollout", "status", "deployment/web", *_ROLLOUT)
        assert a_node not in sandbox.values(".items[*].spec.nodeName", "pods")
        assert sandbox.values(".spec.unschedulable", f"node/{a_node}") == ["true"]
    finally:
        sandbox.kubectl("uncordon", a_node)


def test_taint_and_toleration(sandbox: Sandbox, a_node: str) -> None:
    """A tainted node takes only the pods that tolerate its taint."""
    taint = f"reprise.test/{sandbox.namespace}"
    here: Object = {"kubernetes.io/hostname": a_node}
    toleration: Object = {"key": taint, "operator": "Exists"}
    sandbox.kubectl("taint", "node", a_node, f"{taint}=:NoSchedule")
    try:
        sandbox.apply(
            sandbox.pod("meek", *IDLE, nodeSelector=here),
            sandbox.pod("bold", *IDLE, nodeSelector=here, tolerations=[toleration]),
        )
        sandbox.ready("pod/bold")
        assert sandbox.values(".status.phase", "pod/meek") == ["Pending"]
        why = sandbox.values(".status.conditions[0].message", "pod/meek")
        assert "untolerated" in why
    finally:
        sandbox.kubectl("taint", "node", a_node, f"{taint}-")
    sandbox.ready("pod/meek")


def test_cron_job_ticks(ticking: Sandbox) -> None:
    """A CronJob makes a Job each minute."""
    until(
        lambda: ticking.values(".status.lastSuccessfulTime", "cronjob/tick"),
        within_s=90,
        every_s=1,
        what="a tick of the CronJob to succeed",
    )
    owners = ticking.values(".items[*].metadata.ownerReferences[0].name", "jobs")
    assert set(owners) == {"tick"}


@pytest.fixture
def a_node(site_access: Access) -> str:
    """Return a node of the primary."""
    zone = max(site_access.zones)
    (node, *_) = site_access.zones[zone]
    return node


def _budget(*, minimum: int) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": minimum, "selector": {"matchLabels": {"app": "web"}}},
    }


def _allowed(sandbox: Sandbox, count: str) -> None:
    """Wait until a budget was reckoned."""
    reckoned = "jsonpath={.status.disruptionsAllowed}=" + count
    observed = "jsonpath={.status.expectedPods}=2"
    for condition in (observed, reckoned):
        sandbox.kubectl("wait", f"--for={condition}", "pdb/web", "--timeout=60s")


def _preferring(node: str) -> Object:
    term: Object = {
        "key": "kubernetes.io/hostname",
        "operator": "In",
        "values": [node],
    }
    preferred: Object = {"weight": 100, "preference": {"matchExpressions": [term]}}
    path = "preferredDuringSchedulingIgnoredDuringExecution"
    return {"affinity": {"nodeAffinity": {path: [preferred]}}}
