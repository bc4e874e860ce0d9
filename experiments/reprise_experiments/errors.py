"""Operating errors of the experiments. A hypothesis that deviates is never one of these.

ExperimentsError
├── Refused         nothing was done: no target, too many, an open fault, no lease
├── NotTaken        the fault was injected and not seen to take
├── NotUndone       the fault was undone and not seen to be
├── LedgerError     the fault ledger cannot be read or written
└── Stopped         the experiment must end now: its lease or the drill above it is gone
"""

from __future__ import annotations


class ExperimentsError(Exception):
    """An experiment could not do what it says; the message says what and what to try."""


class Refused(ExperimentsError):  # noqa: N818 - named for what happened
    """Refused before anything was touched."""


class NotTaken(ExperimentsError):  # noqa: N818 - named for what happened
    """An injected fault was not seen to take, or took more than its targets."""


class NotUndone(ExperimentsError):  # noqa: N818 - named for what happened
    """An undone fault was not seen to be undone."""


class LedgerError(ExperimentsError):
    """The fault ledger cannot be used as it is."""


class Stopped(ExperimentsError):  # noqa: N818 - named for what happened
    """What the experiment needs to be safe is gone: undo and end."""
