"""What a write ledger says must be there: which objects are lost, which came apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from reprise_platform.integrity.questions import Db, rows

_TABLES: Final = {
    "patient": "patient p JOIN person x ON x.person_id=p.patient_id",
    "visit": "visit x",
    "encounter": "encounter x",
    "observation": "obs x",
}
KINDS: Final = tuple(_TABLES)
"""The kinds of object that can be looked for."""

_AT_ONCE = 1000


def missing(connection: Db, kind: str, uuids: Iterable[str]) -> tuple[str, ...]:
    """Return the uuids of which a database has no row, voided or not, in their order.

    Raises:
        KeyError: no such kind.
        pymysql.err.MySQLError: refused, or the connection is lost.
    """
    source = _TABLES[kind]
    lost: list[str] = []
    for some in _batches(uuids):
        marks = ", ".join(["%s"] * len(some))
        sql = f"SELECT x.uuid FROM {source} WHERE x.uuid IN ({marks})"
        there = {str(row[0]) for row in rows(connection, sql, *some)}
        lost += [uuid for uuid in some if uuid not in there]
    return tuple(lost)


def torn_encounters(
    connection: Db, observations: Mapping[str, int]
) -> Mapping[str, int]:
    """Return the encounters that are there with another number of observations.

    An encounter and its observations are one transaction: fewer of them means that it was
    cut, more that it was done twice. Replaced observations count once.

    Args:
        observations: how many each encounter was sent with, groups and members alike.

    Raises:
        pymysql.err.MySQLError: refused, or the connection is lost.
    """
    torn: dict[str, int] = {}
    for some in _batches(observations):
        marks = ", ".join(["%s"] * len(some))
        sql = (
            "SELECT e.uuid, COUNT(o.obs_id) FROM encounter e LEFT JOIN obs o "
            "ON o.encounter_id=e.encounter_id AND o.previous_version IS NULL "
            f"WHERE e.uuid IN ({marks}) GROUP BY e.uuid"
        )
        for uuid, count in rows(connection, sql, *some):
            if observations[str(uuid)] != int(count):
                torn[str(uuid)] = int(count)
    return torn


def _batches(uuids: Iterable[str]) -> Iterator[Sequence[str]]:
    left = iter(uuids)
    while some := list(islice(left, _AT_ONCE)):
        yield some
