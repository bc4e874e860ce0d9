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

from reprise_loadtests.content import CLINICAL_TYPES, ClinicalType
from reprise_loadtests.outcome import results
from reprise_loadtests.readback import Ask, ReadBack, Reply, Seen, look, read_back_of
from reprise_platform import openmrs, tls
from reprise_pra.history import Event, JsonValue, Kind, Recorder

_CONNECTIONS = 8
_TIMEOUT_S = 10.0
_ATTEMPTS = 4
_PAUSE_S = 0.5
_FOUND = 200
_SEARCH = f"{openmrs.REST_PATH}/patient"
_SHORT = "custom:(uuid,voided)"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write to look for: what it made, and where it is read back."""

    clinical_type: ClinicalType
    uuid: str
    read_back: ReadBack


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
        where = read_back_of(event.value.get("read_back"))
        if key in refused or not isinstance(uuid, str) or where is None:
            continue
        for clinical_type in CLINICAL_TYPES:
            if kind == clinical_type:
                writes[uuid] = Write(
                    clinical_type=clinical_type, uuid=uuid, read_back=where
                )
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
    """Return what was found, or a sentence when the answers say nothing."""
    seen = await _look(client, write)
    if isinstance(seen, str):
        return seen
    if seen.found is None:
        return str(seen.reason)
    if not seen.found:
        flaws = {"voided": seen.voided, "dangling": seen.dangling}
        return {
            "found": False,
            **{name: True for name, is_so in flaws.items() if is_so},
        }
    count: int | str = seen.count
    if write.clinical_type == "patient":
        count = await _count_patients(client, write.uuid, seen.body)
    if isinstance(count, str):
        return count
    return {"found": True, "digest": seen.digest, "count": count}


async def _look(client: httpx.AsyncClient, write: Write) -> Seen | str:
    """Go through what there is to ask for one object; a sentence when no answer came."""
    looking = look(write.clinical_type, write.read_back)
    ask = next(looking)
    while True:
        reply = await _send(client, ask)
        if isinstance(reply, str):
            looking.close()
            return reply
        try:
            ask = looking.send(reply)
        except StopIteration as ended:
            seen: Seen = ended.value
            return seen


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
    client: httpx.AsyncClient, path: str, params: dict[str, str]
) -> tuple[int, JsonValue] | str:
    """Return the status and the JSON of an answer, or why there is none."""
    reply = await _send(client, Ask(path=path), params)
    if isinstance(reply, str):
        return reply
    return reply.status, reply.body


async def _send(
    client: httpx.AsyncClient, ask: Ask, params: dict[str, str] | None = None
) -> Reply | str:
    """Return what came, or why nothing did; bytes that are no JSON have no body."""
    try:
        response = await client.request(
            "GET" if ask.body is None else "POST",
            ask.path,
            params=params,
            json=ask.body,
        )
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    try:
        body: JsonValue = response.json()
    except ValueError:
        body = None
    return Reply(status=response.status_code, body=body, raw=response.content)
