"""What a person sees while a site comes up: steps, clocks, and where it stands."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import threading
import time
from collections.abc import Callable, Iterator

import rich.console
import rich.progress
import rich.table

from reprise_platform.embedded import stepwords
from reprise_platform.language import Language, preferred, spoken


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """How long one step took, in seconds."""

    step: str
    seconds: float


class Progress:
    """Tells of steps as they begin and end: a live display, or plain lines without one."""

    def __init__(self, total: int, language: Language | None = None) -> None:
        """Tell of `total` steps on standard error; the terminal's language by default."""
        self._language = language or preferred()
        self._console = rich.console.Console(stderr=True)
        self._live = self._console.is_terminal
        self._lock = threading.Lock()
        self._began_s = time.monotonic()
        self.times: list[StepTime] = []
        # Steps that failed, the innermost first, each with its error.
        self.failed: list[tuple[StepTime, BaseException]] = []
        self._bar = rich.progress.Progress(
            rich.progress.SpinnerColumn(),
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=total)
        if self._live:
            self._bar.start()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step and say when it begins and ends."""
        began_s = time.monotonic()
        told = spoken(stepwords.step_name(name), self._language)
        self._bar.update(self._task, description=told)
        if not self._live:
            self.say(f"{told} ...")
        try:
            yield
        except BaseException as error:
            seconds = time.monotonic() - began_s
            failed = StepTime(step=name.strip(), seconds=seconds)
            with self._lock:
                self.failed.append((failed, error))
            after = spoken(stepwords.FAILED, self._language)
            self.say(f"{told}: {after} {seconds:.1f} s")
            raise
        seconds = time.monotonic() - began_s
        with self._lock:
            self.times.append(StepTime(step=name, seconds=seconds))
        self._bar.advance(self._task)
        self.say(f"{told}: {seconds:.1f} s")

    def say(self, line: str) -> None:
        """Print one line above the display, with the time since the start."""
        self._console.print(
            f"[{self.seconds():6.1f} s] {line}", highlight=False, markup=False
        )

    def seconds(self) -> float:
        """Return the time since the start, in seconds."""
        return time.monotonic() - self._began_s

    def close(self) -> None:
        """Take the live display away."""
        if self._live:
            self._bar.stop()

    def table(self) -> None:
        """Print the table of step times."""
        step, seconds, everything = (
            spoken(text, self._language)
            for text in (stepwords.STEP, stepwords.SECONDS, stepwords.ALL)
        )
        table = rich.table.Table(step, rich.table.Column(seconds, justify="right"))
        for entry in self.times:
            name = spoken(stepwords.step_name(entry.step), self._language)
            table.add_row(name, f"{entry.seconds:.1f}")
        table.add_section()
        table.add_row(everything, f"{self.seconds():.1f}")
        self._console.print(table)


def side_by_side(*works: Callable[[], object]) -> None:
    """Run independent works in threads; when all have ended, raise the first's error."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    finally:
        # Interrupted: what follows may take away what the others still make.
        for thread in threads:
            thread.join()
    if errors:
        for error in errors[1:]:
            print(f"also failed: {error}", file=sys.stderr)  # noqa: T201
        raise errors[0]
