"""The dictionary. Names show in English; the French ones are there for `names`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reprise_platform.standin.database import Row, Session
from reprise_platform.standin.model import Concept, ConceptName, Metadata, Numeric
from reprise_platform.standin.store.batch import Batch, many

_SELECT = (
    "SELECT c.concept_id, c.uuid, cn.uuid, cn.name, cn.locale, cn.locale_preferred, "
    "cn.concept_name_type, c.is_set, c.retired, "
    "dt.concept_datatype_id, dt.uuid, dt.name, cc.concept_class_id, cc.uuid, cc.name, "
    "cm.concept_id, cm.low_absolute, cm.hi_absolute, cm.units, cm.allow_decimal "
    "FROM concept c "
    "JOIN concept_name cn ON cn.concept_id = c.concept_id AND cn.locale = 'en' "
    "AND cn.voided = 0 AND cn.concept_name_type = 'FULLY_SPECIFIED' "
    "JOIN concept_datatype dt ON dt.concept_datatype_id = c.datatype_id "
    "JOIN concept_class cc ON cc.concept_class_id = c.class_id "
    "LEFT JOIN concept_numeric cm ON cm.concept_id = c.concept_id "
)
_NAMES = (
    "SELECT concept_id, uuid, name, locale, locale_preferred, concept_name_type "
    "FROM concept_name WHERE voided = 0 AND concept_id IN %s ORDER BY concept_name_id"
)
_MEMBERS = (
    "SELECT concept_set, concept_id FROM concept_set WHERE concept_set IN %s "
    "ORDER BY sort_weight"
)
_ANSWERS = (
    "SELECT concept_id, answer_concept FROM concept_answer WHERE concept_id IN %s "
    "AND answer_concept IS NOT NULL ORDER BY sort_weight, concept_answer_id"
)


def load(session: Session, keys: Iterable[int]) -> Mapping[int, Concept]:
    """Return concepts by key."""
    wanted = tuple(keys)
    if not wanted:
        return {}
    rows = session.rows(f"{_SELECT} WHERE c.concept_id IN %s", wanted)
    return {concept.id: concept for concept in _concepts(session, rows)}


def load_by_uuid(session: Session, uuids: Iterable[str]) -> Mapping[str, Concept]:
    """Return concepts by uuid."""
    wanted = tuple(uuids)
    if not wanted:
        return {}
    rows = session.rows(f"{_SELECT} WHERE c.uuid IN %s", wanted)
    return {concept.uuid: concept for concept in _concepts(session, rows)}


def search(session: Session, text: str | None) -> Sequence[Concept]:
    """Return the concepts in use, those with a name that holds a text if one is given."""
    sql = f"{_SELECT} WHERE c.retired = 0"
    if text is None:
        rows = session.rows(f"{sql} ORDER BY c.concept_id")
    else:
        matching = (
            "SELECT concept_id FROM concept_name WHERE voided = 0 AND name LIKE %s"
        )
        sql = f"{sql} AND c.concept_id IN ({matching}) ORDER BY c.concept_id"
        rows = session.rows(sql, f"%{text}%")
    return _concepts(session, rows)


def _concepts(session: Session, rows: Sequence[Row]) -> Sequence[Concept]:
    uuids = {row[0]: row[1] for row in rows}
    names = Batch(lambda: _names(session, uuids))
    members = Batch(lambda: _related(session, _MEMBERS, tuple(uuids)))
    answers = Batch(lambda: _related(session, _ANSWERS, tuple(uuids)))
    return [
        Concept(
            id=row[0],
            uuid=row[1],
            name=_name(row[1], row[2:7]),
            names=many(names, row[0]),
            datatype=_named(row[9:12]),
            concept_class=_named(row[12:15]),
            is_set=bool(row[7]),
            retired=bool(row[8]),
            numeric=None if row[15] is None else _numeric(row[16:20]),
            answers=many(answers, row[0]),
            members=many(members, row[0]),
        )
        for row in rows
    ]


def _names(
    session: Session, uuids: Mapping[int, str]
) -> Mapping[int, list[ConceptName]]:
    found: dict[int, list[ConceptName]] = defaultdict(list)
    for key, *row in session.rows(_NAMES, tuple(uuids)):
        found[key].append(_name(uuids[key], row))
    return found


def _related(
    session: Session, sql: str, keys: Sequence[int]
) -> Mapping[int, list[Concept]]:
    rows = session.rows(sql, keys)
    concepts = load(session, {row[1] for row in rows})
    found: dict[int, list[Concept]] = defaultdict(list)
    for panel, member in rows:
        found[panel].append(concepts[member])
    return found


def _name(concept_uuid: str, row: Sequence[Any]) -> ConceptName:
    return ConceptName(
        concept_uuid=concept_uuid,
        uuid=row[0],
        name=row[1],
        locale=row[2],
        preferred=bool(row[3]),
        type=row[4],
    )


def _named(row: Sequence[Any]) -> Metadata:
    return Metadata(
        id=row[0], uuid=row[1], name=row[2], description=None, retired=False
    )


def _numeric(row: Sequence[Any]) -> Numeric:
    return Numeric(
        low_absolute=row[0],
        hi_absolute=row[1],
        units=row[2],
        allow_decimal=bool(row[3]),
    )
