"""The HTML becomes a PDF for print and for filing, by WeasyPrint."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import warnings
from types import ModuleType

from reprise_reports import requirements
from reprise_reports.errors import PdfUnavailableError


def render(html: str) -> bytes:
    """Return the PDF, tagged for screen readers (PDF/UA) and without a date.

    Raises:
        PdfUnavailableError: this host lacks the libraries; the message says which
            packages bring them.
    """
    if not requirements.has_font():
        raise PdfUnavailableError(_explain("no font"))
    with warnings.catch_warnings():
        # Without HarfBuzz's subsetter it warns on import and embeds whole fonts.
        warnings.simplefilter("ignore", DeprecationWarning)
        weasyprint, fetcher = _load()
        page = weasyprint.HTML(
            string=html,
            # Whatever the page holds, nothing is fetched: its images are inside it.
            url_fetcher=fetcher(allowed_protocols=("data",)),
        )
        identifier = hashlib.sha256(html.encode()).digest()[:16]
        pdf = page.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    assert isinstance(pdf, bytes)  # no target: the bytes are returned
    return pdf


def _load() -> tuple[ModuleType, type]:
    """Import WeasyPrint, which loads shared libraries that this host may lack."""
    # It also prints its own advice to standard output, and every odd CSS value to the log.
    logging.getLogger("weasyprint").addHandler(logging.NullHandler())
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: PLC0415
            from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError as error:
        raise PdfUnavailableError(_explain(str(error))) from error
    return weasyprint, URLFetcher


def _explain(why: str) -> str:
    lacking = requirements.missing()
    needs = "; ".join(f"{r.package} ({r.why})" for r in lacking) or why
    return (
        f"no PDF: this host lacks what lays it out: {needs}. "
        f"On Debian: {requirements.remedy(lacking)}. The HTML report has the same text."
    )
