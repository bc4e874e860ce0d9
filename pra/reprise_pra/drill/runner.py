"""Phases run in order; whatever happens, the drill undoes, cleans and reports.

The first interruption (Ctrl-C or SIGTERM) ends the running phase; a second one leaves at
once, because a person may know better than the cleaning.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Final

from reprise_platform.telling import text_of, told
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.drill.journal import Journal
from reprise_pra.history import JsonValue, Kind

EXIT_CRASHED: Final = 255
_INTERRUPTED: Final = Text(fr="interrompue", en="interrupted")


class Interrupted(BaseException):
    """Someone asked the drill to stop. Not an `Exception`: no phase may swallow it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase: its name in the history, and what it does."""

    name: str
    act: Callable[[], None]


class Interruptions:
    """Turns the first SIGINT or SIGTERM into `Interrupted`; leaves at the second.

    Once `closing` was called, the first is only noted: cleaning is what it asks for.
    """

    def __init__(
        self, *, told: Callable[[], None], forced: Callable[[], None] = lambda: None
    ) -> None:
        """Hear of the first (`told`), and of the second before the process ends."""
        self._told = told
        self._forced = forced
        self._asked = 0
        self._is_closing = False

    def closing(self) -> None:
        """Let no interruption end what follows, short of a second one."""
        self._is_closing = True

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Handle the two signals for a while."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self._handle) for number in signals]
        try:
            yield
        finally:
            for number, handler in zip(signals, before, strict=True):
                signal.signal(number, handler)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1
        if self._asked > 1:
            self._forced()
            os._exit(EXIT_CRASHED)
        self._told()
        if not self._is_closing:
            raise Interrupted


def run_phases(
    journal: Journal,
    phases: Sequence[Phase],
    closing: Sequence[Phase],
    *,
    closing_begins: Callable[[], None],
) -> bool:
    """Run the phases until one fails, then each closing phase whatever happened.

    A closing phase that fails does not keep the next one from running.

    Args:
        closing_begins: called once the phases have ended, however they did.

    Returns:
        Whether all of them succeeded.
    """
    try:
        # `all` stops at the first phase that fails.
        succeeded = all(_run(journal, phase) for phase in phases)
        closing_begins()
    except Interrupted:
        # It is raised once at most, so this cannot be interrupted in its turn.
        succeeded = False
        closing_begins()
    for phase in closing:
        succeeded = _run(journal, phase) and succeeded
    return succeeded


def _run(journal: Journal, phase: Phase) -> bool:
    value: dict[str, JsonValue] = {"phase": phase.name}
    journal.record(Kind.INVOKE, "phase", phase.name, value)
    try:
        phase.act()
    except Interrupted:
        reason = {**value, "reason": told(_INTERRUPTED)}
        journal.record(Kind.INFO, "phase", phase.name, reason)
        raise
    # A phase may fail in any way, and a drill that breaks half-way must still undo its
    # faults, clean and say so in a report.
    except Exception as error:  # noqa: BLE001
        reason = {**value, "reason": told(_reason(error))}
        journal.record(Kind.FAIL, "phase", phase.name, reason)
        return False
    journal.record(Kind.OK, "phase", phase.name, value)
    return True


def _reason(error: Exception) -> Text:
    """Say why a phase failed: an error's own sentence, or its kind and its words."""
    text = text_of(error)
    if text.fr != text.en:
        return text
    return say.sentence(
        "erreur {kind} : {words}",
        "{kind}: {words}",
        kind=type(error).__name__,
        words=text,
    )
