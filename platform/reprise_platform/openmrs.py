"""What every OpenMRS of the network has in common: paths, uuids, clinical concepts.

The stand-in seeds these, the load uses them, a real OpenMRS with the reference
application's demo content has all but the audiology ones. Standard library only, and
Python 3.11: the stand-in's image holds this file and nothing else of the platform.

Sources: the reference application's demo content (`05a29f94…`, `8549f706…`, the locations
and visit types), CIEL (the vitals), LOINC panel 89015-2 (the hearing thresholds).
"""

from __future__ import annotations

import uuid
from typing import Final

BASE_PATH: Final = "/openmrs"
REST_PATH: Final = f"{BASE_PATH}/ws/rest/v1"
FHIR_PATH: Final = f"{BASE_PATH}/ws/fhir2/R4"

ADMIN_USERNAME: Final = "admin"
ADMIN_USER: Final = "82f18b44-6814-11e8-923f-e9a88dcb533f"
ADMIN_PERSON: Final = "5f87c042-6814-11e8-923f-e9a88dcb533f"

IDENTIFIER_TYPE: Final = "05a29f94-c0ed-11e2-94be-8c13b969e334"
IDENTIFIER_SOURCE: Final = "8549f706-7e85-4c1d-9424-217d50a2988b"
PHONE_ATTRIBUTE_TYPE: Final = "14d4f066-15f5-102d-96e4-000c29c2a5d7"

OUTPATIENT_CLINIC: Final = "44c3efb0-2583-4c80-a79e-1f756a03c0a1"
UNKNOWN_LOCATION: Final = "8d6c993e-c2cc-11de-8d13-0010c6dffd0f"
CENTRES: Final = (
    "dbdaabf6-a326-4804-aba7-062073e05cd1",
    "4a06a96f-dd21-4695-8d76-b9c405cebafc",
    "d493f3eb-ba7c-4e6c-988d-62491e496045",
    "dd2ad4cd-e33a-40cc-955a-e91e313f9a3b",
    "94346397-3848-4b92-9219-a981ed4265f8",
)
"""The demo content's "Site 1" to "Site 5": the network's centres."""

FACILITY_VISIT: Final = "7b0f5697-27e3-40c4-8bae-f4049abfb4ed"
VITALS: Final = "67a71486-1a54-468f-ac3e-7091a9a79584"
AUDIOGRAM: Final = "5e1f3b52-6c0b-5a43-9d0e-2f6f6f0a8a01"
CONSULTATION: Final = "dd528487-82a5-4082-9c72-ed246bd49591"
ATTACHMENT_UPLOAD: Final = "5021b1a1-e7f6-44b4-ba02-da2f2bcf8718"
UNKNOWN_ROLE: Final = "a0b03050-c99b-11e0-9572-0800200c9a66"
CLINICIAN_ROLE: Final = "240b26f9-dd88-4172-823d-4a8bfeb7841f"
ADMIN_PROVIDER: Final = str(uuid.uuid5(uuid.NAMESPACE_URL, "reprise:provider:admin"))


ATTACHMENT: Final = "42ed45fd-f3f6-44b6-bfc2-8bde1bb41e00"
ATTACHMENT_IMAGE: Final = "7cac8397-53cd-4f00-a6fe-028e8d743f8e"
"""The concepts under which the module of attachments keeps a file, and a picture."""

APPOINTMENT_SERVICES: Final = {
    "Bilan auditif": 60,
    "Adaptation": 45,
    "Contrôle": 30,
    "Réglage": 30,
    "Prise d'empreintes": 20,
    "Dépannage": 15,
}
"""What one comes to a centre for, and its length in minutes.

OpenMRS lets no client choose a service's uuid: elsewhere they are found by name."""


def appointment_service(name: str) -> str:
    """The uuid that the stand-in gives a service of `APPOINTMENT_SERVICES`."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"reprise:appointment:{name}"))


def ciel(code: int) -> str:
    """The uuid of a CIEL concept: its code padded with A to 36 characters."""
    return str(code).ljust(36, "A")


SYSTOLIC: Final = ciel(5085)
DIASTOLIC: Final = ciel(5086)
PULSE: Final = ciel(5087)
TEMPERATURE: Final = ciel(5088)
WEIGHT: Final = ciel(5089)
HEIGHT: Final = ciel(5090)
SATURATION: Final = ciel(5092)
RESPIRATION: Final = ciel(5242)
NOTE: Final = ciel(162169)

VITALS_RANGES: Final = {
    SYSTOLIC: (0.0, 250.0),
    DIASTOLIC: (0.0, 150.0),
    PULSE: (0.0, 230.0),
    TEMPERATURE: (25.0, 43.0),
    WEIGHT: (0.0, 250.0),
    HEIGHT: (10.0, 272.0),
    SATURATION: (0.0, 100.0),
    RESPIRATION: (0.0, 999.0),
}
"""Concept to its absolute low and high; OpenMRS refuses (400) what lies outside."""

LEFT: Final = "left"
RIGHT: Final = "right"
LOINC_THRESHOLDS: Final = {
    LEFT: {
        250: "91375-6",
        500: "89024-4",
        750: "91379-8",
        1000: "89016-0",
        1500: "91373-1",
        2000: "89018-6",
        3000: "89020-2",
        4000: "89022-8",
        5000: "91377-2",
        6000: "89026-9",
        8000: "89028-5",
    },
    RIGHT: {
        250: "91374-9",
        500: "89025-1",
        750: "91378-0",
        1000: "89017-8",
        1500: "91372-3",
        2000: "89019-4",
        3000: "89021-0",
        4000: "89023-6",
        5000: "91376-4",
        6000: "89027-7",
        8000: "89029-3",
    },
}
"""Ear to frequency (Hz) to the LOINC code of its pure-tone threshold."""

THRESHOLD_RANGE_DB: Final = (-10.0, 120.0)
"""Lowest and highest hearing threshold accepted, dB HL."""


def loinc(code: str) -> str:
    """The uuid of the concept made for a LOINC code."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://loinc.org/{code}"))


THRESHOLDS: Final = {
    ear: {frequency_hz: loinc(code) for frequency_hz, code in codes.items()}
    for ear, codes in LOINC_THRESHOLDS.items()
}
"""Ear to frequency (Hz) to the concept of its threshold."""

AUDIOGRAM_PANELS: Final = {
    ear: str(uuid.uuid5(uuid.NAMESPACE_URL, f"reprise:audiogram:{ear}"))
    for ear in (LEFT, RIGHT)
}
"""Ear to the concept that groups its thresholds in an audiogram."""
