"""What every new row has."""

from __future__ import annotations

import uuid

from reprise_platform.standin import dates


def made_by(user_id: int) -> dict[str, object]:
    """Return the columns that tell who makes a row, and when."""
    return {"creator": user_id, "date_created": dates.now()}


def uuid_or_new(given: str | None) -> str:
    """Return the uuid a client chose, or a new one."""
    return given or str(uuid.uuid4())
