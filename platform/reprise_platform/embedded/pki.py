"""Keys and certificates, made anew for each site: one identity a component.

Kubernetes reads a client's name and groups from its certificate, so least privilege
begins here: a kubelet is its node and nothing else, the scheduler only the scheduler.
What is there and good is kept; what is missing, damaged, or near its end is made again.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 90
RENEWED_DAYS = 30
"""A certificate with fewer days left is made anew by the next `up`."""

_Key = ec.EllipticCurvePrivateKey


class Authority:
    """A certificate authority that lives in one folder: `ca.crt` and `ca.key`."""

    def __init__(self, folder: Path, common_name: str) -> None:
        """Take up the authority of a folder, or make its key and certificate there."""
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.folder = folder
        self._name = _name(common_name, ())
        found = _found(folder / "ca")
        if found is None or found[0].subject != self._name:
            found = self._made()
        self._certificate, self._key = found

    def _made(self) -> tuple[x509.Certificate, _Key]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(self._name, key, AUTHORITY_DAYS)
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            # Strict readers (Python 3.13's default) ask for both identifiers.
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        write_secret(self.folder / "ca.key", _private(key))
        _write_changed(self.folder / "ca.crt", _public(certificate))
        return certificate, key

    def keep(
        self,
        file: str | Path,
        common_name: str,
        *,
        groups: Sequence[str] = (),
        addresses: Sequence[str] = (),
        names: Sequence[str] = (),
        both: bool = False,
    ) -> bool:
        """Have `<file>.crt` and `<file>.key` for one component; return whether made now.

        Args:
            file: a path without its ending, in the authority's folder unless absolute.
            groups: the Kubernetes groups of a client.
            addresses, names: where a server is reached; none for a mere client.
            both: the server is a client too; otherwise it can prove itself to nobody.
        """
        base = self.folder / file
        subject = _name(common_name, groups)
        alternative: list[x509.GeneralName] = [
            x509.IPAddress(ipaddress.ip_address(address)) for address in addresses
        ]
        alternative += [x509.DNSName(name) for name in names]
        found = _found(base)
        if found is not None and self._good(found[0], subject, alternative):
            return False
        base.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH] if both or not alternative else []
        purposes += [ExtendedKeyUsageOID.SERVER_AUTH] if alternative else []
        self._issue(base, subject, alternative, purposes)
        return True

    def _good(
        self,
        certificate: x509.Certificate,
        subject: x509.Name,
        alternative: list[x509.GeneralName],
    ) -> bool:
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return (
            certificate.subject == subject
            and _alternative(certificate) == alternative
            and days_left(certificate) > RENEWED_DAYS
        )

    def _issue(
        self,
        base: Path,
        subject: x509.Name,
        alternative: list[x509.GeneralName],
        purposes: list[x509.ObjectIdentifier],
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(subject, key, CERTIFICATE_DAYS)
            .issuer_name(self._name)
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
        )
        if alternative:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternative), critical=False
            )
        certificate = builder.add_extension(
            x509.ExtendedKeyUsage(purposes), critical=False
        ).sign(self._key, hashes.SHA256())
        # The certificate last: a key without its certificate is made again.
        write_secret(base.with_name(f"{base.name}.key"), _private(key))
        _write_changed(base.with_name(f"{base.name}.crt"), _public(certificate))

    def hand(self, path: Path) -> None:
        """Lay the authority's certificate where a component looks for it."""
        _write_changed(path, _public(self._certificate))

    def hand_key(self, path: Path) -> None:
        """Lay the authority's key where a component signs with it."""
        keep_secret(path, _private(self._key))


def service_account_keys(folder: Path) -> None:
    """Have `sa.key` and `sa.pub`, which sign and check service accounts' tokens."""
    if (folder / "sa.pub").exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_secret(folder / "sa.key", _private(key))
    _write_changed(
        folder / "sa.pub",
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, from its first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)


def keep_secret(path: Path, data: bytes) -> bool:
    """Have a file that only its owner reads, whole; return whether it was written now."""
    if path.exists() and path.read_bytes() == data:
        return False
    partial = path.with_name(f".{path.name}.new")
    write_secret(partial, data)
    partial.rename(path)
    return True


def days_left(certificate: x509.Certificate) -> float:
    """Return how many days a certificate has left; negative when it has ended."""
    left = certificate.not_valid_after_utc - _now()
    return left / datetime.timedelta(days=1)


def certificates(folder: Path) -> Iterator[tuple[Path, x509.Certificate]]:
    """Yield every certificate below a folder of keys, in the order of their names."""
    for path in sorted(folder.rglob("*.crt")):
        yield path, x509.load_pem_x509_certificate(path.read_bytes())


def _found(base: Path) -> tuple[x509.Certificate, _Key] | None:
    """Return what lies at `<base>.crt` and `.key`; None unless they are a pair."""
    try:
        certificate = x509.load_pem_x509_certificate(
            base.with_name(f"{base.name}.crt").read_bytes()
        )
        key = serialization.load_pem_private_key(
            base.with_name(f"{base.name}.key").read_bytes(), None
        )
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, _Key) or key.public_key() != certificate.public_key():
        return None
    return certificate, key


def _alternative(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        found = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return []
    return list(found.value)


def _write_changed(path: Path, data: bytes) -> None:
    if path.exists() and path.read_bytes() == data:
        return
    partial = path.with_name(f".{path.name}.new")
    partial.write_bytes(data)
    partial.rename(path)


def _name(common_name: str, groups: Sequence[str]) -> x509.Name:
    return x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(subject: x509.Name, key: _Key, days: int) -> x509.CertificateBuilder:
    now = _now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


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
