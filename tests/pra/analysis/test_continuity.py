"""Continuity: one lost node may cost so much and no more, or the drill says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.results import Outcome, Results, Verdict
from reprise_pra.analysis.testing import Script, ns, objectives
from reprise_pra.analysis.testing_drills import nominal_drill
from reprise_pra.history import Event, JsonValue, Kind

_CHECK = "continuity_node-loss"


def _verdict(results: Results) -> Verdict:
    (found,) = [one for one in results.verdicts if one.name == "continuity"]
    return found


def _probes(
    service_class: str, start_s: float, end_s: float
) -> Callable[[Event], bool]:
    return lambda event: (
        event.process.startswith(f"prober-{service_class}")
        and event.operation == "probe"
        and ns(start_s) <= event.at_ns < ns(end_s)
    )


def _down(script: Script, service_class: str, start_s: float, end_s: float) -> Script:
    """Make the probes of a class fail between two instants."""
    return script.change(_probes(service_class, start_s, end_s), outcome="refused")


def test_a_fault_that_disturbs_nobody_is_met() -> None:
    """The reason names the fault, its targets and the figures, in both languages."""
    verdict = _verdict(judge(nominal_drill().run()))
    assert (verdict.outcome, verdict.actual) == (Outcome.MET, 0.0)
    assert verdict.objective == 30
    assert "arrêt brutal d'un nœud (node-b1)" in verdict.reason.fr
    assert "longest interruption: read 0" in verdict.reason.en


@pytest.mark.parametrize("service_class", ["read", "write"])
def test_an_interruption_longer_than_its_objective_is_missed(
    service_class: str,
) -> None:
    """Of either class; and a shorter one is met, with its figure."""
    script = _down(nominal_drill(), service_class, 76, 84)
    results = judge(script.run(objectives(continuity_s=5)))
    assert _verdict(results).outcome is Outcome.MISSED
    assert results.outcome is Outcome.MISSED
    assert _verdict(judge(script.run())).outcome is Outcome.MET
    assert 7.5 < (_verdict(judge(script.run())).actual or 0) < 8.5


def test_a_contradicted_hypothesis_is_missed() -> None:
    """The drill's own look counts, however short the interruptions."""
    script = nominal_drill().drop(lambda event: event.op_id == _CHECK)
    results = judge(script.check(_CHECK, 94, holds=False).run())
    assert _verdict(results).outcome is Outcome.MISSED
    assert "démentie" in _verdict(results).reason.fr
    assert results.outcome is Outcome.MISSED


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda s: s.drop(lambda event: event.op_id == _CHECK), "non vérifiée"),
        (lambda s: s.check(_CHECK, 110), None),
        (
            lambda s: s.drop(lambda event: event.op_id == _CHECK).check(_CHECK, 110),
            "non vérifiée",
        ),
        (lambda s: s.drop(_probes("write", 0, 300)), "écriture : aucune sonde"),
        (lambda s: s.drop(_probes("read", 0, 300)), "lecture : aucune sonde"),
        (lambda s: s.drop(_probes("read", 60, 108)), "sans sonde pendant 13"),
        (lambda s: s.drop(_probes("read", 0, 200)), "sans sonde pendant 13"),
        (lambda s: _down(s, "write", 80, 400), "au moins"),
        (
            lambda s: s.drop(lambda event: event.process == "nemesis"),
            "jamais injectée",
        ),
    ],
)
def test_what_was_not_looked_at_is_unknown(
    plant: Callable[[Script], object], told: str | None
) -> None:
    """Without the look or the probes of the fault's time, continuity is not met."""
    script = nominal_drill()
    plant(script)
    verdict = _verdict(judge(script.run(objectives(continuity_s=12))))
    if told is None:
        assert verdict.outcome is Outcome.MET
        return
    assert verdict.outcome is not Outcome.MET
    assert told in verdict.reason.fr.replace("\u00a0", " ")


def test_without_an_objective_nothing_is_concluded() -> None:
    """A plan with continuity faults needs `continuity_s`."""
    verdict = _verdict(judge(nominal_drill().run(objectives(continuity_s=None))))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "continuity_s" in verdict.reason.en


def test_an_unplanned_fault_is_not_concluded() -> None:
    """A fault before the disaster that no plan holds was not looked at."""
    results = judge(nominal_drill().run(plan={"continuity": []}))
    assert _verdict(results).outcome is Outcome.UNKNOWN
    assert "ne prévoit pas" in _verdict(results).reason.fr


def test_a_drill_without_continuity_faults_has_no_such_verdict() -> None:
    """What was neither planned nor injected is not judged."""
    script = nominal_drill().drop(lambda event: event.op_id == "power_off_node-75")
    script.drop(lambda event: event.op_id == "continuity-1")
    results = judge(script.run(plan={"continuity": []}))
    assert "continuity" not in {one.name for one in results.verdicts}
    assert results.outcome is Outcome.MET


def test_each_planned_fault_is_judged_in_its_phase() -> None:
    """The second experiment's fault and look are those of the second phase."""
    script = nominal_drill().drop(lambda event: event.op_id == "wait_backups")
    script.phase("continuity-2", 96, 110).phase("wait_backups", 111, 119.9)
    script.fault("isolate_zone", inject_s=97, taken_s=98, undo_s=105, undone_s=107)
    plan: dict[str, JsonValue] = {
        "continuity": [
            {"experiment": "node-loss.yaml"},
            {"experiment": "zone-loss.yaml"},
        ]
    }
    verdict = _verdict(judge(script.run(plan=plan)))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "zone-loss" in verdict.reason.fr
    script.check("continuity_zone-loss", 109)
    assert _verdict(judge(script.run(plan=plan))).outcome is Outcome.MET


def test_what_users_met_in_a_fault_is_observed() -> None:
    """A journey outside its objectives and an alert, while the fault lasted: told."""
    assert judge(nominal_drill().run()).observations == ()
    script = nominal_drill()
    for second in (78, 80):
        script.operation("consult", "search", second, kind=Kind.INFO)
    script.alert("firing", 80).alert("resolved", 86)
    told = judge(script.run()).observations
    assert [one.kind for one in told] == ["sli_in_fault", "alert_in_fault"]
    assert told[0].text.fr.startswith("consult hors objectifs, arrêt brutal d'un nœud")
    assert "FrontDoorDown" in told[1].text.en
