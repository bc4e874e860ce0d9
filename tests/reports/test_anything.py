"""Whatever the results hold, a report comes out: nothing crashes, nothing is invented."""

from __future__ import annotations

import csv
import dataclasses
import io
import types
import typing
from random import Random
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_pra.analysis.results import Outcome, Results
from reprise_reports import figures, html
from reprise_reports.compose import compose
from reprise_reports.junit import junit
from reprise_reports.tabular import results_csv, review_csv
from reprise_reports.voice import Language

NAMES = (
    *(f"t{index}" for index in range(10)),
    *("rto", "rpo", "dmia", "register", "before", "during", "read", "write", "lost"),
    *("embedded", "power_off_site", "detection", "restore", "survived", "ms", "s"),
    *("2026-03-29T01:59:59Z", "9999-12-31T23:59:59+00:00", "0001-01-01", "<b>&\"'</b>"),
    *(
        "",
        "$\\frac{1}{",
        "=1+1",
        "x" * 3000,
        "مرحبا 病院 🏥",
        "\x00\x1b[31m\ud800\ufffe",
    ),
)
NUMBERS = (
    0.0,
    -0.0,
    1e-9,
    59.9996,
    3600.0,
    86400.5,
    1e308,
    float("nan"),
    float("-inf"),
)
COUNTS = (0, 1, 2, -1, 500, 10**30)


class Maker:
    """Makes a value of any type of the results from pools of odd ones."""

    def __init__(self, random: Random, texts: list[str], numbers: list[float]) -> None:
        self._random = random
        self._leaves: dict[object, tuple[object, ...]] = {
            str: (*NAMES, *texts),
            float: (*NUMBERS, *numbers),
            int: COUNTS,
            bool: (True, False),
            types.NoneType: (None,),
            Outcome: tuple(Outcome),
        }

    def make(self, kind: object) -> object:
        """Return a value of the type; every optional one is often None."""
        if kind in self._leaves:
            return self._random.choice(self._leaves[kind])
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            hints = typing.get_type_hints(kind)
            names = [field.name for field in dataclasses.fields(kind)]
            return kind(**{name: self.make(hints[name]) for name in names})
        options = typing.get_args(kind)
        if typing.get_origin(kind) is tuple:
            length = self._random.choice((0, 1, 2, 3, 20))
            return tuple(self.make(options[0]) for _ in range(length))
        return self.make(self._random.choice(options))


class Odd:
    """Results whose printed form is short, for they are large."""

    def __init__(self, results: Results) -> None:
        self.results = results

    def __repr__(self) -> str:
        return f"Odd({len(repr(self.results))} characters)"


@st.composite
def any_results(draw: st.DrawFn) -> Odd:
    """Return results whose every field holds anything its type admits."""
    texts = st.text(st.characters(exclude_categories=()), max_size=30)
    maker = Maker(
        Random(draw(st.integers(0, 2**32))),
        draw(st.lists(texts, max_size=3)),
        draw(st.lists(st.floats(), max_size=3)),
    )
    results = maker.make(Results)
    assert isinstance(results, Results)
    return Odd(results)


RESULTS = any_results()
SLOW = settings(deadline=None, max_examples=30)


@given(odd=RESULTS, language=st.sampled_from(Language))
@SLOW
def test_any_results_make_a_page(odd: Odd, language: Language) -> None:
    """Any results, None and nonsense everywhere, give a page that is text and HTML."""
    document = compose(odd.results, language)
    page = html.render(document, dict.fromkeys(document.figures(), b"<svg/>"))
    ElementTree.fromstring(page)  # noqa: S314 - our own page
    assert "<b>" not in page
    for name in ("None", "nan", "inf"):
        assert f">{name}<" not in page


@given(odd=RESULTS, language=st.sampled_from(Language))
@settings(SLOW, max_examples=8)
def test_any_results_make_figures(odd: Odd, language: Language) -> None:
    """Any results give the figures their document asks for."""
    names = compose(odd.results, language).figures()
    drawings = figures.draw(odd.results, language, names)
    assert tuple(drawing.name for drawing in drawings) == names
    for drawing in drawings:
        ElementTree.fromstring(drawing.svg)  # noqa: S314 - our own figure


@given(odd=RESULTS)
@SLOW
def test_any_results_make_tables_and_junit(odd: Odd) -> None:
    """Any results give CSV of constant width and JUnit that is XML."""
    for text in (results_csv(odd.results), review_csv(odd.results)):
        text.encode()
        rows = list(csv.reader(io.StringIO(text)))
        assert {len(row) for row in rows} == {len(rows[0])}
    ElementTree.fromstring(junit(odd.results))  # noqa: S314 - our own file
