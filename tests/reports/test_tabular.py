"""The CSV files: every value once, empty when not measured."""

from __future__ import annotations

import csv
import dataclasses
import io

from reprise_pra.analysis.results import Results, Text
from reprise_reports.tabular import results_csv, review_csv


def rows_of(text: str) -> list[dict[str, str]]:
    """Return the rows by column."""
    return list(csv.DictReader(io.StringIO(text)))


def test_verdicts_and_indicators_are_there(missed: Results) -> None:
    """Each verdict and each indicator has its row, with the exact value."""
    rows = rows_of(results_csv(missed))
    rto = next(row for row in rows if row["kind"] == "verdict" and row["name"] == "rto")
    assert float(rto["value"]) == missed.rta_s
    assert (rto["objective"], rto["outcome"], rto["unit"]) == ("120.0", "MISSED", "s")
    availability = [
        row for row in rows if row["kind"] == "sli" and row["metric"] == "availability"
    ]
    assert len(availability) == len(missed.slis)


def test_not_measured_is_empty(aborted: Results) -> None:
    """What was not measured is an empty cell, never a zero."""
    rows = rows_of(results_csv(aborted))
    rta = next(row for row in rows if row["name"] == "rta")
    assert rta["value"] == ""
    assert all(row["value"] != "0" for row in rows)


def test_every_write_to_review_is_listed(met: Results) -> None:
    """The file has all the lost writes, however many, and the other odd ones."""
    rows = rows_of(review_csv(met))
    (loss,) = met.losses
    lost = [row["uuid"] for row in rows if row["fate"] == "lost"]
    assert lost == [write.uuid for write in loss.lost]
    assert [row["fate"] for row in rows if row["fate"] != "lost"] == ["recovered"]


def test_a_cell_is_never_a_formula(met: Results) -> None:
    """Text that a spreadsheet would run is quoted; negative numbers are left alone."""
    reason = Text(fr="=HYPERLINK()", en="@SUM(A1)")
    verdict = dataclasses.replace(met.verdicts[0], reason=reason, actual=-1.5)
    row = rows_of(results_csv(dataclasses.replace(met, verdicts=(verdict,))))[1]
    assert (row["reason_fr"], row["reason_en"]) == ("'=HYPERLINK()", "'@SUM(A1)")
    assert row["value"] == "-1.5"
