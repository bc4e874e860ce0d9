"""The page: escaped, self-contained, accessible, the same for the same results."""

from __future__ import annotations

import dataclasses
import re
from xml.etree.ElementTree import Element, fromstring

import pytest

from reprise_pra.analysis.results import Results, Text
from reprise_reports import html
from reprise_reports.compose import compose
from reprise_reports.voice import Language

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def page_of(results: Results, language: Language = Language.FR) -> str:
    """Return the page with empty figures."""
    document = compose(results, language)
    return html.render(document, dict.fromkeys(document.figures(), SVG))


def tree_of(page: str) -> Element:
    """Return the parsed page, which is well-formed XML too."""
    return fromstring(page)  # noqa: S314 - our own page


def test_hostile_text_stays_text(met: Results) -> None:
    """A script in a reason, a name or a target is shown, never run."""
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    verdict = dataclasses.replace(met.verdicts[0], reason=Text(fr=attack, en=attack))
    fault = dataclasses.replace(met.faults[0], targets=(attack,), observer=attack)
    site = dataclasses.replace(met.provenance, site=attack, run_id=f'"{attack}')
    page = page_of(
        dataclasses.replace(met, provenance=site, verdicts=(verdict,), faults=(fault,))
    )
    root = tree_of(page)
    assert not list(root.iter("script"))
    assert not [image for image in root.iter("img") if image.get("src") == "x"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_nothing_is_fetched(met: Results) -> None:
    """The page holds its images and style; it names no other resource."""
    page = page_of(met)
    root = tree_of(page)
    for element in root.iter():
        source = element.get("src")
        assert source is None or source.startswith("data:image/svg+xml;base64,")
        target = element.get("href")
        assert target is None or target.startswith("#")
    assert "url(" not in page
    assert "@import" not in page
    assert not re.search(r"https?://", page)


@pytest.mark.parametrize("language", list(Language))
def test_a_screen_reader_finds_its_way(met: Results, language: Language) -> None:
    """Language, titles, figures' texts, tables' captions and headings are all there."""
    root = tree_of(page_of(met, language))
    assert root.get("lang") == language
    assert root.findtext("head/title")
    assert len(list(root.iter("h1"))) == 1
    images = list(root.iter("img"))
    assert len(images) == 3
    assert all(len(image.get("alt") or "") > 40 for image in images)
    for table in root.iter("table"):
        assert table.findtext("caption")
        assert all(head.get("scope") in {"col", "row"} for head in table.iter("th"))
    targets = {element.get("id") for element in root.iter() if element.get("id")}
    links = {link.get("href") for link in root.iter("a")}
    assert links <= {f"#{target}" for target in targets}


def test_rows_have_as_many_cells_as_columns(met: Results, aborted: Results) -> None:
    """Every row of every table fills its columns, spans included."""
    for results in (met, aborted):
        for table in tree_of(page_of(results)).iter("table"):
            count = len(table.findall("thead/tr/th"))
            for row in table.iterfind("tbody/tr"):
                assert sum(int(cell.get("colspan", "1")) for cell in row) == count


def test_the_same_results_make_the_same_page(met: Results) -> None:
    """Nothing in the page depends on when or where it was made."""
    assert page_of(met) == page_of(met)


def test_colours_are_readable() -> None:
    """Every text colour has a contrast of 4.5 to 1 or more on its ground (WCAG AA)."""
    sheet = html._template("report.css")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", sheet))
    grounds = ["paper", "tint"]
    pairs = [(ink, ground) for ink in ("ink", "muted", "brand") for ground in grounds]
    pairs += [(tone, f"{tone}-tint") for tone in ("good", "bad", "doubt")]
    pairs += [(tone, "paper") for tone in ("good", "bad", "doubt")]
    for ink, ground in pairs:
        light, dark = sorted((_light(colours[ink]), _light(colours[ground])))
        assert (dark + 0.05) / (light + 0.05) >= 4.5, (ink, ground)


def _light(colour: str) -> float:
    """Return the relative luminance of sRGB (WCAG 2.2)."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
