"""How numbers, durations and dates are said in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_reports.voice import Language, Voice, parse_utc, printable

FRENCH, ENGLISH = (
    Voice(language=Language.FR),
    Voice(language=Language.EN),
)


def spaced(text: str) -> str:
    """Return the text with ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("seconds", "fr", "en"),
    [
        (0.0, "0 s", "0 s"),
        (0.041, "0,041 s", "0.041 s"),
        (42.35, "42,4 s", "42.4 s"),
        (155.234, "2 min 35 s", "2 min 35 s"),
        (14400.0, "4 h", "4 h"),
        (90061.0, "1 j 1 h 1 min 1 s", "1 d 1 h 1 min 1 s"),
        (-75.0, "−1 min 15 s", "−1 min 15 s"),
    ],
)
def test_durations(seconds: float, fr: str, en: str) -> None:
    """A duration is said as people say it, in both languages."""
    assert spaced(FRENCH.duration(seconds)) == fr
    assert spaced(ENGLISH.duration(seconds)) == en


def test_exact_seconds_keep_the_millisecond() -> None:
    """The exact duration has three decimals, or none when it is whole."""
    assert spaced(FRENCH.exact_duration(155.2)) == "2 min 35 s (155,200 s)"
    assert spaced(ENGLISH.exact_duration(14400)) == "4 h (14,400 s)"


@pytest.mark.parametrize(
    ("ratio", "fr"),
    [
        (1.0, "100 %"),
        (0.999999, "99,99 %"),
        (0.989796, "98,98 %"),
        (0.29, "29 %"),
        (0.0, "0 %"),
    ],
)
def test_availability_is_never_flattered(ratio: float, fr: str) -> None:
    """A percentage has two decimals, and only all of it is said 100 %."""
    assert spaced(FRENCH.percent(ratio)) == fr


@given(value=st.floats(0, 1e7), decimals=st.integers(0, 3))
def test_the_same_digits_as_the_analysis(value: float, decimals: int) -> None:
    """A number has the digits the analysis writes in its sentences."""
    theirs = say.number(value, decimals=decimals)
    for voice, text in ((FRENCH, theirs.fr), (ENGLISH, theirs.en)):
        mark = "," if voice.is_french else "."
        trimmed = text.rstrip("0").rstrip(mark) if mark in text and decimals else text
        assert spaced(voice.number(value, decimals)) == spaced(trimmed)


def test_french_typography() -> None:
    """French has no-break spaces before its double signs, and its own apostrophe."""
    said = FRENCH("l'essai : « fait » ; 5 % !", "")
    assert said == ("l’essai\u00a0: «\u00a0fait\u00a0»\u00a0; 5\u00a0%\u00a0!")


def test_a_sentence_starts_and_ends_well() -> None:
    """A fragment becomes a sentence; a mark's name keeps its small letter."""
    assert ENGLISH.sentence(Text(fr="", en="it held")) == "It held."
    assert ENGLISH.sentence(Text(fr="", en="t7, back")) == "t7, back."
    assert not ENGLISH.sentence(Text(fr="", en=" "))
    assert not ENGLISH.sentence(None)


def test_plural() -> None:
    """French is singular at zero and one, English at one alone."""
    words = (("panne", "pannes"), ("fault", "faults"))
    assert [spaced(FRENCH.count(n, *words)) for n in (0, 1, 2)] == [
        "0 panne",
        "1 panne",
        "2 pannes",
    ]
    assert spaced(ENGLISH.count(0, *words)) == "0 faults"


def test_sizes() -> None:
    """Sizes are in powers of a thousand, as disks are sold."""
    assert spaced(FRENCH.size(999)) == "999 o"
    assert spaced(FRENCH.size(3_482_113)) == "3,4 Mo"
    assert spaced(ENGLISH.size(3_482_113)) == "3.4 MB"


def test_an_instant_is_said_in_paris_too() -> None:
    """UTC comes first, with the time of day in Paris, summer time included."""
    said = FRENCH.utc_instant("2026-07-01T22:30:00Z")
    assert said is not None
    assert spaced(said) == "1er juillet 2026, 22:30:00 UTC (00:30:00, heure de Paris)"
    assert FRENCH.utc_instant("soon") is None


@pytest.mark.parametrize("text", ["", "soon", "9999-12-31T23:59:59Z", "1800-01-01"])
def test_what_is_no_instant_is_none(text: str) -> None:
    """An instant that is none, or that another zone cannot hold, is not printed."""
    assert parse_utc(text) is None


@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_can_be_written(text: str) -> None:
    """What is left can be encoded and has no control character."""
    kept = printable(text)
    kept.encode()
    assert len(kept) == len(text)
    assert not any(ord(char) < 32 for char in kept)
