"""`python -m reprise_reports RUN`: make the report of a run again from its results.json."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reprise_pra.analysis.errors import InputError
from reprise_pra.analysis.results import Results
from reprise_pra.analysis.results_json import loads
from reprise_reports.errors import PdfUnavailableError, ReportError
from reprise_reports.writer import write

WRITTEN, BAD_ARGUMENTS, FAILED = 0, 254, 255


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report; return 0, 254 for a run that has no results, 255 if it failed."""
    parser = _Parser(prog="python -m reprise_reports", description=__doc__)
    parser.add_argument(
        "run", type=Path, help="the run's folder, such as reports/runs/quarterly/latest"
    )
    folder: Path = parser.parse_args(arguments).run
    try:
        results = _results(folder / "results.json")
    except InputError as error:
        print(error, file=sys.stderr)
        return BAD_ARGUMENTS
    try:
        paths = write(results, folder)
    except PdfUnavailableError as error:
        _show(error.written)
        print(error, file=sys.stderr)
        return FAILED
    except ReportError as error:
        print(error, file=sys.stderr)
        return FAILED
    _show(paths)
    return WRITTEN


class _Parser(argparse.ArgumentParser):
    """argparse ends with 2, which here means an inconclusive drill."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(BAD_ARGUMENTS, f"{self.prog}: {message}\n")


def _results(path: Path) -> Results:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            f"{path}: cannot be read ({error}); give the folder of a run that was "
            "analysed, or analyse it: python -m reprise_pra analyse RUN"
        )
        raise InputError([msg]) from error
    return loads(text)


def _show(paths: Sequence[Path]) -> None:
    for path in paths:
        print(path)


if __name__ == "__main__":
    sys.exit(main())
