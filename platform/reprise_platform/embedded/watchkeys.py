"""The secrets of the observability machine: drawn for each site, or lent to it."""

from __future__ import annotations

import dataclasses
import json
import secrets
from pathlib import Path

import bcrypt

from reprise_platform.embedded.pki import write_secret

USERNAME = "reprise"
_ROUNDS = 10


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the machine shows, and what it asks for.

    Attributes:
        username, password, password_hash: of Prometheus and of Alertmanager.
        token: shown to the harness with every alert.
        clinic_username, clinic_password: of the read through the front door.
        monitor: password of the database account that sees its state and no data.
    """

    username: str
    password: str = dataclasses.field(repr=False)
    password_hash: str = dataclasses.field(repr=False)
    token: str = dataclasses.field(repr=False)
    clinic_username: str
    clinic_password: str = dataclasses.field(repr=False)
    monitor: str = dataclasses.field(repr=False)


def credentials_file(folder: Path) -> Path:
    """Return Prometheus' and Alertmanager's login: JSON username, password."""
    return folder / "observability" / "credentials.json"


def token_file(folder: Path) -> Path:
    """Return the bearer token that Alertmanager shows to the harness."""
    return folder / "observability" / "webhook-token"


def make(folder: Path) -> None:
    """Draw what a site does not have yet. Idempotent; the login is written last."""
    login = credentials_file(folder)
    if login.exists():
        return
    login.parent.mkdir(mode=0o700, exist_ok=True)
    password = secrets.token_hex(20)
    # Salted: kept, so that the machine's files stay the same from one start to the next.
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(_ROUNDS))
    write_secret(_hash_file(folder), hashed)
    write_secret(token_file(folder), secrets.token_hex(20).encode())
    partial = login.with_name(".credentials.new")
    write_secret(
        partial, json.dumps({"username": USERNAME, "password": password}).encode()
    )
    partial.rename(login)


def read(folder: Path) -> Keys:
    """Return the secrets of a site that has them."""
    login = json.loads(credentials_file(folder).read_text())
    clinic = json.loads((folder / "clinic.json").read_text())
    database = json.loads((folder / "escrow" / "database.json").read_text())
    return Keys(
        username=login["username"],
        password=login["password"],
        password_hash=_hash_file(folder).read_text(),
        token=token_file(folder).read_text(),
        clinic_username=clinic["username"],
        clinic_password=clinic["password"],
        monitor=database["stringData"]["monitor"],
    )


def _hash_file(folder: Path) -> Path:
    return folder / "observability" / "password-hash"
