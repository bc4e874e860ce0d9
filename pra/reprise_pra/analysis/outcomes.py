"""The lattice of outcomes, and sentences in both languages: the words of every result."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable


class Outcome(enum.IntEnum):
    """Ordered: the worst of several is their maximum."""

    MET = 0
    UNKNOWN = 1
    MISSED = 2


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome; none at all is UNKNOWN: an empty drill proves nothing."""
    return max(outcomes, default=Outcome.UNKNOWN)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One sentence for people, in both languages of the report."""

    fr: str
    en: str
