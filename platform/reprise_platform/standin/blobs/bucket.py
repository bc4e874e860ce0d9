"""Bytes in a bucket of an S3 server, asked for with the standard library alone.

Requests are signed with AWS' Signature Version 4 (the algorithm is in the S3 manual,
"Authenticating Requests"); the payload's own digest is signed with them, so that a server
refuses bytes that changed on the way.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import http.client
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from reprise_platform.standin.blobs import BlobsError, S3Settings

_DIGEST = "x-amz-meta-sha256"
_LONGEST_TALE = 200


class Bucket:
    """Each name an object; a connection of its own for each request."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._url = urlsplit(settings.endpoint)

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name.

        Raises:
            BlobsError: refused, or no answer in time: nobody knows then.
        """
        self._ask("PUT", name, data, {_DIGEST: hashlib.sha256(data).hexdigest()})

    def get(self, name: str) -> bytes:
        """Return the bytes of a name.

        Raises:
            BlobsError: there are none, others than were kept, or no answer.
        """
        data, headers = self._ask("GET", name, b"", {})
        if hashlib.sha256(data).hexdigest() != headers.get(_DIGEST):
            msg = f"{name}: not the bytes that were kept"
            raise BlobsError(msg)
        return data

    def delete(self, name: str) -> None:
        """Forget a name, known or not.

        Raises:
            BlobsError: refused, or no answer.
        """
        self._ask("DELETE", name, b"", {})

    def _ask(
        self, method: str, name: str, data: bytes, more: Mapping[str, str]
    ) -> tuple[bytes, Mapping[str, str]]:
        path = quote(f"{self._url.path}/{self._settings.bucket}/{name}", safe="/~")
        now = dt.datetime.now(dt.UTC)
        headers = sign(self._settings, method, path, data, more, now=now)
        connection = self._connection()
        try:
            connection.request(method, path, body=data or None, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            msg = f"{self._settings.endpoint}: {type(error).__name__}"
            raise BlobsError(msg) from error
        finally:
            connection.close()
        if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            said = body[:_LONGEST_TALE].decode(errors="replace")
            msg = f"{self._settings.endpoint}: {answer.status} {said}"
            raise BlobsError(msg)
        return body, {key.lower(): value for key, value in answer.getheaders()}

    def _connection(self) -> http.client.HTTPConnection:
        host, limit_s = self._url.netloc, self._settings.timeout_s
        if self._url.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, timeout=limit_s, context=context)
        return http.client.HTTPConnection(host, timeout=limit_s)


def sign(
    settings: S3Settings,
    method: str,
    path: str,
    data: bytes,
    more: Mapping[str, str],
    *,
    now: dt.datetime,
) -> dict[str, str]:
    """Return a request's headers, its signature among them.

    Args:
        path: as it is sent, escaped; there is no query.
        more: headers of the request's own, in lower case.
        now: the moment, with its zone; servers refuse one more than 15 minutes off.
    """
    moment = f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    digest = hashlib.sha256(data).hexdigest()
    headers = {
        "host": urlsplit(settings.endpoint).netloc,
        "x-amz-content-sha256": digest,
        "x-amz-date": moment,
        **more,
    }
    names = sorted(headers)
    signed = ";".join(names)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = f"{method}\n{path}\n\n{lines}\n{signed}\n{digest}"
    scope = f"{moment[:8]}/{settings.region}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
    key = f"AWS4{settings.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={settings.access_key}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    return headers
