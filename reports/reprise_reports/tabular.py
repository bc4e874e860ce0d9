"""The verdicts, indicators and lost writes as CSV, for spreadsheets and trends.

A value that was not measured is an empty cell, never a zero.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from reprise_pra.analysis.results import Results
from reprise_reports.voice import measured, printable

type Value = str | float | bool | None

RESULTS = (
    "kind",
    "name",
    "window",
    "metric",
    "value",
    "unit",
    "is_lower_bound",
    "objective",
    "outcome",
    "reason_en",
    "reason_fr",
)
REVIEW = (
    "store",
    "clinical_type",
    "uuid",
    "fate",
    "acknowledged_utc",
    "before_t0_s",
    "is_hole",
    "after_switch",
)
# A spreadsheet runs a cell that starts with one of these as a formula.
_FORMULA = ("=", "+", "-", "@")


def results_csv(results: Results) -> str:
    """Return one row a measurement, in a long form that can be pivoted."""
    return _csv(RESULTS, _result_rows(results))


def review_csv(results: Results) -> str:
    """Return every write to look at: lost, altered, duplicated, recovered, unexpected."""
    return _csv(REVIEW, _review_rows(results))


def _review_rows(results: Results) -> Iterator[dict[str, Value]]:
    for loss in results.losses:
        for write in loss.lost:
            yield {
                "store": loss.store,
                "clinical_type": write.clinical_type,
                "uuid": write.uuid,
                "fate": "lost",
                "acknowledged_utc": write.acknowledged_utc,
                "before_t0_s": write.before_t0_s,
                "is_hole": write.is_hole,
            }
        for issue in loss.issues:
            yield {
                "store": loss.store,
                "clinical_type": issue.clinical_type,
                "uuid": issue.uuid,
                "fate": issue.fate,
                "acknowledged_utc": issue.acknowledged_utc,
                "after_switch": issue.after_switch,
            }


def _result_rows(results: Results) -> Iterator[dict[str, Value]]:
    yield {"kind": "run", "name": "outcome", "outcome": results.outcome.name}
    for verdict in results.verdicts:
        yield {
            "kind": "verdict",
            "name": verdict.name,
            "metric": "actual",
            "value": verdict.actual,
            "unit": verdict.unit,
            "is_lower_bound": verdict.is_lower_bound,
            "objective": verdict.objective,
            "outcome": verdict.outcome.name,
            "reason_en": verdict.reason.en,
            "reason_fr": verdict.reason.fr,
        }
    for assumption in results.assumptions:
        yield {
            "kind": "assumption",
            "name": assumption.name,
            "metric": "holds",
            "value": assumption.holds,
            "reason_en": assumption.reason.en,
            "reason_fr": assumption.reason.fr,
        }
    yield from _times(results)
    yield from _losses(results)
    yield from _service(results)


def _times(results: Results) -> Iterator[dict[str, Value]]:
    row = _measure("time", "rta", "rta_s", results.rta_s, unit="s")
    yield row | {"is_lower_bound": results.rta_is_lower_bound}
    since = results.since_activation_s
    yield _measure("time", "since_activation", "since_activation_s", since, unit="s")
    yield _measure("time", "mttd", "mttd_s", results.mttd_s, unit="s")
    yield _measure("time", "wrt", "wrt_s", results.wrt_s, unit="s")
    for bucket in results.buckets:
        name = "+".join(bucket.names)
        yield _measure("bucket", name, "seconds", bucket.seconds, unit="s")
    for journey in results.journeys:
        row = _measure("journey", journey.journey, "rta_s", journey.rta_s, unit="s")
        yield row | {"is_lower_bound": journey.is_lower_bound}


def _losses(results: Results) -> Iterator[dict[str, Value]]:
    for loss in results.losses:
        store = loss.store
        yield _measure("loss", store, "rpa_s", loss.rpa_s, unit="s")
        yield _measure("loss", store, "lower_bound_s", loss.lower_bound_s, unit="s")
        yield _measure("loss", store, "worst_case_s", loss.worst_case_s, unit="s")
        for account in loss.accounts:
            name = f"{store}/{account.clinical_type}"
            counts = {
                "acknowledged": account.acknowledged,
                "survived": account.survived,
                "lost": account.lost,
                "holes": account.holes,
                "altered": account.altered,
                "duplicated": account.duplicated,
                "recovered": account.recovered,
                "unknown": account.unknown,
                "unexpected": account.unexpected,
                "lost_after_t0": account.lost_after_t0,
                "unread": account.unread,
            }
            for metric, count in counts.items():
                yield _measure("account", name, metric, count, unit="writes")


def _service(results: Results) -> Iterator[dict[str, Value]]:
    for sli in results.slis:
        measures: tuple[tuple[str, float | None, str], ...] = (
            ("operations", sli.operations, "operations"),
            ("failures", sli.failures, "operations"),
            ("availability", sli.availability, "ratio"),
            ("p50_ms", sli.p50_ms, "ms"),
            ("p95_ms", sli.p95_ms, "ms"),
            ("p99_ms", sli.p99_ms, "ms"),
            ("budget_spent", sli.budget_spent, "ratio"),
            ("burn_rate", sli.burn_rate, "ratio"),
        )
        for metric, value, unit in measures:
            row = _measure("sli", sli.journey, metric, value, unit=unit)
            yield row | {"window": sli.window}
    for impact in results.impacts:
        name = f"{impact.fault}/{impact.service_class}"
        yield _measure("impact", name, "outages", impact.outages, unit="outages")
        yield _measure("impact", name, "longest_s", impact.longest_s, unit="s")
        yield _measure("impact", name, "at_least_s", impact.at_least_s, unit="s")
        yield _measure("impact", name, "total_s", impact.total_s, unit="s")
    for index, outage in enumerate(results.outages, start=1):
        name = f"{outage.service_class}/{index}"
        yield _measure("outage", name, "duration_s", outage.duration_s, unit="s")
        yield _measure("outage", name, "blind_s", outage.blind_s, unit="s")


def _measure(
    kind: str, name: str, metric: str, value: Value, *, unit: str
) -> dict[str, Value]:
    return {"kind": kind, "name": name, "metric": metric, "value": value, "unit": unit}


def _csv(header: tuple[str, ...], rows: Iterable[dict[str, Value]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_text(row.get(column)) for column in header])
    return buffer.getvalue()


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if measured(value) is None else repr(value)
    text = printable(str(value))
    # Numbers keep their sign; only what others wrote can be a formula.
    is_formula = isinstance(value, str) and text.startswith(_FORMULA)
    return f"'{text}" if is_formula else text
