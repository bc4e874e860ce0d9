"""What the routes share."""

from __future__ import annotations

import dataclasses
import threading

from reprise_platform.standin.blobs import Blobs
from reprise_platform.standin.database import Database
from reprise_platform.standin.patientsearch import Search
from reprise_platform.standin.sessions import Sessions


class Idgen:
    """How patient numbers are handed out.

    Attributes:
        locked: the sequence's row is locked, so that replicas never hand out one twice;
            otherwise, as in OpenMRS, only threads of one process are kept apart.
        alone: what keeps them apart.
    """

    def __init__(self, *, locked: bool) -> None:
        self.locked = locked
        self.alone = threading.Lock()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The stores, the sessions, and whether this process is about to stop."""

    database: Database
    blobs: Blobs
    search: Search
    sessions: Sessions
    idgen: Idgen
    stopping: threading.Event
