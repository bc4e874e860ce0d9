"""What is recorded is changed: observations by new versions, encounters in place.

An observation never changes: its row is voided and another one, with a uuid of its own,
names it as its previous version. So a client that keeps the first uuid reads the old value
under `voided`, and one that edits an encounter's place or date finds new observations.
"""

from __future__ import annotations

import uuid

from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions import encountering, observing, voiding
from reprise_platform.standin.actions.rows import made_by
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Encounter, Obs
from reprise_platform.standin.store import care, metadata

_REASON = "REST web service"
_KEPT = (
    "person_id, concept_id, encounter_id, order_id, obs_datetime, location_id, "
    "obs_group_id, accession_number, value_group_id, value_coded, value_coded_name_id, "
    "value_drug, value_datetime, value_numeric, value_modifier, value_text, "
    "value_complex, comments, form_namespace_and_path, status, interpretation"
)
_OF_OBS = (
    "value",
    "comment",
    "obsDatetime",
    "location",
    "status",
    "voided",
    "concept",
    "person",
    "encounter",
    "uuid",
)
_OF_ENCOUNTER = (
    "uuid",
    "patient",
    "encounterDatetime",
    "encounterType",
    "location",
    "visit",
    "form",
    "obs",
    "orders",
    "diagnoses",
    "encounterProviders",
)


def amend_obs(session: Session, obs_uuid: str, body: Body, user_id: int) -> Obs:
    """Change an observation; what comes back is its new version, with a new uuid.

    Raises:
        ApiError: there is none, or the body is refused.
    """
    before = care.find_obs(session, obs_uuid)
    if before is None:
        raise errors.not_found()
    if body.is_undelete or (body.has("voided") and not body.flag("voided")):
        voiding.unvoid(session, "obs", before.id)
    elif body.flag("voided"):
        voiding.void_obs(session, before.id, _REASON, user_id)
    changes = {} if body.is_undelete else _changes(session, before, body)
    if not changes:
        return care.load_obs(session, [before.id])[before.id]
    key = _replace(session, before.id, changes, user_id)
    return care.load_obs(session, [key])[key]


def amend_encounter(
    session: Session, encounter_uuid: str, body: Body, user_id: int
) -> Encounter:
    """Change an encounter; observations that had its place and date follow it.

    Raises:
        ApiError: there is none, or the body is refused.
    """
    before = care.find_encounter(session, encounter_uuid)
    if before is None:
        raise errors.not_found()
    if body.is_undelete:
        voiding.unvoid(session, "encounter", before.id)
        return _encounter(session, encounter_uuid)
    body.allow(*_OF_ENCOUNTER)
    place, kind, visit = before.location, before.type, before.visit()
    if "location" in body:
        place = metadata.find(session, "location", body.reference("location") or "")
    if "encounterType" in body:
        wanted = body.reference("encounterType") or ""
        kind = metadata.find(session, "encounter_type", wanted) or kind
    if "visit" in body:
        visit = care.find_visit(session, body.reference("visit") or "")
    moment = body.moment("encounterDatetime") or before.moment
    encountering.check_moment(moment, visit)
    session.execute(
        "UPDATE encounter SET encounter_type = %s, location_id = %s, visit_id = %s, "
        "encounter_datetime = %s, changed_by = %s, date_changed = %s "
        "WHERE encounter_id = %s",
        kind.id,
        place.id if place else None,
        visit.id if visit else None,
        moment,
        user_id,
        dates.now(),
        before.id,
    )
    _follow(session, before, (place.id if place else None, moment), user_id)
    if body.has("encounterProviders"):
        _set_providers(session, before.id, body, user_id)
    _set_obs(session, before, body, user_id)
    return _encounter(session, encounter_uuid)


def _changes(session: Session, before: Obs, body: Body) -> dict[str, object]:
    """Return the columns that a body changes."""
    body.allow(*_OF_OBS)
    changes: dict[str, object] = {}
    if body.has("value"):
        columns = observing.value_columns(session, before.concept(), body.raw("value"))
        row = session.row(
            f"SELECT {', '.join(columns)} FROM obs WHERE obs_id = %s",  # noqa: S608 - names are ours
            before.id,
        )
        if row is None or tuple(columns.values()) != tuple(row):
            changes |= columns
    if body.has("comment") and body.text("comment") != before.comment:
        changes["comments"] = body.text("comment")
    moment = body.moment("obsDatetime")
    if moment is not None and moment != before.moment:
        changes["obs_datetime"] = moment
    if "location" in body:
        place = metadata.find(session, "location", body.reference("location") or "")
        changes["location_id"] = place.id if place else None
    if body.text("status") and body.text("status") != before.status:
        changes["status"] = body.text("status")
    return changes


def _replace(
    session: Session, key: int, changes: dict[str, object], user_id: int
) -> int:
    """Insert the new version of an observation, void the old one; return the new key."""
    row = session.row(f"SELECT {_KEPT} FROM obs WHERE obs_id = %s", key)  # noqa: S608 - names are ours
    assert row is not None
    kept = dict(zip(_KEPT.split(", "), row, strict=True))
    if kept["status"] == "FINAL":
        kept["status"] = "AMENDED"
    version: dict[str, object] = {"uuid": str(uuid.uuid4()), "previous_version": key}
    made = session.insert("obs", kept | changes | version | made_by(user_id))
    members = session.rows(
        "SELECT obs_id FROM obs WHERE obs_group_id = %s AND voided = 0", key
    )
    shared = {
        name: changes[name]
        for name in ("obs_datetime", "location_id")
        if name in changes
    }
    for member in members:
        _replace(session, member[0], shared | {"obs_group_id": made}, user_id)
    voiding.void_part(session, "obs", key, _REASON, user_id)
    return made


def _follow(
    session: Session, before: Encounter, after: tuple[int | None, object], user_id: int
) -> None:
    """Give the observations that had an encounter's place and date its new ones."""
    place_id = before.location.id if before.location else None
    for obs in before.obs():
        location, changes = obs.location(), dict[str, object]()
        if (location.id if location else None) == place_id != after[0]:
            changes["location_id"] = after[0]
        if obs.moment == before.moment != after[1]:
            changes["obs_datetime"] = after[1]
        if changes:
            _replace(session, obs.id, changes, user_id)


def _set_providers(
    session: Session, encounter_id: int, body: Body, user_id: int
) -> None:
    rows = session.rows(
        "SELECT encounter_provider_id FROM encounter_provider "
        "WHERE encounter_id = %s AND voided = 0",
        encounter_id,
    )
    for row in rows:
        voiding.void_part(session, "encounter_provider", row[0], _REASON, user_id)
    encountering.insert_providers(
        session, body.items("encounterProviders"), encounter_id, user_id
    )


def _set_obs(session: Session, before: Encounter, body: Body, user_id: int) -> None:
    """Change the observations that a body names, and add those it brings."""
    added = []
    for item in body.items("obs"):
        known = item.text("uuid")
        if known and care.find_obs(session, known) is not None:
            amend_obs(session, known, item.without("groupMembers"), user_id)
        else:
            added.append(item)
    now = _encounter(session, before.uuid)
    circumstances = observing.Circumstances(
        person_id=now.patient().id,
        encounter_id=now.id,
        location_id=now.location.id if now.location else None,
        moment=now.moment,
        user_id=user_id,
    )
    observing.insert_all(session, added, circumstances)


def _encounter(session: Session, encounter_uuid: str) -> Encounter:
    found = care.find_encounter(session, encounter_uuid)
    assert found is not None
    return found
