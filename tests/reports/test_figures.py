"""The figures: the same bytes for the same results, and no value that was not measured."""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis.results import LoadSecond, Results, WriteMark
from reprise_reports import figures
from reprise_reports.voice import Language

ALL = ("waterfall", "load", "writes")


def test_the_same_results_make_the_same_bytes(met: Results) -> None:
    """No date, no random identifier, no setting of the reader's gets in."""
    first = figures.draw(met, Language.FR, ALL)
    assert figures.draw(met, Language.FR, ALL) == first
    for drawing in first:
        assert b"dc:date" not in drawing.svg
        assert b"Matplotlib" not in drawing.svg
        assert b"matplotlib" not in drawing.png


def test_each_language_has_its_own_labels(met: Results) -> None:
    """A figure's labels follow the language."""
    french = figures.draw(met, Language.FR, ALL)
    english = figures.draw(met, Language.EN, ALL)
    for fr, en in zip(french, english, strict=True):
        assert fr.svg != en.svg


def test_a_dollar_or_a_foreign_letter_is_no_formula(met: Results) -> None:
    """Names that matplotlib would read as mathematics, or has no letter for, are drawn."""
    bucket = dataclasses.replace(met.buckets[0], names=("$\\frac{", "病院"))
    drawings = figures.draw(
        dataclasses.replace(met, buckets=(bucket,)), Language.EN, ("waterfall",)
    )
    assert drawings[0].svg


def test_a_long_run_stays_light(met: Results) -> None:
    """A day of load and a hundred thousand writes make figures a page can carry."""
    load = tuple(
        LoadSecond(at_s=float(at_s), operations=9, failures=0, p50_ms=40.0, p95_ms=90.0)
        for at_s in range(86_400)
    )
    writes = tuple(
        WriteMark(acknowledged_s=at_s * 0.86, clinical_type="visit", fate="survived")
        for at_s in range(100_000)
    )
    results = dataclasses.replace(met, load=load, writes=writes)
    for drawing in figures.draw(results, Language.FR, ("load", "writes")):
        assert len(drawing.svg) < 400_000
