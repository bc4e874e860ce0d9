"""One digest for a clinical object as it was sent and as it is read back.

The write ledger holds `digest_sent`; whoever reads the object later compares it with
`digest_read`. Equal digests mean that everything the user wrote is there, unaltered.

The digest is the SHA-256, in hexadecimal, of JSON with sorted keys and no spaces of

- a patient: `family, given, gender, birthdate, identifier`;
- a visit: `patient, type, location`;
- an encounter: `patient, type, obs`, where obs is the sorted list of `[concept, value]`
  of the observations that have a value. A number is `repr(float(x))`, a coded answer its
  concept's uuid;
- an appointment: `patient, service, location, kind, start, end`, in seconds since 1970.

An attachment's digest is the SHA-256 of its bytes themselves.

Texts are in Unicode's normal form C, without surrounding blanks.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from reprise_loadtests.content import (
    AppointmentContent,
    AttachmentContent,
    ClinicalType,
    Content,
    EncounterContent,
    PatientContent,
    VisitContent,
)
from reprise_platform import openmrs
from reprise_pra.history import JsonValue


class UnreadableObjectError(Exception):
    """What was read is not the representation of the clinical object asked for."""


def digest_sent(content: Content) -> str:
    """Return the digest of what a user sends."""
    match content:
        case PatientContent():
            return _patient(
                content.family,
                content.given,
                content.gender,
                content.birthdate,
                content.identifier,
            )
        case VisitContent():
            return _visit(content.patient, content.visit_type, content.location)
        case EncounterContent():
            return _encounter(
                content.patient,
                content.encounter_type,
                ((leaf.concept, leaf.value) for leaf in content.leaves()),
            )
        case AppointmentContent():
            return _hash(
                {
                    "patient": content.patient,
                    "service": content.service,
                    "location": content.location,
                    "kind": content.kind,
                    "start": content.start_s,
                    "end": content.end_s,
                }
            )
        case AttachmentContent():
            return hashlib.sha256(content.document).hexdigest()
        case _:
            assert_never(content)


def digest_read(clinical_type: ClinicalType, body: JsonValue) -> str | None:
    """Return the digest of an object as OpenMRS shows it, or None if it is voided.

    Args:
        clinical_type: what `body` should be.
        body: the JSON answered at the type's read-back path (`operations.read_back`),
            or its full representation.

    Raises:
        UnreadableObjectError: `body` lacks something; the message says what.
    """
    top = _Node(body, clinical_type)
    if top.get("voided") is True:
        return None
    match clinical_type:
        case "patient":
            person = top.at("person")
            name = person.at("preferredName")
            return _patient(
                name.text("familyName"),
                name.text("givenName"),
                person.text("gender"),
                person.text("birthdate")[:10],
                _identifier(top.items("identifiers")),
            )
        case "visit":
            return _visit(
                top.at("patient").text("uuid"),
                top.at("visitType").text("uuid"),
                top.at("location").text("uuid"),
            )
        case "encounter":
            return _encounter(
                top.at("patient").text("uuid"),
                top.at("encounterType").text("uuid"),
                _read_leaves(top.items("obs")),
            )
        case "appointment":
            return _hash(
                {
                    "patient": top.at("patient").text("uuid"),
                    "service": top.at("service").text("uuid"),
                    "location": top.at("location").text("uuid"),
                    "kind": top.text("appointmentKind"),
                    "start": top.seconds("startDateTime"),
                    "end": top.seconds("endDateTime"),
                }
            )
        case "attachment":
            msg = "an attachment is read by its bytes, whose SHA-256 is its digest"
            raise UnreadableObjectError(msg)
        case _:
            assert_never(clinical_type)


def is_voided(body: JsonValue) -> bool:
    """Tell whether OpenMRS shows the object as deleted (it still answers 200)."""
    return isinstance(body, Mapping) and body.get("voided") is True


def _patient(
    family: str, given: str, gender: str, birthdate: str, identifier: str
) -> str:
    return _hash(
        {
            "family": _normal(family),
            "given": _normal(given),
            "gender": gender,
            "birthdate": birthdate,
            "identifier": _normal(identifier),
        }
    )


def _visit(patient: str, visit_type: str, location: str) -> str:
    return _hash({"patient": patient, "type": visit_type, "location": location})


def _encounter(
    patient: str, encounter_type: str, leaves: Iterable[tuple[str, float | str]]
) -> str:
    obs = sorted([concept, _canonical(value)] for concept, value in leaves)
    return _hash({"patient": patient, "type": encounter_type, "obs": obs})


def _hash(content: Mapping[str, JsonValue]) -> str:
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _canonical(value: float | str) -> str:
    # Adding zero makes -0.0 equal 0.0, which a database column does not tell apart.
    return _normal(value) if isinstance(value, str) else repr(float(value) + 0.0)


class _Node:
    """A JSON object being read, which knows its own path for the message."""

    def __init__(self, value: JsonValue, path: str) -> None:
        if not isinstance(value, Mapping):
            msg = f"{path} is no JSON object"
            raise UnreadableObjectError(msg)
        self._value = value
        self.path = path

    def get(self, key: str) -> JsonValue:
        return self._value.get(key)

    def at(self, key: str) -> _Node:
        return _Node(self.get(key), f"{self.path}.{key}")

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str):
            msg = f"{self.path}.{key} is no text"
            raise UnreadableObjectError(msg)
        return value

    def seconds(self, key: str) -> int:
        """Return an instant: milliseconds since 1970, or a date as OpenMRS writes it."""
        value = self.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value // 1000
        try:
            return int(datetime.datetime.fromisoformat(self.text(key)).timestamp())
        except ValueError as error:
            msg = f"{self.path}.{key} is no instant"
            raise UnreadableObjectError(msg) from error

    def items(self, key: str) -> tuple[_Node, ...]:
        value = self.get(key)
        if not isinstance(value, Sequence) or isinstance(value, str):
            msg = f"{self.path}.{key} is no list"
            raise UnreadableObjectError(msg)
        return tuple(
            _Node(item, f"{self.path}.{key}[{n}]") for n, item in enumerate(value)
        )


def _identifier(identifiers: Sequence[_Node]) -> str:
    live = [node for node in identifiers if node.get("voided") is not True]
    ours = [
        node
        for node in live
        if isinstance(node.get("identifierType"), Mapping)
        and node.at("identifierType").get("uuid") == openmrs.IDENTIFIER_TYPE
    ]
    for node in ours or live:
        return node.text("identifier")
    msg = "patient.identifiers has none that is live"
    raise UnreadableObjectError(msg)


def _read_leaves(obs: Iterable[_Node]) -> Iterable[tuple[str, float | str]]:
    for node in obs:
        if node.get("voided") is True:
            continue
        if node.get("groupMembers"):
            yield from _read_leaves(node.items("groupMembers"))
            continue
        yield node.at("concept").text("uuid"), _read_value(node)


def _read_value(node: _Node) -> float | str:
    value = node.get("value")
    if isinstance(value, Mapping):
        return node.at("value").text("uuid")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        msg = f"{node.path}.value is neither a number, a text nor a coded answer"
        raise UnreadableObjectError(msg)
    return value
