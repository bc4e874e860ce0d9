"""The JUnit file: what a CI's test page shows of a drill."""

from __future__ import annotations

import dataclasses
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from reprise_pra.analysis.results import Results, Text
from reprise_reports.junit import junit

SUITE_ATTRIBUTES = {
    *("name", "package", "id", "hostname", "timestamp", "time"),
    *("tests", "failures", "errors", "skipped"),
}


def root_of(results: Results) -> Element:
    """Return the parsed file."""
    return ElementTree.fromstring(junit(results))  # noqa: S314 - our own file


def suites_of(results: Results) -> list[Element]:
    """Return the suites: verdicts, then assumptions."""
    return list(root_of(results))


def test_each_verdict_and_assumption_is_a_case(met: Results) -> None:
    """One test case each; met and holding ones pass."""
    verdicts, assumptions = suites_of(met)
    assert [case.get("name") for case in verdicts.iter("testcase")] == [
        verdict.name for verdict in met.verdicts
    ]
    assert len(list(assumptions.iter("testcase"))) == len(met.assumptions)
    for suite in (verdicts, assumptions):
        assert (suite.get("failures"), suite.get("errors")) == ("0", "0")


def test_missed_fails_and_unknown_errs(missed: Results, inconclusive: Results) -> None:
    """MISSED is a failure, UNKNOWN an error, each with its reason as message."""
    (failure,) = suites_of(missed)[0].iter("failure")
    assert failure.get("message") == missed.verdicts[0].reason.en
    verdicts, assumptions = suites_of(inconclusive)
    assert verdicts.get("errors") == "4"
    assert assumptions.get("failures") == "1"


def test_nothing_judged_is_no_green_page(aborted: Results) -> None:
    """A drill without verdicts errs: an empty suite would pass in every CI."""
    (verdicts, _) = suites_of(dataclasses.replace(aborted, verdicts=()))
    assert verdicts.get("errors") == "1"


def test_the_shape_is_the_common_one(missed: Results) -> None:
    """Attributes, their counts and the order of children are what readers expect."""
    root = root_of(missed)
    assert root.tag == "testsuites"
    assert not root.attrib
    assert root[0].get("failures") == "1"
    for suite in root:
        assert set(suite.attrib) == SUITE_ATTRIBUTES
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        tags = [child.tag for child in suite]
        cases = ["testcase"] * (len(tags) - 3)
        assert tags == ["properties", *cases, "system-out", "system-err"]
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"classname", "name", "time"}


def test_control_characters_do_not_break_it(met: Results) -> None:
    """A reason with what XML cannot hold is still XML."""
    reason = Text(fr="\x00 & <", en="\x1b[31m\ud800")
    verdict = dataclasses.replace(
        met.verdicts[0], reason=reason, outcome=max(type(met.outcome))
    )
    suites_of(dataclasses.replace(met, verdicts=(verdict,)))


def test_the_same_results_make_the_same_bytes(met: Results) -> None:
    """Nothing in the file depends on when it was made."""
    assert junit(met) == junit(met)
