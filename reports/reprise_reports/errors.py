"""Operating errors of the reports. An objective missed is a verdict, never one of these.

ReportError
└── PdfUnavailableError    this host cannot lay out a PDF; everything else was written
"""

from __future__ import annotations

from pathlib import Path


class ReportError(Exception):
    """A report could not be written; the message says what, where and what to try."""


class PdfUnavailableError(ReportError):
    """The libraries of the PDF are not there.

    `written` are the files that could be written without them, the HTML among them.
    """

    def __init__(self, message: str, *, written: tuple[Path, ...] = ()) -> None:
        super().__init__(message)
        self.written = written
