"""Visits, encounters and observations, read. They refer to each other in a ring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reprise_platform.standin.database import Row, Session
from reprise_platform.standin.model import Encounter, EncounterProvider, Obs, Visit
from reprise_platform.standin.store import audit, concepts, metadata, patients
from reprise_platform.standin.store.batch import Batch, many
from reprise_platform.standin.store.metadata import columns, named, named_or_none

_VISIT = (
    "SELECT v.visit_id, v.uuid, v.patient_id, v.date_started, v.date_stopped, v.voided, "  # noqa: S608
    f"{columns('t', 'visit_type_id')}, {columns('l', 'location_id')} FROM visit v "
    "JOIN visit_type t ON t.visit_type_id = v.visit_type_id "
    "LEFT JOIN location l ON l.location_id = v.location_id "
)
_ENCOUNTER = (
    "SELECT e.encounter_id, e.uuid, e.patient_id, e.visit_id, e.encounter_datetime, "  # noqa: S608
    f"e.voided, {columns('t', 'encounter_type_id')}, {columns('l', 'location_id')} "
    "FROM encounter e JOIN encounter_type t ON t.encounter_type_id = e.encounter_type "
    "LEFT JOIN location l ON l.location_id = e.location_id "
)
_PROVIDERS = (
    "SELECT ep.encounter_id, ep.uuid, ep.provider_id, "  # noqa: S608
    f"{columns('r', 'encounter_role_id')} FROM encounter_provider ep "
    "JOIN encounter_role r ON r.encounter_role_id = ep.encounter_role_id "
    "WHERE ep.voided = 0 AND ep.encounter_id IN %s ORDER BY ep.encounter_provider_id"
)
_OBS = (
    "SELECT obs_id, uuid, person_id, concept_id, encounter_id, obs_group_id, location_id, "
    "obs_datetime, comments, status, voided, value_numeric, value_text, value_datetime, "
    "value_coded FROM obs "
)


def load_visits(session: Session, keys: Iterable[int]) -> Mapping[int, Visit]:
    """Return visits by key."""
    wanted = tuple(keys)
    if not wanted:
        return {}
    rows = session.rows(f"{_VISIT} WHERE v.visit_id IN %s", wanted)
    return {visit.id: visit for visit in _visits(session, rows)}


def find_visit(session: Session, uuid: str) -> Visit | None:
    """Return the visit of a uuid, voided or not."""
    visits = _visits(session, session.rows(f"{_VISIT} WHERE v.uuid = %s", uuid))
    return visits[0] if visits else None


def load_encounters(session: Session, keys: Iterable[int]) -> Mapping[int, Encounter]:
    """Return encounters by key."""
    wanted = tuple(keys)
    if not wanted:
        return {}
    rows = session.rows(f"{_ENCOUNTER} WHERE e.encounter_id IN %s", wanted)
    return {encounter.id: encounter for encounter in _encounters(session, rows)}


def find_encounter(session: Session, uuid: str) -> Encounter | None:
    """Return the encounter of a uuid, voided or not."""
    rows = session.rows(f"{_ENCOUNTER} WHERE e.uuid = %s", uuid)
    encounters = _encounters(session, rows)
    return encounters[0] if encounters else None


def load_obs(session: Session, keys: Iterable[int]) -> Mapping[int, Obs]:
    """Return observations by key."""
    wanted = tuple(keys)
    if not wanted:
        return {}
    rows = session.rows(f"{_OBS} WHERE obs_id IN %s", wanted)
    return {obs.id: obs for obs in _obs(session, rows)}


def find_obs(session: Session, uuid: str) -> Obs | None:
    """Return the observation of a uuid, voided or not."""
    found = _obs(session, session.rows(f"{_OBS} WHERE uuid = %s", uuid))
    return found[0] if found else None


def _visits(session: Session, rows: Sequence[Row]) -> Sequence[Visit]:
    keys = tuple(row[0] for row in rows)
    people = Batch(lambda: patients.load(session, {row[2] for row in rows}))
    encounters = Batch(lambda: _encounters_of(session, keys))
    audits = Batch(lambda: audit.load(session, "visit", keys))
    return [
        Visit(
            id=row[0],
            uuid=row[1],
            patient=people.one(row[2]),
            started=row[3],
            stopped=row[4],
            voided=bool(row[5]),
            type=named(row[6:11]),
            location=named_or_none(row[11:16]),
            encounters=many(encounters, row[0]),
            audit=audits.maybe(row[0]),
        )
        for row in rows
    ]


def _encounters_of(
    session: Session, visits: Sequence[int]
) -> Mapping[int, list[Encounter]]:
    rows = session.rows(
        f"{_ENCOUNTER} WHERE e.voided = 0 AND e.visit_id IN %s "
        "ORDER BY e.encounter_datetime, e.encounter_id",
        visits,
    )
    found: dict[int, list[Encounter]] = defaultdict(list)
    for row, encounter in zip(rows, _encounters(session, rows), strict=True):
        found[row[3]].append(encounter)
    return found


def _encounters(session: Session, rows: Sequence[Row]) -> Sequence[Encounter]:
    uuids = {row[0]: row[1] for row in rows}
    people = Batch(lambda: patients.load(session, {row[2] for row in rows}))
    visits = Batch(lambda: load_visits(session, {row[3] for row in rows if row[3]}))
    providers = Batch(lambda: _providers_of(session, uuids))
    obs = Batch(lambda: _top_obs_of(session, tuple(uuids)))
    audits = Batch(lambda: audit.load(session, "encounter", tuple(uuids)))
    return [
        Encounter(
            id=row[0],
            uuid=row[1],
            patient=people.one(row[2]),
            visit=visits.maybe(row[3]),
            moment=row[4],
            voided=bool(row[5]),
            type=named(row[6:11]),
            location=named_or_none(row[11:16]),
            providers=many(providers, row[0]),
            obs=many(obs, row[0]),
            audit=audits.maybe(row[0]),
        )
        for row in rows
    ]


def _providers_of(
    session: Session, uuids: Mapping[int, str]
) -> Mapping[int, list[EncounterProvider]]:
    rows = session.rows(_PROVIDERS, tuple(uuids))
    keys = tuple({row[2] for row in rows})
    providers = metadata.load_providers_by_keys(session, keys)
    found: dict[int, list[EncounterProvider]] = defaultdict(list)
    for row in rows:
        provider = EncounterProvider(
            encounter_uuid=uuids[row[0]],
            uuid=row[1],
            provider=providers[row[2]],
            role=named(row[3:8]),
            voided=False,
        )
        found[row[0]].append(provider)
    return found


def _top_obs_of(session: Session, encounters: Sequence[int]) -> Mapping[int, list[Obs]]:
    """Return the observations of encounters that are in no group."""
    rows = session.rows(
        f"{_OBS} WHERE voided = 0 AND encounter_id IN %s ORDER BY obs_id", encounters
    )
    found: dict[int, list[Obs]] = defaultdict(list)
    for row, obs in zip(rows, _obs(session, rows), strict=True):
        if row[5] is None:
            found[row[4]].append(obs)
    return found


def _members_of(session: Session, groups: Sequence[int]) -> Mapping[int, list[Obs]]:
    rows = session.rows(
        f"{_OBS} WHERE voided = 0 AND obs_group_id IN %s ORDER BY obs_id", groups
    )
    found: dict[int, list[Obs]] = defaultdict(list)
    for row, obs in zip(rows, _obs(session, rows), strict=True):
        found[row[5]].append(obs)
    return found


def _obs(session: Session, rows: Sequence[Row]) -> Sequence[Obs]:
    if not rows:
        return ()
    keys = tuple(row[0] for row in rows)
    people = Batch(lambda: patients.load(session, {row[2] for row in rows}))
    answers = {row[14] for row in rows if row[14]}
    questions = {row[3] for row in rows}
    terms = Batch(lambda: concepts.load(session, questions | answers))
    encounters = Batch(
        lambda: load_encounters(session, {row[4] for row in rows if row[4]})
    )
    groups = Batch(lambda: load_obs(session, {row[5] for row in rows if row[5]}))
    places = Batch(
        lambda: metadata.load_by_keys(
            session, "location", {row[6] for row in rows if row[6]}
        )
    )
    members = Batch(lambda: _members_of(session, keys))
    audits = Batch(lambda: audit.load(session, "obs", keys))
    return [
        Obs(
            id=row[0],
            uuid=row[1],
            person=people.one(row[2]),
            concept=terms.one(row[3]),
            encounter=encounters.maybe(row[4]),
            group=groups.maybe(row[5]),
            location=places.maybe(row[6]),
            moment=row[7],
            comment=row[8],
            status=row[9],
            voided=bool(row[10]),
            number=row[11],
            text=row[12],
            datetime=row[13],
            coded=terms.maybe(row[14]),
            members=many(members, row[0]),
            audit=audits.maybe(row[0]),
        )
        for row in rows
    ]
