"""All the files of a report, in the order in which losing the rest would matter least."""

from __future__ import annotations

from pathlib import Path

from reprise_pra.analysis import results_json
from reprise_pra.analysis.results import Results
from reprise_reports import figures, html, pdf
from reprise_reports.compose import compose
from reprise_reports.errors import PdfUnavailableError
from reprise_reports.files import put
from reprise_reports.junit import junit
from reprise_reports.manifest import SUMS, Digest, checksums, evidence
from reprise_reports.sections.losses import FILE as REVIEW
from reprise_reports.tabular import results_csv, review_csv
from reprise_reports.voice import Language


def write(results: Results, folder: Path) -> tuple[Path, ...]:
    """Write CSV, JUnit, plots, HTML and PDF in French and English; return their paths.

    The same results, beside the same evidence, give the same files; a file that exists
    is replaced whole.

    Raises:
        PdfUnavailableError: this host cannot lay out a PDF. Everything else was written
            (`error.written`) and no PDF of an earlier analysis is left beside it.
        ReportError: the folder cannot be written to.
    """
    # What results.json holds, to its precision: made from the file, the report is the same.
    results = results_json.loads(results_json.dumps(results))
    written = [
        put(folder / "results.csv", results_csv(results)),
        put(folder / REVIEW, review_csv(results)),
        put(folder / "junit.xml", junit(results)),
    ]
    manifest = evidence(folder)
    pages: dict[Language, str] = {}
    for language in Language:
        page, paths = _write_page(results, language, manifest, folder)
        pages[language] = page
        written += paths
    lacking = None
    for language, page in pages.items():
        target = folder / f"report.{language}.pdf"
        try:
            written.append(put(target, pdf.render(page)))
        except PdfUnavailableError as error:
            target.unlink(missing_ok=True)
            lacking = error
    written.append(put(folder / SUMS, checksums(folder)))
    if lacking is not None:
        raise PdfUnavailableError(str(lacking), written=tuple(written)) from lacking
    return tuple(written)


def _write_page(
    results: Results, language: Language, manifest: tuple[Digest, ...], folder: Path
) -> tuple[str, list[Path]]:
    document = compose(results, language, manifest)
    drawings = figures.draw(results, language, document.figures())
    paths = []
    for drawing in drawings:
        stem = f"{drawing.name}.{language}"
        paths += [
            put(folder / "plots" / f"{stem}.svg", drawing.svg),
            put(folder / "plots" / f"{stem}.png", drawing.png),
        ]
    page = html.render(document, {drawing.name: drawing.svg for drawing in drawings})
    paths.append(put(folder / f"report.{language}.html", page))
    return page, paths
