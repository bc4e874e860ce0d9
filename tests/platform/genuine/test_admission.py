"""What the API server lets in: rights, quotas, Pod Security, webhooks, others' fields."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reprise_platform import kube
from reprise_platform.access import Access
from reprise_platform.command import run
from reprise_platform.errors import CommandError
from reprise_platform.kube import Json, Object
from tests.platform.genuine.sandbox import (
    IDLE,
    Sandbox,
    as_list,
    config,
    kubectl_line,
    sandboxed,
    service,
)

pytestmark = pytest.mark.cluster

_REVIEWER = """
import http.server, json, ssl

class Reviewer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = asked["request"]
        labels = request["object"]["metadata"].get("labels") or {}
        refused = labels.get("mood") == "bad"
        response = {"uid": request["uid"], "allowed": not refused}
        if refused:
            response["status"] = {"code": 403, "message": "no bad mood here"}
        answer = json.dumps({**asked, "request": None, "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/keys/cert", "/keys/key")
server = http.server.ThreadingHTTPServer(("", 8443), Reviewer)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
_ASK_API = """
import json, ssl, sys, urllib.error, urllib.request
own = "/var/run/secrets/kubernetes.io/serviceaccount"
token, space = open(f"{own}/token").read(), open(f"{own}/namespace").read()
context = ssl.create_default_context(cafile=f"{own}/ca.crt")
for kind in sys.argv[1:]:
    url = f"https://kubernetes.default.svc/api/v1/namespaces/{space}/{kind}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        print(kind, urllib.request.urlopen(request, context=context, timeout=5).status)
    except urllib.error.HTTPError as error:
        print(kind, error.code)
"""


def test_account_may_what_its_role_grants(sandbox: Sandbox, tmp_path: Path) -> None:
    """An account reads what its Role names; Secrets and other namespaces are refused."""
    sandbox.kubectl("create", "serviceaccount", "clerk")
    sandbox.kubectl(
        "create", "role", "reader", "--verb=get,list", "--resource=configmaps"
    )
    bound = ("--role=reader", f"--serviceaccount={sandbox.namespace}:clerk")
    sandbox.kubectl("create", "rolebinding", "reader", *bound)
    file = _kubeconfig(sandbox, tmp_path, sandbox.kubectl("create", "token", "clerk"))
    line = [kubectl_line(sandbox.cluster)[0], f"--kubeconfig={file}"]
    own = ("-n", sandbox.namespace)
    assert "kube-root-ca.crt" in run([*line, *own, "get", "configmaps"])
    for words in (
        [*own, "get", "secrets"],
        [*own, "delete", "configmap", "kube-root-ca.crt"],
        ["-n", "kube-system", "get", "configmaps"],
        ["get", "nodes"],
    ):
        with pytest.raises(CommandError, match=r"Forbidden.*serviceaccount"):
            run([*line, *words])


def test_pod_speaks_to_the_api_with_its_own_token(sandbox: Sandbox) -> None:
    """A pod reaches the API server by name, with a token and authority it was given."""
    sandbox.kubectl("create", "role", "reader", "--verb=list", "--resource=configmaps")
    bound = ("--role=reader", f"--serviceaccount={sandbox.namespace}:default")
    sandbox.kubectl("create", "rolebinding", "reader", *bound)
    sandbox.apply(sandbox.pod("asker", *IDLE))
    sandbox.ready("pod/asker")
    told = sandbox.exec("asker", "python3", "-c", _ASK_API, "configmaps", "secrets")
    assert told.splitlines() == ["configmaps 200", "secrets 403"]


def test_webhook_refuses(sandbox: Sandbox, reviewer: str) -> None:
    """A validating webhook, a pod with a certificate of its own, has the last word."""
    bad = config("bad", {})
    bad["metadata"] = {"name": "bad", "labels": {"mood": "bad"}}
    sandbox.refused(
        f"{reviewer}.*denied.*no bad mood here", "apply", "-f", "-", stdin=as_list(bad)
    )
    sandbox.apply(config("good", {}))
    # Whoever cannot be asked has not agreed.
    sandbox.kubectl("delete", "pod", "reviewer", "--wait")
    sandbox.refused("failed calling webhook", "create", "configmap", "unseen")


def test_another_ones_field_is_a_conflict(sandbox: Sandbox) -> None:
    """Server-side apply refuses to take a field that another manager set, unless forced."""
    apply = ("apply", "--server-side", "-f", "-")
    for manager, colour in (("first", "blue"), ("first", "red")):
        text = as_list(config("shared", {"colour": colour}))
        sandbox.kubectl(*apply, f"--field-manager={manager}", stdin=text)
    other = as_list(config("shared", {"colour": "green"}))
    second = (*apply, "--field-manager=second")
    sandbox.refused(r'conflict with "first".*\.data\.colour', *second, stdin=other)
    sandbox.kubectl(*second, "--force-conflicts", stdin=other)
    assert sandbox.values(".data.colour", "configmap/shared") == ["green"]


def test_limits_and_quotas(sandbox: Sandbox) -> None:
    """A LimitRange gives what a pod did not ask for; a ResourceQuota refuses one too many."""
    limits: Object = {"type": "Container", "default": {"memory": "64Mi"}}
    sandbox.apply(
        _kind("LimitRange", "usual", {"limits": [limits]}),
        _kind("ResourceQuota", "most", {"hard": {"pods": "1", "limits.memory": "1Gi"}}),
    )
    hard = "jsonpath={.status.hard.pods}=1"
    sandbox.kubectl("wait", f"--for={hard}", "resourcequota/most", "--timeout=30s")
    sandbox.apply(sandbox.pod("one", *IDLE))
    memory = ".spec.containers[0].resources.limits.memory"
    assert sandbox.values(memory, "pod/one") == ["64Mi"]
    two = as_list(sandbox.pod("two", *IDLE))
    sandbox.refused("exceeded quota: most", "apply", "-f", "-", stdin=two)


def test_pod_security_is_enforced(tidy_site: Access) -> None:
    """A namespace that says "restricted" refuses a pod that may be root, and runs others."""
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    with sandboxed(tidy_site, **label) as sandbox:
        text = as_list(sandbox.pod("loose", *IDLE))
        sandbox.refused(
            'violates PodSecurity "restricted', "apply", "-f", "-", stdin=text
        )
        security: Object = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        sandbox.apply(
            sandbox.pod("strict", *IDLE, container={"securityContext": security})
        )
        sandbox.ready("pod/strict")
        assert sandbox.exec("strict", "id", "-u") == "65534\n"
        status = sandbox.exec("strict", "cat", "/proc/self/status")
        found = dict(line.split(":", 1) for line in status.splitlines())
        assert found["CapEff"].strip() == "0" * 16
        assert found["NoNewPrivs"].strip() == "1"
        assert found["Seccomp"].strip() == "2"


@pytest.fixture
def reviewer(sandbox: Sandbox) -> Iterator[str]:
    """Run a webhook's server and have the API server ask it; return the webhook's name."""
    host = f"reviewer.{sandbox.namespace}.svc"
    key, certificate = _self_signed(host)
    keys: Object = {"name": "keys", "secret": {"secretName": "keys"}}
    inner: Object = {
        "volumeMounts": [{"name": "keys", "mountPath": "/keys"}],
        "readinessProbe": {"tcpSocket": {"port": 8443}, "periodSeconds": 1},
    }
    sandbox.apply(
        config("keys", {"key": key, "cert": certificate}, kind="Secret"),
        service("reviewer", "reviewer", port=8443),
        sandbox.pod(
            *("reviewer", "python3", "-c", _REVIEWER), volumes=[keys], container=inner
        ),
    )
    sandbox.ready("pod/reviewer")
    name = f"{sandbox.namespace}.reprise.test"
    sandbox.apply(_webhook(sandbox, name, certificate))
    yield name
    kind = "ValidatingWebhookConfiguration"
    kube.delete(
        sandbox.cluster, "admissionregistration.k8s.io/v1", kind, sandbox.namespace
    )


def _webhook(sandbox: Sandbox, name: str, certificate: str) -> Object:
    selected = {"kubernetes.io/metadata.name": sandbox.namespace}
    rule: Object = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["configmaps"],
    }
    place: Object = {
        "name": "reviewer",
        "namespace": sandbox.namespace,
        "port": 8443,
    }
    webhook: Object = {
        "name": name,
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "caBundle": base64.b64encode(certificate.encode()).decode(),
            "service": place,
        },
        "failurePolicy": "Fail",
        "namespaceSelector": {"matchLabels": {**selected}},
        "rules": [rule],
        "sideEffects": "None",
        "timeoutSeconds": 5,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": sandbox.namespace},
        "webhooks": [webhook],
    }


def _self_signed(host: str) -> tuple[str, str]:
    """Return a private key and its certificate for one host, valid for an hour, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reviewer")])
    now = datetime.datetime.now(datetime.UTC)
    hour = datetime.timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - hour)
        .not_valid_after(now + hour)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def _kubeconfig(sandbox: Sandbox, folder: Path, token: str) -> Path:
    """Write a kubeconfig with a token in place of a certificate."""
    raw: dict[str, Json] = yaml.safe_load(sandbox.cluster.kubeconfig.read_text())
    raw["users"] = [{"name": "clerk", "user": {"token": token.strip()}}]
    raw["contexts"] = [
        {
            "name": "clerk",
            "context": {"cluster": _only(raw["clusters"]), "user": "clerk"},
        }
    ]
    raw["current-context"] = "clerk"
    file = folder / "clerk.conf"
    file.touch(mode=0o600)
    file.write_text(json.dumps(raw))
    return file


def _only(clusters: Json) -> str:
    assert isinstance(clusters, list)
    return kube.text(clusters[0], "name")


def _kind(kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
