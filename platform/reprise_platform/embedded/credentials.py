"""A site's own secrets: drawn anew for each site, readable by root alone."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from reprise_platform import manifests
from reprise_platform.embedded.pki import write_secret

BUCKETS = {"primary": "backups", "recovery": "backups-recovery"}


def make(folder: Path, namespace: str) -> None:
    """Draw every secret of a new site and lay them where each is used.

    `escrow/` is what would lie in a safe: the recovery site needs it and the primary
    site's loss must not take it away. `clinic.json` is written last: where it is, all
    the others are.
    """
    escrow = folder / "escrow"
    escrow.mkdir(mode=0o700, exist_ok=True)
    admin = _drawn()
    kept = {
        "attachments": manifests.secret(
            "attachments", namespace, {"access": "openmrs", "secret": _drawn()}
        ),
        "database": manifests.secret(
            "database",
            namespace,
            {"openmrs": _drawn(), "backup": _drawn(), "monitor": _drawn()},
        ),
        "openmrs-admin": manifests.secret(
            "openmrs-admin", namespace, {"password": admin}
        ),
    }
    for name, item in kept.items():
        _write(escrow / f"{name}.json", item)
    # Set before the first backup: Velero's own default is a public constant.
    write_secret(folder / "repository-password", _drawn().encode())
    store = folder / "store"
    (store / "accounts").mkdir(parents=True, mode=0o700, exist_ok=True)
    _write(store / "root.json", {"access": "root", "secret": _drawn()})
    accounts = {name: _account(name) for name in BUCKETS}
    _write(store / "accounts" / "users.json", {"accessAccounts": accounts})
    _write(folder / "clinic.json", {"username": "admin", "password": admin})


def account_file(folder: Path) -> Path:
    """Return the store's list of accounts."""
    return folder / "store" / "accounts" / "users.json"


def aws_profile(folder: Path, account: str) -> str:
    """Return an account's keys in the form Velero's plug-in reads."""
    accounts = json.loads(account_file(folder).read_text())["accessAccounts"]
    secret = accounts[account]["secret"]
    return f"[default]\naws_access_key_id={account}\naws_secret_access_key={secret}\n"


def disable_account(folder: Path, account: str) -> None:
    """Take an account's key away: the store refuses it from the next request on."""
    file = account_file(folder)
    accounts = json.loads(file.read_text())
    if accounts["accessAccounts"].pop(account, None) is not None:
        _write(file, accounts)


def _account(name: str) -> dict[str, str | int]:
    return {
        "access": name,
        "secret": _drawn(),
        "role": "user",
        "userID": 0,
        "groupID": 0,
        "projectID": 0,
    }


def _drawn() -> str:
    # Hexadecimal: passes through shells, SQL and URLs as it is.
    return secrets.token_hex(20)


def _write(path: Path, value: object) -> None:
    partial = path.with_name(f".{path.name}.new")
    write_secret(partial, json.dumps(value, indent=1).encode())
    partial.rename(path)
