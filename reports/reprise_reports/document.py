"""What a report is before it has a form: sections of blocks, frozen and in one language.

A document holds plain text only. Escaping, typography of pages and figures' pixels belong
to the renderers, so that a hostile string in a result can never become markup.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence
from typing import ClassVar

from reprise_reports.voice import Language


class Tone(enum.StrEnum):
    """How a piece of text is to be read; its words say the same without colour."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    DOUBT = "doubt"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell; `note` is a smaller line under the text, `span` the columns it takes."""

    text: str
    note: str = ""
    tone: Tone = Tone.PLAIN
    is_code: bool = False
    span: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading; `share` is its part of the width in hundredths."""

    title: str
    share: int
    is_number: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first cell of a row heads it. `remainder` tells of rows left out."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    remainder: str = ""
    has_total: bool = False
    is_form: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure by its name; `alt` says what it shows to who cannot see it."""

    kind: ClassVar[str] = "figure"
    name: str
    caption: str
    alt: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of plain text."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list of sentences."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]
    is_checklist: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and values, one a line."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, Cell], ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to paste."""

    kind: ClassVar[str] = "command"
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A boxed sentence that must not be missed."""

    kind: ClassVar[str] = "callout"
    tone: Tone
    title: str
    text: str


type Block = Table | Figure | Paragraph | Bullets | Facts | Command | Callout


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered part (`level` 1) or its subdivision (`level` 2)."""

    key: str
    number: str
    title: str
    blocks: tuple[Block, ...]
    level: int = 1
    starts_page: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The verdict, with the sentence that explains it."""

    text: str
    tone: Tone
    sentence: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One key number: measured against its objective."""

    title: str
    value: str
    detail: str
    against: str
    outcome: str
    tone: Tone


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The page a director reads."""

    title: str
    cards: tuple[Card, ...]
    messages_title: str
    messages: tuple[str, ...]
    unproven_title: str
    unproven: tuple[str, ...]
    request_title: str
    request: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The first page."""

    kicker: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, Cell], ...]
    note: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report in one language. `banner` is on each page when it is not empty."""

    language: Language
    title: str
    reference: str
    classification: str
    status: str
    banner: str
    stamp: Stamp
    cover: Cover
    summary: Summary
    contents_title: str
    sections: tuple[Section, ...]

    def figures(self) -> tuple[str, ...]:
        """Return the names of the figures, in order."""
        return tuple(
            block.name
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Figure)
        )


def bounded[T](items: Sequence[T], limit: int) -> tuple[tuple[T, ...], int]:
    """Return the first items of a long list, and how many are left out."""
    return tuple(items[:limit]), max(0, len(items) - limit)
