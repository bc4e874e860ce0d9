"""Take a site's secrets out of what people are shown or given.

Every secret that lies in the site's files is looked for as it is and in base64, at any
alignment; private keys and tokens are known by their form as well, wherever they are from.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

HIDDEN = b"[secret]"
_SHORTEST = 8
_PROBE = 12
# Where a secret may stand: a run of what secrets are written with.
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % _PROBE)
_ANYWHERE = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    rb"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"
    rb"|(?i:(?<=authorization: basic )|(?<=authorization: bearer ))[^\s\"']+",
    re.DOTALL,
)
_PEM = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*(.*?)\s*-----END", re.DOTALL)
_TELLING = re.compile(
    r"password|passwd|secret|token|key-data|privatekey", re.IGNORECASE
)
# Machines' disks are no secrets' place; their configuration (etc/) is.
_DISKS = frozenset({"upper", "work", "root", "containerd", "kubelet", "volumes", "log"})
_BIGGEST = 1 << 20


class Redactor:
    """Replaces every known secret in texts."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        """Know these secrets, each also in base64."""
        self._known: set[bytes] = set()
        self._odd: list[bytes] = []
        self._by_probe: dict[bytes, list[bytes]] = {}
        self.learn(secrets)

    def learn(self, secrets: Iterable[bytes]) -> None:
        """Know these secrets too; too short ones are left, as they are in every text."""
        told = (secret for secret in secrets if len(secret) >= _SHORTEST)
        self._known |= {form for secret in told for form in _forms(secret)}
        odd = {form for form in self._known if not _RUN.fullmatch(form)}
        self._odd = sorted(odd, key=len, reverse=True)
        self._by_probe = {}
        for form in sorted(self._known - odd, key=len, reverse=True):
            self._by_probe.setdefault(form[:_PROBE], []).append(form)

    def clean(self, data: bytes) -> bytes:
        """Return the text with every secret replaced."""
        # Known secrets first: a form may have eaten a part of one.
        for form in self._odd:
            data = data.replace(form, HIDDEN)
        data = _RUN.sub(lambda run: self._clean_run(run[0]), data)
        return _ANYWHERE.sub(HIDDEN, data)

    def clean_text(self, text: str) -> str:
        """Return the text with every secret replaced."""
        return self.clean(text.encode(errors="replace")).decode(errors="replace")

    def _clean_run(self, run: bytes) -> bytes:
        parts: list[bytes] = []
        kept = at = 0
        while at <= len(run) - _PROBE:
            found = next(
                (
                    form
                    for form in self._by_probe.get(run[at : at + _PROBE], ())
                    if run.startswith(form, at)
                ),
                None,
            )
            if found is None:
                at += 1
                continue
            parts += [run[kept:at], HIDDEN]
            at += len(found)
            kept = at
        return b"".join([*parts, run[kept:]]) if parts else run


def of_site(folder: Path) -> Redactor:
    """Return what hides every secret that lies in a site's files."""
    return Redactor(secrets_in(folder))


def secrets_in(folder: Path) -> frozenset[bytes]:
    """Return every secret in a site's files: drawn ones, private keys, tokens."""
    found: set[bytes] = set()
    for path in _own_files(folder):
        with contextlib.suppress(OSError):
            if path.stat().st_size <= _BIGGEST:
                found.update(_secrets_of(path.name, path.read_bytes()))
    return frozenset(each for each in found if len(each) >= _SHORTEST)


def secrets_of_objects(items: Iterable[Mapping[str, object]]) -> frozenset[bytes]:
    """Return what Kubernetes Secrets hold; names, addresses and the like are left.

    Args:
        items: Secrets as an API server gives them.
    """
    found: set[bytes] = set()
    for item in items:
        # Helm keeps its releases in Secrets: charts, no secrets.
        if item.get("type") != "helm.sh/release.v1":
            found.update(_in_json({**item, "kind": "Secret"}, telling=False))
    public = {each for each in found if b"-----BEGIN CERTIFICATE" in each}
    public |= {base64.b64encode(each) for each in public}
    return frozenset(each for each in found - public if len(each) >= _PROBE)


def _own_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink() or path.name in _DISKS:
            continue
        if path.is_dir():
            yield from _own_files(path)
        # What is not root's alone is no secret.
        elif path.is_file() and not path.stat().st_mode & 0o077:
            yield path


def _secrets_of(name: str, data: bytes) -> Iterator[bytes]:
    for body in _PEM.findall(data):
        yield from body.split()
        # Whole, as a kubeconfig has it: the PEM text in base64.
    if b"PRIVATE KEY" in data:
        yield data
    try:
        yield from _in_json(json.loads(data), telling=bool(_TELLING.search(name)))
        return
    except ValueError:
        pass
    if name.endswith(".env"):
        for line in data.splitlines():
            variable, _, value = line.removeprefix(b"export ").partition(b"=")
            if _TELLING.search(variable.decode(errors="replace")):
                yield value.strip(b"'\"")
    elif _TELLING.search(name):
        yield from data.split()


def _in_json(value: object, *, telling: bool) -> Iterator[bytes]:
    if isinstance(value, Mapping):
        is_secret = value.get("kind") == "Secret"
        for key, inner in value.items():
            told = telling or bool(_TELLING.search(str(key)))
            yield from _in_json(
                inner, telling=told or (is_secret and key in {"data", "stringData"})
            )
    elif isinstance(value, list):
        for inner in value:
            yield from _in_json(inner, telling=telling)
    elif isinstance(value, str) and telling:
        yield value.encode()
        with contextlib.suppress(binascii.Error, ValueError):
            plain = base64.b64decode(value, validate=True)
            bodies = _PEM.findall(plain)
            yield from (line for body in bodies for line in body.split())
            yield plain


def _forms(secret: bytes) -> Iterator[bytes]:
    """Yield a secret as it is and in base64: what stays of it at each alignment."""
    yield secret
    for skipped in range(3):
        encoded = base64.b64encode(b"\0" * skipped + secret).rstrip(b"=")
        # The first characters hold bits of what stands before, the last of what follows.
        whole = encoded[(0, 2, 3)[skipped] : len(encoded) - 1]
        if len(whole) >= _PROBE:
            yield whole
            yield whole.translate(bytes.maketrans(b"+/", b"-_"))
