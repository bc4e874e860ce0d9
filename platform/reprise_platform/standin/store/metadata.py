"""Locations, types, roles, providers and users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reprise_platform.standin.database import Row, Session
from reprise_platform.standin.model import Metadata, Provider, User

TABLES: Mapping[str, str] = {
    "location": "location_id",
    "visit_type": "visit_type_id",
    "encounter_type": "encounter_type_id",
    "encounter_role": "encounter_role_id",
    "patient_identifier_type": "patient_identifier_type_id",
    "person_attribute_type": "person_attribute_type_id",
    "concept_class": "concept_class_id",
    "concept_datatype": "concept_datatype_id",
    "idgen_identifier_source": "id",
}
"""The tables of named things, and their keys."""

_PROVIDER = (
    "SELECT pr.provider_id, pr.uuid, pr.identifier, COALESCE(pr.name, "
    "CONCAT_WS(' ', pn.given_name, pn.family_name)), pe.uuid, pr.retired "
    "FROM provider pr LEFT JOIN person pe ON pe.person_id = pr.person_id "
    "LEFT JOIN person_name pn ON pn.person_id = pe.person_id AND pn.voided = 0 "
)
_USER = (
    "SELECT u.user_id, u.uuid, COALESCE(u.username, ''), u.system_id, u.password, u.salt, "
    "pe.uuid, CONCAT_WS(' ', pn.given_name, pn.family_name) FROM users u "
    "JOIN person pe ON pe.person_id = u.person_id "
    "LEFT JOIN person_name pn ON pn.person_id = pe.person_id AND pn.voided = 0 "
)


def columns(alias: str, key: str) -> str:
    """Return the columns that `named` reads, of a table joined under an alias."""
    names = (key, "uuid", "name", "description", "retired")
    return ", ".join(f"{alias}.{name}" for name in names)


def named(row: Sequence[Any]) -> Metadata:
    """Read a named thing from five columns."""
    return Metadata(
        id=row[0], uuid=row[1], name=row[2], description=row[3], retired=bool(row[4])
    )


def named_or_none(row: Sequence[Any]) -> Metadata | None:
    """Read a named thing from five columns of an outer join."""
    return None if row[0] is None else named(row)


def load_all(session: Session, table: str) -> Sequence[Metadata]:
    """Return the things of a table that are in use."""
    selected = columns("t", TABLES[table])
    sql = f"SELECT {selected} FROM {table} t WHERE t.retired = 0 ORDER BY 1"  # noqa: S608
    return [named(row) for row in session.rows(sql)]


def load_by_keys(
    session: Session, table: str, keys: Iterable[int]
) -> Mapping[int, Metadata]:
    """Return things by key."""
    wanted = tuple(keys)
    if not wanted:
        return {}
    key = TABLES[table]
    sql = f"SELECT {columns('t', key)} FROM {table} t WHERE t.{key} IN %s"  # noqa: S608
    return {row[0]: named(row) for row in session.rows(sql, wanted)}


def find(session: Session, table: str, uuid: str) -> Metadata | None:
    """Return the thing of a uuid."""
    sql = f"SELECT {columns('t', TABLES[table])} FROM {table} t WHERE t.uuid = %s"  # noqa: S608
    row = session.row(sql, uuid)
    return None if row is None else named(row)


def load_providers(session: Session) -> Sequence[Provider]:
    """Return the providers in service."""
    rows = session.rows(f"{_PROVIDER} WHERE pr.retired = 0 ORDER BY pr.provider_id")
    return [_provider(row) for row in rows]


def find_provider(session: Session, uuid: str) -> Provider | None:
    """Return the provider of a uuid."""
    row = session.row(f"{_PROVIDER} WHERE pr.uuid = %s", uuid)
    return None if row is None else _provider(row)


def provider_of_person(session: Session, person_uuid: str) -> Provider | None:
    """Return the provider that a person is."""
    sql = f"{_PROVIDER} WHERE pe.uuid = %s AND pr.retired = 0"
    row = session.row(sql, person_uuid)
    return None if row is None else _provider(row)


def load_providers_by_keys(
    session: Session, keys: Sequence[int]
) -> Mapping[int, Provider]:
    """Return providers by key."""
    if not keys:
        return {}
    rows = session.rows(f"{_PROVIDER} WHERE pr.provider_id IN %s", keys)
    return {row[0]: _provider(row) for row in rows}


def find_user(session: Session, name: str) -> User | None:
    """Return the user of a user name or system id; an empty name is no one's."""
    sql = f"{_USER} WHERE u.retired = 0 AND %s IN (NULLIF(u.username, ''), u.system_id)"
    row = session.row(f"{sql} AND %s <> ''", name, name)
    return None if row is None else _user(row)


def find_user_by_uuid(session: Session, uuid: str) -> User | None:
    """Return the user of a uuid."""
    row = session.row(f"{_USER} WHERE u.uuid = %s", uuid)
    return None if row is None else _user(row)


def load_users(session: Session) -> Sequence[User]:
    """Return the users who may log in."""
    rows = session.rows(f"{_USER} WHERE u.retired = 0 ORDER BY u.user_id")
    return [_user(row) for row in rows]


def load_roles(session: Session) -> Sequence[Metadata]:
    """Return the roles."""
    return [
        Metadata(id=0, uuid=row[0], name=row[1], description=None, retired=False)
        for row in session.rows("SELECT uuid, role FROM role ORDER BY role")
    ]


def _user(row: Row) -> User:
    return User(
        id=row[0],
        uuid=row[1],
        username=row[2],
        system_id=row[3],
        password=row[4],
        salt=row[5],
        person_uuid=row[6],
        person_name=row[7],
    )


def roles_of(session: Session, user_id: int) -> Sequence[Metadata]:
    """Return a user's roles."""
    sql = (
        "SELECT r.uuid, r.role FROM role r JOIN user_role ur ON ur.role = r.role "
        "WHERE ur.user_id = %s ORDER BY r.role DESC"
    )
    return [
        Metadata(id=0, uuid=row[0], name=row[1], description=None, retired=False)
        for row in session.rows(sql, user_id)
    ]


def may_all(session: Session, user_id: int) -> bool:
    """Tell whether a user is a system developer, to whom nothing is refused."""
    sql = "SELECT 1 FROM user_role WHERE user_id = %s AND role = 'System Developer'"
    return session.row(sql, user_id) is not None


def _provider(row: Row) -> Provider:
    return Provider(
        id=row[0],
        uuid=row[1],
        identifier=row[2],
        name=row[3],
        person_uuid=row[4],
        retired=bool(row[5]),
    )
