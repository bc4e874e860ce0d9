"""The files of a report in a run's folder."""

from __future__ import annotations

import hashlib
import subprocess
import warnings
from pathlib import Path

import pytest
import weasyprint

from reprise_pra.analysis.results import Results
from reprise_pra.analysis.results_json import dumps
from reprise_reports import (
    PdfUnavailableError,
    ReportError,
    __main__,
    pdf,
    requirements,
    write,
)
from reprise_reports.files import put


@pytest.fixture
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in the way of the PDF, as a host without Pango does."""

    def refuse(_page: str) -> bytes:
        raise PdfUnavailableError(pdf._explain("cannot load library libpango-1.0.so.0"))

    monkeypatch.setattr(pdf, "render", refuse)


@pytest.mark.usefixtures("no_pdf")
def test_a_report_is_whole(met: Results, tmp_path: Path) -> None:
    """Tables, tests, pages and plots in both languages are there, and named."""
    with pytest.raises(PdfUnavailableError) as caught:
        write(met, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in caught.value.written}
    assert names == {
        *("results.csv", "writes-to-review.csv", "junit.xml", "SHA256SUMS"),
        *("report.fr.html", "report.en.html"),
        *(
            f"plots/{figure}.{language}.{kind}"
            for figure in ("waterfall", "load", "writes")
            for language in ("fr", "en")
            for kind in ("svg", "png")
        ),
    }


def test_a_report_is_repeatable(aborted: Results, tmp_path: Path) -> None:
    """Made again it is the same byte for byte, PDF included; the checksums hold."""
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "drill.jsonl").write_text("{}\n")
    paths = write(aborted, tmp_path)
    assert {path.suffix for path in paths} == {".csv", ".xml", ".html", ".pdf", ""}
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in paths}
    assert write(aborted, tmp_path) == paths
    for path, digest in before.items():
        assert hashlib.sha256(path.read_bytes()).digest() == digest, path
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd=tmp_path,
        check=True,
    )
    assert "history/drill.jsonl" in (tmp_path / "report.fr.html").read_text()


def test_each_page_of_the_pdf_says_what_it_is(aborted: Results, tmp_path: Path) -> None:
    """Banner on every page; reference and class on all but the cover; pages numbered."""
    write(aborted, tmp_path)
    page = (tmp_path / "report.fr.html").read_text()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pages = weasyprint.HTML(string=page).render().pages
    texts = [
        "".join(
            box.text for box in page._page_box.descendants() if hasattr(box, "text")
        )
        for page in pages
    ]
    assert len(texts) > 8
    for number, text in enumerate(texts, start=1):
        assert "Démontré sur maquette" in text
        assert f"{number} / {len(texts)}" in text
        assert number == 1 or "Diffusion restreinte" in text
        assert number == 1 or "PRA-quarterly-20260914T080211Z" in text
    assert (tmp_path / "report.fr.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.usefixtures("no_pdf")
def test_without_pango_the_rest_is_written(met: Results, tmp_path: Path) -> None:
    """A host that cannot lay out a PDF says which packages to install; HTML is there."""
    stale = tmp_path / "report.fr.pdf"
    stale.write_text("of an earlier analysis")
    with pytest.raises(PdfUnavailableError, match="apt-get install") as caught:
        write(met, tmp_path)
    written = {path.name for path in caught.value.written}
    assert {"report.fr.html", "report.en.html", "junit.xml", "SHA256SUMS"} <= written
    assert all(path.exists() for path in caught.value.written)
    assert not stale.exists()


def test_without_a_font_nothing_is_laid_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pango without any font ends the process: the PDF is refused before that."""
    assert not requirements.has_font((tmp_path,))
    monkeypatch.setattr(requirements, "has_font", lambda: False)
    with pytest.raises(PdfUnavailableError, match="On Debian: apt-get install"):
        pdf.render("<p>text</p>")


def test_the_remedy_names_what_is_missing(tmp_path: Path) -> None:
    """A host without libraries and fonts is told of every package, one with all of none."""
    lacking = requirements.missing(lambda _: None, (tmp_path,))
    assert tuple(r.package for r in lacking) == requirements.DEBIAN_PACKAGES
    assert all(package in requirements.remedy(lacking) for package in DEBIAN)
    for name in ("DejaVuSans.ttf", "OpenSans-Regular.ttf"):
        (tmp_path / name).touch()
    assert not requirements.missing(lambda name: name, (tmp_path,))


DEBIAN = ("libpango-1.0-0", "libpangoft2-1.0-0", "fonts-dejavu-core")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """A folder that cannot take the file is an error that names it; nothing is torn."""
    target = put(tmp_path / "a" / "report.html", "first")
    put(target, "second")
    assert target.read_text() == "second"
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    with pytest.raises(ReportError, match=r"report\.html"):
        put(target / "report.html", "under a file")


@pytest.mark.usefixtures("no_pdf")
def test_the_command_makes_the_report_again(
    met: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m reprise_reports RUN` reads results.json; without a PDF it ends with 255."""
    (tmp_path / "results.json").write_text(dumps(met))
    assert __main__.main([str(tmp_path)]) == 255
    streams = capsys.readouterr()
    assert "report.fr.html" in streams.out
    assert "apt-get install" in streams.err


@pytest.mark.parametrize("content", [None, "{", '{"schema_version": 999}'])
def test_a_run_without_results_is_refused(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No results, torn or of another version: 254, and what to do."""
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    assert __main__.main([str(tmp_path)]) == 254
    assert "results.json" in capsys.readouterr().err


def test_bad_arguments_are_254() -> None:
    """A wrong command line is no inconclusive drill (2)."""
    with pytest.raises(SystemExit) as caught:
        __main__.main([])
    assert caught.value.code == 254
