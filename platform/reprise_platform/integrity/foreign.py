"""Foreign keys that point nowhere: a dump loaded with checks off may hold some."""

from __future__ import annotations

from collections import defaultdict

from reprise_platform.integrity.questions import Check, Db, rows

_KEYS = """
SELECT constraint_name, table_name, column_name, referenced_table_name,
  referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL
ORDER BY table_name, constraint_name, ordinal_position
"""


def checks(connection: Db) -> tuple[Check, ...]:
    """Return one check for each foreign key that the database itself declares.

    Raises:
        pymysql.err.MySQLError: refused, or the connection is lost.
    """
    keys: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for name, table, column, parent, target in rows(connection, _KEYS):
        keys[str(name), str(table), str(parent)].append((str(column), str(target)))
    return tuple(
        _check(name, table, parent, columns)
        for (name, table, parent), columns in keys.items()
    )


def _check(name: str, table: str, parent: str, columns: list[tuple[str, str]]) -> Check:
    joined = " AND ".join(f"p.`{target}`=c.`{column}`" for column, target in columns)
    given = " AND ".join(f"c.`{column}` IS NOT NULL" for column, _ in columns)
    first = columns[0][0]
    return Check(
        name=f"orphan:{table}.{name}",
        says=f"what {table}.{first} points to is in {parent}",
        # The names are the database's own.
        sql=f"SELECT c.`{first}` FROM `{table}` c LEFT JOIN `{parent}` p "
        f"ON {joined} WHERE {given} AND p.`{columns[0][1]}` IS NULL",
    )
