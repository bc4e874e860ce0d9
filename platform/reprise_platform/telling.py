"""Sentences for people, in both languages, from where something happens to the history."""

from __future__ import annotations

from reprise_pra.analysis.results import Text
from reprise_pra.history import JsonValue


def told(text: Text) -> dict[str, JsonValue]:
    """Return a sentence as the history keeps it."""
    return {"fr": text.fr, "en": text.en}


def name(text: str) -> Text:
    """Return what is the same in every language: a name, a number, a program's own words."""
    return Text(fr=text, en=text)


def text_of(error: BaseException) -> Text:
    """Return what an error says: its own sentence in both languages, or its words as is.

    An error that people of both languages read has an attribute `text`.
    """
    text = getattr(error, "text", None)
    return text if isinstance(text, Text) else name(str(error))
