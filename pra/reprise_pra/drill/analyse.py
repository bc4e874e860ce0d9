"""From what was recorded to what is reported; run again, it says the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import reprise_reports
from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.load import load_run
from reprise_pra.analysis.results import Outcome, Results
from reprise_pra.analysis.results_json import dumps

EXIT_CODES = {Outcome.MET: 0, Outcome.MISSED: 1, Outcome.UNKNOWN: 2}


def analyse(folder: Path, *, warn: Callable[[str], None]) -> Results:
    """Judge a run folder and write `results.json` and the report beside its history.

    Args:
        warn: hears what is lacking though all else was written: the PDF, on a host that
            cannot lay one out.

    Raises:
        AnalysisError: the folder cannot be judged; the message lists why.
        ReportError: the report cannot be written.
    """
    results = judge(load_run(folder))
    text = dumps(results)
    draft = folder / "results.json.new"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / "results.json")
    try:
        reprise_reports.write(results, folder)
    except reprise_reports.PdfUnavailableError as error:
        warn(str(error))
    return results
