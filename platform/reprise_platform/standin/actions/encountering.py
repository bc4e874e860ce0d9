"""An encounter is recorded with its providers and observations, all or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions import observing
from reprise_platform.standin.actions.rows import made_by, uuid_or_new
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Encounter, Visit
from reprise_platform.standin.store import care, metadata, patients

_ALLOWED = (
    "uuid",
    "patient",
    "encounterType",
    "encounterDatetime",
    "location",
    "visit",
    "form",
    "encounterProviders",
    "obs",
    "orders",
    "diagnoses",
)


def record(session: Session, body: Body, user_id: int) -> Encounter:
    """Record an encounter, now unless the body says when.

    Raises:
        ApiError: the body is refused, or holds what the stand-in does not keep.
    """
    body.allow(*_ALLOWED)
    body.require("patient", "encounterType")
    if body.items("orders") or body.items("diagnoses"):
        reason = "orders and diagnoses are not kept by the stand-in"
        raise errors.conversion(reason)
    patient = patients.find(session, body.reference("patient") or "")
    if patient is None:
        raise errors.invalid({"patient": "Encounter.error.patient.required"})
    kind_uuid = body.reference("encounterType") or ""
    kind = metadata.find(session, "encounter_type", kind_uuid)
    if kind is None:
        raise errors.invalid(
            {"encounterType": "Encounter.error.encounterType.required"}
        )
    place = metadata.find(session, "location", body.reference("location") or "")
    moment = body.moment("encounterDatetime") or dates.now()
    visit = _visit(session, body.reference("visit"), patient.id, moment)
    check_moment(moment, visit)
    uuid = uuid_or_new(body.text("uuid"))
    encounter: dict[str, object] = {
        "encounter_type": kind.id,
        "patient_id": patient.id,
        "location_id": place.id if place else None,
        "encounter_datetime": moment,
        "visit_id": visit.id if visit else None,
        "uuid": uuid,
    }
    key = session.insert("encounter", encounter | made_by(user_id))
    insert_providers(session, body.items("encounterProviders"), key, user_id)
    circumstances = observing.Circumstances(
        person_id=patient.id,
        encounter_id=key,
        location_id=place.id if place else None,
        moment=moment,
        user_id=user_id,
    )
    observing.insert_all(session, body.items("obs"), circumstances)
    recorded = care.find_encounter(session, uuid)
    assert recorded is not None
    return recorded


def _visit(
    session: Session, uuid: str | None, patient_id: int, moment: dt.datetime
) -> Visit | None:
    """Return the visit named or, as OpenMRS's assignment handler does, the one running."""
    if uuid is not None:
        return care.find_visit(session, uuid)
    row = session.row(
        "SELECT visit_id FROM visit WHERE patient_id = %s AND voided = 0 "
        "AND date_started <= %s AND (date_stopped IS NULL OR date_stopped >= %s) "
        "ORDER BY date_started DESC LIMIT 1",
        patient_id,
        moment,
        moment,
    )
    return care.load_visits(session, [row[0]])[row[0]] if row else None


def check_moment(moment: dt.datetime, visit: Visit | None) -> None:
    """Refuse an encounter in the future or outside its visit.

    Raises:
        ApiError: it is.
    """
    if moment > dates.now() + dt.timedelta(seconds=1):
        raise errors.invalid(
            {"encounterDatetime": "Encounter.datetimeShouldBeBeforeCurrent"}
        )
    if visit and not visit.started <= moment <= (visit.stopped or dates.FAR):
        raise errors.invalid(
            {"encounterDatetime": "Encounter.datetimeShouldBeInVisitDatesRange"}
        )


def insert_providers(
    session: Session, bodies: Sequence[Body], encounter_id: int, user_id: int
) -> None:
    """Record who took which part in an encounter.

    Raises:
        ApiError: no such provider or role.
    """
    for body in bodies:
        body.allow("uuid", "provider", "encounterRole")
        body.require("provider", "encounterRole")
        provider = metadata.find_provider(session, body.reference("provider") or "")
        role_uuid = body.reference("encounterRole") or ""
        role = metadata.find(session, "encounter_role", role_uuid)
        if provider is None or role is None:
            reason = "encounterProviders on class org.openmrs.Encounter"
            raise errors.conversion(reason)
        part: dict[str, object] = {
            "encounter_id": encounter_id,
            "provider_id": provider.id,
            "encounter_role_id": role.id,
            "uuid": uuid_or_new(body.text("uuid")),
        }
        session.insert("encounter_provider", part | made_by(user_id))
