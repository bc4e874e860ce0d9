"""An index of patients beside the database, one a process, in a file of its own.

Replicas tell each other what they write by a table, the feed: a row for each patient that
changes, and a row without a patient where the index is to be made anew. Each process reads
on from where it was before it searches.

A row names the database it was written in. A dump takes the feed with it; in another
database its rows are another's, and what they tell of is not taken in. So a process that
starts on a restored database finds no one until it is told to make the index anew, as
OpenMRS does, which keeps its index on a volume and the mark that it is built in the
database.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from reprise_platform.standin.database import Database, Session

_log = logging.getLogger(__name__)
_LEAST_CHARACTERS = 2
# Members of a cluster number rows each in steps of their own: a lower number may be
# committed after a higher one.
_LATE_ROWS = 500
_AT_ONCE = 1000
_AFTER_ALL = "\U0010ffff"
_LAYOUT = """
DROP TABLE IF EXISTS term;
CREATE TABLE term (word TEXT, kind TEXT, patient INTEGER);
CREATE INDEX by_word ON term (kind, word);
CREATE INDEX by_patient ON term (patient);
"""
_ORIGIN = (
    "SELECT CONCAT(COALESCE(NULLIF((SELECT VARIABLE_VALUE "
    "FROM information_schema.GLOBAL_STATUS "
    "WHERE VARIABLE_NAME = 'wsrep_cluster_state_uuid'), ''), @@hostname), '/', "
    "@@port, '/', DATABASE())"
)
_NAMES = (
    "SELECT n.person_id, n.given_name, n.middle_name, n.family_name, n.family_name2 "
    "FROM person_name n JOIN patient pa ON pa.patient_id = n.person_id "
    "WHERE n.voided = 0 AND pa.voided = 0 AND "
)
_NUMBERS = (
    "SELECT i.patient_id, i.identifier FROM patient_identifier i "
    "JOIN patient pa ON pa.patient_id = i.patient_id "
    "WHERE i.voided = 0 AND pa.voided = 0 AND "
)


class Index:
    """The index of this process."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        # Made anew at each start; the lock keeps threads apart.
        file.unlink(missing_ok=True)
        self._index = sqlite3.connect(file, check_same_thread=False)
        self._index.executescript(_LAYOUT)
        self._origin = ""
        self._last = 0
        self._seen: deque[int] = deque(maxlen=2 * _LATE_ROWS)

    def start(self, database: Database) -> None:
        """Build the index, unless the database's rows came from elsewhere.

        An empty feed is that of a database that no one has searched yet: it is built, as
        OpenMRS does where its mark is missing.
        """
        self._origin = database.read(_origin)

        def feed(session: Session) -> tuple[int, int]:
            row = session.row(
                "SELECT COUNT(*), COALESCE(SUM(origin = %s), 0) FROM standin_search_feed",
                self._origin,
            )
            return (int(row[0]), int(row[1])) if row else (0, 0)

        rows, own = database.read(feed)
        if not rows:
            database.write(self._ask_for_all)
        with self._lock:
            if rows and not own:
                self._last = database.read(_newest)
                _log.warning(
                    "the database came from elsewhere: search finds no one yet"
                )
            else:
                database.read(self._take_in_all)

    def note(self, session: Session, patient_id: int) -> None:
        """Tell every replica, within a transaction, that a patient changes."""
        row: dict[str, object] = {"patient_id": patient_id, "origin": self._origin}
        session.insert("standin_search_feed", row)

    def find(self, session: Session, text: str, first: int, most: int) -> Sequence[int]:
        """Return keys of patients whose number starts with a text, or whose names match.

        Each word starts a given, middle or family name; case and accents do not count.
        Some may be voided or gone since: who loads them leaves those out.
        """
        words = [fold(word) for word in text.split()]
        if len(text.strip()) < _LEAST_CHARACTERS:
            return ()
        named = " INTERSECT ".join([_matching("name")] * len(words))
        sql = (
            f"SELECT patient FROM ({_matching('number')} UNION "  # noqa: S608 - no one's text
            f"SELECT patient FROM ({named})) ORDER BY patient LIMIT ? OFFSET ?"
        )
        bounds = [each for word in words for each in (word, word + _AFTER_ALL)]
        whole = fold(text.strip())
        with self._lock:
            self._read_on(session)
            found = self._index.execute(
                sql, (whole, whole + _AFTER_ALL, *bounds, most, first)
            ).fetchall()
        return [row[0] for row in found]

    def rebuild(self, database: Database) -> None:
        """Make the index anew, here now, on the other replicas before they search again."""
        asked = database.write(self._ask_for_all)
        with self._lock:
            database.read(self._read_on)
        delete = "DELETE FROM standin_search_feed WHERE feed_id < %s"
        database.write(lambda session: session.execute(delete, asked))

    def _ask_for_all(self, session: Session) -> int:
        row: dict[str, object] = {"patient_id": None, "origin": self._origin}
        return session.insert("standin_search_feed", row)

    def _read_on(self, session: Session) -> None:
        """Take in what replicas wrote since the last look."""
        rows = session.rows(
            "SELECT feed_id, patient_id FROM standin_search_feed "
            "WHERE feed_id > %s AND origin = %s ORDER BY feed_id",
            self._last - _LATE_ROWS,
            self._origin,
        )
        new = [row for row in rows if row[0] not in self._seen]
        if any(row[1] is None for row in new):
            self._take_in_all(session)
            return
        changed = sorted({row[1] for row in new})
        for start in range(0, len(changed), _AT_ONCE):
            self._take_in(session, changed[start : start + _AT_ONCE])
        self._seen.extend(row[0] for row in new)
        self._last = max([self._last, *(row[0] for row in new)])

    def _take_in_all(self, session: Session) -> None:
        """Index every patient there is."""
        self._last = _newest(session)
        rows = session.rows(
            "SELECT feed_id FROM standin_search_feed WHERE feed_id > %s",
            self._last - _LATE_ROWS,
        )
        self._seen.extend(row[0] for row in rows)
        self._index.execute("DELETE FROM term")
        row = session.row("SELECT COALESCE(MAX(patient_id), 0) FROM patient")
        highest = int(row[0]) if row else 0
        for start in range(0, highest + 1, _AT_ONCE):
            bounds = (start, start + _AT_ONCE - 1)
            self._add(session, "{} BETWEEN %s AND %s", bounds)
        self._index.commit()

    def _take_in(self, session: Session, keys: Sequence[int]) -> None:
        marks = [(key,) for key in keys]
        self._index.executemany("DELETE FROM term WHERE patient = ?", marks)
        self._add(session, "{} IN %s", (tuple(keys),))
        self._index.commit()

    def _add(self, session: Session, which: str, values: Sequence[object]) -> None:
        names = session.rows(_NAMES + which.format("n.person_id"), *values)
        numbers = session.rows(_NUMBERS + which.format("i.patient_id"), *values)
        terms = [
            (word, "name", row[0]) for row in names for word in _words(row[1:])
        ] + [(fold(row[1]), "number", row[0]) for row in numbers]
        self._index.executemany("INSERT INTO term VALUES (?, ?, ?)", terms)


def fold(text: str) -> str:
    """Return a text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def _words(names: Iterable[str | None]) -> list[str]:
    return [fold(name) for name in names if name]


def _matching(kind: str) -> str:
    where = f"kind = '{kind}' AND word >= ? AND word < ?"
    return f"SELECT patient FROM term WHERE {where}"  # noqa: S608 - the kind is ours


def _newest(session: Session) -> int:
    row = session.row("SELECT COALESCE(MAX(feed_id), 0) FROM standin_search_feed")
    return int(row[0]) if row else 0


def _origin(session: Session) -> str:
    """Return what names this database: its cluster, or its server, and its name."""
    row = session.row(_ORIGIN)
    return str(row[0]) if row else ""
