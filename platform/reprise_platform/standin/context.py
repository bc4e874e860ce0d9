"""What the routes share."""

from __future__ import annotations

import dataclasses
import threading

from reprise_platform.standin.blobs import Blobs
from reprise_platform.standin.database import Database
from reprise_platform.standin.sessions import Sessions


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The stores, the sessions, and whether this process is about to stop."""

    database: Database
    blobs: Blobs
    sessions: Sessions
    stopping: threading.Event
