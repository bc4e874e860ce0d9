"""Who finds patients by name and number: the tables themselves, or an index beside them.

OpenMRS searches an index that lies outside its database and is fed by its own writes. What
is put into the tables behind its back, a restored dump above all, is not found until the
index is made anew (`POST /searchindexupdate`), although it is read by uuid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reprise_platform.standin.database import Database, Session
from reprise_platform.standin.store import patients


class Search(Protocol):
    """Patients by name and number."""

    def start(self, database: Database) -> None:
        """Make ready, before the first request."""

    def note(self, session: Session, patient_id: int) -> None:
        """Tell, within the transaction that does it, that a patient changes."""

    def find(self, session: Session, text: str, first: int, most: int) -> Sequence[int]:
        """Return keys of patients that match; some may not be there any more."""

    def rebuild(self, database: Database) -> None:
        """Make the index anew from what the tables hold, on every replica."""


class Tables:
    """The tables searched themselves: nothing to build, nothing that is ever missed."""

    def start(self, database: Database) -> None:
        """There is nothing to make ready."""

    def note(self, session: Session, patient_id: int) -> None:
        """The tables know already."""

    def find(self, session: Session, text: str, first: int, most: int) -> Sequence[int]:
        """Return keys of patients that match."""
        return patients.search(session, text, first, most)

    def rebuild(self, database: Database) -> None:
        """There is nothing to make anew."""
