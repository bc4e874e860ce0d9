"""The embedded site is what it says: a real cluster, closed, with its secrets kept."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from minio.error import S3Error

from reprise_platform import __main__ as command_line
from reprise_platform import kube
from reprise_platform.access import Access, Cluster
from reprise_platform.capabilities import capabilities
from reprise_platform.command import run
from reprise_platform.embedded import builds, credentials, machine, network
from reprise_platform.embedded.cgroups import processes
from reprise_platform.embedded.layout import Layout
from reprise_platform.errors import CommandError
from reprise_platform.status import status
from reprise_platform.waiting import until
from reprise_platform.workloads import patient
from tests.platform import buckets

pytestmark = pytest.mark.cluster

_BENCHMARKS = ipaddress.IPv4Network("198.18.0.0/15")
_OUTSIDE = "192.0.2.99"  # reserved for documents: nobody's
# What the kubelet and kube-proxy would set for the whole machine.
_SYSCTLS = (
    *("net/ipv4/ip_forward", "vm/overcommit_memory", "vm/panic_on_oom"),
    *("kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys"),
    *("net/ipv4/conf/all/route_localnet", "net/netfilter/nf_conntrack_max"),
)


def _kubectl(cluster: Cluster, *words: str, observe: bool = False) -> str:
    item = next(each for each in builds.BUILDS if each.name == "kubernetes")
    config = cluster.observer_kubeconfig if observe else cluster.kubeconfig
    program = builds.build(item) / "kubectl"
    return run([program, f"--kubeconfig={config}", *words])


def _inside_pod(access: Access, pod: str, script: str) -> str:
    command = ("-n", access.namespace, "exec", pod, "--", "bash", "-c", script)
    return _kubectl(access.primary, *command)


def _host_state() -> dict[str, str]:
    """Return what a site must not change of this machine."""
    found = {
        name: Path("/proc/sys", name).read_text()
        for name in _SYSCTLS
        if Path("/proc/sys", name).exists()
    }
    for program in (["nft", "list", "ruleset"], ["iptables-save"]):
        # Not every machine has both; a site needs neither here.
        with contextlib.suppress(CommandError):
            found[program[0]] = re.sub(r"#.*|\[\d+:\d+\]", "", run(program))
    return found


# Read when the tests are collected: before any site of theirs is up.
_BEFORE = _host_state()


def test_everything_works(site_access: Access) -> None:
    """`status` finds every machine, node, pod, location and the front door well."""
    wrong = [check for check in status(site_access.site) if not check.works]
    assert wrong == []


def test_kubernetes_is_genuine(site_access: Access) -> None:
    """Three zones' nodes are Ready, and server and kubelets tell their real version."""
    nodes = kube.nodes(site_access.primary, observe=True)
    assert {(node.name, node.zone, node.ready) for node in nodes} == {
        (name, zone, True)
        for zone, names in site_access.zones.items()
        for name in names
    }
    told = json.loads(_kubectl(site_access.primary, "version", "-o", "json"))
    assert told["serverVersion"]["gitVersion"] == builds.KUBERNETES_VERSION
    assert told["clientVersion"]["gitVersion"] == builds.KUBERNETES_VERSION
    listed = kube.list_objects(site_access.primary, "v1", "Node")
    kubelets = {
        kube.text(node, "status", "nodeInfo", "kubeletVersion") for node in listed
    }
    assert kubelets == {builds.KUBERNETES_VERSION}


def test_clusters_are_two(site_access: Access) -> None:
    """Each site has a UID, nodes and an API server of its own."""
    assert site_access.primary.uid
    assert site_access.recovery.uid
    assert site_access.primary.uid != site_access.recovery.uid
    names = {node.name for node in kube.nodes(site_access.recovery)}
    assert names == set(site_access.recovery_nodes)


def test_pods_have_names_logs_and_shells(site_access: Access) -> None:
    """A pod resolves services by name; its log and a shell in it come through kubectl."""
    found = _inside_pod(
        site_access, "galera-0", "getent hosts database galera-1.galera"
    )
    assert len(found.splitlines()) == 2
    log = _kubectl(site_access.primary, "-n", site_access.namespace, "logs", "galera-1")
    assert "WSREP" in log


def test_database_is_a_cluster_of_three(site_access: Access) -> None:
    """Each Galera member sees three, in the Primary component, one a zone."""
    query = (
        "select group_concat(variable_value order by variable_name) from"
        " information_schema.global_status where variable_name in"
        " ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment')"
    )
    for index in range(3):
        told = _inside_pod(site_access, f"galera-{index}", f'mariadb -NBe "{query}"')
        assert told.strip() == "3,Primary,Synced"


@pytest.mark.parametrize("app", ["galera", "openmrs"])
def test_one_a_zone(site_access: Access, app: str) -> None:
    """Members and replicas stand one a zone: a zone's loss takes one of them."""
    zone_of = {
        node: zone for zone, nodes in site_access.zones.items() for node in nodes
    }
    found = kube.pods(site_access.primary, site_access.namespace, f"app={app}")
    assert sorted(zone_of[pod.node] for pod in found) == sorted(site_access.zones)


def test_no_pod_has_a_way_out(site_access: Access) -> None:
    """From a pod no packet reaches an address outside: its node knows no way there."""
    script = (
        f"(exec 3<>/dev/tcp/{_OUTSIDE}/53) 2>&1 || true;"
        f" (exec 3<>/dev/tcp/{_OUTSIDE}/443) 2>&1 || true"
    )
    told = _inside_pod(site_access, "galera-0", script)
    assert told.count("unreachable") == 4, told


def test_no_machine_has_a_way_out(layout: Layout) -> None:
    """No machine has a default route, nor any route outside the site's own block."""
    block = ipaddress.IPv4Network(layout.topology.block)
    for file in _namespaces(layout):
        routes = json.loads(_in(file, "ip", "-j", "-4", "route"))
        for route in routes:
            assert route["dst"] != "default", file
            assert ipaddress.IPv4Network(route["dst"], strict=False).subnet_of(block)
        with pytest.raises(CommandError, match="unreachable"):
            _in(file, "ip", "route", "get", _OUTSIDE)


def test_nothing_listens_elsewhere(layout: Layout) -> None:
    """Every socket of every machine listens on the site's addresses or on loopback."""
    for file in _namespaces(layout):
        for line in _in(file, "ss", "-Hlntu").splitlines():
            address = line.split()[4].rpartition(":")[0].partition("%")[0].strip("[]")
            assert address not in {"*", "0.0.0.0", "::"}, f"{file}: {line}"  # noqa: S104
            found = ipaddress.ip_address(address)
            assert found.is_loopback or found in _BENCHMARKS, f"{file}: {line}"


def test_this_machine_is_as_it_was(site_access: Access, layout: Layout) -> None:
    """This machine got a link and one /24 route; its rules and settings did not change."""
    assert _host_state() == _BEFORE
    link = network.host_link(site_access.site)
    routes = json.loads(run(["ip", "-j", "-4", "route", "show", "dev", link]))
    assert [route["dst"] for route in routes] == [layout.topology.machines]


def test_machines_have_sysctls_of_their_own(layout: Layout) -> None:
    """What the kubelet sets it sets in a copy: inside reads what it wants."""
    node = layout.machine(layout.topology.primary.nodes[0].name)
    told = run([*machine.inside(node), "cat", "/proc/sys/kernel/panic"])
    assert told.strip() == "10"


def test_secrets_are_nowhere_but_in_their_files(
    site_access: Access, layout: Layout
) -> None:
    """No secret is on a command line or in a log; files that hold one are root's alone."""
    secrets = set(_secrets(layout.folder))
    assert len(secrets) >= 7
    for pid in processes(site_access.site):
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
            assert not any(secret in line for secret in secrets), line
    for log in layout.folder.glob("machines/*/log/**/*"):
        if log.is_file() and not log.is_symlink():
            text = log.read_text(errors="replace")
            assert not any(secret in text for secret in secrets), log
    assert layout.folder.stat().st_mode & 0o777 == 0o700
    holders = [
        path
        for path in _own_files(layout.folder)
        if any(secret in path.read_text(errors="replace") for secret in secrets)
        or path.suffix in {".key", ".conf", ".env"}
    ]
    assert len(holders) > 20
    assert {path for path in holders if path.stat().st_mode & 0o77} == set()


def test_up_again_changes_nothing(site_access: Access, layout: Layout) -> None:
    """`up` on a site that is up leaves every pod, machine and object as they are."""

    def seen() -> tuple[object, ...]:
        pods = [
            (pod.name, pod.uid)
            for cluster in (site_access.primary, site_access.recovery)
            for namespace in (site_access.namespace, "velero", "kube-system")
            for pod in kube.pods(cluster, namespace)
        ]
        pids = [machine.first_process(each) for each in layout.machines()]
        generations = [
            (kube.text(item, "metadata", "uid"), item["metadata"]["generation"])  # type: ignore[index, call-overload]
            for kind in ("Deployment", "StatefulSet")
            for item in kube.list_objects(site_access.primary, "apps/v1", kind)
        ]
        return pods, pids, generations

    before = seen()
    assert command_line.main(["up", "--name", site_access.site]) == 0
    assert seen() == before


def test_observer_looks_and_changes_nothing(site_access: Access) -> None:
    """The observer's credential sees nodes and pods, and is refused all else."""
    assert kube.nodes(site_access.primary, observe=True)
    for words in (
        ("get", "secrets", "-A"),
        ("delete", "pod", "galera-0", "-n", site_access.namespace),
        ("label", "node", next(iter(site_access.zones.values()))[0], "mine=yes"),
        ("-n", site_access.namespace, "exec", "galera-0", "--", "true"),
        ("-n", site_access.namespace, "logs", "galera-0"),
        ("create", "namespace", "mine"),
    ):
        with pytest.raises(CommandError, match=r"[Ff]orbidden"):
            _kubectl(site_access.primary, *words, observe=True)


def test_a_node_is_nobody_else(site_access: Access, layout: Layout) -> None:
    """With one node's credential another node, and Secrets of no pod of its, are shut."""
    pki = layout.pki(layout.topology.primary)
    first, second, *_ = (node.name for node in layout.topology.primary.nodes)
    item = next(each for each in builds.BUILDS if each.name == "kubernetes")
    words = [
        str(builds.build(item) / "kubectl"),
        f"--kubeconfig={pki / first / 'kubelet.conf'}",
    ]
    with pytest.raises(CommandError, match="orbidden"):
        run([*words, "label", "node", second, "mine=yes"])
    with pytest.raises(CommandError, match="orbidden"):
        run([*words, "get", "secrets", "-n", site_access.namespace])


def test_node_powered_off_and_on(site_access: Access) -> None:
    """A node without power is seen NotReady by the observer, and Ready with it again."""
    power = capabilities(site_access)
    (node, *_) = site_access.zones["b"]
    try:
        power.power_off([node])
        power.power_off([node])
        assert power.machines_on()[node] is False
        assert power.links()[network.machine_link(node)] is False
        _observed(site_access, {node}, ready=False)
    finally:
        power.power_on([node])
        power.power_on([node])
    _observed(site_access, {node}, ready=True)
    _whole(site_access)


def test_zone_isolated_and_restored(site_access: Access) -> None:
    """A zone cut off is NotReady though its machines run; plugged in it is Ready again."""
    power = capabilities(site_access)
    lost = set(site_access.zones["c"])
    try:
        power.isolate_zone("c")
        power.isolate_zone("c")
        _observed(site_access, lost, ready=False)
        assert all(power.machines_on().values())
    finally:
        power.restore_zone("c")
    _observed(site_access, lost, ready=True)
    _whole(site_access)


def test_recovery_key_writes_restores_only(site_access: Access) -> None:
    """The recovery's S3 key reads the backups and writes below restores/ alone."""
    bucket = site_access.backup_store.bucket
    client = buckets.client(site_access.backup_store, site_access.state, "recovery")
    buckets.put(client, bucket, "restores/proof/ok")
    names = [item.object_name for item in client.list_objects(bucket)]
    assert "restores/" in names
    for name in ("backups/x/velero-backup.json", "kopia/openmrs/x", "x", "restores"):
        with pytest.raises(S3Error, match=r"Access ?Denied"):
            buckets.put(client, bucket, name)
    with pytest.raises(S3Error, match=r"Access ?Denied"):
        client.remove_object(bucket, "restores/proof/ok")
    with pytest.raises(S3Error, match=r"Access ?Denied"):
        client.remove_bucket(bucket)


def _observed(access: Access, names: set[str], *, ready: bool) -> None:
    def seen() -> bool:
        found = kube.nodes(access.primary, observe=True)
        return all(node.ready is ready for node in found if node.name in names)

    what = f"{sorted(names)} {'Ready' if ready else 'NotReady'}"
    until(patient(seen), within_s=90, every_s=0.5, what=what)


def _whole(access: Access) -> None:
    """Wait until the next test finds the site as this one did."""

    def well() -> bool:
        return all(check.works for check in status(access.site))

    until(patient(well), within_s=120, every_s=1, what=f"site {access.site} to be well")


def _namespaces(layout: Layout) -> Iterator[Path]:
    for file in sorted((layout.folder / "net").iterdir()):
        if not file.name.startswith("."):
            yield file


def _in(namespace: Path, *words: str) -> str:
    return run(["nsenter", f"--net={namespace}", *words])


def _secrets(folder: Path) -> Iterator[str]:
    yield (folder / "repository-password").read_text()
    files = [*folder.glob("*.json"), *(folder / "escrow").glob("*.json")]
    for path in [
        *files,
        folder / "store" / "root.json",
        credentials.account_file(folder),
    ]:
        yield from re.findall(r'"([0-9a-f]{40})"', path.read_text())


def _own_files(folder: Path) -> Iterator[Path]:
    """Yield the files that the harness wrote, not those of programs it runs."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        # A machine's own disk, but not what it is configured with.
        is_machine = parts[0] == "machines" and parts[2:3] != ("etc",)
        is_foreign = is_machine or parts[0] == "net"
        if path.is_file() and not is_foreign:
            yield path
