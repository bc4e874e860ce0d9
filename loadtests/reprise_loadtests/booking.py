"""Appointments and documents, where OpenMRS takes no uuid of the client's.

The ledger's key stands in a text field instead: an appointment's comments, a document's
caption. A write of unknown outcome is looked for by it among its patient's.
"""

from __future__ import annotations

import random
import time
import urllib.parse
import uuid
from collections.abc import Mapping, Sequence

from reprise_loadtests import outcome, payloads
from reprise_loadtests.care import learnt
from reprise_loadtests.content import AppointmentContent, AttachmentContent
from reprise_loadtests.desk import Desk, Write
from reprise_loadtests.documents import audiogram_pdf
from reprise_loadtests.hearing import draw_audiogram
from reprise_loadtests.known import KnownPatient
from reprise_loadtests.operations import APPOINTMENTS
from reprise_loadtests.outcome import Attempt, judge
from reprise_platform import openmrs
from reprise_pra.history import JsonValue, Kind

_REST = openmrs.REST_PATH
_SLOT_S = 900
_DAY_S = 86_400
_SLOTS_SOON = 12
_DAYS_AHEAD = 30
_REFUSED = 400
_NO_CONTENT = 204


def draw_appointment(
    desk: Desk,
    patient: str,
    rng: random.Random,
    *,
    walks_in: bool = False,
    in_days: int | None = None,
) -> AppointmentContent:
    """Draw a time at the user's centre: now for who walks in, else within a month."""
    assert desk.site.service is not None, "a profile that books needs a service"
    now_slot = int(time.time()) // _SLOT_S
    ahead = rng.randint(1, _SLOTS_SOON)
    days = rng.randint(0, _DAYS_AHEAD) if in_days is None else in_days
    start_s = (now_slot if walks_in else now_slot + ahead) * _SLOT_S
    start_s += 0 if walks_in else days * _DAY_S
    return AppointmentContent(
        patient=patient,
        service=desk.site.service,
        location=desk.site.centre,
        kind="WalkIn" if walks_in else "Scheduled",
        start_s=start_s,
        end_s=start_s + rng.choice((1, 2, 4)) * _SLOT_S,
    )


def check_conflicts(desk: Desk, wanted: AppointmentContent) -> None:
    """Ask what is in the way of an appointment; a busy centre's users book all the same."""
    body = payloads.appointment_body(str(uuid.uuid4()), wanted, desk.provider)

    def attempt() -> Attempt[bool]:
        answer = desk.wire.request("POST", f"{_REST}/appointments/conflicts", body=body)
        status = _NO_CONTENT if answer.status == _NO_CONTENT else outcome.OK
        return judge(
            answer, status=status, read=lambda found: _conflicts(found, status)
        )

    desk.read("check_conflicts", attempt)


def book_appointment(
    desk: Desk, wanted: AppointmentContent
) -> tuple[Write, str | None]:
    """Book; return the write and the server's own uuid, None when it is not known."""
    write = Write(clinical_type="appointment", uuid=str(uuid.uuid4()), content=wanted)
    body = payloads.appointment_body(write.uuid, wanted, desk.provider)

    def booked(found: JsonValue) -> str | None:
        if not isinstance(found, Mapping):
            return None
        is_ours = found.get("comments") == payloads.ledger_key(write.uuid)
        return found_uuid(found) if is_ours else None

    def attempt() -> Attempt[str]:
        answer = desk.wire.request("POST", f"{_REST}/appointment", body=body)
        ended = judge(answer, status=outcome.OK, read=booked)
        if ended.status != _REFUSED:
            return ended
        # Whatever goes wrong, a lost database too, is answered 400 here.
        return Attempt(
            kind=Kind.INFO,
            status=ended.status,
            reason=ended.reason,
            end_ns=ended.end_ns,
        )

    return write, desk.write("book_appointment", write, attempt)


def read_appointments(desk: Desk, patient: str) -> str | None:
    """Read a patient's appointments of the day; return one that is still to come, if any."""
    today_s = int(time.time()) // _DAY_S * _DAY_S
    body = {
        "patientUuid": patient,
        "startDate": payloads.epoch_time(today_s),
        "endDate": payloads.epoch_time(today_s + _DAY_S),
    }

    def attempt() -> Attempt[tuple[str, ...]]:
        listed = judge(
            desk.wire.request("POST", APPOINTMENTS, body=body),
            status=outcome.OK,
            read=_bare,
        )
        return learnt(
            listed,
            None
            if listed.value is None
            else tuple(
                found
                for one in listed.value
                if one.get("status") == "Scheduled"
                and (found := found_uuid(one)) is not None
            ),
        )

    for booked in desk.read("read_appointments", attempt):
        return booked
    return None


def check_in_patient(desk: Desk, appointment: str) -> None:
    """Note that a patient has come."""
    body = {"toStatus": "CheckedIn", "onDate": payloads.openmrs_now()}

    def is_in(found: JsonValue) -> bool | None:
        same = outcome.same_uuid(appointment)(found)
        return True if same is not None and same.get("status") == "CheckedIn" else None

    desk.read(
        "check_in",
        lambda: judge(
            desk.wire.request(
                "POST", f"{_REST}/appointments/{appointment}/status-change", body=body
            ),
            status=outcome.OK,
            read=is_in,
        ),
    )


def read_agenda(desk: Desk) -> None:
    """Read the day's appointments of the whole network."""
    _read_list(desk, "read_agenda", "/appointment/all", forDate=payloads.openmrs_now())


def read_summary(desk: Desk) -> None:
    """Read how many appointments each service has today."""
    today_s = int(time.time()) // _DAY_S * _DAY_S
    _read_list(
        desk,
        "read_summary",
        "/appointment/appointmentSummary",
        startDate=payloads.epoch_time(today_s),
        endDate=payloads.epoch_time(today_s + _DAY_S),
    )


def attach_audiogram(desk: Desk, patient: KnownPatient, rng: random.Random) -> Write:
    """File a synthetic audiogram (PDF) with a patient."""
    document = audiogram_pdf(
        draw_audiogram(rng, age_years=rng.randint(35, 92)),
        title=f"{patient.given} {patient.family}, {patient.identifier}",
        rng=rng,
    )
    content = AttachmentContent(patient=patient.uuid, visit=None, document=document)
    write = Write(
        clinical_type="attachment",
        uuid=str(uuid.uuid4()),
        content=content,
        extra={"bytes": len(document)},
    )
    form = payloads.attachment_form(write.uuid, content)
    desk.write(
        "attach_audiogram",
        write,
        lambda: judge(
            desk.wire.request("POST", f"{_REST}/attachment", form=form),
            status=outcome.CREATED,
            read=found_uuid,
        ),
    )
    return write


def found_uuid(body: JsonValue) -> str | None:
    """Return the uuid of what was answered, None when it has none."""
    found = body.get("uuid") if isinstance(body, Mapping) else None
    return found if isinstance(found, str) and found else None


def _read_list(desk: Desk, name: str, path: str, **parameters: str) -> None:
    query = urllib.parse.urlencode(parameters)
    desk.read(
        name,
        lambda: judge(
            desk.wire.request("GET", f"{_REST}{path}?{query}"),
            status=outcome.OK,
            read=_bare,
        ),
    )


def _bare(body: JsonValue) -> tuple[Mapping[str, JsonValue], ...] | None:
    if not isinstance(body, Sequence) or isinstance(body, str):
        return None
    return tuple(one for one in body if isinstance(one, Mapping))


def _conflicts(body: JsonValue, status: int) -> bool | None:
    return True if status == _NO_CONTENT or isinstance(body, Mapping) else None
