"""The metadata of a fresh database: OpenMRS's demo content, and audiology beside it.

Keys are fixed, so that every installation gives a thing the same key: replicas that seed
at once write the same rows, and a restored table fits the others.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from reprise_platform import openmrs
from reprise_platform.standin import luhn, passwords

Seed: TypeAlias = "tuple[str, Mapping[str, object]]"
"""A table and a row; the row's first columns are its key."""

ADMIN_USER_ID = 1
IDENTIFIER_TYPE_ID = 3
IDENTIFIER_SOURCE_ID = 1
FIRST_IDENTIFIER_BASE = "100000"
IDENTIFIER_LENGTH = 7

_MADE = {"creator": ADMIN_USER_ID, "date_created": dt.datetime(2026, 1, 1)}  # noqa: DTZ001 - as stored
_CLASSES = {
    1: ("8d4907b2-c2cc-11de-8d13-0010c6dffd0f", "Test"),
    2: ("8d490bf4-c2cc-11de-8d13-0010c6dffd0f", "Procedure"),
    4: ("8d4918b0-c2cc-11de-8d13-0010c6dffd0f", "Diagnosis"),
    5: ("8d491a9a-c2cc-11de-8d13-0010c6dffd0f", "Finding"),
    7: ("8d491e50-c2cc-11de-8d13-0010c6dffd0f", "Question"),
    8: ("8d492594-c2cc-11de-8d13-0010c6dffd0f", "ConvSet"),
    10: ("8d492026-c2cc-11de-8d13-0010c6dffd0f", "LabSet"),
    11: ("8d492774-c2cc-11de-8d13-0010c6dffd0f", "Misc"),
}
_DATATYPES = {
    1: ("8d4a4488-c2cc-11de-8d13-0010c6dffd0f", "Numeric"),
    2: ("8d4a48b6-c2cc-11de-8d13-0010c6dffd0f", "Coded"),
    3: ("8d4a4ab4-c2cc-11de-8d13-0010c6dffd0f", "Text"),
    4: ("8d4a4c94-c2cc-11de-8d13-0010c6dffd0f", "N/A"),
    5: ("8d4a4e74-c2cc-11de-8d13-0010c6dffd0f", "Document"),
    6: ("8d4a505e-c2cc-11de-8d13-0010c6dffd0f", "Date"),
    7: ("8d4a591e-c2cc-11de-8d13-0010c6dffd0f", "Time"),
    8: ("8d4a5af4-c2cc-11de-8d13-0010c6dffd0f", "Datetime"),
    10: ("8d4a5cca-c2cc-11de-8d13-0010c6dffd0f", "Boolean"),
    11: ("8d4a5e96-c2cc-11de-8d13-0010c6dffd0f", "Rule"),
    12: ("8d4a606c-c2cc-11de-8d13-0010c6dffd0f", "Structured Numeric"),
    13: ("8d4a6242-c2cc-11de-8d13-0010c6dffd0f", "Complex"),
}
_LOCATIONS = {
    1: (openmrs.UNKNOWN_LOCATION, "Unknown Location"),
    2: (openmrs.OUTPATIENT_CLINIC, "Outpatient Clinic"),
    **{
        10 + number: (place, f"Site {number}")
        for number, place in enumerate(openmrs.CENTRES, start=1)
    },
}
_VISIT_TYPES = {
    1: (openmrs.FACILITY_VISIT, "Facility Visit"),
    2: ("d66e9fe0-7d51-4801-a550-5d462ad1c944", "Home Visit"),
    3: ("287463d3-2233-4c69-9851-5841a1f5e109", "OPD Visit"),
}
_ENCOUNTER_TYPES = {
    1: (openmrs.VITALS, "Vitals"),
    2: (openmrs.CONSULTATION, "Consultation"),
    3: (openmrs.AUDIOGRAM, "Audiogram"),
    4: (openmrs.ATTACHMENT_UPLOAD, "Attachment Upload"),
}
_ENCOUNTER_ROLES = {
    1: (openmrs.UNKNOWN_ROLE, "Unknown"),
    2: (openmrs.CLINICIAN_ROLE, "Clinician"),
}
_ROLES = {
    "Anonymous": "774b2af3-6437-4e5a-a310-547554c7c65c",
    "Authenticated": "f7fd42ef-880e-40c5-972d-e4ae7c990de2",
    "Provider": "8d94f280-c2cc-11de-8d13-0010c6dffd0f",
    "System Developer": "8d94f852-c2cc-11de-8d13-0010c6dffd0f",
}
# What everyone has, named or not, is given to no one.
_OF_NO_ONE = ("Anonymous", "Authenticated")
_VITALS = {
    openmrs.SYSTOLIC: ("Systolic blood pressure", "Pression systolique", "mmHg"),
    openmrs.DIASTOLIC: ("Diastolic blood pressure", "Pression diastolique", "mmHg"),
    openmrs.PULSE: ("Pulse", "Pouls", "beats/min"),
    openmrs.TEMPERATURE: ("Temperature (C)", "Température (°C)", "DEG C"),
    openmrs.WEIGHT: ("Weight (kg)", "Poids (kg)", "kg"),
    openmrs.HEIGHT: ("Height (cm)", "Taille (cm)", "cm"),
    openmrs.SATURATION: ("Arterial blood oxygen saturation", "SpO2", "%"),
    openmrs.RESPIRATION: ("Respiratory rate", "Fréquence respiratoire", "breaths/min"),
}
_EARS = {openmrs.LEFT: "gauche", openmrs.RIGHT: "droite"}
_FIRST_THRESHOLD_ID = 200_000
_PANEL_IDS = {openmrs.LEFT: 200_100, openmrs.RIGHT: 200_101}


def rows(admin_password: str) -> Iterator[Seed]:
    """Return the rows, those referred to first."""
    yield from _people(admin_password)
    for _, row in _named("location", _LOCATIONS):
        # OpenMRS' own place has an address of empty lines.
        lines = {"address1": "", "address2": ""} if row["location_id"] == 1 else {}
        yield "location", dict(row) | lines
    yield from _named("visit_type", _VISIT_TYPES)
    yield from _named("encounter_type", _ENCOUNTER_TYPES)
    yield from _named("encounter_role", _ENCOUNTER_ROLES)
    yield from _named("concept_class", _CLASSES)
    yield from _named("concept_datatype", _DATATYPES)
    yield from _identifiers()
    yield from _vitals()
    yield from _audiogram()
    yield from _agenda()
    yield from _attachments()


def stable_uuid(what: str) -> str:
    """Return the uuid of a row that has none of its own elsewhere."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"reprise:{what}"))


def _people(admin_password: str) -> Iterator[Seed]:
    salt = passwords.new_salt()
    made = _MADE | {"uuid": openmrs.ADMIN_PERSON}
    yield "person", {"person_id": 1} | made | {"gender": "M", "creator": None}
    account = {"system_id": openmrs.ADMIN_USERNAME, "username": "", "person_id": 1}
    secret = {"password": passwords.encode(admin_password, salt), "salt": salt}
    yield (
        "users",
        {"user_id": 1} | _MADE | account | secret | {"uuid": openmrs.ADMIN_USER},
    )
    name = {
        "person_id": 1,
        "given_name": "Super",
        "family_name": "User",
        "preferred": 1,
    }
    yield (
        "person_name",
        {"person_name_id": 1} | _MADE | name | {"uuid": stable_uuid("name:admin")},
    )
    for role, role_uuid in _ROLES.items():
        yield "role", {"role": role, "uuid": role_uuid}
        if role not in _OF_NO_ONE:
            yield "user_role", {"user_id": 1, "role": role}
    provider = {"person_id": 1, "identifier": openmrs.ADMIN_USERNAME}
    provider_uuid = {"uuid": openmrs.ADMIN_PROVIDER}
    yield "provider", {"provider_id": 1} | _MADE | provider | provider_uuid
    phone = {"name": "Telephone Number", "uuid": openmrs.PHONE_ATTRIBUTE_TYPE}
    yield "person_attribute_type", {"person_attribute_type_id": 8} | _MADE | phone


def _named(table: str, things: Mapping[int, tuple[str, str]]) -> Iterator[Seed]:
    for key, (thing_uuid, name) in things.items():
        yield table, {f"{table}_id": key} | _MADE | {"name": name, "uuid": thing_uuid}


def _identifiers() -> Iterator[Seed]:
    kind: dict[str, object] = {
        "patient_identifier_type_id": IDENTIFIER_TYPE_ID,
        "name": "OpenMRS ID",
        "check_digit": 1,
        "required": 1,
        "validator": "org.openmrs.module.idgen.validator.LuhnMod30IdentifierValidator",
        "location_behavior": "NOT_USED",
        "uniqueness_behavior": "UNIQUE",
        "uuid": openmrs.IDENTIFIER_TYPE,
    }
    yield "patient_identifier_type", kind | _MADE
    source: dict[str, object] = {
        "id": IDENTIFIER_SOURCE_ID,
        "name": "Generator for OpenMRS ID",
        "identifier_type": IDENTIFIER_TYPE_ID,
        "uuid": openmrs.IDENTIFIER_SOURCE,
    }
    yield "idgen_identifier_source", source | _MADE
    yield (
        "idgen_seq_id_gen",
        {
            "id": IDENTIFIER_SOURCE_ID,
            "next_sequence_value": luhn.decode(FIRST_IDENTIFIER_BASE),
            "base_character_set": luhn.CHARACTERS,
            "first_identifier_base": FIRST_IDENTIFIER_BASE,
            "min_length": IDENTIFIER_LENGTH,
            "max_length": IDENTIFIER_LENGTH,
        },
    )


def _agenda() -> Iterator[Seed]:
    speciality = {"speciality_id": 1, "name": "Audioprothèse", "voided": 0}
    made = _MADE | {"uuid": stable_uuid("speciality:audioprothèse")}
    yield "appointment_speciality", speciality | made
    services = openmrs.APPOINTMENT_SERVICES.items()
    for key, (name, minutes) in enumerate(services, start=1):
        service = {
            "appointment_service_id": key,
            "name": name,
            "duration_mins": minutes,
            "speciality_id": 1,
            "voided": 0,
            "uuid": openmrs.appointment_service(name),
        }
        yield "appointment_service", service | _MADE


def _attachments() -> Iterator[Seed]:
    kinds = {"class_id": 11, "datatype_id": 13}
    for key, concept, english, french in (
        (200_200, openmrs.ATTACHMENT, "Attachment", "Pièce jointe"),
        (200_201, openmrs.ATTACHMENT_IMAGE, "Attachment, picture", "Image jointe"),
    ):
        yield from _concept(key, concept, english, french, **kinds)


def _vitals() -> Iterator[Seed]:
    for concept_uuid, (english, french, units) in _VITALS.items():
        key = int(concept_uuid.rstrip("A"))
        yield from _concept(
            key, concept_uuid, english, french, class_id=1, datatype_id=1
        )
        low, high = openmrs.VITALS_RANGES[concept_uuid]
        yield _numeric(key, low, high, units)
    note = "Text of encounter note", "Texte de la note"
    yield from _concept(162_169, openmrs.NOTE, *note, class_id=11, datatype_id=3)


def _audiogram() -> Iterator[Seed]:
    key = _FIRST_THRESHOLD_ID
    low, high = openmrs.THRESHOLD_RANGE_DB
    for ear, thresholds in openmrs.THRESHOLDS.items():
        panel = _PANEL_IDS[ear]
        english, french = f"Audiogram, {ear} ear", f"Audiogramme, oreille {_EARS[ear]}"
        panel_uuid = openmrs.AUDIOGRAM_PANELS[ear]
        kinds = {"class_id": 8, "datatype_id": 4, "is_set": 1}
        yield from _concept(panel, panel_uuid, english, french, **kinds)
        for frequency_hz, concept_uuid in thresholds.items():
            key += 1
            english = f"Hearing threshold, {ear} ear, {frequency_hz} Hz"
            french = f"Seuil auditif, oreille {_EARS[ear]}, {frequency_hz} Hz"
            kinds = {"class_id": 1, "datatype_id": 1}
            yield from _concept(key, concept_uuid, english, french, **kinds)
            yield _numeric(key, low, high, "dB HL")
            member = {
                "concept_id": key,
                "concept_set": panel,
                "sort_weight": frequency_hz,
            }
            member_uuid = {"uuid": stable_uuid(f"member:{concept_uuid}")}
            yield "concept_set", {"concept_set_id": key} | _MADE | member | member_uuid


def _concept(
    key: int, concept_uuid: str, english: str, french: str, **kinds: int
) -> Iterator[Seed]:
    yield "concept", {"concept_id": key} | _MADE | kinds | {"uuid": concept_uuid}
    for place, (locale, name) in enumerate((("en", english), ("fr", french))):
        yield (
            "concept_name",
            {"concept_name_id": 2 * key + place}
            | _MADE
            | {
                "concept_id": key,
                "name": name,
                "locale": locale,
                "locale_preferred": 1,
                "concept_name_type": "FULLY_SPECIFIED",
                "uuid": stable_uuid(f"name:{concept_uuid}:{locale}"),
            },
        )


def _numeric(key: int, low: float, high: float, units: str) -> Seed:
    limits = {"low_absolute": low, "hi_absolute": high}
    return "concept_numeric", {"concept_id": key, **limits, "units": units} | {
        "allow_decimal": 1
    }
