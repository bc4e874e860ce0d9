"""A user at a desk: performs operations one after another and writes each one down.

Every operation is an `invoke` before anything is sent and a completion after; a write's
invoke carries what is needed to look for it later. That history is the write ledger.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Protocol

from reprise_loadtests import outcome
from reprise_loadtests.content import ClinicalType, Content
from reprise_loadtests.credentials import Credentials
from reprise_loadtests.digest import digest_sent
from reprise_loadtests.operations import OPERATIONS, read_back
from reprise_loadtests.outcome import Attempt, judge
from reprise_loadtests.readback import ReadBack, Reply, Seen, look
from reprise_loadtests.site import Site
from reprise_loadtests.wire import Answer, Wire
from reprise_platform import openmrs
from reprise_pra.history import JsonValue, Kind, Recorder

_NS_PER_MS = 1_000_000

_STORES: dict[ClinicalType, str] = {"attachment": "attachments"}
"""What has to survive elsewhere than in the database."""


class JourneyOverError(Exception):
    """The journey cannot go on: an operation did not succeed. It is recorded already."""


class StoppedError(JourneyOverError):
    """The journey was asked to stop between two operations."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A clinical object to create. `extra` is kept in the invoke's event."""

    clinical_type: ClinicalType
    uuid: str
    content: Content
    extra: Mapping[str, JsonValue] = dataclasses.field(default_factory=dict)

    @property
    def read_back(self) -> ReadBack:
        """Where the object is read back."""
        return read_back(self.clinical_type, self.uuid, self.content)

    def event_value(self) -> dict[str, JsonValue]:
        """Return the ledger's part of the invoke's event."""
        return {
            "type": self.clinical_type,
            "uuid": self.uuid,
            "digest": digest_sent(self.content),
            "read_back": self.read_back.event_value(),
            **({"store": store} if (store := _STORES.get(self.clinical_type)) else {}),
            **self.extra,
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One completed operation, for whoever shows statistics; latency from its intent."""

    journey: str
    operation: str
    latency_ms: float
    problem: str | None


class Pacing(Protocol):
    """How a user waits: thinks, sleeps until an instant, is told to stop."""

    def think_ns(self) -> int:
        """Draw the next think time."""
        ...

    def wait_until(self, at_ns: int) -> bool:
        """Wait for CLOCK_MONOTONIC `at_ns`; return True when asked to stop."""
        ...


class Desk:
    """One user going through one journey."""

    def __init__(
        self,
        *,
        wire: Wire,
        recorder: Recorder,
        credentials: Credentials,
        journey: str,
        instance: int,
        intended_ns: int,
        pacing: Pacing,
        site: Site | None = None,
        observe: Callable[[Done], None] = lambda _: None,
    ) -> None:
        """Sit down; the first operation is intended at `intended_ns`."""
        self.wire = wire
        self.site = site or Site()
        self.provider: str | None = None
        self._recorder = recorder
        self._credentials = credentials
        self._journey = journey
        self._instance = instance
        self._next_ns = intended_ns
        self._pacing = pacing
        self._observe = observe
        self._count = 0

    def login(self) -> None:
        """Open a session.

        Raises:
            JourneyOverError: it did not succeed.
        """
        attempt = self._once("login", self._log_in)
        if attempt.kind is not Kind.OK:
            raise JourneyOverError(attempt.reason)
        self._think()

    def read[T](self, name: str, attempt: Callable[[], Attempt[T]]) -> T:
        """Perform an operation that creates nothing; tried again once after a 401.

        Raises:
            JourneyOverError: it did not succeed.
        """
        ended = self._once(name, attempt)
        if ended.status == outcome.UNAUTHORIZED:
            self._log_in_again()
            ended = self._once(name, attempt)
        if ended.kind is not Kind.OK or ended.value is None:
            raise JourneyOverError(ended.reason)
        self._think()
        return ended.value

    def write[T](
        self, name: str, write: Write, attempt: Callable[[], Attempt[T]]
    ) -> T | None:
        """Perform a write. Nobody knows what became of it: it is read back first.

        Only a write that is not found is sent again, once, with the same uuid.

        Returns:
            What the answer held, None when the write was found instead of answered.

        Raises:
            JourneyOverError: it was refused, or it is not known what became of it.
        """
        assert OPERATIONS[name].writes == write.clinical_type, name
        for may_send_again in (True, False):
            ended = self._once(name, attempt, write)
            if ended.kind is Kind.OK:
                self._think()
                return ended.value
            if ended.kind is Kind.FAIL or not may_send_again:
                break
            if ended.status == outcome.UNAUTHORIZED:
                self._log_in_again()
            if self._is_there(write):
                self._think()
                return None
        raise JourneyOverError(ended.reason)

    def read_back(self, write: Write) -> None:
        """Read an acknowledged write and compare; its absence is a failure.

        Raises:
            JourneyOverError: it is not there, or not as it was sent.
        """
        self.read("read_back", lambda: self._look_for(write))

    def _is_there(self, write: Write) -> bool:
        def attempt() -> Attempt[bool]:
            looked = self._look_for(write)
            if not looked.is_absence:
                return looked
            return dataclasses.replace(
                looked, kind=Kind.OK, reason=None, value=False, extra={"found": False}
            )

        ended = self._once("read_back", attempt)
        if ended.kind is not Kind.OK or ended.value is None:
            raise JourneyOverError(ended.reason)
        return ended.value

    def _look_for(self, write: Write) -> Attempt[bool]:
        looking = look(write.clinical_type, write.read_back)
        ask = next(looking)
        while True:
            answer = self.wire.request(
                "GET" if ask.body is None else "POST", ask.path, body=ask.body
            )
            if answer.status in {None, outcome.UNAUTHORIZED}:
                looking.close()
                return self._looked(write, answer, None)
            assert answer.status is not None
            reply = Reply(status=answer.status, body=answer.body, raw=answer.raw)
            try:
                ask = looking.send(reply)
            except StopIteration as ended:
                return self._looked(write, answer, ended.value)

    def _looked(self, write: Write, answer: Answer, seen: Seen | None) -> Attempt[bool]:
        found = seen.found if seen is not None else None
        if found is False:
            kind, reason = Kind.FAIL, outcome.error_message(answer.body) or "not found"
        elif found and seen is not None and seen.digest == digest_sent(write.content):
            kind, reason = Kind.OK, None
        elif found:
            kind, reason = Kind.INFO, "not as it was sent"
        else:
            kind = Kind.INFO
            reason = judge(answer, status=outcome.OK, read=lambda _: None).reason
        return Attempt(
            kind=kind,
            status=answer.status,
            reason=reason,
            end_ns=answer.end_ns,
            value=True if kind is Kind.OK else None,
            extra={
                "type": write.clinical_type,
                "uuid": write.uuid,
                "found": bool(found),
            },
        )

    def _log_in_again(self) -> None:
        self.wire.forget_session()
        attempt = self._once("login", self._log_in)
        if attempt.kind is not Kind.OK:
            raise JourneyOverError(attempt.reason)

    def _log_in(self) -> Attempt[bool]:
        answer = self.wire.request(
            "GET", f"{openmrs.REST_PATH}/session", credentials=self._credentials
        )

        def read(body: JsonValue) -> bool | None:
            # OpenMRS answers 200 to a wrong password too.
            if not isinstance(body, Mapping) or body.get("authenticated") is not True:
                return None
            provider = body.get("currentProvider")
            if isinstance(provider, Mapping) and isinstance(
                uuid := provider.get("uuid"), str
            ):
                self.provider = uuid
            return True

        return judge(answer, status=outcome.OK, read=read)

    def _once[T](
        self,
        name: str,
        attempt: Callable[[], Attempt[T]],
        write: Write | None = None,
    ) -> Attempt[T]:
        assert name in OPERATIONS, name
        if self._pacing.wait_until(self._next_ns):
            raise StoppedError
        intended_ns = self._next_ns
        self._count += 1
        op_id = f"{self._instance}.{self._count}"
        value: dict[str, JsonValue] = {
            "journey": self._journey,
            "instance": self._instance,
            "intended_ns": intended_ns,
        }
        if write is not None:
            value |= write.event_value()
        self._recorder.record(Kind.INVOKE, name, op_id, value)
        ended = attempt()
        self._recorder.record(
            ended.kind,
            name,
            op_id,
            {"intended_ns": intended_ns, **ended.event_value()},
            at_ns=ended.end_ns,
        )
        self._next_ns = ended.end_ns
        problem = None if ended.kind is Kind.OK else ended.reason or ended.kind.value
        self._observe(
            Done(
                journey=self._journey,
                operation=name,
                latency_ms=(ended.end_ns - intended_ns) / _NS_PER_MS,
                problem=problem,
            )
        )
        return ended

    def _think(self) -> None:
        self._next_ns += self._pacing.think_ns()
