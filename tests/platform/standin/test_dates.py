"""Dates read, written and shown."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_platform.standin import dates

_SECONDS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-12T09:30:00.000+0000",
        "2026-01-12T09:30:00.999+0000",
        "2026-01-12T09:30:00Z",
        "2026-01-12T10:30:00+01:00",
        "2026-01-12T09:30:00",
        "2026-01-12 09:30:00",
    ],
)
def test_all_writings_of_openmrs_are_read(text: str) -> None:
    """Each is the same moment, in UTC and to the second."""
    assert dates.parse_datetime(text) == dt.datetime(2026, 1, 12, 9, 30)  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "12/01/2026"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """ValueError, whatever it is."""
    with pytest.raises(ValueError, match=r"format|month"):
        dates.parse_datetime(text)


@given(_SECONDS)
def test_reading_undoes_writing(moment: dt.datetime) -> None:
    """What is written in JSON is read back equal, in OpenMRS's one form."""
    text = dates.format_json(moment)
    assert text.endswith(".000+0000")
    assert dates.parse_datetime(text) == moment


def test_shown_as_in_english() -> None:
    """Displays have OpenMRS's English forms."""
    moment = dt.datetime(2026, 1, 13, 16, 5)  # noqa: DTZ001
    assert dates.show_date(moment) == "01/13/2026"
    assert dates.show_datetime(moment) == "01/13/2026 04:05 PM"


def test_age_changes_on_the_birthday() -> None:
    """One more year on the day, not before; who is born on 29 February waits for March."""
    born = dt.date(1950, 3, 2)
    assert dates.age_years(born, dt.date(2026, 3, 1)) == 75
    assert dates.age_years(born, dt.date(2026, 3, 2)) == 76
    assert dates.age_years(dt.date(2000, 2, 29), dt.date(2026, 2, 28)) == 25
