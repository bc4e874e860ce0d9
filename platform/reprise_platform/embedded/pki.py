"""Keys and certificates of a cluster, made anew for each site: one identity a component.

Kubernetes reads a client's name and groups from its certificate, so least privilege
begins here: a kubelet is its node and nothing else, the scheduler only the scheduler.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID_DAYS = 30
_Key = ec.EllipticCurvePrivateKey


class Authority:
    """A certificate authority that lives in one folder: `ca.crt` and `ca.key`."""

    def __init__(self, folder: Path, common_name: str) -> None:
        """Make the authority's key and certificate; the folder must be new."""
        folder.mkdir(parents=True, mode=0o700)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(common_name, ())
        self._certificate = (
            _builder(self._name, self._key)
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        write_secret(folder / "ca.key", _private(self._key))
        (folder / "ca.crt").write_bytes(_public(self._certificate))

    def issue(
        self,
        file: str,
        common_name: str,
        *,
        groups: Sequence[str] = (),
        addresses: Sequence[str] = (),
        names: Sequence[str] = (),
    ) -> None:
        """Write `<file>.crt` and `<file>.key` for one component.

        Args:
            groups: the Kubernetes groups of a client.
            addresses, names: where a server is reached; none for a mere client.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(common_name, groups), key)
            .issuer_name(self._name)
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .add_extension(_usage(signs=False), critical=True)
        )
        alternative: list[x509.GeneralName] = [
            x509.IPAddress(ipaddress.ip_address(address)) for address in addresses
        ]
        alternative += [x509.DNSName(name) for name in names]
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if alternative:
            purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternative), critical=False
            )
        certificate = builder.add_extension(
            x509.ExtendedKeyUsage(purposes), critical=False
        ).sign(self._key, hashes.SHA256())
        write_secret(self.folder / f"{file}.key", _private(key))
        (self.folder / f"{file}.crt").write_bytes(_public(certificate))

    def kubeconfig(self, file: str, server: str, context: str) -> Path:
        """Write `<file>.conf`, a kubeconfig that carries its keys, mode 0600."""

        def data(name: str) -> str:
            return base64.b64encode((self.folder / name).read_bytes()).decode()

        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": context,
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": data("ca.crt"),
                    },
                }
            ],
            "users": [
                {
                    "name": file,
                    "user": {
                        "client-certificate-data": data(f"{file}.crt"),
                        "client-key-data": data(f"{file}.key"),
                    },
                }
            ],
            "contexts": [
                {"name": context, "context": {"cluster": context, "user": file}}
            ],
            "current-context": context,
        }
        path = self.folder / f"{file}.conf"
        write_secret(path, json.dumps(config, indent=1).encode())
        return path


def service_account_keys(folder: Path) -> None:
    """Write `sa.key` and `sa.pub`, which sign and check service accounts' tokens."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_secret(folder / "sa.key", _private(key))
    (folder / "sa.pub").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, from its first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)


def _name(common_name: str, groups: Sequence[str]) -> x509.Name:
    return x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(subject: x509.Name, key: _Key) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: _Key | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
