"""From a run's history to its verdicts: pure functions, recomputable on a stored run."""

from __future__ import annotations

from pathlib import Path

from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.load import load_run
from reprise_pra.analysis.results import Results


def analyse(folder: Path) -> Results:
    """Read a run folder and judge it; nothing is written.

    Raises:
        InputError: a file cannot be used; every problem, with file and key.
        TimelineError: an event cannot be understood.
    """
    return judge(load_run(folder))
