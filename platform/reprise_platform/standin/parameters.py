"""Parameters of a query that are dates."""

from __future__ import annotations

import datetime as dt

from flask import request

from reprise_platform.standin import dates, errors


def moment(name: str) -> dt.datetime | None:
    """Return a date-time parameter, if it is there.

    Raises:
        ApiError: it is no date-time.
    """
    text = request.args.get(name)
    if text is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        return dates.parse_datetime(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        reason = f"unable to convert {name} to a date"
        raise errors.conversion(reason) from None
