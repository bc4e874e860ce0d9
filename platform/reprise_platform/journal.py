"""What the last `up` did, kept in the site's folder: steps, times, and what failed."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Sequence
from pathlib import Path

from reprise_platform import paths
from reprise_platform.embedded.progress import StepTime

FILE = "up.json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One `up`: when it ended (UTC), how long it took, its steps, the one that failed."""

    ended: str
    seconds: float
    steps: tuple[StepTime, ...]
    failed: str


def keep(
    site: str, steps: Sequence[StepTime], seconds: float, failed: str = ""
) -> None:
    """Write what an `up` did; nothing, where it made no folder of the site."""
    folder = paths.site_state(site)
    if not folder.is_dir():
        return
    ended = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    entry = Journal(ended=ended, seconds=seconds, steps=tuple(steps), failed=failed)
    partial = folder / f".{FILE}.new"
    partial.write_text(json.dumps(dataclasses.asdict(entry), indent=1))
    partial.rename(folder / FILE)


def last(folder: Path) -> Journal | None:
    """Return what the last `up` of a site wrote, or None."""
    try:
        raw = json.loads((folder / FILE).read_text())
        steps = tuple(
            StepTime(step=str(each["step"]), seconds=float(each["seconds"]))
            for each in raw["steps"]
        )
        return Journal(
            ended=str(raw["ended"]),
            seconds=float(raw["seconds"]),
            steps=steps,
            failed=str(raw["failed"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
