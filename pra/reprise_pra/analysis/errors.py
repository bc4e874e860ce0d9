"""Operating errors of the analysis. An objective missed is a verdict, never one of these.

AnalysisError
├── InputError      a file cannot be used; every problem at once: file, key, remedy
└── TimelineError   an event cannot be understood; names the process, operation and key
"""

from __future__ import annotations

from collections.abc import Sequence


class AnalysisError(Exception):
    """The run cannot be analysed; the message says what, where and what to try."""


class InputError(AnalysisError):
    """One or several files cannot be used.

    Attributes:
        problems: one line each: file, key, what is wrong, what is accepted.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class TimelineError(AnalysisError):
    """An event of the history does not say what its operation promises."""
