"""Whether the servers outside the clusters answer: front door, store, observability."""

from __future__ import annotations

import errno
import json
import socket
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import minio
import urllib3
from minio.error import S3Error

from reprise_platform import tls
from reprise_platform.errors import SiteError
from reprise_platform.openmrs import REST_PATH
from reprise_platform.remote.kubeconfigs import private_text
from reprise_platform.remote.sitefile import RemoteSite

_WITHIN_S = 10.0

type Problem = tuple[str, str]


def pair_of(path: Path, *keys: str) -> tuple[str, str]:
    """Return the two texts that a file of JSON has under two keys.

    Raises:
        SiteError: it cannot be used; says what it must hold, never what it holds.
    """
    text = private_text(path)
    told = ", ".join(f'"{key}": …' for key in keys)
    msg = f"{path} must hold JSON: {{{told}}}"
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise SiteError(msg) from error
    found = [raw.get(key) if isinstance(raw, dict) else None for key in keys]
    if not all(isinstance(value, str) and value for value in found):
        raise SiteError(msg)
    first, second = map(str, found)
    return first, second


def front_door_problems(site: RemoteSite) -> Iterator[Problem]:
    """Yield why the clinics' door cannot be used."""
    url = f"{site.front_door.url}{REST_PATH}/session"
    try:
        login = pair_of(site.clinic_credentials, "username", "password")
    except SiteError as error:
        yield ("clinic_credentials", str(error))
        return
    try:
        answer = httpx.get(
            url, auth=login, timeout=_WITHIN_S, verify=tls.context(site.authority)
        )
        said = answer.json()
    except httpx.HTTPError as error:
        yield ("front_door.url", _unanswered(url, error))
    except ValueError:
        told = f"{url} answers {answer.status_code}, which is no OpenMRS session"
        yield ("front_door.url", told)
    else:
        if not (isinstance(said, dict) and said.get("authenticated") is True):
            told = (
                f"the login was refused ({answer.status_code}) at {url}; renew the file"
            )
            yield ("clinic_credentials", told)


def store_problems(site: RemoteSite) -> Iterator[Problem]:
    """Yield why the backups' bucket cannot be read."""
    store = site.backup_store
    try:
        key, secret = pair_of(store.credentials, "access_key", "secret_key")
    except SiteError as error:
        yield ("backup_store.credentials", str(error))
        return
    scheme, _, host = store.endpoint.partition("://")
    authority = str(site.authority) if site.authority else None
    client = minio.Minio(
        host,
        access_key=key,
        secret_key=secret,
        region=store.region,
        secure=scheme == "https",
        http_client=urllib3.PoolManager(
            timeout=_WITHIN_S, retries=False, ca_certs=authority
        ),
    )
    try:
        next(iter(client.list_objects(store.bucket)), None)
    except S3Error as error:
        if error.code == "NoSuchBucket":
            yield ("backup_store.bucket", f"no bucket {store.bucket} there; make it")
        else:
            told = f"the store refuses this key: {error.code}; renew the file"
            yield ("backup_store.credentials", told)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        told = f"{store.endpoint} does not answer: {error}"
        yield ("backup_store.endpoint", told)


def observability_problems(site: RemoteSite) -> Iterator[Problem]:
    """Yield why measurements or alerts cannot be read."""
    wanted = site.observability
    login = None
    if wanted.credentials is not None:
        try:
            login = pair_of(wanted.credentials, "username", "password")
        except SiteError as error:
            yield ("observability.credentials", str(error))
            return
    for key, url in (
        ("prometheus", wanted.prometheus),
        ("alertmanager", wanted.alertmanager),
    ):
        if url is None:
            continue
        try:
            answer = httpx.get(
                f"{url}/-/ready",
                auth=login,
                timeout=_WITHIN_S,
                verify=tls.context(site.authority),
            )
        except httpx.HTTPError as error:
            yield (f"observability.{key}", _unanswered(url, error))
            continue
        if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            told = f"{url} refuses the login ({answer.status_code}); renew the file"
            yield ("observability.credentials", told)
        elif answer.status_code != httpx.codes.OK:
            told = f"{url}/-/ready answers {answer.status_code}; is it {key}?"
            yield (f"observability.{key}", told)


def webhook_problems(site: RemoteSite) -> Iterator[Problem]:
    """Yield why a drill could not hear the site's alerts here."""
    url, token = site.observability.webhook, site.observability.webhook_token
    if url is None or token is None:
        return
    try:
        if not private_text(token).strip():
            yield ("observability.webhook_token", f"{token} is empty")
    except SiteError as error:
        yield ("observability.webhook_token", str(error))
    parts = urllib.parse.urlsplit(url)
    try:
        socket.create_server((parts.hostname or "", parts.port or 80)).close()
    except (OSError, ValueError) as error:
        # Taken: by a drill that listens already, most likely.
        if getattr(error, "errno", None) != errno.EADDRINUSE:
            yield ("observability.webhook", f"cannot listen at {url}: {error}")


def authority_problems(site: RemoteSite) -> Iterator[Problem]:
    """Yield why no server could be trusted: each would be told as if it were at fault."""
    try:
        tls.context(site.authority)
    except OSError as error:
        told = f"{site.authority} holds no authorities in PEM: {error}"
        yield ("authority", told)


def _unanswered(url: str, error: httpx.HTTPError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"{url}: nobody known signed its certificate; give `authority`: {error}"
    return f"{url} does not answer: {error or type(error).__name__}"


CHECKS: tuple[Callable[[RemoteSite], Iterator[Problem]], ...] = (
    front_door_problems,
    store_problems,
    observability_problems,
    webhook_problems,
)
