"""Attachments: bytes that come back as they went."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable

import httpx
import pytest

from reprise_platform import openmrs

pytestmark = pytest.mark.cluster

# More than one block, and nothing that compresses; what begins so is taken for a PDF.
_PDF = b"%PDF-1.4\n" + os.urandom(200_000)


@pytest.fixture
def patient(new_patient: Callable[[], str]) -> str:
    """Return the uuid of a patient just registered."""
    return new_patient()


@pytest.fixture
def attached(rest: httpx.Client, patient: str) -> str:
    """Return the uuid of a file just attached to that patient."""
    answer = _attach(rest, patient, "audiogram.pdf", fileCaption="Audiogramme")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uuid"])


def _attach(
    rest: httpx.Client, patient: str, name: str, data: bytes = _PDF, **more: str
) -> httpx.Response:
    return rest.post(
        "attachment",
        data={"patient": patient, **more},
        files={"file": (name, data, "application/pdf")},
    )


def test_bytes_come_back(rest: httpx.Client, attached: str) -> None:
    """To the last one, with their type."""
    answer = rest.get(f"attachment/{attached}/bytes")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/pdf")
    sent, came = (hashlib.sha256(each).hexdigest() for each in (_PDF, answer.content))
    assert came == sent


def test_attachments_of_a_patient(
    rest: httpx.Client, patient: str, attached: str
) -> None:
    """Listed with their caption and type; without a patient there is no list."""
    query = {"patient": patient, "includeEncounterless": "true", "v": "full"}
    (found,) = rest.get("attachment", params=query).json()["results"]
    assert found["uuid"] == attached
    assert found["comment"] == "Audiogramme"
    assert found["bytesMimeType"] == "application/pdf"
    assert rest.get("attachment").status_code == 400


def test_attachment_within_a_visit(rest: httpx.Client, patient: str) -> None:
    """A file of a visit is in an encounter of that visit, made for it."""
    body = {
        "patient": patient,
        "visitType": openmrs.FACILITY_VISIT,
        "location": openmrs.OUTPATIENT_CLINIC,
    }
    visit = rest.post("visit", json=body).json()["uuid"]
    made = _attach(rest, patient, "audiogram.pdf", visit=visit)
    assert made.status_code == 201, made.text
    assert len(rest.get(f"visit/{visit}").json()["encounters"]) == 1


def test_attachment_voided(rest: httpx.Client, patient: str, attached: str) -> None:
    """Voided, it is in no list, and its bytes are still there."""
    assert rest.delete(f"attachment/{attached}").status_code == 204
    query = {"patient": patient, "includeEncounterless": "true"}
    assert rest.get("attachment", params=query).json() == {"results": []}
    assert rest.get(f"attachment/{attached}/bytes").content == _PDF


def test_attachment_purged(rest: httpx.Client, attached: str) -> None:
    """Purged, row and bytes are gone; `purge` with another value changes nothing."""
    path = f"attachment/{attached}"
    kept = rest.delete(path, params={"purge": "false"})
    assert kept.status_code == 200
    assert "purge" in kept.json()["message"]
    assert rest.get(f"{path}/bytes").content == _PDF
    assert rest.delete(path, params={"purge": "true"}).status_code == 204
    assert rest.get(f"{path}/bytes").status_code >= 400


def test_file_refused(rest: httpx.Client, patient: str) -> None:
    """A kind that is not taken, and a patient that is not there: 400, and no file."""
    assert _attach(rest, patient, "run.exe", b"MZ").status_code == 400
    assert _attach(rest, str(uuid.uuid4()), "a.pdf").status_code == 400
    query = {"patient": patient, "includeEncounterless": "true"}
    assert rest.get("attachment", params=query).json() == {"results": []}
