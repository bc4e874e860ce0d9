"""Verdicts become a document that a director reads and an auditor recomputes.

`write` turns the results of a run into every file people and machines read. All numbers
come from one `Results`; nothing is measured here.
"""

from reprise_reports.errors import PdfUnavailableError, ReportError
from reprise_reports.writer import write

__all__ = ["PdfUnavailableError", "ReportError", "write"]
