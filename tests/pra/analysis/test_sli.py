"""Availability, latency from the intended start, error budget, burn rate, windows."""

from __future__ import annotations

import pytest

from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.measure import measure
from reprise_pra.analysis.quantiles import nearest_rank, percentile
from reprise_pra.analysis.results import Sli
from reprise_pra.analysis.testing import Script, ns, objectives
from reprise_pra.analysis.testing_drills import nominal_drill
from reprise_pra.history import Kind


def _slis(script: Script) -> dict[tuple[str, str], Sli]:
    return {(one.journey, one.window): one for one in measure(script.run()).slis}


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [
        (1, 0.95, 1),
        (10, 0.5, 5),
        (19, 0.95, 19),
        (20, 0.95, 19),
        (100, 0.95, 95),
        (100, 0.99, 99),
        (101, 0.95, 96),
    ],
)
def test_nearest_rank(count: int, share: float, expected: int) -> None:
    """The quantile is the smallest measured value with its share at or below it."""
    assert nearest_rank(range(1, count + 1), share) == expected
    assert percentile(reversed(range(1, count + 1)), share) == expected


def test_no_quantile_of_nothing() -> None:
    """Without a value there is no quantile, rather than zero."""
    assert nearest_rank((), 0.95) is None


def test_windows_of_a_drill() -> None:
    """Before the first fault, each fault, from t0 to t7, from t7 on."""
    windows = {one.name: one for one in measure(nominal_drill().run()).windows}
    assert list(windows) == ["before", "power_off_node", "during", "after"]
    slis = _slis(nominal_drill())
    assert slis["register", "before"].end_s == 75
    assert slis["register", "power_off_node"].end_s == 88
    assert slis["register", "during"].start_s == 120
    assert (
        slis["register", "during"].end_s == slis["register", "after"].start_s == 186.05
    )


def test_the_baseline_begins_where_the_drill_saw_it_steady() -> None:
    """A service warming up is not judged on it, when the drill says since when it is."""
    script = nominal_drill()
    for at_s in (12, 13):
        script.operation("register", "login", at_s, kind=Kind.INFO)
    assert _slis(script)["register", "before"].is_within is False
    script.change(lambda event: event.op_id == "steady_state", since_ns=ns(15))
    sli = _slis(script)["register", "before"]
    assert (sli.start_s, sli.failures, sli.is_within) == (15, 0, True)
    assert judge(script.run()).baseline_discarded_s == 5
    assert judge(nominal_drill().run()).baseline_discarded_s is None


def test_a_fault_that_strikes_twice_has_two_windows() -> None:
    """Windows of the same fault are numbered."""
    script = nominal_drill()
    script.fault("power_off_node", inject_s=90, taken_s=91, undo_s=92, undone_s=93)
    names = [one.name for one in measure(script.run()).windows]
    assert names.count("power_off_node") == 1
    assert names.count("power_off_node 2") == 1


def test_info_and_fail_are_failures() -> None:
    """A time-out and a refusal are the same to the user who got no answer."""
    script = Script()
    for second, kind in enumerate((Kind.OK, Kind.OK, Kind.INFO, Kind.FAIL)):
        script.operation("register", "login", second, kind=kind)
    sli = _slis(script)["register", "before"]
    assert (sli.operations, sli.failures, sli.availability) == (4, 2, 0.5)
    assert sli.is_within is False


def test_an_arrival_turned_away_is_a_failed_operation() -> None:
    """A full house fails its users."""
    script = Script().operation("register", "login", 1)
    script.arrival(1, "register", 1).arrival(2, "register", 2, is_admitted=False)
    sli = _slis(script)["register", "before"]
    assert (sli.operations, sli.failures) == (2, 1)


@pytest.mark.parametrize(("age_s", "expected"), [(1.0, (1, 0)), (5.0, (2, 1))])
def test_an_unanswered_operation(age_s: float, expected: tuple[int, int]) -> None:
    """Older than the latency objective it has failed; younger, it is undecided."""
    script = Script().operation("register", "login", 1)
    script.operation("register", "login", 20 - age_s, kind=None)
    script.closed("load-1", 20)
    sli = _slis(script)["register", "before"]
    assert (sli.operations, sli.failures) == expected


def test_latency_runs_from_the_intended_start() -> None:
    """What a late generator adds is in the latency; failures are not."""
    script = Script().operation("register", "login", 10, latency_s=0.2)
    script.operation("register", "login", 11, latency_s=0.01, kind=Kind.FAIL)
    script.change(
        lambda event: event.operation == "login" and event.at_ns < 1_010_100_000_000,
        intended_ns=1_009_000_000_000,
    )
    sli = _slis(script)["register", "before"]
    assert sli.p50_ms == sli.p99_ms == 1200


def test_budget_and_burn_rate() -> None:
    """4 failures of 200: 2 % burns a 1 % budget twice as fast as it may be."""
    script = Script()
    for number in range(200):
        kind = Kind.INFO if number < 4 else Kind.OK
        script.operation("register", "login", number, kind=kind)
    sli = _slis(script)["register", "before"]
    assert sli.burn_rate == 2
    assert sli.budget_spent == 2  # the window is the whole run


def test_budget_is_shared_between_windows() -> None:
    """`budget_spent` is a share of the whole run's budget, so windows can be compared."""
    rows = [
        one for one in judge(nominal_drill().run()).slis if one.journey == "register"
    ]
    spent = {one.window: one.budget_spent for one in rows}
    assert spent["before"] == spent["after"] == 0
    assert (spent["during"] or 0) > 25


def test_a_journey_nobody_played_has_no_ratio() -> None:
    """Nothing measured is None, never 100 %."""
    run = nominal_drill().run(objectives(tiers={"register": 1, "audiogram": 2}))
    rows = {one.journey: one for one in measure(run).slis}
    assert rows["audiogram"].operations == 0
    assert rows["audiogram"].availability is None
    assert rows["audiogram"].is_within is None
