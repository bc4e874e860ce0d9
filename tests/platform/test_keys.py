"""Keys, identities, accounts: each component is itself and nobody else."""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import json
import os
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from reprise_platform.embedded import credentials, identities, sitekeys, store
from reprise_platform.embedded import pki as pki_module
from reprise_platform.embedded.pki import write_secret
from reprise_platform.embedded.topology import ClusterPlan
from tests.platform import examples

PLAN = examples.topology().primary
_PUBLIC = PublicFormat.SubjectPublicKeyInfo


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the primary's identities."""
    folder = tmp_path_factory.mktemp("keys") / "pki"
    identities.make(PLAN, "demo", folder)
    return folder


def _certificate(pki: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((pki / f"{name}.crt").read_bytes())


def _who(certificate: x509.Certificate) -> tuple[str, tuple[str, ...]]:
    subject = certificate.subject
    (name,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    groups = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(name.value), tuple(str(group.value) for group in groups)


_CLIENTS = {
    "admin": ("reprise-admin", ("system:masters",)),
    "observer": ("reprise-observer", ()),
    "prometheus": ("reprise-prometheus", ()),
    "cp-primary/scheduler": ("system:kube-scheduler", ()),
    "cp-primary/controller-manager": ("system:kube-controller-manager", ()),
    "cp-primary/kubelet-client": ("kube-apiserver-kubelet-client", ()),
    "cp-primary/etcd-client": ("kube-apiserver-etcd-client", ()),
    "cp-primary/front-proxy-client": ("front-proxy-client", ()),
    **{
        f"{node.name}/{file}": who
        for node in PLAN.nodes
        for file, who in (
            ("kubelet", (f"system:node:{node.name}", ("system:nodes",))),
            ("proxy", ("system:kube-proxy", ())),
        )
    },
}
_SERVERS = {
    "cp-primary/apiserver": {PLAN.address, PLAN.api_service, "127.0.0.1"},
    "cp-primary/controller-manager-server": {PLAN.address},
    "cp-primary/scheduler-server": {PLAN.address},
    "cp-primary/etcd-server": {"127.0.0.1"},
    "cp-primary/etcd-peer": {"127.0.0.1"},
    **{f"{node.name}/kubelet-server": {node.address} for node in PLAN.nodes},
}


def _leaves(pki: Path) -> dict[str, Path]:
    """Return every certificate but the authorities', by its path without its ending."""
    return {
        str(path.relative_to(pki))[: -len(".crt")]: path
        for path in pki.rglob("*.crt")
        if path.with_suffix(".key").exists() and path.stem != "ca"
    }


def test_every_component_is_listed_here(pki: Path) -> None:
    """No identity is made but those that the tests below judge."""
    assert set(_leaves(pki)) == {*_CLIENTS, *_SERVERS}


@pytest.mark.parametrize(("name", "who"), _CLIENTS.items())
def test_identity(pki: Path, name: str, who: tuple[str, tuple[str, ...]]) -> None:
    """A certificate says one component's name and groups, and can serve nobody."""
    certificate = _certificate(pki, name)
    assert _who(certificate) == who
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


@pytest.mark.parametrize(("name", "wanted"), _SERVERS.items())
def test_server_answers_to_its_addresses(
    pki: Path, name: str, wanted: set[str]
) -> None:
    """A server's certificate is for its own addresses; it proves itself to no server.

    But etcd's: it calls itself.
    """
    certificate = _certificate(pki, name)
    said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert set(map(str, said.value.get_values_for_type(x509.IPAddress))) == wanted
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    is_etcd = "etcd" in name
    assert (ExtendedKeyUsageOID.CLIENT_AUTH in usage) is is_etcd
    assert ExtendedKeyUsageOID.SERVER_AUTH in usage


def test_only_the_harness_is_master(pki: Path) -> None:
    """No component but the harness' own credential may do everything."""
    masters = [
        name
        for name in _leaves(pki)
        if "system:masters" in _who(_certificate(pki, name))[1]
    ]
    assert masters == ["admin"]


def test_pods_find_the_api_server_by_name(pki: Path) -> None:
    """The API server's certificate has every name that a pod may call it by."""
    certificate = _certificate(pki, "cp-primary/apiserver")
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert {
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    } < set(found.value.get_values_for_type(x509.DNSName))


def test_each_is_signed_by_its_authority(pki: Path) -> None:
    """Etcd's clients and the extensions' have authorities of their own; all keys differ.

    Who the cluster's authority signs is a Kubernetes user; etcd lets in whom its own
    signs, and there that is the API server alone.
    """
    authorities = {
        "etcd": _certificate(pki, "etcd/ca"),
        "front-proxy": _certificate(pki, "front-proxy/ca"),
        "": _certificate(pki, "ca"),
    }
    for name in _leaves(pki):
        certificate = _certificate(pki, name)
        (own,) = [
            kind for kind in authorities if name.partition("/")[2].startswith(kind)
        ][:1]
        certificate.verify_directly_issued_by(authorities[own])
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert basic.value.ca is False
    assert all(
        each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        for each in authorities.values()
    )
    keys = [
        _certificate(pki, name).public_key().public_bytes(Encoding.PEM, _PUBLIC)
        for name in (*_leaves(pki), "ca", "etcd/ca", "front-proxy/ca")
    ]
    assert len(set(keys)) == len(keys)


def test_keys_are_private(pki: Path) -> None:
    """Only their owner reads keys and kubeconfigs, and the folder itself."""
    assert pki.stat().st_mode & 0o777 == 0o700
    files = [path for path in pki.rglob("*") if path.is_file()]
    secret = [path for path in files if path.suffix not in {".crt", ".pub"}]
    assert len(secret) > 30
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
    folders = [path for path in pki.rglob("*") if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


def test_kubeconfig_is_one_identity(pki: Path) -> None:
    """A kubeconfig carries its own certificate and key, and names its cluster."""
    for name in ("admin", "observer"):
        config = json.loads((pki / f"{name}.conf").read_text())
        (user,) = config["users"]
        given = base64.b64decode(user["user"]["client-certificate-data"])
        assert given == (pki / f"{name}.crt").read_bytes()
        key = load_pem_private_key(
            base64.b64decode(user["user"]["client-key-data"]), None
        )
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        public = x509.load_pem_x509_certificate(given).public_key()
        assert key.public_key() == public
        (cluster,) = config["clusters"]
        assert cluster["cluster"]["server"] == PLAN.server
        assert config["current-context"] == "demo-primary"


def test_components_read_their_renewed_keys(pki: Path) -> None:
    """A component's kubeconfig names the files beside it: a renewal reaches it."""
    for name in ("a1/kubelet", "a1/proxy", "cp-primary/scheduler"):
        config = json.loads((pki / f"{name}.conf").read_text())
        (user,), (cluster,) = config["users"], config["clusters"]
        file = name.partition("/")[2]
        assert user["user"] == {
            "client-certificate": f"{file}.crt",
            "client-key": f"{file}.key",
        }
        trusted = pki / name.partition("/")[0]
        trusted /= cluster["cluster"]["certificate-authority"]
        assert trusted.read_bytes() == (pki / "ca.crt").read_bytes()


def test_making_identities_again_changes_nothing(tmp_path: Path, pki: Path) -> None:
    """Twice the same: no file is written; one that is missing is made, nothing else."""
    copy = tmp_path / "pki"
    shutil.copytree(pki, copy)
    files = [path for path in copy.rglob("*") if path.is_file()]
    before = {path: (path.stat().st_ino, path.read_bytes()) for path in files}
    identities.make(PLAN, "demo", copy)
    assert before == {path: (path.stat().st_ino, path.read_bytes()) for path in files}
    (copy / "b1" / "kubelet.key").unlink()
    identities.make(PLAN, "demo", copy)
    changed = {path for path in files if path.read_bytes() != before[path][1]}
    assert changed == {copy / "b1" / "kubelet.key", copy / "b1" / "kubelet.crt"}


def test_machine_sees_its_own_keys_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all keys, a machine has the folder that bears its name bound in, read-only."""
    layout = examples.with_secrets(examples.layout(tmp_path, monkeypatch))
    for machine in layout.machines():
        seen = [
            bind
            for bind in machine.binds
            if bind.source.is_relative_to(layout.folder / "pki")
        ]
        names = {bind.source.name for bind in seen}
        if machine.name == "observability":
            # It is a client of both clusters.
            assert names == {machine.name, "ca.crt", "prometheus.crt", "prometheus.key"}
        else:
            assert names <= {machine.name}
        assert not any(bind.writable for bind in seen)
        if machine.name in {"b1", "cp-recovery"}:
            assert len(seen) == 1


def test_secrets_are_sealed_with_a_key_of_the_clusters_own(
    tmp_path: Path, pki: Path
) -> None:
    """The first provider seals with a drawn key of 32 bytes; none leaves Secrets bare."""
    identities.make(PLAN, "demo", tmp_path / "pki")
    drawn = set()
    for folder in (pki, tmp_path / "pki"):
        config = json.loads((folder / "cp-primary" / identities.ENCRYPTION).read_text())
        (rule,) = config["resources"]
        assert rule["resources"] == ["secrets"]
        (provider,) = rule["providers"]
        (key,) = provider["secretbox"]["keys"]
        assert len(base64.b64decode(key["secret"])) == 32
        drawn.add(key["secret"])
    assert len(drawn) == 2


def test_clusters_do_not_trust_each_other(tmp_path: Path, pki: Path) -> None:
    """The recovery site's authority signs nothing of the primary's."""
    recovery: ClusterPlan = examples.topology().recovery
    identities.make(recovery, "demo", tmp_path / "pki")
    with pytest.raises(ValueError, match="issuer"):
        _certificate(pki, "admin").verify_directly_issued_by(
            _certificate(tmp_path / "pki", "ca")
        )


def test_secret_is_private_from_its_first_byte(tmp_path: Path) -> None:
    """A file that others could read is replaced, not filled."""
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o666)
    before = path.stat().st_ino
    handle = path.open()
    write_secret(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600
    assert handle.read() == "old"
    handle.close()
    assert path.read_bytes() == b"new"
    assert before


def _secrets(folder: Path) -> list[str]:
    """Return every secret that `credentials.make` drew."""

    def drawn(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for each in value.values():
                yield from drawn(each)
        elif isinstance(value, str) and len(value) == 40:
            yield value

    found = [(folder / "repository-password").read_text()]
    for path in folder.rglob("*.json"):
        found += drawn(json.loads(path.read_text()))
    return found


def test_secrets_are_private_and_all_different(tmp_path: Path) -> None:
    """A site's secrets are its own: no two alike, none like another site's."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        credentials.make(tmp_path / name, "openmrs")
    one, two = _secrets(tmp_path / "one"), _secrets(tmp_path / "two")
    # The administrator's password is in two places: the clinics' file and the escrow.
    assert len(one) == 10
    assert len(set(one)) == 9
    assert not set(one) & set(two)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    folders = [path for path in (tmp_path / "one").rglob("*") if path.is_dir()]
    private = {path.name for path in folders if path.stat().st_mode & 0o77 == 0}
    assert {"escrow", "accounts"} <= private


def test_clinics_file_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` draws anew after a kill before the end: no site has half of its secrets."""
    written: list[str] = []
    real = os.rename

    class Killed(BaseException):
        """A kill between two files."""

    credentials.make(tmp_path, "openmrs")
    first = (tmp_path / "clinic.json").read_text()
    whole = {path for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "clinic.json").unlink()
    assert first

    def rename(path: Path, target: Path) -> Path:
        written.append(target.name)
        if target.name == "clinic.json":
            assert {path for path in tmp_path.rglob("*") if path.is_file()} >= whole - {
                tmp_path / "clinic.json"
            }
        real(path, target)
        return target

    monkeypatch.setattr(Path, "rename", rename)
    credentials.make(tmp_path, "openmrs")
    assert written[-1] == "clinic.json"


def test_disabling_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is gone from the store's list, twice over, and the other one stays.

    The list is replaced whole: a store that reads meanwhile sees the old or the new one.
    """
    credentials.make(tmp_path, "openmrs")
    file = credentials.account_file(tmp_path)
    inode = file.stat().st_ino
    credentials.disable_account(tmp_path, "primary")
    assert file.stat().st_ino != inode
    assert set(json.loads(file.read_text())["accessAccounts"]) == {"recovery"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]

    def never(*_arguments: object) -> None:
        pytest.fail("written again")

    monkeypatch.setattr(credentials, "_write", never)
    credentials.disable_account(tmp_path, "primary")
    assert "aws_access_key_id=recovery" in credentials.aws_profile(tmp_path, "recovery")


def _granted(bucket: str, who: str) -> dict[str, set[str]]:
    """Return who may do what to which resource of a bucket."""
    statements = store._policy(bucket)["Statement"]
    assert isinstance(statements, list)
    found: dict[str, set[str]] = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        if statement["Principal"] == {"AWS": [who]}:
            for resource in statement["Resource"]:
                found.setdefault(resource, set()).update(statement["Action"])
    return found


def test_recovery_writes_restores_and_nothing_else() -> None:
    """In the primary's bucket the recovery's key writes below `restores/` alone."""
    granted = _granted("backups", "recovery")
    writes = {
        resource
        for resource, actions in granted.items()
        if actions & {"s3:*", "s3:PutObject", "s3:DeleteObject"}
    }
    assert writes == {"arn:aws:s3:::backups/restores/*"}
    assert granted["arn:aws:s3:::backups/restores/*"] == {"s3:PutObject"}
    assert granted["arn:aws:s3:::backups/*"] == {"s3:GetObject"}


def test_each_site_owns_its_bucket() -> None:
    """The primary has no right at all on the recovery's backups."""
    assert _granted("backups-recovery", "primary") == {}
    assert _granted("backups-recovery", "recovery")
    assert _granted("backups", "primary")
    # Nothing is granted to everyone.
    for bucket in credentials.BUCKETS.values():
        statements = store._policy(bucket)["Statement"]
        assert isinstance(statements, list)
        assert all(each["Principal"] != "*" for each in statements)


def _site(folder: Path) -> Path:
    """Return the site's keys, all made."""
    sitekeys.make(examples.topology(), folder)
    return folder / "pki" / "site"


def test_machines_outside_have_certificates_of_their_own(tmp_path: Path) -> None:
    """Each machine outside the clusters has a key no other has, for its own addresses."""
    topology = examples.topology()
    pki = _site(tmp_path)
    inside = {cluster.control_plane for cluster in topology.clusters} | {
        node.name for cluster in topology.clusters for node in cluster.nodes
    }
    outside = {m: a for m, a, _ in topology.addresses() if m not in inside}
    assert {path.name for path in pki.iterdir() if path.is_dir()} == set(outside)
    assert "store" in outside
    authority = _certificate(pki, "ca")
    for name, address in outside.items():
        certificate = _certificate(pki, f"{name}/tls")
        certificate.verify_directly_issued_by(authority)
        said = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
        addresses = set(map(str, said.get_values_for_type(x509.IPAddress)))
        clinics = {topology.front} if name.startswith("front") else set()
        assert addresses == {address} | clinics
        assert said.get_values_for_type(x509.DNSName) == [name]
        both = (pki / name / "tls.pem").read_bytes()
        assert (
            both
            == (pki / name / "tls.crt").read_bytes()
            + (pki / name / "tls.key").read_bytes()
        )
    keys = {(pki / name / "tls.key").read_bytes() for name in outside}
    assert len(keys) == len(outside)
    secret = [*pki.rglob("*.key"), *pki.rglob("*.pem")]
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}


def test_keys_that_are_good_are_kept(tmp_path: Path) -> None:
    """Making keys twice changes nothing; one that is missing is made, alone."""
    pki = _site(tmp_path)
    before = {path: path.read_bytes() for path in pki.rglob("*") if path.is_file()}
    assert sitekeys.make(examples.topology(), tmp_path) == ()
    assert before == {path: path.read_bytes() for path in before}
    (pki / "store" / "ca.crt").unlink()
    for lost in ("tls.key", "tls.crt", "tls.pem"):
        (pki / "store" / lost).unlink()
        assert sitekeys.make(examples.topology(), tmp_path) == ("store",)
    others = {
        path: data for path, data in before.items() if path.parent.name != "store"
    }
    assert others == {path: path.read_bytes() for path in others}


@pytest.mark.parametrize(
    ("days", "renewed"),
    [
        (0, False),
        (pki_module.CERTIFICATE_DAYS - pki_module.RENEWED_DAYS - 1, False),
        (pki_module.CERTIFICATE_DAYS - pki_module.RENEWED_DAYS + 1, True),
        (pki_module.CERTIFICATE_DAYS + 1, True),
    ],
)
def test_a_certificate_near_its_end_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, *, renewed: bool
) -> None:
    """A certificate with less than the stated days left is made anew, none earlier."""
    authority = pki_module.Authority(tmp_path / "pki", "demo")
    made = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    with monkeypatch.context() as patched:
        patched.setattr(pki_module, "_now", lambda: made)
        assert authority.keep("one", "one", names=["one"])
    assert authority.keep("one", "one", names=["one"]) is renewed
    assert pki_module.days_left(_certificate(authority.folder, "one")) > 30


def test_a_certificate_that_says_something_else_is_remade(tmp_path: Path) -> None:
    """Another name, address, group or authority than wanted: the certificate is not kept."""
    authority = pki_module.Authority(tmp_path / "pki", "demo")
    assert authority.keep("one", "one", names=["one"])
    assert authority.keep("one", "one", names=["two"])
    assert authority.keep("one", "one", names=["two"], addresses=["192.0.2.1"])
    assert authority.keep("one", "two", names=["two"], addresses=["192.0.2.1"])
    assert not authority.keep("one", "two", names=["two"], addresses=["192.0.2.1"])
    (tmp_path / "pki" / "ca.key").unlink()
    other = pki_module.Authority(tmp_path / "pki", "demo")
    assert other.keep("one", "two", names=["two"], addresses=["192.0.2.1"])
    (tmp_path / "pki" / "one.key").write_text("torn")
    assert other.keep("one", "two", names=["two"], addresses=["192.0.2.1"])


def test_strict_readers_accept_the_chain(tmp_path: Path) -> None:
    """TLS with the strictest checks of the library accepts a server of the site."""
    pki = _site(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pki / "store" / "tls.pem")
    client = ssl.create_default_context(cafile=pki / "ca.crt")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    first, second = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(first, second, server_hostname=examples.topology().store)
    answers = server.wrap_bio(second, first, server_side=True)
    done: set[ssl.SSLObject] = set()
    for _ in range(4):
        for side in (asks, answers):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
                done.add(side)
    assert done == {asks, answers}
    assert asks.version() == "TLSv1.3"


def test_subject_addresses_are_the_plans() -> None:
    """The plan's own address is an address: a typo would be a name nobody resolves."""
    assert ipaddress.ip_address(PLAN.address)
