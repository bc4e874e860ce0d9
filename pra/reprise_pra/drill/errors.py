"""Why a drill cannot go on. An objective missed is a verdict, never one of these."""

from __future__ import annotations

from reprise_pra.analysis.results import Text


class DrillError(Exception):
    """A phase cannot go on; the message says what was seen and what to look at.

    Attributes:
        text: the message in both languages; as a string it is the English one.
    """

    def __init__(self, text: Text) -> None:
        """Say it in both languages."""
        super().__init__(text.en)
        self.text = text


class AwaitedInVainError(DrillError):
    """What was awaited did not happen within its limit."""
