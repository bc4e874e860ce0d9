"""The whole pipeline on whole drills: the verdicts turn when they must, and only then."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_pra.analysis import results_json
from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.results import Outcome, Results
from reprise_pra.analysis.testing import LOAD, Script, Written, ns, objectives
from reprise_pra.analysis.testing_drills import nominal_drill
from reprise_pra.history import History, JsonValue, Kind


def _outcomes(results: Results) -> dict[str, Outcome]:
    return {one.name: one.outcome for one in results.verdicts}


def test_the_nominal_drill() -> None:
    """Marks, RTA and its stretches, RPA, MTTD, WRT, interruption: by the timetable."""
    results = judge(nominal_drill().run())
    assert results.rta_s == 66.05
    assert round(sum(one.seconds for one in results.buckets), 6) == results.rta_s
    assert [one.journey for one in results.journeys] == ["consult", "register"]
    assert [one.rta_s for one in results.journeys] == [66.05, 65.05]
    assert results.since_activation_s == 57.05
    assert results.mttd_s == 8
    assert results.wrt_s == 63.95
    assert results.interruption_s == 130
    assert results.first_failure_s == 121.05
    (loss,) = results.losses
    assert (loss.rpa_s, loss.lower_bound_s, loss.worst_case_s) == (20.65, 18.65, 67)
    assert len(loss.lost) == 10
    assert [one.is_restored for one in results.backups] == [False, True]
    assert _outcomes(results) == dict.fromkeys(
        ("rto", "rpo", "dmia", "integrity", "continuity"), Outcome.MET
    )


def test_an_rto_of_one_second_is_missed() -> None:
    """The verdict follows the objective."""
    results = judge(nominal_drill().run(objectives(rto_s=1)))
    assert _outcomes(results)["rto"] is Outcome.MISSED
    assert results.outcome is Outcome.MISSED


def test_an_older_backup_shows_the_lost_writes() -> None:
    """Restored from the first backup: the loss is older, told by uuid, and missed."""
    results = judge(nominal_drill(snapshot_s=40).run(objectives(rpo_s=60)))
    (loss,) = results.losses
    assert loss.rpa_s == 80.65
    assert (loss.extra_age_s, loss.worst_case_s) == (60, 127)
    assert "older than the newest" in (loss.reason.en if loss.reason else "")
    assert len(loss.lost) == 40
    assert loss.lost[0].uuid == "patient-32"
    assert _outcomes(results)["rpo"] is Outcome.MISSED


def test_a_drill_without_load_is_unknown() -> None:
    """Nobody played the clinics: nothing is concluded, with the reason."""
    script = nominal_drill().drop(lambda event: event.process.startswith("load"))
    script.drop(lambda event: event.process == "reconciler")
    results = judge(script.run())
    assert results.outcome is Outcome.UNKNOWN
    assert all("aucune charge" in one.reason.fr for one in results.verdicts)


def test_a_service_that_never_comes_back() -> None:
    """A lower bound: unknown below the RTO, missed above; the stretches sum to it."""
    script = nominal_drill(back_s=400)
    results = judge(script.run())
    assert results.rta_is_lower_bound
    assert results.rta_s == 119.45
    assert round(sum(one.seconds for one in results.buckets), 6) == results.rta_s
    assert results.buckets[-1].end_mark == "end"
    assert _outcomes(results)["rto"] is Outcome.UNKNOWN
    assert _outcomes(results)["dmia"] is Outcome.UNKNOWN
    late = judge(script.run(objectives(rto_s=100)))
    assert _outcomes(late)["rto"] is Outcome.MISSED
    assert "au moins 119,5" in next(
        one.reason.fr for one in late.verdicts if one.name == "rto"
    )


def test_the_worst_vital_journey_is_the_sites() -> None:
    """A tier 1 journey that comes back later moves t7; a tier 2 one does not."""
    script = nominal_drill()
    for second in range(187, 200):
        script.operation("consult", "search", second + 0.9, kind=Kind.INFO)
    assert judge(script.run()).rta_s == 80.05
    tier_2 = objectives(tiers={"register": 1, "consult": 2})
    assert judge(script.run(tier_2)).rta_s == 65.05


def test_a_missing_mark_does_not_void_the_rta() -> None:
    """Two stretches are merged, the sum and the verdict stay."""
    script = nominal_drill().drop(lambda event: event.op_id == "t3")
    results = judge(script.run())
    assert results.rta_s == 66.05
    assert ("preparation", "restore") in {one.names for one in results.buckets}
    assert results.outcome is Outcome.MET


def test_t1_is_the_alert_when_the_drill_did_not_mark_it() -> None:
    """The sentinel's own event dates the detection."""
    script = nominal_drill().drop(
        lambda event: event.operation == "mark" and event.op_id == "t1"
    )
    assert judge(script.run()).mttd_s == 8


def test_t1_is_the_plans_alert_whatever_the_drill_marked() -> None:
    """A mark of another instant, or of another alert, dates nothing."""
    script = nominal_drill().change(lambda event: event.op_id == "t1")
    script.drop(lambda event: event.op_id == "t1").mark("t1", 122)
    assert judge(script.run()).mttd_s == 8
    script.change(lambda event: event.operation == "alert", alert="Another")
    assert judge(script.run()).mttd_s is None


def test_a_recorded_t7_is_not_believed() -> None:
    """t7 is computed from the users' operations; a recorded one changes nothing."""
    results = judge(nominal_drill().mark("t7", 121).run())
    assert results.rta_s == 66.05


def test_without_reconciliation_the_interruption_is_a_lower_bound() -> None:
    """No t8: the DMIA is not met, and missed once the drill outlived it."""
    script = nominal_drill().drop(lambda event: event.op_id == "t8")
    results = judge(script.run())
    assert results.interruption_is_lower_bound
    assert _outcomes(results)["dmia"] is Outcome.UNKNOWN
    tight = judge(script.run(objectives(dmia_s=100, rto_s=100)))
    assert _outcomes(tight)["dmia"] is Outcome.MISSED


@pytest.mark.parametrize("plant", ["altered", "hole", "unexpected", "lost after"])
def test_integrity_is_missed_whatever_the_rpo(plant: str) -> None:
    """What no RPO excuses: altered, holes, unexpected, lost by the recovery site."""
    script = nominal_drill()

    def change(uuid: str, **fields: JsonValue) -> None:
        script.change(
            lambda event: event.op_id == f"read-{uuid}" and event.kind is Kind.OK,
            **fields,
        )

    if plant == "altered":
        change("patient-20", digest="other")
    elif plant == "hole":
        change("patient-20", found=False)
    elif plant == "unexpected":
        script.final_read(Written(uuid="stranger"), at_s=247)
    else:
        change("patient-200", found=False)
    results = judge(script.run())
    assert _outcomes(results)["integrity"] is Outcome.MISSED
    assert results.outcome is Outcome.MISSED


def test_a_lost_patient_is_a_loss_and_no_outage() -> None:
    """A read answered 404 for a patient the disaster destroyed does not move t7."""
    script = nominal_drill()

    def answer_404(uuid: str) -> None:
        said: dict[str, JsonValue] = {
            "status": 404,
            "type": "patient",
            "uuid": uuid,
            "found": False,
        }
        script.operation("register", "read_back", 200, kind=Kind.FAIL, said=said)

    answer_404("patient-100")  # lost
    assert judge(script.run()).rta_s == 66.05
    answer_404("patient-20")  # still there: the service is wrong
    assert (judge(script.run()).rta_s or 0) > 79


def test_results_are_byte_equal_whatever_the_order_of_files() -> None:
    """Permuting what was read changes nothing, to the byte."""
    script = nominal_drill(every_s=4, probe_period_s=2)
    expected = results_json.dumps(judge(script.run()))
    for seed in range(5):
        processes = sorted({event.process for event in script.events})
        random.Random(seed).shuffle(processes)
        script.events.sort(key=lambda event: processes.index(event.process))
        assert results_json.dumps(judge(script.run())) == expected


def _defective() -> list[Script]:
    """Return drills that are not met, each for its own reason."""
    sparse = {"every_s": 2.0, "probe_period_s": 2.0}
    relapse = nominal_drill(**sparse)
    relapse.operation("consult", "login", 236, kind=Kind.INFO)
    altered = nominal_drill(**sparse)
    altered.change(
        lambda event: event.op_id == "read-patient-12" and event.kind is Kind.OK,
        digest="other",
    )
    ringing = nominal_drill(**sparse).alert("firing", 100)
    reachable = nominal_drill(**sparse).check("primary_unreachable", 200, holds=False)
    leaked = nominal_drill(**sparse).drop(
        lambda event: event.operation == "undo" and event.kind is Kind.OK
    )
    return [
        relapse,
        altered,
        ringing,
        reachable,
        leaked,
        nominal_drill(back_s=400, **sparse),
    ]


_DEFECTIVE = _defective()


@settings(max_examples=60)
@given(which=st.integers(0, len(_DEFECTIVE) - 1), cut_s=st.floats(0, 260))
def test_killing_everything_never_turns_a_run_met(which: int, cut_s: float) -> None:
    """A run that is not met is not met either when all writers die at some instant."""
    script = _DEFECTIVE[which]
    events = [event for event in script.events if event.at_ns <= ns(cut_s)]
    killed = Script()
    killed.events = events
    if events:
        assert judge(killed.run(minimum_operations=5)).outcome is not Outcome.MET


@settings(max_examples=60)
@given(data=st.data())
def test_killing_one_writer_never_turns_a_run_met(data: st.DataObject) -> None:
    """Nor when one of them dies alone: its silence is no good news."""
    script = data.draw(st.sampled_from(_DEFECTIVE))
    process = data.draw(st.sampled_from(sorted({one.process for one in script.events})))
    mine = [event for event in script.history().events if event.process == process]
    kept = data.draw(st.integers(0, len(mine) - 1))
    dropped = {id(event) for event in mine[kept:]}
    killed = Script()
    killed.events = [event for event in script.events if id(event) not in dropped]
    assert judge(killed.run(minimum_operations=5)).outcome is not Outcome.MET


@pytest.mark.parametrize(
    "process", ["drill", LOAD, "nemesis", "sentinel", "prober-read-0", "reconciler"]
)
def test_each_writer_is_needed(process: str) -> None:
    """A met run without one of its writers is not met."""
    script = nominal_drill(every_s=2, probe_period_s=2)
    script.drop(lambda event: event.process == process)
    if process == "prober-read-0":
        script.drop(lambda event: event.process == "prober-read-1")
    assert judge(script.run(minimum_operations=5)).outcome is not Outcome.MET


def test_one_event_of_one_process_is_enough_not_to_crash() -> None:
    """Whatever single event survives, the run is judged, and unknown."""
    for event in nominal_drill(every_s=20, probe_period_s=20).events:
        script = Script()
        script.events = [event]
        assert judge(script.run()).outcome is Outcome.UNKNOWN


def test_two_boots_are_judged_without_a_crash() -> None:
    """Instants of another boot may run backwards: unknown, whatever they are."""
    script = nominal_drill(every_s=5, probe_period_s=5)
    shuffled = random.Random(1)
    events = tuple(
        event.__class__(
            **{
                **{name: getattr(event, name) for name in event.__slots__},
                "boot_id": f"boot-{event.at_ns % 2}",
                "at_ns": shuffled.randrange(10**12),
            }
        )
        for event in script.events
    )
    run = script.run()
    mixed = type(run)(
        plan=run.plan,
        objectives=run.objectives,
        objectives_sha256=run.objectives_sha256,
        history=History(events=events, torn=()),
    )
    assert judge(mixed).outcome is not Outcome.MET


def test_a_long_run_is_judged_in_seconds() -> None:
    """Twenty minutes of probes (60 000) cost a few seconds of processor."""
    script = nominal_drill().drop(lambda event: event.process.startswith("prober-w"))
    template = next(event for event in script.events if event.operation == "probe")
    for index in range(2):
        process = f"prober-write-{index}"
        script.closed(process, 1210)
        for slot in range(30_000):
            sent_ns = ns(9 + slot * 0.04 + index * 0.01)
            script.events.append(
                type(template)(
                    process=process,
                    kind=Kind.OK,
                    operation="probe",
                    op_id=str(slot),
                    value={
                        "class": process.split("-")[1],
                        "sched_ns": sent_ns,
                        "sent_ns": sent_ns,
                        "end_ns": sent_ns + 2_000_000,
                        "outcome": "ok",
                    },
                    at_ns=sent_ns + 2_000_000,
                    boot_id=template.boot_id,
                    utc=template.utc,
                )
            )
    run = script.run()
    before_s = time.process_time()
    judge(run)
    assert time.process_time() - before_s < 8
