"""Read every write back, through the front door, once the service has settled.

Every write that was acknowledged, or whose outcome is unknown, is looked for: only then
can one say what was lost and what came back.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx

from reprise_loadtests.content import ClinicalType
from reprise_loadtests.digest import UnreadableObjectError, digest_read
from reprise_loadtests.outcome import error_message, results
from reprise_platform import openmrs, tls
from reprise_pra.history import Event, JsonValue, Kind, Recorder

_CONNECTIONS = 8
_TIMEOUT_S = 10.0
_ATTEMPTS = 4
_PAUSE_S = 0.5
_FOUND = 200
_ABSENT = frozenset({404, 410})
_SEARCH = f"{openmrs.REST_PATH}/patient"
_SHORT = "custom:(uuid,voided)"


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
    authority: Path | None = None,
) -> Reconciled:
    """Read every write back and record what was found, as the process of `recorder`.

    Args:
        front_door: `http(s)://ADDRESS:PORT`.
        credentials: user name and password.
        within_s: what is not read by then stays unread, in seconds.
        told: hears how many have been looked for.
        authority: signs the front door's certificate; None: this machine's own do.
    """
    wanted = tuple(writes)
    reading = _Reading(
        recorder=recorder, deadline_s=time.monotonic() + within_s, told=told
    )
    client = httpx.AsyncClient(
        base_url=front_door,
        auth=credentials,
        timeout=_TIMEOUT_S,
        limits=httpx.Limits(max_connections=_CONNECTIONS),
        trust_env=False,
        verify=tls.context(authority),
    )
    asyncio.run(_read_all(wanted, client, reading))
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
    client: httpx.AsyncClient,
    reading: _Reading,
) -> None:
    waiting = iter(writes)
    async with client:

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
    answer = await _get(client, write.path)
    if isinstance(answer, str):
        return answer
    status, body = answer
    said = _judge(write, status, body)
    if isinstance(said, str) or not said["found"] or write.clinical_type != "patient":
        return said
    count = await _count_patients(client, write.uuid, body)
    return count if isinstance(count, str) else {**said, "count": count}


def _judge(write: Write, status: int, body: JsonValue) -> dict[str, JsonValue] | str:
    """Return what an answer says of one object, or a sentence when it says nothing."""
    # Any server has a page for what it does not know; OpenMRS alone has its own error.
    if status in _ABSENT and error_message(body) is not None:
        return {"found": False}
    if status != _FOUND:
        return f"status {status} without what OpenMRS says of it"
    try:
        digest = digest_read(write.clinical_type, body)
    except UnreadableObjectError as error:
        return f"unreadable answer: {error}"
    # OpenMRS still answers 200 for a voided object: it is gone all the same.
    if digest is None:
        return {"found": False, "voided": True}
    return {"found": True, "digest": digest, "count": 1}


async def _count_patients(
    client: httpx.AsyncClient, uuid: str, body: JsonValue
) -> int | str:
    """Return how many live patients have the identifier of one that was read, with it.

    A registration that was carried out twice makes two patients, each readable by its own
    uuid: only their common identifier shows the second.
    """
    identifier = _identifier(body)
    if identifier is None:
        return 1
    answer = await _get(client, _SEARCH, params={"identifier": identifier, "v": _SHORT})
    if isinstance(answer, str):
        return f"search by identifier: {answer}"
    status, found = answer
    listed = results(found)
    if status != _FOUND or listed is None:
        return f"search by identifier: status {status}, no list of patients"
    live = {str(one.get("uuid")) for one in listed if one.get("voided") is not True}
    # A search index may lag behind the patient just read, who is there all the same.
    return len(live | {uuid})


def _identifier(body: JsonValue) -> str | None:
    """Return the live OpenMRS identifier of a patient, or None."""
    listed = body.get("identifiers") if isinstance(body, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("voided") is True:
            continue
        kind, value = one.get("identifierType"), one.get("identifier")
        is_ours = isinstance(kind, dict) and kind.get("uuid") == openmrs.IDENTIFIER_TYPE
        if is_ours and isinstance(value, str):
            return value
    return None


async def _get(
    client: httpx.AsyncClient, path: str, params: dict[str, str] | None = None
) -> tuple[int, JsonValue] | str:
    """Return the status and the JSON of an answer, or why there is none."""
    try:
        response = await client.get(path, params=params)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    try:
        body: JsonValue = response.json()
    except ValueError:
        return f"status {response.status_code}, and no JSON"
    return response.status_code, body
