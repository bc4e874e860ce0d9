"""Read every write back, through the front door, once the service has settled.

Every write that was acknowledged, or whose outcome is unknown, is looked for: only then
can one say what was lost and what came back.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterable

import httpx

from reprise_loadtests.content import ClinicalType
from reprise_loadtests.digest import UnreadableObjectError, digest_read
from reprise_pra.history import Event, JsonValue, Kind, Recorder

_CONNECTIONS = 8
_TIMEOUT_S = 10.0
_ATTEMPTS = 4
_PAUSE_S = 0.5
_FOUND = 200
_ABSENT = frozenset({404, 410})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write to look for: what it made, and where it is read back."""

    clinical_type: ClinicalType
    uuid: str
    path: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How many writes were looked for, found, absent, and could not be read."""

    looked_for: int
    found: int
    absent: int
    unread: int


def writes_to_read(events: Iterable[Event]) -> tuple[Write, ...]:
    """List the writes whose object may exist, each once, in the order of their start.

    A write that was refused for certain (`fail`) made nothing. One without a completion
    was under way when its process died: its outcome is unknown, so it is looked for.
    """
    started: dict[tuple[str, str], Event] = {}
    refused: set[tuple[str, str]] = set()
    for event in events:
        key = (event.process, event.op_id)
        if event.kind is Kind.INVOKE and "uuid" in event.value:
            started[key] = event
        elif event.kind is Kind.FAIL:
            refused.add(key)
    writes: dict[str, Write] = {}
    for key, event in started.items():
        uuid, kind = event.value["uuid"], event.value.get("type")
        read_back = event.value.get("read_back")
        path = read_back.get("path") if isinstance(read_back, dict) else None
        if key in refused or not isinstance(uuid, str) or not isinstance(path, str):
            continue
        if kind in {"patient", "visit", "encounter"}:
            writes[uuid] = Write(clinical_type=kind, uuid=uuid, path=path)
    return tuple(writes.values())


def reconcile(
    writes: Iterable[Write],
    *,
    front_door: str,
    credentials: tuple[str, str],
    recorder: Recorder,
    within_s: float,
    told: Callable[[int], None],
) -> Reconciled:
    """Read every write back and record what was found, as the process of `recorder`.

    Args:
        front_door: `http://ADDRESS:PORT`.
        credentials: user name and password.
        within_s: what is not read by then stays unread, in seconds.
        told: hears how many have been looked for.
    """
    wanted = tuple(writes)
    reading = _Reading(
        recorder=recorder, deadline_s=time.monotonic() + within_s, told=told
    )
    asyncio.run(_read_all(wanted, front_door, credentials, reading))
    return Reconciled(
        looked_for=len(wanted),
        found=reading.found,
        absent=reading.absent,
        unread=len(wanted) - reading.found - reading.absent,
    )


@dataclasses.dataclass(slots=True, kw_only=True)
class _Reading:
    """What the readers share; they run in one thread."""

    recorder: Recorder
    deadline_s: float
    told: Callable[[int], None]
    done: int = 0
    found: int = 0
    absent: int = 0


async def _read_all(
    writes: tuple[Write, ...],
    front_door: str,
    credentials: tuple[str, str],
    reading: _Reading,
) -> None:
    waiting = iter(writes)
    async with httpx.AsyncClient(
        base_url=front_door,
        auth=credentials,
        timeout=_TIMEOUT_S,
        limits=httpx.Limits(max_connections=_CONNECTIONS),
        trust_env=False,
    ) as client:

        async def reader() -> None:
            for write in waiting:
                await _read_one(client, write, reading)
                reading.done += 1
                reading.told(reading.done)

        await asyncio.gather(*(reader() for _ in range(_CONNECTIONS)))


async def _read_one(client: httpx.AsyncClient, write: Write, reading: _Reading) -> None:
    value: dict[str, JsonValue] = {"type": write.clinical_type, "uuid": write.uuid}
    op_id = f"read-{write.uuid}"
    reading.recorder.record(Kind.INVOKE, "read_back", op_id, value)
    reason = "not tried: no time was left"
    for attempt in range(_ATTEMPTS):
        if attempt:
            await asyncio.sleep(_PAUSE_S * attempt)
        if time.monotonic() >= reading.deadline_s:
            break
        answer = await _ask(client, write)
        if not isinstance(answer, str):
            found = bool(answer["found"])
            reading.found += found
            reading.absent += not found
            reading.recorder.record(Kind.OK, "read_back", op_id, {**value, **answer})
            return
        reason = answer
    reading.recorder.record(Kind.INFO, "read_back", op_id, {**value, "reason": reason})


async def _ask(client: httpx.AsyncClient, write: Write) -> dict[str, JsonValue] | str:
    """Return what was found, or a sentence when the answer says nothing."""
    try:
        response = await client.get(write.path)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    if response.status_code in _ABSENT:
        return {"found": False}
    if response.status_code != _FOUND:
        return f"status {response.status_code}"
    try:
        digest = digest_read(write.clinical_type, response.json())
    except (ValueError, UnreadableObjectError) as error:
        return f"unreadable answer: {error}"
    # OpenMRS still answers 200 for a voided object: it is gone all the same.
    if digest is None:
        return {"found": False, "voided": True}
    return {"found": True, "digest": digest, "count": 1}
