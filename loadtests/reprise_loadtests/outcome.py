"""What an answer means for the user who asked: done, refused, or who knows.

`fail` is kept for what OpenMRS certainly did not do: a 4xx that is not 401 and that
carries OpenMRS' own error. Everything else that is not the expected body is `info`: a
time-out, a reset or a 5xx says nothing of the write; a 401 does not either, since OpenMRS
executes a request that carries a stale session and a valid password; some 2xx hold a
serialised exception; and the 404 page of a server whose OpenMRS is not started yet does
not mean that a patient is lost.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from reprise_loadtests.wire import Answer
from reprise_pra.history import JsonValue, Kind

UNAUTHORIZED = 401
NOT_FOUND = 404
OK = 200
CREATED = 201

_CLIENT_ERRORS = range(400, 500)
_SUCCESSES = range(200, 300)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attempt[T]:
    """How one try of an operation ended.

    Attributes:
        value: what the user learnt; None unless `kind` is ok.
        extra: what else its event says.
    """

    kind: Kind
    status: int | None
    reason: str | None
    end_ns: int
    value: T | None = None
    extra: Mapping[str, JsonValue] = dataclasses.field(default_factory=dict)

    @property
    def is_absence(self) -> bool:
        """Whether OpenMRS itself says that the object does not exist (any more)."""
        return self.kind is Kind.FAIL and self.status in {NOT_FOUND, OK}

    def event_value(self) -> dict[str, JsonValue]:
        """Return the value of the completion's event."""
        value: dict[str, JsonValue] = {}
        if self.status is not None:
            value["status"] = self.status
        if self.reason is not None:
            value["reason"] = self.reason
        return {**value, **self.extra}


def judge[T](
    answer: Answer, *, status: int, read: Callable[[JsonValue], T | None]
) -> Attempt[T]:
    """Judge an answer: ok only with `status` and a body from which `read` gets something."""
    if answer.status is None:
        return _end(answer, Kind.INFO, answer.broken)
    if answer.status == status:
        value = read(answer.body)
        if value is None:
            return _end(answer, Kind.INFO, "unexpected body")
        return Attempt(
            kind=Kind.OK,
            status=answer.status,
            reason=None,
            end_ns=answer.end_ns,
            value=value,
        )
    kind, reason = _failure(answer.status, error_message(answer.body))
    return _end(answer, kind, reason)


def voided[T](answer: Answer) -> Attempt[T]:
    """Judge the answer that shows an object as voided: for a user it is gone."""
    return _end(answer, Kind.FAIL, "voided")


def _failure(status: int, message: str | None) -> tuple[Kind, str]:
    if status == UNAUTHORIZED:
        return Kind.INFO, "unauthorized"
    if status in _CLIENT_ERRORS and message is not None:
        return Kind.FAIL, message
    if status in _SUCCESSES:
        return Kind.INFO, "unexpected body"
    return Kind.INFO, f"status {status}"


def error_message(body: JsonValue) -> str | None:
    """Return the message of an OpenMRS error body, shortened, None if there is none."""
    if isinstance(body, Mapping) and isinstance(error := body.get("error"), Mapping):
        fields = error.get("fieldErrors")
        detail = (
            f" ({', '.join(fields)})" if isinstance(fields, Mapping) and fields else ""
        )
        message = error.get("message")
        return f"{message}"[:200] + detail
    return None


def same_uuid(uuid: str) -> Callable[[JsonValue], Mapping[str, JsonValue] | None]:
    """Read a body that must be the object of this uuid."""

    def read(body: JsonValue) -> Mapping[str, JsonValue] | None:
        if isinstance(body, Mapping) and body.get("uuid") == uuid:
            return body
        return None

    return read


def results(body: JsonValue) -> tuple[Mapping[str, JsonValue], ...] | None:
    """Read the `results` of a list."""
    if isinstance(body, Mapping):
        found = body.get("results")
        if isinstance(found, Sequence) and not isinstance(found, str):
            return tuple(item for item in found if isinstance(item, Mapping))
    return None


def _end[T](answer: Answer, kind: Kind, reason: str | None) -> Attempt[T]:
    return Attempt(kind=kind, status=answer.status, reason=reason, end_ns=answer.end_ns)
