"""Follow history files while other processes write them."""

from __future__ import annotations

from pathlib import Path

from reprise_pra.history import Event, HistoryError


class Tail:
    """The new events of growing history files, from where the last look ended.

    One thread follows one tail. A line without its line feed is still being written: it
    comes with a later look. A line that is no event is counted in `unreadable`, for a
    watcher must not end a drill; the analysis reads the files anew and judges them.
    """

    def __init__(self, folder: Path, pattern: str = "*.jsonl") -> None:
        """Follow the matching files of a folder; neither need exist yet."""
        self._folder = folder
        self._pattern = pattern
        self._offsets: dict[Path, int] = {}
        self.unreadable = 0

    def look(self) -> tuple[Event, ...]:
        """Return what was written since the last look, in the order of the clock."""
        found: list[Event] = []
        for path in sorted(self._folder.glob(self._pattern)):
            offset = self._offsets.get(path, 0)
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
            whole = data.rfind(b"\n") + 1
            self._offsets[path] = offset + whole
            for line in data[:whole].splitlines():
                try:
                    found.append(Event.from_line(line.decode("utf-8", "replace")))
                except HistoryError:
                    self.unreadable += 1
        found.sort(key=lambda event: event.at_ns)
        return tuple(found)
