"""Who the clinics log in as, and whom they trust: from the environment, or its files."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path

from reprise_loadtests.errors import LoadError

FILE_VARIABLE = "REPRISE_CLINIC_CREDENTIALS"
AUTHORITY_VARIABLE = "REPRISE_AUTHORITY"
USER_VARIABLE = "OPENMRS_USER"
PASSWORD_VARIABLE = "OPENMRS_PASSWORD"  # noqa: S105 - the variable's name


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user name and a password; the password is never shown."""

    username: str
    password: str = dataclasses.field(repr=False)


def read_credentials(path: Path) -> Credentials:
    """Read a JSON file `{"username": ..., "password": ...}`.

    Raises:
        LoadError: the file is missing or is not that.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read as JSON: {error}"
        raise LoadError(msg) from error
    if isinstance(raw, dict):
        match raw.get("username"), raw.get("password"):
            case str(username), str(password):
                return Credentials(username=username, password=password)
            case _:
                pass
    msg = f'{path}: needs {{"username": "...", "password": "..."}}'
    raise LoadError(msg)


def find_credentials(environment: Mapping[str, str] = os.environ) -> Credentials:
    """Return the credentials named by the environment; the file is preferred.

    Raises:
        LoadError: neither the file nor both variables are given.
    """
    if path := environment.get(FILE_VARIABLE):
        return read_credentials(Path(path))
    username = environment.get(USER_VARIABLE)
    password = environment.get(PASSWORD_VARIABLE)
    if username and password:
        return Credentials(username=username, password=password)
    msg = (
        f"no credentials for the clinics: set {FILE_VARIABLE} to the path of a JSON file"
        f" with username and password, or set {USER_VARIABLE} and {PASSWORD_VARIABLE}"
    )
    raise LoadError(msg)


def find_authority(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the PEM that signs the front door; None: this machine's own authorities.

    Raises:
        LoadError: the file that is named is not there.
    """
    given = environment.get(AUTHORITY_VARIABLE)
    if not given:
        return None
    path = Path(given)
    if not path.is_file():
        msg = f"{path}: no such file; {AUTHORITY_VARIABLE} names the front door's authority"
        raise LoadError(msg)
    return path
