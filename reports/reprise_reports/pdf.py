"""The HTML becomes a PDF for print and for filing, by WeasyPrint."""

from __future__ import annotations

import hashlib
import logging
import warnings

from reprise_reports import requirements
from reprise_reports.errors import PdfUnavailableError


def render(html: str) -> bytes:
    """Return the PDF, tagged for screen readers (PDF/UA) and without a date.

    Raises:
        PdfUnavailableError: this host lacks the libraries; the message says which
            packages bring them.
    """
    # Until it has its own handler WeasyPrint tells the console of every odd CSS value.
    logging.getLogger("weasyprint").addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        # Without HarfBuzz's subsetter it warns on import and embeds whole fonts.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import weasyprint  # noqa: PLC0415 - loads shared libraries, which may lack
            from weasyprint.urls import URLFetcher  # noqa: PLC0415
        except OSError as error:
            raise PdfUnavailableError(_explain(error)) from error
        page = weasyprint.HTML(
            string=html,
            # Whatever the page holds, nothing is fetched: its images are inside it.
            url_fetcher=URLFetcher(allowed_protocols=("data",)),
        )
        identifier = hashlib.sha256(html.encode()).digest()[:16]
        pdf = page.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    assert isinstance(pdf, bytes)  # no target: the bytes are returned
    return pdf


def _explain(error: OSError) -> str:
    lacking = requirements.missing()
    needs = "; ".join(f"{r.package} ({r.why})" for r in lacking) or str(error)
    return (
        f"no PDF: this host lacks what lays it out: {needs}. "
        f"On Debian: {requirements.remedy(lacking)}. The HTML report has the same text."
    )
