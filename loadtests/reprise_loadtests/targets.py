"""What a prober sends, and where: one cheap read and one small write of OpenMRS."""

from __future__ import annotations

import dataclasses
import json
import ssl
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from reprise_loadtests.addresses import Address
from reprise_loadtests.credentials import Credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.outcome import CREATED, OK
from reprise_loadtests.payloads import openmrs_now
from reprise_loadtests.probe import ServiceClass
from reprise_loadtests.wire import basic
from reprise_platform import openmrs, tls

READ_PATH = f"{openmrs.REST_PATH}/location/{openmrs.OUTPATIENT_CLINIC}"
"""The cheapest read that OpenMRS takes from its database."""


_PORTS = {"http": 80, "https": 443}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where probes go and what they say; `request` makes the bytes of the next one.

    `context` checks the server's certificate; None where it speaks plain HTTP.
    """

    service_class: ServiceClass
    address: Address
    request: Callable[[], bytes]
    wanted_status: int
    context: ssl.SSLContext | None = None


def read_target(
    url: str, credentials: Credentials, *, authority: Path | None = None
) -> Target:
    """Return a GET of the outpatient clinic, which OpenMRS takes from its database.

    Raises:
        LoadError: it is no such URL, or its name leads nowhere.
    """
    address, host, path = _where(url)
    request = _bytes(
        "GET",
        f"{path}{READ_PATH}",
        host,
        credentials,
    )
    return Target(
        service_class="read",
        address=address,
        request=lambda: request,
        wanted_status=OK,
        context=_context(url, authority),
    )


def write_target(
    url: str,
    credentials: Credentials,
    *,
    patient: str,
    authority: Path | None = None,
) -> Target:
    """Return a POST of one small observation (a pulse) on the probe's own patient.

    Raises:
        LoadError: it is no such URL, or its name leads nowhere.
    """
    address, host, path = _where(url)

    def request() -> bytes:
        body = json.dumps(
            {
                "person": patient,
                "concept": openmrs.PULSE,
                "obsDatetime": openmrs_now(),
                "value": 72,
            }
        )
        return _bytes("POST", f"{path}{openmrs.REST_PATH}/obs", host, credentials, body)

    return Target(
        service_class="write",
        address=address,
        request=request,
        wanted_status=CREATED,
        context=_context(url, authority),
    )


def _where(url: str) -> tuple[Address, str, str]:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        msg = f"{url}: a probe speaks http or https, as in https://198.18.0.4:8443"
        raise LoadError(msg)
    address = Address(parts.hostname, parts.port or _PORTS[parts.scheme])
    return address, parts.netloc, parts.path.rstrip("/")


def _context(url: str, authority: Path | None) -> ssl.SSLContext | None:
    is_plain = urllib.parse.urlsplit(url).scheme == "http"
    return None if is_plain else tls.context(authority)


def _bytes(
    method: str, path: str, host: str, credentials: Credentials, body: str = ""
) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: {basic(credentials)}",
        "Accept: application/json",
        "Connection: close",
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
