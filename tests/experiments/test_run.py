"""Experiments run for real by the Chaos Toolkit, on a fake site."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from reprise_experiments.run import ExperimentOutcome, run_experiment
from reprise_experiments.site import Site, reach
from reprise_experiments.testing import Mood, World
from reprise_pra.history import Event, Kind, read_history

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def _run(
    fake: World, tmp_path: Path, name: str = "node-loss", **variables: float
) -> ExperimentOutcome:
    return run_experiment(
        EXPERIMENTS / f"{name}.yaml",
        access=reach(fake.site_name).access,
        history_dir=tmp_path / "history",
        evidence_dir=tmp_path / "evidence",
        seed=7,
        variables={"hold_s": 0.5, "take_within_s": 3, "undo_within_s": 3, "settle_s": 1}
        | variables,
        within_s=60,
    )


def _nemesis(tmp_path: Path) -> list[Event]:
    return list(read_history([tmp_path / "history" / "nemesis.jsonl"]).events)


@pytest.mark.parametrize("name", ["node-loss", "zone-loss"])
def test_fault_is_injected_held_and_undone(
    name: str, fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """A good run hits one target, leaves nothing behind and says so in the history."""
    outcome = _run(fake, tmp_path, name)

    assert outcome.errors == ()
    assert outcome.held
    assert len(outcome.targets) in {1, 2}
    assert fake.broken() == set()
    assert site.ledger.read().open == ()
    events = _nemesis(tmp_path)
    assert [(event.operation, event.kind) for event in events] == [
        ("inject", Kind.INVOKE),
        ("inject", Kind.OK),
        ("undo", Kind.INVOKE),
        ("undo", Kind.OK),
    ]
    assert {event.op_id for event in events} == set(outcome.ledger_ids)
    assert events[0].value["targets"] == list(outcome.targets)


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        (Mood.DEAF, "not seen to take within 3 s: still answering b1, still Ready b1"),
        (Mood.BROKEN, "the fake injector is broken"),
        (Mood.WIDE, "took more than its targets: a1"),
        (Mood.MESSY, "left behind: network policy new: openmrs/left-over"),
    ],
)
def test_fault_that_did_not_do_what_it_says_is_an_error(
    mood: Mood, said: str, fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """Not taken, failed, too wide or unclean: never a pass, and nothing stays open."""
    fake.feel(mood)
    outcome = _run(fake, tmp_path)

    assert not outcome.is_valid
    assert said in "; ".join(outcome.errors)
    assert site.ledger.read().open == ()
    assert "off/b1" not in fake.broken()


def test_fault_not_seen_undone_is_an_error_and_blocks_the_next(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """Runner, rollback and lease tried in vain: people are told, and nothing else runs."""
    fake.feel(Mood.STUCK)
    outcome = _run(fake, tmp_path, undo_within_s=0.5)

    assert "not seen to be undone" in "; ".join(outcome.errors)
    assert "is still open" in "; ".join(outcome.errors)
    assert site.ledger.read().open
    before = fake.calls()
    again = _run(fake, tmp_path)
    assert "is still open" in "; ".join(again.errors)
    assert fake.calls() == before


def test_no_steady_state_before_injects_nothing(
    fake: World, site: Site, tmp_path: Path
) -> None:
    """With the front door shut there is nothing to test, and nothing is broken."""
    text = (EXPERIMENTS / "node-loss.yaml").read_text(encoding="utf-8")
    impatient = tmp_path / "impatient.yaml"
    impatient.write_text(text.replace("within_s: 15", "within_s: 0.1"))
    outcome = run_experiment(
        impatient,
        access=site.access,
        history_dir=tmp_path / "history",
        evidence_dir=tmp_path / "evidence",
        seed=7,
    )

    assert "no steady state before" in "; ".join(outcome.errors)
    assert fake.calls() == []


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [("production", "", "production"), ("uid", "another", "check the kubeconfig")],
)
def test_wrong_site_is_refused(
    file: str, content: str, said: str, fake: World, door: str, tmp_path: Path
) -> None:
    """A production site, or a cluster that is not the site's, is never touched."""
    (fake.folder / file).write_text(content, encoding="utf-8")
    outcome = _run(fake, tmp_path)

    assert said in "; ".join(outcome.errors)
    assert fake.calls() == []


def test_site_that_is_not_up_is_told(tmp_path: Path, fake: World) -> None:
    """Run alone on a machine without the site, an experiment says so in its journal."""
    nowhere = dataclasses.replace(reach(fake.site_name).access, site="no-such")
    outcome = run_experiment(
        EXPERIMENTS / "node-loss.yaml",
        access=nowhere,
        history_dir=tmp_path / "history",
        evidence_dir=tmp_path / "evidence",
        seed=7,
    )

    assert outcome.errors[0].startswith("the run was interrupted: ")
    assert "python -m reprise_platform up" in outcome.errors[0]


def test_late_experiment_is_interrupted_and_undone(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """An experiment past its limit is ended by its parent, with its undo."""
    outcome = run_experiment(
        EXPERIMENTS / "node-loss.yaml",
        access=site.access,
        history_dir=tmp_path / "history",
        evidence_dir=tmp_path / "evidence",
        seed=7,
        variables={"hold_s": 60},
        within_s=6,
    )

    assert "interrupted after its limit of 6 s" in outcome.errors
    assert "the run was interrupted" in "; ".join(outcome.errors)
    assert fake.broken() == set()
    assert site.ledger.read().open == ()


def test_killed_experiment_is_an_error_without_a_journal(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """SIGKILL in the middle of the injection: no journal, an error, and no fault left."""
    fake.feel(Mood.LETHAL)
    outcome = _run(fake, tmp_path)

    assert outcome.exit_code < 0
    assert "no journal" in outcome.errors[0]
    assert fake.broken() == set()
    assert site.ledger.read().open == ()


@pytest.mark.parametrize("missing", ["recorder", "guard"])
def test_missing_control_injects_nothing(
    missing: str, fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """The toolkit goes on without a control it cannot find; the injection does not."""
    text = (EXPERIMENTS / "node-loss.yaml").read_text(encoding="utf-8")
    module = f"reprise_experiments.controls.{missing}"
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(module, f"{module}_misspelt"), encoding="utf-8")
    outcome = run_experiment(
        broken,
        access=site.access,
        history_dir=tmp_path / "history",
        evidence_dir=tmp_path / "evidence",
        seed=7,
        variables={"hold_s": 0.5},
    )

    assert missing in "; ".join(outcome.errors)
    assert fake.calls() == []


def test_two_experiments_share_one_history(
    fake: World, site: Site, door: str, tmp_path: Path
) -> None:
    """Each experiment of a drill goes on in the nemesis' file, even after a torn line."""
    _run(fake, tmp_path)
    with (tmp_path / "history" / "nemesis.jsonl").open("ab") as file:
        file.write(b'{"process": "nem')
    outcome = _run(fake, tmp_path, "zone-loss")

    assert outcome.held
    faults = [e.value["fault"] for e in _nemesis(tmp_path) if e.operation == "inject"]
    assert faults == ["power_off_node"] * 2 + ["isolate_zone"] * 2
