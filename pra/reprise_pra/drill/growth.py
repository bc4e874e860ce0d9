"""Show which files of a report are there while it is being written."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.drill import words

_EVERY_S = 1.0


@contextlib.contextmanager
def growing(
    folder: Path, *, told: Callable[[Text | None], None], every_s: float = _EVERY_S
) -> Iterator[None]:
    """Tell, while the body writes into a folder, how many files it has and the latest.

    Laying out two languages for print takes longer than people wait without a sign.
    """
    before = {path: _written_ns(path) for path in _files(folder)}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(every_s):
            new = {
                path: at_ns
                for path in _files(folder)
                if (at_ns := _written_ns(path)) != before.get(path)
            }
            if new:
                told(
                    say.sentence(
                        "rapport : {latest} écrit, {count} en tout",
                        "report: {latest} written, {count} in all",
                        count=len(new),
                        latest=max(new, key=lambda path: (new[path], path)).name,
                    )
                )

    told(words.REPORT)
    thread = threading.Thread(target=look, name="report-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        told(None)


def _files(folder: Path) -> list[Path]:
    # The history is read, not written, by then.
    return [*folder.glob("*.*"), *folder.glob("plots/*.*")]


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
