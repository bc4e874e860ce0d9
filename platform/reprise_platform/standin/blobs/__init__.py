"""Where the bytes of attachments are: a folder, or a bucket of an S3 server.

The row of an attachment and its bytes are two stores that no transaction joins: a database
restored without its bucket has attachments without bytes, as OpenMRS has.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol


class BlobsError(Exception):
    """The bytes cannot be kept or had; the message says why, without a key."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """A bucket, and how long its server may take for one step of an answer."""

    endpoint: str
    region: str
    bucket: str
    access_key: str = dataclasses.field(repr=False)
    secret_key: str = dataclasses.field(repr=False)
    timeout_s: float


class Blobs(Protocol):
    """Bytes by name, their SHA-256 kept beside them and checked when they are read."""

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name.

        Raises:
            BlobsError: not kept, or nobody knows.
        """

    def get(self, name: str) -> bytes:
        """Return the bytes of a name.

        Raises:
            BlobsError: there are none, others than were kept, or no answer.
        """

    def delete(self, name: str) -> None:
        """Forget a name, known or not.

        Raises:
            BlobsError: no answer.
        """
