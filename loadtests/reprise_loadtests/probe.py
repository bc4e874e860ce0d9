"""The prober's arithmetic and its record: no socket here, so that every case is testable."""

from __future__ import annotations

import dataclasses
import enum
import errno
from typing import Literal

from reprise_pra.history import JsonValue, Kind

type ServiceClass = Literal["read", "write"]

NS_PER_MS = 1_000_000


class Outcome(enum.StrEnum):
    """How a probe ended. `http` is any status but the one wanted."""

    OK = "ok"
    HTTP = "http"
    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Instants `offset + k * period` of CLOCK_MONOTONIC, the same for every process.

    Two processes with one period and different offsets stay apart without knowing of
    each other.
    """

    period_ns: int
    offset_ns: int

    def first_from(self, at_ns: int) -> int:
        """Return the first instant of the grid that is not before `at_ns`."""
        periods = -((self.offset_ns - at_ns) // self.period_ns)
        return self.offset_ns + periods * self.period_ns

    def catch_up(self, due_ns: int, now_ns: int) -> tuple[int, int]:
        """Skip the slots that are more than a period late; never send them in a burst.

        Returns:
            The next slot to send, and how many were skipped.
        """
        late_ns = now_ns - due_ns
        skipped = max(0, late_ns // self.period_ns)
        return due_ns + skipped * self.period_ns, skipped


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One probe, as it is recorded.

    Attributes:
        sched_ns: its slot of the grid. sent_ns: just before connecting.
        connected_ns: None when it never was. end_ns: first byte of the answer, or given up.
        skipped: slots skipped just before this one.
        error: the system's name for what happened (`EHOSTUNREACH`), where it has one.
    """

    service_class: ServiceClass
    sched_ns: int
    sent_ns: int
    connected_ns: int | None
    end_ns: int
    outcome: Outcome
    status: int | None = None
    skipped: int = 0
    error: str | None = None

    @property
    def kind(self) -> Kind:
        """What the probe says of its operation: refused and 4xx are certain failures."""
        match self.outcome:
            case Outcome.OK:
                return Kind.OK
            case Outcome.REFUSED:
                return Kind.FAIL
            case Outcome.HTTP if self.status is not None and 400 <= self.status < 500:  # noqa: PLR2004
                return Kind.INFO if self.status == 401 else Kind.FAIL  # noqa: PLR2004
            case _:
                return Kind.INFO

    def event_value(self) -> dict[str, JsonValue]:
        """Return the value of the probe's event."""
        value: dict[str, JsonValue] = {
            "class": self.service_class,
            "sched_ns": self.sched_ns,
            "sent_ns": self.sent_ns,
            "connected_ns": self.connected_ns,
            "end_ns": self.end_ns,
            "outcome": self.outcome.value,
        }
        if self.status is not None:
            value["status"] = self.status
        if self.skipped:
            value["skipped"] = self.skipped
        if self.error is not None:
            value["error"] = self.error
        return value


def status_of(head: bytes) -> int | None:
    """Return the status of an answer's first bytes, None while they are too few.

    Raises:
        ValueError: it is not HTTP.
    """
    first, space, rest = head.partition(b" ")
    if not b"HTTP/1.".startswith(first[:7]):
        msg = "not HTTP"
        raise ValueError(msg)
    code = rest[:3]
    if not space or len(code) < 3:  # noqa: PLR2004 - a status has three digits
        return None
    return int(code)


def failed_connection(code: int) -> Outcome:
    """Name the outcome of an errno met before an answer.

    Whatever says that there is nobody there is `refused`; the event names the errno.
    """
    if code in {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}:
        return Outcome.RESET
    return Outcome.TIMEOUT if code == errno.ETIMEDOUT else Outcome.REFUSED
