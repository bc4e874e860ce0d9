"""Verdicts and assumptions as JUnit XML: each one a test case in any CI's test page.

Missed is a failure, unknown is an error, met is a pass. The shape is that of the Apache
Ant JUnit schema published by Windy Road, which Jenkins', GitLab's and GitHub's readers
all take.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reprise_pra.analysis.results import Assumption, Outcome, Results, Verdict
from reprise_reports.voice import measured, parse_utc, printable


def junit(results: Results) -> bytes:
    """Return the XML, the same bytes for the same results."""
    verdicts = [_verdict_case(results, verdict) for verdict in results.verdicts]
    if not verdicts:
        verdicts = [_nothing_judged(results)]
    assumptions = [_assumption_case(results, a) for a in results.assumptions]
    # The strictest published schema admits no attribute here; readers sum the suites.
    root = Element("testsuites")
    for name, cases in (("verdicts", verdicts), ("assumptions", assumptions)):
        root.append(_suite(results, name, cases))
    indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _suite(results: Results, name: str, cases: list[Element]) -> Element:
    provenance = results.provenance
    started = parse_utc(provenance.started_utc)
    suite = Element(
        "testsuite",
        {
            "name": name,
            "package": _safe(f"reprise.{provenance.drill}"),
            "id": "0" if name == "verdicts" else "1",
            "hostname": _safe(provenance.site) or "unknown",
            "timestamp": f"{started:%Y-%m-%dT%H:%M:%S}" if started else _NO_TIME,
            "time": _length_s(results) if name == "verdicts" else "0",
        },
    )
    _count(suite, cases)
    properties = SubElement(suite, "properties")
    for key in ("run_id", "site", "seed", "reprise_version", "plan_sha256"):
        value = _safe(str(getattr(provenance, key)))
        SubElement(properties, "property", {"name": key, "value": value})
    suite.extend(cases)
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    return suite


# The schema wants an instant; an unreadable one must not look like a real one.
_NO_TIME = "1970-01-01T00:00:00"


def _verdict_case(results: Results, verdict: Verdict) -> Element:
    case = _case(results, "verdict", verdict.name)
    value = (
        "not measured" if measured(verdict.actual) is None else f"{verdict.actual!r}"
    )
    bound = "more than " if verdict.is_lower_bound else ""
    objective = "none" if measured(verdict.objective) is None else verdict.objective
    message = _safe(verdict.reason.en)
    detail = _safe(
        f"{verdict.title.en}: measured {bound}{value} {verdict.unit}, "
        f"objective {objective} {verdict.unit}\n"
        f"{verdict.title.fr} : {verdict.reason.fr}"
    )
    if verdict.outcome is Outcome.MISSED:
        failure = {"type": "objective-missed", "message": message}
        SubElement(case, "failure", failure).text = detail
    elif verdict.outcome is Outcome.UNKNOWN:
        error = {"type": "objective-unknown", "message": message}
        SubElement(case, "error", error).text = detail
    return case


def _assumption_case(results: Results, assumption: Assumption) -> Element:
    case = _case(results, "assumption", assumption.name)
    if assumption.holds:
        return case
    message = _safe(assumption.reason.en)
    if assumption.holds is False:
        kind, attributes = "failure", {"type": "assumption-false"}
    else:
        kind, attributes = "error", {"type": "assumption-unchecked"}
    attributes["message"] = message
    SubElement(case, kind, attributes).text = _safe(assumption.reason.fr)
    return case


def _nothing_judged(results: Results) -> Element:
    """Return the error of a drill that ended before anything was measured."""
    case = _case(results, "verdict", "judged")
    message = "no objective was judged: the drill ended before anything was measured"
    attributes = {"type": "objective-unknown", "message": message}
    SubElement(case, "error", attributes).text = message
    return case


def _case(results: Results, kind: str, name: str) -> Element:
    attributes = {
        "classname": _safe(f"reprise.{results.provenance.drill}.{kind}"),
        "name": _safe(name) or "unnamed",
        "time": "0",
    }
    return Element("testcase", attributes)


def _count(suite: Element, cases: list[Element]) -> None:
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("skipped", "0")


def _length_s(results: Results) -> str:
    started = parse_utc(results.provenance.started_utc)
    ended = parse_utc(results.provenance.ended_utc)
    if started is None or ended is None or ended < started:
        return "0"
    return f"{(ended - started).total_seconds():.3f}"


def _safe(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))
