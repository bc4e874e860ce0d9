"""Each assumption, with the planted defect that turns it false and the verdict UNKNOWN."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.results import Assumption, Outcome, Results
from reprise_pra.analysis.testing import LOAD, Script, ns, objectives, utc
from reprise_pra.analysis.testing_drills import nominal_drill, watched
from reprise_pra.history import Event, Kind

type Defect = Callable[[Script], object]


def _named(operation: str, op_id: str | None = None) -> Callable[[Event], bool]:
    return lambda event: (
        event.operation == operation and (op_id is None or event.op_id == op_id)
    )


def _of(process: str) -> Callable[[Event], bool]:
    return lambda event: event.process.startswith(process)


def _between(operation: str, start_s: float, end_s: float) -> Callable[[Event], bool]:
    return lambda event: (
        event.operation == operation
        and start_s * 1e9 <= event.at_ns - 1_000_000_000_000 < end_s * 1e9
    )


def _ended(process: str) -> Callable[[Event], bool]:
    return lambda event: event.process == process and event.operation == "load_stopped"


def _assumption(results: Results, name: str) -> Assumption:
    (found,) = [one for one in results.assumptions if one.name == name]
    return found


def _boot(script: Script, after: int) -> None:
    script.events = [
        dataclasses.replace(event, boot_id="another") if number >= after else event
        for number, event in enumerate(script.events)
    ]


def _at(script: Script, is_meant: Callable[[Event], bool], at_s: float) -> None:
    """Move events to an instant."""
    script.events = [
        dataclasses.replace(event, at_ns=ns(at_s), utc=utc(at_s))
        if is_meant(event)
        else event
        for event in script.events
    ]


def _without_process(name: str) -> Defect:
    return lambda script: script.drop(lambda event: event.process == name)


def _without_phase(name: str) -> Defect:
    return lambda script: script.drop(_named("phase", name))


def _jump(script: Script) -> None:
    """Let the wall clock jump by an hour with the mark t8."""
    script.events = [
        dataclasses.replace(event, utc=event.utc.replace("T08:", "T09:"))
        if event.op_id == "t8"
        else event
        for event in script.events
    ]


def _tear(script: Script) -> None:
    script.torn = ("load-1.jsonl",)


DEFECTS: list[tuple[str, bool | None, Defect]] = [
    (
        "load_schedule",
        False,
        lambda s: s.change(_named("arrival"), lag_ns=600_000_000),
    ),
    ("load_schedule", False, lambda s: s.drop(_named("arrival", "a200"))),
    ("load_schedule", False, lambda s: s.change(_ended(LOAD), crashed=1)),
    ("load_schedule", False, lambda s: s.change(_ended(LOAD), planned=231)),
    ("load_schedule", False, lambda s: s.drop(_of("load-"))),
    ("load_in_baseline", False, lambda s: s.drop(_of("load-"))),
    ("load_in_baseline", False, lambda s: s.drop(_between("read_back", 0, 75))),
    ("steady_state", None, lambda s: s.drop(_of("load-"))),
    (
        "steady_state",
        False,
        lambda s: s.operation("register", "login", 30, kind=Kind.INFO).operation(
            "register", "login", 31, kind=Kind.INFO
        ),
    ),
    (
        "steady_state",
        False,
        lambda s: [
            s.operation("consult", "search", 20 + n / 10, latency_s=3) for n in range(9)
        ],
    ),
    ("steady_state", False, lambda s: s.check("steady_state", 66, holds=False)),
    (
        "faults_observed",
        False,
        lambda s: s.drop(
            lambda event: (
                event.operation == "inject"
                and event.kind is Kind.OK
                and event.op_id.startswith("power_off_site")
            )
        ),
    ),
    (
        "faults_observed",
        False,
        lambda s: s.change(_named("inject"), observer="nemesis"),
    ),
    ("faults_observed", False, lambda s: s.change(_named("inject"), targets=[])),
    (
        "faults_observed",
        False,
        lambda s: s.drop(
            lambda event: event.operation == "undo" and event.kind is Kind.OK
        ),
    ),
    ("faults_observed", False, lambda s: s.change(_named("undo"), observer="")),
    (
        "faults_observed",
        False,
        lambda s: s.drop(
            lambda event: (
                event.process == "nemesis" and event.op_id.startswith("power_off_site")
            )
        ),
    ),
    ("faults_observed", False, lambda s: s.check("fault_observed", 90, holds=False)),
    (
        "faults_observed",
        False,
        lambda s: s.drop(lambda event: event.op_id == "power_off_node-75"),
    ),
    ("backups_before_disaster", False, lambda s: s.drop(_named("backup", "b1"))),
    (
        "backups_before_disaster",
        False,
        lambda s: s.change(_named("backup", "b2"), phase="PartiallyFailed"),
    ),
    (
        "recovery_key_proved",
        False,
        lambda s: s.check("recovery_key_proved", 110, holds=False),
    ),
    (
        "recovery_key_proved",
        None,
        lambda s: s.drop(_named("check", "recovery_key_proved")),
    ),
    (
        "recovery_key_proved",
        None,
        lambda s: s.drop(_named("check", "recovery_key_proved")).check(
            "recovery_key_proved", 130
        ),
    ),
    ("residue", None, lambda s: s.drop(_named("check", "residue"))),
    (
        "objectives_unchanged",
        None,
        lambda s: s.drop(_named("check", "objectives_unchanged")),
    ),
    ("alert_quiet", False, lambda s: s.alert("firing", 119)),
    ("alert_quiet", False, lambda s: s.alert("firing", 90).alert("silent", 115)),
    (
        "alert_quiet",
        False,
        lambda s: s.change(_named("alert"), since_ns=1_110_000_000_000),
    ),
    ("alert_quiet", None, lambda s: s.drop(_of("sentinel"))),
    ("alert_quiet", None, lambda s: s.drop(_named("watch"))),
    ("alert_quiet", None, lambda s: _at(s, _named("watch"), 121)),
    ("alert_quiet", None, lambda s: watched(s, 80, kept=False)),
    ("alert_quiet", False, lambda s: s.change(_named("alert"), alert="Another")),
    (
        "primary_unreachable",
        None,
        lambda s: s.drop(_named("check", "primary_unreachable")),
    ),
    (
        "primary_unreachable",
        False,
        lambda s: s.check("primary_unreachable", 125, holds=False),
    ),
    (
        "primary_unreachable",
        False,
        lambda s: s.pair(
            "nemesis",
            "undo",
            {"fault": "power_off_site", "targets": ["a1"]},
            start_s=200,
            end_s=210,
            op_id="power_off_site-120",
        ),
    ),
    (
        "primary_unreachable",
        False,
        lambda s: s.pair(
            "nemesis",
            "undo",
            {"fault": "power_off_site", "targets": ["a1"]},
            start_s=200,
            end_s=None,
            op_id="power_off_site-120",
        ),
    ),
    (
        "recovery_target_empty",
        None,
        lambda s: s.drop(_named("check", "recovery_target_empty")),
    ),
    (
        "recovery_target_empty",
        False,
        lambda s: s.check("recovery_target_empty", 140, holds=False),
    ),
    ("restored_from_backup", False, lambda s: s.drop(_named("backup_chosen"))),
    (
        "restored_from_backup",
        False,
        lambda s: s.change(_named("backup_chosen"), name="b0"),
    ),
    (
        "restored_from_backup",
        False,
        lambda s: s.change(_named("backup", "b2"), completed_utc=utc(121)).backup(
            "b0", snapshot_s=20, completed_s=26
        ),
    ),
    ("restored_from_backup", False, lambda s: s.drop(_named("restore"))),
    (
        "restored_from_backup",
        False,
        lambda s: s.drop(
            lambda event: event.operation == "restore" and event.kind is Kind.OK
        ),
    ),
    (
        "restored_from_backup",
        False,
        lambda s: s.change(_named("restore"), phase="PartiallyFailed"),
    ),
    (
        "restored_from_backup",
        False,
        lambda s: s.change(
            _named("restore"), volumes=[{"volume": "dump", "bytes_done": 0}]
        ),
    ),
    ("restored_from_backup", False, lambda s: s.change(_named("restore"), backup="b1")),
    (
        "restored_from_backup",
        False,
        lambda s: _at(s, _named("restore"), 60),
    ),
    ("restored_from_backup", False, lambda s: s.drop(_named("switch"))),
    (
        "restored_from_backup",
        False,
        lambda s: s.change(_named("switch"), to="primary"),
    ),
    (
        "load_after_recovery",
        None,
        lambda s: s.drop(
            lambda event: event.process == LOAD and event.at_ns > 1_200_000_000_000
        ),
    ),
    ("final_reads", False, lambda s: s.drop(_named("read_back", "read-patient-2"))),
    (
        "final_reads",
        False,
        lambda s: s.drop(
            lambda event: event.op_id == "read-patient-2" and event.kind is Kind.OK
        ),
    ),
    ("final_reads", False, lambda s: s.drop(_of("reconciler"))),
    ("one_boot", False, lambda s: _boot(s, 2000)),
    (
        "ordered_clocks",
        False,
        lambda s: (
            s.drop(_named("mark", "t2"))
            .mark("t2", 135)
            .drop(_named("mark", "t3"))
            .mark("t3", 130)
        ),
    ),
    (
        "ordered_clocks",
        False,
        lambda s: s.drop(_named("mark", "t6")).mark("t6", 200),
    ),
    ("ordered_clocks", False, _jump),
    ("ordered_clocks", None, lambda s: s.drop(_named("mark", "t0"))),
    ("recorders_complete", False, _tear),
    ("recorders_complete", False, lambda s: s.drop(_ended(LOAD))),
    ("recorders_complete", False, lambda s: s.drop(_ended("sentinel"))),
    ("recorders_complete", False, lambda s: s.drop(_ended("prober-read-1"))),
    ("recorders_complete", False, lambda s: s.drop(_of("prober"))),
    ("recorders_complete", False, lambda s: s.drop(_of("nemesis"))),
    ("recorders_complete", False, lambda s: s.drop(_between("probe", 0, 130))),
    ("recorders_complete", False, lambda s: s.drop(_between("probe", 0, 100))),
    ("recorders_complete", False, lambda s: s.drop(_between("probe", 200, 220))),
    *(
        ("recorders_complete", False, _without_process(process))
        for process in (
            "prober-read-0",
            "prober-write-0",
            "prober-write-1",
            "reconciler",
            "sentinel",
        )
    ),
    (
        "recorders_complete",
        False,
        lambda s: s.drop(
            lambda event: (
                event.process == "prober-read-0" and event.at_ns > 1_190_000_000_000
            )
        ),
    ),
    (
        "recorders_complete",
        False,
        lambda s: s.drop(
            lambda event: (
                event.op_id == "power_off_node-75" and event.kind is Kind.INVOKE
            )
        ),
    ),
    ("drill_completed", False, lambda s: s.drop(_named("phase", "clean"))),
    (
        "drill_completed",
        False,
        lambda s: s.drop(
            lambda event: event.op_id == "observe" and event.kind is Kind.OK
        ),
    ),
    (
        "drill_completed",
        False,
        lambda s: s.phase("continuity-2", 90, 91, Kind.FAIL),
    ),
    *(
        ("drill_completed", False, _without_phase(name))
        for name in ("provision", "baseline", "continuity-1", "wait_backups", "observe")
    ),
    (
        "drill_completed",
        False,
        lambda s: _at(s, _named("phase", "wait_backups"), 60),
    ),
    ("residue", False, lambda s: s.check("residue", 254, holds=False)),
    (
        "objectives_unchanged",
        False,
        lambda s: s.check("objectives_unchanged", 251, holds=False),
    ),
]


def test_a_whole_drill_holds_every_assumption() -> None:
    """The drill that the defects are planted in is met, without a doubt."""
    results = judge(nominal_drill().run())
    assert [one for one in results.assumptions if one.holds is not True] == []
    assert results.outcome is Outcome.MET


@pytest.mark.parametrize(
    ("name", "holds", "plant"),
    [pytest.param(*one, id=f"{one[0]}-{number}") for number, one in enumerate(DEFECTS)],
)
def test_a_planted_defect_is_seen_and_forbids_met(
    name: str,
    holds: bool | None,  # noqa: FBT001
    plant: Defect,
) -> None:
    """The assumption turns, says why in both languages, and no verdict stays MET."""
    script = nominal_drill()
    plant(script)
    results = judge(script.run())
    found = _assumption(results, name)
    assert found.holds is holds
    assert found.reason.fr
    assert found.reason.en
    assert found.title is not None
    assert Outcome.MET not in {verdict.outcome for verdict in results.verdicts}
    assert results.outcome is Outcome.UNKNOWN
    assert any(found.reason.fr in verdict.reason.fr for verdict in results.verdicts)


@pytest.mark.parametrize(
    "plant",
    [
        lambda s: watched(watched(s, 80, kept=False), 90),
        lambda s: watched(s, 121, kept=False),
    ],
    ids=["found again before t0", "lost after it"],
)
def test_a_watch_kept_at_t0_tells_its_quiet(plant: Defect) -> None:
    """Only a watch lost when the disaster struck leaves its quiet unknown."""
    script = nominal_drill()
    plant(script)
    results = judge(script.run())
    assert _assumption(results, "alert_quiet").holds is True
    assert results.outcome is Outcome.MET


def test_a_run_without_its_plan_is_not_known_to_have_had_its_faults() -> None:
    """An older run does not tell what was planned: nothing concluded, no crash."""
    results = judge(nominal_drill().run(plan=None))
    assert _assumption(results, "faults_observed").holds is None
    assert results.outcome is Outcome.UNKNOWN


def test_changed_objectives_are_seen() -> None:
    """A folder whose objectives are not those of the start is not judged by them."""
    run = nominal_drill().run(objectives(rto_s=10))
    assert judge(run).outcome is Outcome.MISSED
    loosened = dataclasses.replace(run, objectives_sha256="f" * 64)
    results = judge(loosened)
    assert _assumption(results, "objectives_unchanged").holds is False
    assert results.outcome is Outcome.UNKNOWN


def test_a_sick_baseline_voids_a_missed_rto() -> None:
    """A service outside its objectives before the disaster cannot miss its recovery."""
    script = nominal_drill()
    for second in range(20, 40):
        script.operation("register", "login", second, kind=Kind.INFO)
    verdicts = {
        one.name: one for one in judge(script.run(objectives(rto_s=10))).verdicts
    }
    assert verdicts["rto"].outcome is Outcome.UNKNOWN
    assert "sans valeur" in verdicts["rto"].reason.fr


def test_doubt_elsewhere_does_not_excuse_a_miss() -> None:
    """A missing alert leaves an RTO missed."""
    script = nominal_drill().drop(_of("sentinel"))
    assert judge(script.run(objectives(rto_s=10))).outcome is Outcome.MISSED


def test_a_killed_generator_is_not_taken_for_a_short_schedule() -> None:
    """Without its end, the numbers of the arrivals still show a hole."""
    script = nominal_drill().drop(_ended(LOAD)).drop(_named("arrival", "a50"))
    found = _assumption(judge(script.run()), "load_schedule")
    assert found.holds is False
    assert "229" in found.reason.en


def test_arrivals_that_cease_are_seen() -> None:
    """A generator that stops starting journeys and ends cleanly did not keep its schedule."""
    script = nominal_drill()
    kept = script.drop(_between("arrival", 200, 300))
    count = sum(event.operation == "arrival" for event in kept.events)
    kept.change(_ended(LOAD), planned=count)
    found = _assumption(judge(kept.run()), "load_schedule")
    assert found.holds is False
    assert "42" in found.reason.en


def test_a_registrar_without_schedule_needs_no_end() -> None:
    """A load process that only prepared a patient has no load to stop."""
    script = nominal_drill()
    script.operation("baseline", "search", 9, process="load-0")
    assert judge(script.run()).outcome is Outcome.MET


def test_a_fault_undone_at_the_second_try_was_undone() -> None:
    """The first undo failed, the second was seen: the fault did not leak."""
    script = nominal_drill()
    script.pair(
        "nemesis",
        "undo",
        {"fault": "power_off_node", "targets": ["node-b1"]},
        start_s=83,
        end_s=84,
        kind=Kind.FAIL,
        said={"reason": "timeout"},
        op_id="power_off_node-75",
    )
    results = judge(script.run())
    assert results.outcome is Outcome.MET
    assert results.faults[0].undo_s == 83
    assert results.faults[0].undone_s == 88
