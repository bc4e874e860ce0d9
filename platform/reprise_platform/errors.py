"""Operating errors of the platform. An objective missed is a verdict, never one of these.

PlatformError
├── CommandError    a program ended badly: the line to paste, its output
├── WaitTimeout     something awaited did not come in time
└── SiteError       a site file or a site's state is not usable
"""

from __future__ import annotations


class PlatformError(Exception):
    """Something could not be done; the message says what, where and what to try."""


class CommandError(PlatformError):
    """A program ended with a failure; the message has the line to paste and its output."""


class WaitTimeout(PlatformError):  # noqa: N818 - named for what happened, as TimeoutError
    """What was awaited did not happen within its limit."""


class SiteError(PlatformError):
    """A site file, or the state of a site, cannot be used as it is."""
