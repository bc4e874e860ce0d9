"""How a write is looked for, whoever asks: users at once, the reconciler afterwards.

Nothing here sends: `look` yields what to ask and is given what came, so that a user's
connection and the reconciler's parallel readers find the same by the same rules.

Where OpenMRS takes the client's uuid, the object is read by it. Where it takes none
(appointments, attachments) a text field holds the ledger's key, and the object is the
one of its patient's that bears it; an attachment is then read by its bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Generator, Mapping, Sequence

from reprise_loadtests.content import ClinicalType
from reprise_loadtests.digest import UnreadableObjectError, digest_read
from reprise_loadtests.outcome import NOT_FOUND, OK, error_message
from reprise_pra.history import JsonValue

_GONE = 410
_PAGE = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """Where one object is read back, paths from the front door's root.

    Attributes:
        path: of the object; with `field`, of a list that holds it.
        body: what is posted to ask for the list; None: it is a GET.
        field: which field of a list's items holds the key `value`.
        content: where the bytes are, with `{uuid}` for the uuid the server gave.
        owner: where the patient is read, without whom nothing of theirs is found.
    """

    path: str
    body: Mapping[str, JsonValue] | None = None
    field: str | None = None
    value: str | None = None
    content: str | None = None
    owner: str | None = None

    def event_value(self) -> dict[str, JsonValue]:
        """Return what the ledger keeps: what is set."""
        kept: dict[str, JsonValue] = dataclasses.asdict(self)
        return {name: value for name, value in kept.items() if value is not None}


def read_back_of(value: JsonValue) -> ReadBack | None:
    """Return what `ReadBack.event_value` wrote; None when it is not that."""
    if not isinstance(value, Mapping) or not isinstance(value.get("path"), str):
        return None
    body = value.get("body")
    texts = {
        name: found
        for name in ("path", "field", "value", "content", "owner")
        if isinstance(found := value.get(name), str)
    }
    return ReadBack(**texts, body=body if isinstance(body, Mapping) else None)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: a GET, or a POST of `body`."""

    path: str
    body: Mapping[str, JsonValue] | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came: the status, the JSON if any, and the bytes."""

    status: int
    body: JsonValue
    raw: bytes = b""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look told.

    Attributes:
        found: None when the answers say nothing; `reason` tells why.
        digest: of the object as it is; None unless found.
        count: how many objects bear the key.
        voided: it was deleted.
        dangling: the record is there, its bytes are not.
    """

    found: bool | None
    reason: str | None = None
    digest: str | None = None
    count: int = 1
    voided: bool = False
    dangling: bool = False
    body: JsonValue = None


type Look = Generator[Ask, Reply, Seen]


def look(clinical_type: ClinicalType, where: ReadBack) -> Look:
    """Look for one object: yield what to ask, be sent what came, return what was seen."""
    if where.field is None:
        return (yield from _by_uuid(clinical_type, where))
    return (yield from _by_key(clinical_type, where))


def _by_uuid(clinical_type: ClinicalType, where: ReadBack) -> Look:
    reply = yield Ask(path=where.path)
    if _is_absent(reply):
        return Seen(found=False)
    if reply.status != OK:
        return _unknown(reply)
    return _seen(clinical_type, reply.body)


def _by_key(clinical_type: ClinicalType, where: ReadBack) -> Look:
    reply = yield Ask(path=where.path, body=where.body)
    listed = _items(reply.body) if reply.status == OK else None
    if listed is None:
        return (yield from _of_nobody(where, reply))
    bearers = [one for one in listed if one.get(where.field or "") == where.value]
    live = [one for one in bearers if one.get("voided") is not True]
    if not live:
        if len(listed) >= _PAGE and not bearers:
            return Seen(found=None, reason="not in the first page of a longer list")
        return Seen(found=False, voided=bool(bearers))
    seen = (
        _seen(clinical_type, live[0])
        if where.content is None
        else (yield from _bytes(where.content, live[0]))
    )
    return dataclasses.replace(seen, count=len(live))


def _of_nobody(where: ReadBack, reply: Reply) -> Look:
    """Tell why there is no list: is it the patient who is lost?"""
    if where.owner is not None and error_message(reply.body) is not None:
        owner = yield Ask(path=where.owner)
        if _is_absent(owner):
            return Seen(found=False)
    return _unknown(reply)


def _bytes(content: str, bearer: Mapping[str, JsonValue]) -> Look:
    reply = yield Ask(path=content.format(uuid=bearer.get("uuid")))
    if _is_absent(reply):
        return Seen(found=False, dangling=True)
    if reply.status != OK:
        return _unknown(reply)
    return Seen(found=True, digest=hashlib.sha256(reply.raw).hexdigest(), body=bearer)


def _seen(clinical_type: ClinicalType, body: JsonValue) -> Seen:
    try:
        digest = digest_read(clinical_type, body)
    except UnreadableObjectError as error:
        return Seen(found=None, reason=f"unreadable answer: {error}")
    # OpenMRS still answers 200 for a voided object: it is gone all the same.
    if digest is None:
        return Seen(found=False, voided=True)
    return Seen(found=True, digest=digest, body=body)


def _is_absent(reply: Reply) -> bool:
    # Any server has a page for what it does not know; OpenMRS alone has its own error.
    return reply.status in {NOT_FOUND, _GONE} and error_message(reply.body) is not None


def _unknown(reply: Reply) -> Seen:
    return Seen(
        found=None, reason=f"status {reply.status} without what OpenMRS says of it"
    )


def _items(body: JsonValue) -> tuple[Mapping[str, JsonValue], ...] | None:
    """Read a list: bare, as of appointments, or under `results`, as of all else."""
    listed = body.get("results") if isinstance(body, Mapping) else body
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return None
    return tuple(item for item in listed if isinstance(item, Mapping))
