"""A run folder is read whole or refused with every problem, file and key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reprise_pra.analysis import analyse
from reprise_pra.analysis.errors import InputError, TimelineError
from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.load import load_run
from reprise_pra.analysis.testing import Script
from reprise_pra.analysis.testing_drills import nominal_drill


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole run folder, with few operations."""
    return nominal_drill(every_s=6, probe_period_s=4).save(tmp_path / "run")


def test_saved_run_reads_back_equal(folder: Path) -> None:
    """What is judged from the files is what was recorded."""
    run = nominal_drill(every_s=6, probe_period_s=4).run()
    assert load_run(folder).objectives_sha256 == run.objectives_sha256
    assert analyse(folder) == judge(run)


def test_problems_of_all_files_are_told_at_once(folder: Path) -> None:
    """Plan, objectives and history are all looked at before the refusal."""
    facts = json.loads((folder / "plan.json").read_text())
    del facts["seed"]
    facts["stable_s"] = 0
    (folder / "plan.json").write_text(json.dumps(facts))
    (folder / "objectives.yaml").write_text("rto_s: 1\n")
    (folder / "history" / "drill.jsonl").write_text('{"process": 1}\n')
    with pytest.raises(InputError) as refused:
        load_run(folder)
    told = "\n".join(refused.value.problems)
    for expected in (
        "plan.json: seed: missing",
        "plan.json: stable_s",
        "objectives.yaml: owner: missing",
        "drill.jsonl, line 1",
    ):
        assert expected in told


def test_nothing_recorded_is_refused(tmp_path: Path, folder: Path) -> None:
    """Neither an absent folder nor an empty history is a run."""
    with pytest.raises(InputError, match="no such run folder"):
        load_run(tmp_path / "absent")
    for path in (folder / "history").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="nothing was recorded"):
        load_run(folder)


def test_empty_history_files_are_no_run(folder: Path) -> None:
    """Files without one event say nothing of the run, and say so."""
    for path in (folder / "history").iterdir():
        path.write_text("")
    with pytest.raises(TimelineError, match="not one event"):
        analyse(folder)


def test_torn_file_is_read_and_named(folder: Path) -> None:
    """What a killed writer leaves is evidence: read to its last whole line."""
    path = folder / "history" / "load-1.jsonl"
    path.write_text(path.read_text()[:-40])
    assert load_run(folder).history.torn == ("load-1.jsonl",)


def test_value_of_the_wrong_type_names_file_operation_and_key() -> None:
    """An event that breaks its operation's promise is an error that says where."""
    script = nominal_drill(every_s=6, probe_period_s=4)
    script.change(lambda event: event.operation == "search", intended_ns="soon")
    with pytest.raises(
        TimelineError, match=r"load-1.jsonl: search .*intended_ns.*'soon'"
    ):
        judge(script.run())


def test_unknown_operations_are_let_pass() -> None:
    """A recorder that says more than today's analysis knows does no harm."""
    script = nominal_drill(every_s=6, probe_period_s=4)
    expected = judge(script.run()).verdicts
    script.pair("drill", "novelty", {}, start_s=50, end_s=51)
    assert judge(script.run()).verdicts == expected


def test_script_alone_is_refused() -> None:
    """A history without events has no timeline."""
    with pytest.raises(TimelineError):
        judge(Script().run())
