"""What must never be in an OpenMRS database, whatever happened to it.

Sources: OpenMRS 2.8's validators and handlers (a patient's void reaches its identifiers,
names and encounters, an encounter's its observations; an observation is never edited but
replaced), idgen's sequence, and what a transaction cut in the middle would leave.
"""

from __future__ import annotations

from typing import Final

from reprise_platform.integrity.questions import Check

_LIVE_PATIENT = "SELECT q.uuid FROM patient p JOIN person q ON q.person_id=p.patient_id"
_VOIDABLE: Final = (
    ("person", "person_id"),
    ("person_name", "person_name_id"),
    ("patient", "patient_id"),
    ("patient_identifier", "patient_identifier_id"),
    ("visit", "visit_id"),
    ("encounter", "encounter_id"),
    ("obs", "obs_id"),
)
# The value of each character but the last one (which checks the others), largest first.
_MOST_DIGITS = 20
_SEQUENCE = " + ".join(
    f"IF({place} < CHAR_LENGTH(i.identifier), "
    f"(LOCATE(SUBSTR(i.identifier, {place}, 1), s.base_character_set) - 1) * "
    "POW(CHAR_LENGTH(s.base_character_set), "
    f"CHAR_LENGTH(i.identifier) - 1 - {place}), 0)"
    for place in range(1, _MOST_DIGITS)
)

PEOPLE: Final = (
    Check(
        name="patient-without-person",
        says="every patient is a person",
        sql="SELECT p.patient_id FROM patient p LEFT JOIN person q "
        "ON q.person_id=p.patient_id WHERE q.person_id IS NULL",
    ),
    Check(
        name="patient-without-identifier",
        says="every patient has an identifier",
        sql=f"{_LIVE_PATIENT} WHERE p.voided=0 AND NOT EXISTS (SELECT 1 FROM "
        "patient_identifier i WHERE i.patient_id=p.patient_id AND i.voided=0)",
    ),
    Check(
        name="patient-without-name",
        says="every patient has a name",
        sql=f"{_LIVE_PATIENT} WHERE p.voided=0 AND NOT EXISTS (SELECT 1 FROM "
        "person_name n WHERE n.person_id=p.patient_id AND n.voided=0)",
    ),
    Check(
        name="duplicate-identifier",
        says="no two patients share an identifier that must be unique",
        sql="SELECT MIN(i.uuid), i.identifier_type FROM patient_identifier i "
        "JOIN patient_identifier_type t "
        "ON t.patient_identifier_type_id=i.identifier_type "
        "WHERE i.voided=0 AND COALESCE(t.uniqueness_behavior,'UNIQUE')='UNIQUE' "
        "GROUP BY i.identifier_type, i.identifier "
        "HAVING COUNT(DISTINCT i.patient_id) > 1",
    ),
    Check(
        name="identifier-to-be-given-again",
        says="the next identifier of a sequence was never given",
        needs=("idgen_seq_id_gen", "idgen_identifier_source"),
        sql="SELECT DISTINCT g.uuid FROM idgen_seq_id_gen s "
        "JOIN idgen_identifier_source g ON g.id=s.id "
        "JOIN patient_identifier i ON i.identifier_type=g.identifier_type "
        "WHERE s.next_sequence_value >= 0 AND COALESCE(s.prefix,'')='' "
        "AND COALESCE(s.suffix,'')='' AND g.retired=0 "
        "AND CHAR_LENGTH(i.identifier) BETWEEN COALESCE(s.min_length, 1) "
        f"AND LEAST(COALESCE(s.max_length, {_MOST_DIGITS}), {_MOST_DIGITS}) "
        "AND i.identifier REGEXP CONCAT('^[', s.base_character_set, ']+$') "
        f"AND {_SEQUENCE} >= s.next_sequence_value",
    ),
    Check(
        name="live-part-of-voided-patient",
        says="a voided patient has no live identifier, visit or encounter",
        sql="SELECT d.uuid FROM patient p JOIN ("
        "SELECT patient_id, uuid FROM patient_identifier WHERE voided=0 "
        "UNION ALL SELECT patient_id, uuid FROM visit WHERE voided=0 "
        "UNION ALL SELECT patient_id, uuid FROM encounter WHERE voided=0"
        ") d ON d.patient_id=p.patient_id WHERE p.voided=1",
    ),
)
CARE: Final = (
    Check(
        name="two-open-visits",
        says="a patient has one open visit at most",
        sql="SELECT MIN(uuid) FROM visit WHERE voided=0 AND date_stopped IS NULL "
        "GROUP BY patient_id HAVING COUNT(*) > 1",
    ),
    Check(
        name="visit-ends-before-it-starts",
        says="a visit ends after it started",
        sql="SELECT uuid FROM visit WHERE voided=0 AND date_stopped < date_started",
    ),
    Check(
        name="encounter-in-another-patients-visit",
        says="an encounter and its visit are of one patient",
        sql="SELECT e.uuid FROM encounter e JOIN visit v ON v.visit_id=e.visit_id "
        "WHERE e.patient_id <> v.patient_id",
    ),
    Check(
        name="obs-of-another-patient",
        says="an observation and its encounter are of one patient",
        sql="SELECT o.uuid FROM obs o JOIN encounter e "
        "ON e.encounter_id=o.encounter_id WHERE o.person_id <> e.patient_id",
    ),
    Check(
        name="live-obs-in-voided-encounter",
        says="a voided encounter has no live observation",
        sql="SELECT o.uuid FROM obs o JOIN encounter e "
        "ON e.encounter_id=o.encounter_id WHERE e.voided=1 AND o.voided=0",
    ),
    Check(
        name="torn-group",
        says="a live group of observations has live members, in its own encounter",
        sql="SELECT g.uuid FROM obs g JOIN concept c ON c.concept_id=g.concept_id "
        "WHERE g.voided=0 AND c.is_set=1 AND NOT EXISTS (SELECT 1 FROM obs m "
        "WHERE m.obs_group_id=g.obs_id AND m.voided=0) "
        "UNION ALL SELECT m.uuid FROM obs m JOIN obs g ON g.obs_id=m.obs_group_id "
        "WHERE m.voided=0 AND (g.voided=1 OR NOT g.encounter_id <=> m.encounter_id "
        "OR g.person_id <> m.person_id)",
    ),
    Check(
        name="obs-without-value",
        says="a live observation that is no group has a value",
        sql="SELECT o.uuid FROM obs o WHERE o.voided=0 AND o.value_coded IS NULL "
        "AND o.value_drug IS NULL AND o.value_datetime IS NULL "
        "AND o.value_numeric IS NULL AND o.value_text IS NULL "
        "AND o.value_complex IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM obs m WHERE m.obs_group_id=o.obs_id)",
    ),
    Check(
        name="obs-out-of-range",
        says="a number lies within its concept's absolute limits",
        sql="SELECT o.uuid FROM obs o JOIN concept_numeric n "
        "ON n.concept_id=o.concept_id WHERE o.voided=0 "
        "AND (o.value_numeric < n.low_absolute OR o.value_numeric > n.hi_absolute)",
    ),
    Check(
        name="obs-version-chain",
        says="an observation replaces an older, voided one of the same person and concept",
        sql="SELECT o.uuid FROM obs o JOIN obs b ON b.obs_id=o.previous_version "
        "WHERE b.obs_id >= o.obs_id OR b.voided=0 OR b.person_id <> o.person_id "
        "OR b.concept_id <> o.concept_id",
    ),
    Check(
        name="obs-replaced-twice",
        says="an observation has one live successor at most",
        sql="SELECT MIN(uuid) FROM obs WHERE voided=0 AND previous_version IS NOT NULL "
        "GROUP BY previous_version HAVING COUNT(*) > 1",
    ),
)
VOIDS: Final = (
    Check(
        name="void-without-date",
        says="what is voided says when and by whom, what is not does not",
        sql=" UNION ALL ".join(
            f"SELECT CONCAT('{table} ', {key}) FROM {table} "
            "WHERE (voided=1 AND (date_voided IS NULL OR voided_by IS NULL)) "
            "OR (voided=0 AND date_voided IS NOT NULL)"
            for table, key in _VOIDABLE
        ),
    ),
    Check(
        name="duplicate-uuid",
        says="no two rows of a table share a uuid",
        sql=" UNION ALL ".join(
            f"SELECT CONCAT('{table} ', uuid) FROM {table} "
            "GROUP BY uuid HAVING COUNT(*) > 1"
            for table, _ in _VOIDABLE
            if table != "patient"
        ),
    ),
)
CHECKS: Final = (*PEOPLE, *CARE, *VOIDS)
"""All of them; `foreign.checks` adds those of the database's own foreign keys."""
