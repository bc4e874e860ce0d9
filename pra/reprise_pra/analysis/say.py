"""Numbers and sentences as people read them, in French and in English."""

from __future__ import annotations

from collections.abc import Iterable

from reprise_pra.analysis.results import Text

_NARROW_SPACE = "\u202f"
_SPACE = "\u00a0"


def number(value: float, *, decimals: int = 0) -> Text:
    """Write a number: 1 234,5 in French, 1,234.5 in English."""
    english = f"{value:,.{decimals}f}"
    french = english.replace(",", _NARROW_SPACE).replace(".", ",")
    return Text(fr=french, en=english)


def seconds(value: float) -> Text:
    """Write a duration in seconds: whole, or to the tenth; a short one to the thousandth."""
    decimals = 0 if value == round(value) else 1 if value >= 1 else 3
    text = number(value, decimals=decimals)
    return Text(fr=f"{text.fr}{_SPACE}s", en=f"{text.en}{_SPACE}s")


def milliseconds(value: float) -> Text:
    """Write a duration in whole milliseconds."""
    text = number(value)
    return Text(fr=f"{text.fr}{_SPACE}ms", en=f"{text.en}{_SPACE}ms")


def percent(ratio: float) -> Text:
    """Write a ratio as a percentage, to the hundredth: 0.9987 is 99,87 %."""
    text = number(ratio * 100, decimals=2)
    return Text(fr=f"{text.fr}{_SPACE}%", en=f"{text.en}%")


def sentence(fr: str, en: str, **parts: Text | str | int) -> Text:
    """Fill `{name}` in both sentences with the parts, each in its language."""
    return Text(
        fr=fr.format_map({key: _in(part, "fr") for key, part in parts.items()}),
        en=en.format_map({key: _in(part, "en") for key, part in parts.items()}),
    )


def join(parts: Iterable[Text], *, separator: str = "; ") -> Text:
    """Join sentences; French puts a space before its semicolon."""
    listed = tuple(parts)
    french = separator.replace(";", f"{_SPACE};")
    return Text(
        fr=french.join(part.fr for part in listed),
        en=separator.join(part.en for part in listed),
    )


def _in(part: Text | str | int, language: str) -> str:
    if isinstance(part, Text):
        return part.fr if language == "fr" else part.en
    return str(part)
