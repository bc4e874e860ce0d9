"""Operating errors of the platform. An objective missed is a verdict, never one of these.

PlatformError
├── CommandError    a program ended badly: the line to paste, its output
├── WaitTimeout     something awaited did not come in time
├── Refused         nothing was begun: every reason at once, each with its remedy
└── SiteError       a site file or a site's state is not usable
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reprise_pra.analysis.results import Text


class PlatformError(Exception):
    """Something could not be done; the message says what, where and what to try.

    Attributes:
        command: the line to paste that failed, or that shows more; "" for none.
        output: what that command printed, its end.
        logs: files, or folders of files, that tell more.
        remedy: the next thing to try; None leaves it to the step that failed.
    """

    def __init__(
        self,
        message: str = "",
        *,
        command: str = "",
        output: str = "",
        logs: Sequence[Path] = (),
        remedy: Text | None = None,
    ) -> None:
        """Keep what a person needs beside the message."""
        super().__init__(message)
        self.command = command
        self.output = output
        self.logs = tuple(logs)
        self.remedy = remedy


class CommandError(PlatformError):
    """A program ended with a failure; the message has the line to paste and its output."""


class WaitTimeout(PlatformError):  # noqa: N818 - named for what happened, as TimeoutError
    """What was awaited did not happen within its limit."""


class SiteError(PlatformError):
    """A site file, or the state of a site, cannot be used as it is."""


class Refused(PlatformError):  # noqa: N818 - named for what happened
    """Nothing was begun; `text` has every reason and remedy, in both languages."""

    def __init__(self, problems: Sequence[Text]) -> None:
        """Refuse for these reasons."""
        self.problems = tuple(problems)
        self.text = Text(
            fr="refusé, rien n'a été fait :\n"
            + "\n".join(f"- {each.fr}" for each in problems),
            en="refused, nothing was done:\n"
            + "\n".join(f"- {each.en}" for each in problems),
        )
        super().__init__(self.text.en)
