"""What the small OpenMRS of these tests answers of appointments, documents, metadata.

As OpenMRS does: `POST /appointment` answers 200 and takes no uuid, lists of appointments
are bare, their instants are milliseconds, an upload is multipart and its record says
nothing of its bytes, which have a path of their own.
"""

from __future__ import annotations

import datetime
import email
import email.policy
import uuid
from typing import Any

from reprise_platform import openmrs

Json = Any
GENERAL_MEDICINE = {
    "uuid": "7ba3aa21-cc56-47ca-bb4d-a60549f666c0",
    "name": "General Medicine",
}


class Books:
    """Appointments, documents and what is created of metadata."""

    def __init__(self) -> None:
        self.appointments: dict[str, Json] = {}
        self.attachments: dict[str, Json] = {}
        self.documents: dict[str, bytes] = {}
        self.services: list[Json] = [GENERAL_MEDICINE]
        self.locations: list[str] = []
        self.created: list[tuple[str, str]] = []
        self.allows_creation = True
        self.broken_booking = False
        self.patients: dict[str, Json] = {}
        self.has_provider = True

    def user(self) -> Json:
        """Return what a session says of its user."""
        provider = {"uuid": openmrs.ADMIN_PROVIDER} if self.has_provider else None
        person = {"uuid": openmrs.ADMIN_PERSON}
        return {"user": {"person": person}, "currentProvider": provider}

    def appointment(
        self, method: str, rest: str, query: dict[str, list[str]], body: Json
    ) -> tuple[int, Json]:
        """Answer `/appointment` and `/appointment/...`."""
        if method == "POST" and not rest:
            return self._book(body)
        if rest == "all":
            day = query["forDate"][0][:10]
            return 200, [one for one in self.appointments.values() if _day(one) == day]
        if rest == "appointmentSummary":
            assert query["startDate"]
            assert query["endDate"]
            return 200, []
        return 404, _error("no such path")

    def appointments_path(self, rest: str, body: Json) -> tuple[int, Json]:
        """Answer `/appointments/...`, all of them posts."""
        if rest == "conflicts":
            return 204, None
        if rest == "search":
            first, last = (_millis(body[key]) for key in ("startDate", "endDate"))
            return 200, [
                one
                for one in self.appointments.values()
                if one["patient"]["uuid"] == body["patientUuid"]
                and first <= one["startDateTime"] <= last
            ]
        uuid_, _, action = rest.partition("/")
        if action != "status-change" or uuid_ not in self.appointments:
            return 500, _error("Appointment does not exist")
        self.appointments[uuid_]["status"] = body["toStatus"]
        return 200, self.appointments[uuid_]

    def attachment(
        self, method: str, rest: str, query: dict[str, list[str]], form: bytes
    ) -> tuple[int, Json | bytes]:
        """Answer `/attachment`, its list and its bytes."""
        if method == "POST":
            return self._upload(form)
        uuid_, _, part = rest.partition("/")
        if part == "bytes":
            if uuid_ not in self.documents:
                return 404, _error("no such file")
            return 200, self.documents[uuid_]
        patient = query["patient"][0]
        if patient not in self.patients:
            return 400, _error("A patient parameter must be provided")
        return 200, {
            "results": [
                one for one in self.attachments.values() if one["patient"] == patient
            ]
        }

    def create(self, resource: str, body: Json) -> tuple[int, Json]:
        """Create an object of metadata."""
        if not self.allows_creation:
            return 403, _error("Privileges required: Manage " + resource)
        if resource == "appointmentService":
            self.services.append({"uuid": str(uuid.uuid4()), "name": body["name"]})
            self.created.append((resource, body["name"]))
            return 200, self.services[-1]
        if resource == "location":
            self.locations.append(body["uuid"])
        if resource == "provider":
            self.has_provider = True
            self.created.append((resource, body["person"]))
            return 201, {"uuid": str(uuid.uuid4())}
        self.created.append((resource, body["uuid"]))
        return 201, {"uuid": body["uuid"]}

    def list_locations(self, query: dict[str, list[str]]) -> tuple[int, Json]:
        """Answer a page of the locations; past the end there is none."""
        start = int(query["startIndex"][0])
        limit = int(query["limit"][0])
        if start and start >= len(self.locations):
            return 500, _error("start index past the end")
        page = self.locations[start : start + limit]
        answer: Json = {"results": [{"uuid": one} for one in page]}
        if start + limit < len(self.locations):
            answer["links"] = [{"rel": "next", "uri": "..."}]
        return 200, answer

    def _book(self, body: Json) -> tuple[int, Json]:
        if self.broken_booking:
            return 400, _error("could not open connection")
        assert body["status"] == ""
        uuid_ = str(uuid.uuid4())
        self.appointments[uuid_] = {
            "uuid": uuid_,
            "patient": {"uuid": body["patientUuid"]},
            "service": {"uuid": body["serviceUuid"]},
            "location": {"uuid": body["locationUuid"]},
            "startDateTime": _millis(body["startDateTime"]),
            "endDateTime": _millis(body["endDateTime"]),
            "appointmentKind": body["appointmentKind"],
            "status": "Scheduled",
            "comments": body["comments"],
            "voided": False,
        }
        return 200, self.appointments[uuid_]

    def _upload(self, form: bytes) -> tuple[int, Json]:
        message = email.message_from_bytes(form, policy=email.policy.HTTP)
        fields: dict[str, bytes] = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="Content-Disposition")
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            fields[str(name)] = content
        patient = fields["patient"].decode()
        if patient not in self.patients:
            return 400, _error("A patient parameter must be provided")
        uuid_ = str(uuid.uuid4())
        self.documents[uuid_] = fields["file"]
        self.attachments[uuid_] = {
            "uuid": uuid_,
            "comment": fields["fileCaption"].decode(),
            "patient": patient,
        }
        return 201, {"uuid": uuid_}


def _millis(text: str) -> int:
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def _day(appointment: Json) -> str:
    at = datetime.datetime.fromtimestamp(
        appointment["startDateTime"] / 1000, datetime.UTC
    )
    return f"{at:%Y-%m-%d}"


def _error(message: str) -> Json:
    return {"error": {"message": f"[{message}]", "code": "fake:1", "detail": ""}}
