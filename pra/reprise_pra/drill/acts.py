"""What a remote site's provider was made to do during a drill, taken into its history."""

from __future__ import annotations

from pathlib import Path

from reprise_platform.remote.faculties import PROCESS
from reprise_pra.history import boot_id, read_history


def gather_acts(state: Path, history: Path, *, since_ns: int) -> int:
    """Copy the acts begun since an instant of this boot; return how many lines.

    Each act was written down where the site is known, by whichever process did it: the
    drill, an experiment, or the lease that undid after it.

    Raises:
        HistoryError: the site's list of acts cannot be read.
    """
    source = state / f"{PROCESS}.jsonl"
    if not source.is_file():
        return 0
    this_boot = boot_id()
    with (history / source.name).open("w", encoding="utf-8") as copy:
        lines = [
            event.to_line()
            for event in read_history([source]).events
            if event.at_ns >= since_ns and event.boot_id == this_boot
        ]
        copy.writelines(f"{line}\n" for line in lines)
    return len(lines)
