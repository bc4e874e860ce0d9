"""The gate believes nothing that the Chaos Toolkit passes silently."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from reprise_experiments.gate import judge_journal

ACTIONS = "reprise_experiments.actions"
HIT = {"name": "b1", "zone": "b", "uid": "u"}
INJECTED = {
    "ledger_id": "f-1",
    "fault": "power_off_node",
    "targets": [HIT],
    "taken": True,
}
UNDONE = {"undone": [{"ledger_id": "f-1"}], "residue": []}

type Journal = dict[str, Any]


def _activity(name: str, func: str, kind: str = "action", **more: object) -> Journal:
    module = ACTIONS if kind == "action" else "reprise_experiments.probes"
    provider = {"type": "python", "module": module, "func": func}
    return {"type": kind, "name": name, "provider": provider, **more}


def _run(activity: Journal, output: object, **more: object) -> Journal:
    return {"activity": activity, "output": output, "status": "succeeded", **more}


def _good() -> Journal:
    """Return the journal of a run in which everything declared was done."""
    inject = _activity("inject", "inject")
    meanwhile = _activity("door", "front_door_answers", "probe", tolerance=True)
    undo = _activity("undo", "undo")
    left = _activity("left", "undo_left")
    probe = _activity("steady", "front_door_answers", "probe", tolerance=True)
    state = {
        "steady_state_met": True,
        "probes": [_run(probe, output=True, tolerance_met=True)],
    }
    return {
        "experiment": {
            "title": "t",
            "method": [inject, meanwhile, undo],
            "rollbacks": [left],
            "dry": None,
        },
        "status": "completed",
        "deviated": False,
        "steady_states": {
            "before": state,
            "after": copy.deepcopy(state),
            "during": [],
        },
        "run": [
            _run(inject, INJECTED),
            _run(meanwhile, output=True),
            _run(undo, UNDONE),
        ],
        "rollbacks": [_run(left, {"undone": []})],
    }


def test_good_journal_has_nothing_against_it() -> None:
    """The gate lets a good run pass, and names who was hit."""
    judged = judge_journal(_good())

    assert judged.errors == ()
    assert judged.findings == ()
    assert judged.targets == ("b1",)
    assert judged.ledger_ids == ("f-1",)


def _fail(run: Journal) -> bool:
    run |= {"status": "failed", "output": None, "exception": ["Error: boom\n"]}
    return True


SILENT: dict[str, tuple[Callable[[Journal], object], str]] = {
    "a failed injection": (lambda j: _fail(j["run"][0]), "boom"),
    "a failed undo": (lambda j: _fail(j["run"][2]), "boom"),
    "a failed probe meanwhile": (lambda j: _fail(j["run"][1]), "boom"),
    "a failed rollback": (lambda j: _fail(j["rollbacks"][0]), "boom"),
    "an interrupted activity": (lambda j: j["run"][1].pop("status"), "interrupted"),
    "an interrupted run": (lambda j: j.update(status="interrupted"), "interrupted"),
    "an aborted run": (lambda j: j.update(status="aborted"), "aborted"),
    "a failed run": (lambda j: j.update(status="failed"), "failed"),
    "a dry run": (lambda j: j["experiment"].update(dry="actions"), "dry"),
    "an injection without target": (
        lambda j: j["run"][0].update(output={**INJECTED, "targets": []}),
        "no target",
    ),
    "an injection without answer": (
        lambda j: j["run"][0].update(output=None),
        "no target",
    ),
    "an injection not taken": (
        lambda j: j["run"][0].update(output={**INJECTED, "taken": False}),
        "no target",
    ),
    "no injection": (lambda j: j["run"].pop(0), "no fault was injected"),
    "no undo": (lambda j: j["run"].pop(2), "no undo"),
    "an undo of nothing": (
        lambda j: j["run"][2].update(output={"undone": [], "residue": []}),
        "undid nothing",
    ),
    "residue": (
        lambda j: j["run"][2].update(
            output={**UNDONE, "residue": ["node b1: cordoned"]}
        ),
        "left behind: node b1",
    ),
    "an activity never run": (lambda j: j["run"].pop(1), "never run"),
    "rollbacks skipped": (lambda j: j.update(rollbacks=[]), "never run"),
    "no rollbacks declared": (
        lambda j: (j["experiment"].update(rollbacks=[]), j.update(rollbacks=[])),
        "no rollback",
    ),
    "no steady state before": (
        lambda j: j["steady_states"]["before"].update(steady_state_met=False),
        "no steady state before",
    ),
    "no hypothesis": (
        lambda j: j["steady_states"].update(before=None, after=None),
        "no steady state was checked",
    ),
    "a hypothesis without probes": (
        lambda j: j["steady_states"]["before"].update(probes=[]),
        "no steady state was checked",
    ),
    "no look after": (lambda j: j["steady_states"].update(after=None), "after"),
    "a probe that raised after": (
        lambda j: (
            _fail(j["steady_states"]["after"]["probes"][0]),
            j["steady_states"]["after"].update(steady_state_met=False),
        ),
        "boom",
    ),
    "a process that failed": (
        lambda j: (
            j["run"][1]["activity"].update(
                provider={"type": "process", "path": "false"}, tolerance=None
            ),
            j["run"][1].update(output={"status": 1}),
        ),
        "exited with 1",
    ),
    "no status": (lambda j: j.pop("status"), "cannot be read"),
    "no run": (lambda j: j.pop("run"), "cannot be read"),
}


@pytest.mark.parametrize("name", SILENT)
def test_silent_pass_is_an_error(name: str) -> None:
    """Each way in which the toolkit says `completed` without having done it."""
    change, said = SILENT[name]
    journal = _good()
    change(journal)

    assert said in "; ".join(judge_journal(journal).errors)


@pytest.mark.parametrize("journal", [None, [], {}, "completed", 3])
def test_journal_that_is_none_is_an_error(journal: Any) -> None:  # noqa: ANN401 - any JSON
    """Whatever a torn or foreign file holds, it is no pass and no crash."""
    assert judge_journal(journal).errors


def test_deviation_is_a_finding_and_no_error() -> None:
    """A system that does not hold is what experiments are for."""
    journal = _good()
    after = journal["steady_states"]["after"]
    after["steady_state_met"] = False
    after["probes"][0] |= {"output": False, "tolerance_met": False}
    journal["deviated"] = True
    judged = judge_journal(journal)

    assert judged.errors == ()
    assert judged.findings == ("after: probe 'steady' answered False",)


def test_probe_in_the_method_is_judged() -> None:
    """The toolkit never reads the tolerance of a probe in the method."""
    journal = _good()
    journal["run"][1]["output"] = False

    assert judge_journal(journal).findings == (
        "meanwhile: probe 'door' answered False",
    )


def test_deviation_during_is_a_finding() -> None:
    """The toolkit records it and passes."""
    journal = _good()
    state = {"steady_state_met": False, "probes": []}
    journal["steady_states"]["during"] = [state, None, state]

    (finding,) = judge_journal(journal).findings
    assert "2 of 3" in finding


def test_journal_survives_json() -> None:
    """The gate reads what the toolkit writes: JSON."""
    assert judge_journal(json.loads(json.dumps(_good()))).errors == ()
