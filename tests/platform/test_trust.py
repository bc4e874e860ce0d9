"""A site trusts nobody by default: each server has its key, and asks for one."""

from __future__ import annotations

import http
import json
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from minio.error import S3Error

from reprise_platform import __main__ as command_line
from reprise_platform import kube, tls
from reprise_platform.access import Access
from reprise_platform.command import run
from reprise_platform.embedded import builds, machine, observability, pki
from reprise_platform.embedded.layout import Layout
from reprise_platform.embedded.topology import API_PORT
from reprise_platform.errors import CommandError
from reprise_platform.openmrs import REST_PATH
from reprise_platform.status import Check, status
from reprise_platform.waiting import until
from reprise_platform.workloads import patient
from tests.platform import buckets, endpoints

pytestmark = pytest.mark.cluster


def test_every_door_speaks_tls_of_its_own(layout: Layout) -> None:
    """Each TLS port shows its own certificate, and refuses what is older than it says.

    1.3 everywhere but at the backup store, whose server takes 1.2 too.
    """
    answers = endpoints.ask(layout, endpoints.endpoints(layout))
    # The door that holds the address, the store, Prometheus, Alertmanager, five servers a
    # cluster, the kubelets.
    assert len(answers) == 1 + 1 + 2 + 5 * 2 + 5
    for each in answers:
        refused = [
            version
            for version in ("TLSv1_1", "TLSv1_2")
            if version < each.endpoint.lowest
        ]
        for version, said in each.said.items():
            if version in refused:
                assert "VERSION" in said, each
            else:
                assert said == version.replace("_", "."), each
        assert each.shown == _der(each.endpoint.certificate), each.endpoint.name
    # Prometheus and Alertmanager are one machine, hence one key.
    assert len({each.shown for each in answers}) == len(answers) - 1


def test_no_other_door_is_open(layout: Layout) -> None:
    """Every TCP port of every machine is one that speaks TLS, or one of a short list."""
    known = {(e.machine, e.address, e.port) for e in endpoints.endpoints(layout)}
    found = set(endpoints.listening(layout))
    assert known <= found
    assert [
        (name, address, port)
        for name, address, port in found - known
        if not endpoints.plain(address, port)
    ] == []


def test_who_shows_nothing_is_refused(layout: Layout) -> None:
    """Without a certificate: API server, controllers, kubelets, etcd; none has guests."""
    for cluster in layout.topology.clusters:
        own = layout.pki(cluster)
        for port, path in ((API_PORT, "/version"), (10257, "/metrics")):
            answer = _get(f"https://{cluster.address}:{port}{path}", own / "ca.crt")
            assert answer in {http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN}
        for node in cluster.nodes:
            answer = _get(f"https://{node.address}:10250/pods", own / "ca.crt")
            assert answer == http.HTTPStatus.UNAUTHORIZED
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"http://{node.address}:10255/pods", trust_env=False)
    # Etcd lets in the API server alone: whom the cluster's authority signs, it refuses.
    primary = layout.topology.primary
    stranger = layout.pki(primary) / "admin"
    with pytest.raises(CommandError, match=r"(?i)certificate|unknown ca"):
        endpoints.etcd_value(layout, primary, "/registry/", stranger)


def test_default_passwords_open_nothing(site_access: Access, layout: Layout) -> None:
    """What each product is known to ship with opens no door of a site."""
    url = f"{site_access.front_door}{REST_PATH}"
    verify = tls.context(site_access.authority)
    login = json.loads(site_access.clinic_credentials.read_text())
    given = (login["username"], login["password"])
    for pair in (given, ("admin", "Admin123"), ("admin", "admin"), ("admin", "")):
        answer = httpx.get(
            f"{url}/location", auth=pair, verify=verify, trust_env=False, timeout=10
        )
        assert (answer.status_code == httpx.codes.OK) is (pair == given), pair
    for user, password in (("root", ""), ("root", "root"), ("openmrs", "openmrs")):
        words = f"mariadb -h127.0.0.1 -u{user} --password='{password}' -e 'select 1'"
        told = _in_pod(site_access, "galera-0", f"{words} 2>&1 || true")
        assert "Access denied" in told, (user, told)
    for pair in (("user", "pass"), ("admin", "password"), ("root", "root")):
        client = buckets.with_keys(site_access.backup_store, layout.folder, *pair)
        with pytest.raises(S3Error):
            list(client.list_objects(site_access.backup_store.bucket))
    url = f"{site_access.backup_store.endpoint}/{site_access.backup_store.bucket}"
    assert _get(url, site_access.authority) == http.HTTPStatus.FORBIDDEN
    # Velero's own is a constant in its source.
    assert (layout.folder / "repository-password").read_text() != "static-passw0rd"


def test_renewed_certificates_are_served(
    site_access: Access, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`status` tells when certificates end; `up` renews them all, and all serve the new.

    No pod is started again for it, and no machine but the one for observability.
    """
    (before,) = _certificates(site_access)
    assert before.works
    leaves = [
        path
        for path, found in pki.certificates(layout.folder / "pki")
        if not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    ]
    old = {path: _der(path) for path in leaves}
    with monkeypatch.context() as patched:
        patched.setattr(pki, "CERTIFICATE_DAYS", 3)
        authority = pki.Authority(
            layout.folder / "pki" / "site", f"reprise {site_access.site} site"
        )
        addresses = [layout.topology.store]
        (layout.folder / "pki/site/store/tls.crt").unlink()
        authority.keep("store/tls", "store", addresses=addresses, names=["store"])
    (told,) = _certificates(site_access)
    assert not told.works
    assert "site/store/tls.crt" in told.detail
    for path in leaves:
        path.unlink()
    pods = _pods(site_access)
    pids = _first_processes(layout)
    assert command_line.main(["up", "--name", site_access.site]) == 0

    def renewed() -> bool:
        return all(
            each.shown
            == _der(each.endpoint.certificate)
            != old[each.endpoint.certificate]
            for each in endpoints.ask(layout, endpoints.endpoints(layout))
        )

    # A control plane looks into its files once a minute.
    until(renewed, within_s=90, every_s=1, what="every server's new certificate")

    def well() -> bool:
        return all(check.works for check in status(site_access.site))

    until(patient(well), within_s=120, every_s=1, what="the site to be well")
    assert _pods(site_access) == pods
    assert _first_processes(layout) == pids


def _get(url: str, authority: Path | None) -> int:
    """Return the status of a GET without any credential."""
    verify = tls.context(authority)
    return httpx.get(url, verify=verify, trust_env=False, timeout=10).status_code


def _in_pod(access: Access, pod: str, script: str) -> str:
    words = ("-n", access.namespace, "exec", pod, "--", "bash", "-c", script)
    item = next(each for each in builds.BUILDS if each.name == "kubernetes")
    program = builds.build(item) / "kubectl"
    return run([program, f"--kubeconfig={access.primary.kubeconfig}", *words])


def _der(path: Path) -> bytes:
    found = x509.load_pem_x509_certificate(path.read_bytes())
    return found.public_bytes(Encoding.DER)


def _certificates(access: Access) -> list[Check]:
    return [each for each in status(access.site) if each.what == "certificates"]


def _first_processes(layout: Layout) -> dict[str, int | None]:
    # The services of the observability machine read copies, made when it starts.
    return {
        each.name: machine.first_process(each)
        for each in layout.machines()
        if each.name != observability.NAME
    }


def _pods(access: Access) -> set[tuple[str, str]]:
    # Velero's own come and go with its backups.
    return {
        (pod.name, pod.uid)
        for cluster in (access.primary, access.recovery)
        for namespace in (access.namespace, "kube-system")
        for pod in kube.pods(cluster, namespace)
        if not pod.name.startswith("openmrs-2")
    }
