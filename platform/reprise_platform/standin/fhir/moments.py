"""Moments and days in FHIR's writing; inside, moments are UTC without a zone."""

from __future__ import annotations

import datetime as dt


def to_second(moment: dt.datetime) -> str:
    """Write `2026-01-12T09:30:00+00:00`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"


def to_instant(moment: dt.datetime) -> str:
    """Write `2026-01-12T09:30:00.000+00:00`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+00:00"


def milliseconds(moment: dt.datetime) -> int:
    """Return milliseconds since 1970."""
    return int(moment.replace(tzinfo=dt.UTC).timestamp() * 1000)


def http_date(moment: dt.datetime) -> str:
    """Write a moment as HTTP's headers do."""
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
