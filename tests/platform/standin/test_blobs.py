"""The bytes of attachments, in a folder and in a bucket."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform.standin.blobs import Blobs, BlobsError, S3Settings
from reprise_platform.standin.blobs.bucket import Bucket, sign
from reprise_platform.standin.blobs.folder import Folder

_KEPT = b"%PDF \x00\xff" * 999
_NAME = "complex_obs/2026/01-12/a é.pdf"


class _Server(http.server.BaseHTTPRequestHandler):
    """As much of an S3 server as this needs: objects and their metadata."""

    objects: dict[str, tuple[bytes, str]]

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["x-amz-content-sha256"] == hashlib.sha256(data).hexdigest()
        self.objects[self.path] = data, self.headers["x-amz-meta-sha256"]
        self._say(200, b"", "")

    def do_GET(self) -> None:
        found = self.objects.get(self.path)
        self._say(*((404, b"NoSuchKey", "") if found is None else (200, *found)))

    def do_DELETE(self) -> None:
        self.objects.pop(self.path, None)
        self._say(204, b"", "")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _say(self, status: int, data: bytes, digest: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amz-meta-sha256", digest)
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """Return a bucket of a server of its own."""
    handler = type("_Own", (_Server,), {"objects": {}})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Bucket(_settings(f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()
        thread.join()


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Return either place."""
    if request.param == "folder":
        return Folder(tmp_path)
    found: Bucket = request.getfixturevalue("bucket")
    return found


def _settings(endpoint: str) -> S3Settings:
    return S3Settings(
        endpoint=endpoint,
        region="us-east-1",
        bucket="attachments",
        access_key="access",
        secret_key="secret",
        timeout_s=0.3,
    )


def test_bytes_are_kept_and_forgotten(blobs: Blobs) -> None:
    """What was put is had; what was deleted, or never put, is not."""
    blobs.put(_NAME, _KEPT)
    assert blobs.get(_NAME) == _KEPT
    for _ in range(2):
        blobs.delete(_NAME)
    with pytest.raises(BlobsError):
        blobs.get(_NAME)


def test_changed_bytes_are_not_passed_on(tmp_path: Path) -> None:
    """One bit that turned where they lay is seen."""
    blobs = Folder(tmp_path)
    blobs.put(_NAME, _KEPT)
    (tmp_path / _NAME).write_bytes(b"\x01" + _KEPT[1:])
    with pytest.raises(BlobsError, match="not the bytes"):
        blobs.get(_NAME)


def test_server_that_changes_bytes_is_seen(bucket: Bucket) -> None:
    """An object that is not what was kept is an error, not an attachment."""
    bucket.put(_NAME, _KEPT)
    bucket._ask("PUT", _NAME, b"other", {"x-amz-meta-sha256": "0" * 64})
    with pytest.raises(BlobsError, match="not the bytes"):
        bucket.get(_NAME)


def test_server_that_does_not_answer_is_not_waited_for() -> None:
    """A port that accepts and is silent, and one that refuses: an error, in time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(BlobsError, match=endpoint):
            Bucket(_settings(endpoint)).put(_NAME, _KEPT)
    with pytest.raises(BlobsError, match=endpoint):
        Bucket(_settings(endpoint)).get(_NAME)


def test_signature_is_that_of_the_manual() -> None:
    """The example of S3's manual, "GET Object", has this very signature."""
    settings = S3Settings(
        endpoint="https://examplebucket.s3.amazonaws.com",
        region="us-east-1",
        bucket="examplebucket",
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        timeout_s=1,
    )
    moment = dt.datetime(2013, 5, 24, tzinfo=dt.UTC)
    more = {"range": "bytes=0-9"}
    headers = sign(settings, "GET", "/test.txt", b"", more, now=moment)
    assert headers["authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_keys_do_not_show() -> None:
    """Settings that are printed tell where, not with which keys."""
    assert "secret" not in repr(_settings("http://store"))
