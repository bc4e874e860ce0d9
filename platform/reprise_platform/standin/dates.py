"""Dates as OpenMRS reads, writes and shows them; inside, they are UTC without a zone."""

from __future__ import annotations

import datetime as dt

FAR = dt.datetime(9999, 12, 31)  # noqa: DTZ001 - as all moments inside
"""After every other moment: the end of what has none."""
ALMOST_A_DAY = dt.timedelta(days=1, seconds=-1)
"""From a day's first second to its last, moments being whole seconds."""


def now() -> dt.datetime:
    """Return the present, to the second: the tables' DATETIME hold no more."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)


def parse_datetime(text: str) -> dt.datetime:
    """Read a date or date-time; without an offset it is in the server's zone, UTC.

    Raises:
        ValueError: it is neither.
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.replace(microsecond=0)


def parse_date(text: str) -> dt.date:
    """Read the day of a date or date-time.

    Raises:
        ValueError: it is neither.
    """
    return parse_datetime(text).date()


def format_json(moment: dt.date | dt.datetime) -> str:
    """Write `2026-01-12T09:30:00.000+0000`."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    millisecond = moment.microsecond // 1000
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{millisecond:03d}+0000"


def show_date(moment: dt.datetime) -> str:
    """Write the day as OpenMRS displays it in its locale `en`."""
    return f"{moment:%m/%d/%Y}"


def show_datetime(moment: dt.datetime) -> str:
    """Write the moment as OpenMRS displays it in its locale `en`."""
    return f"{moment:%m/%d/%Y %I:%M %p}"


def age_years(birthdate: dt.date, on: dt.date) -> int:
    """Return the number of birthdays passed."""
    had_birthday = (on.month, on.day) >= (birthdate.month, birthdate.day)
    return on.year - birthdate.year - (0 if had_birthday else 1)
