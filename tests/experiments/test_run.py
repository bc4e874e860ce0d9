"""Experiments run for real by the Chaos Toolkit, on a fake site."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprise_experiments.run import ExperimentOutcome, run_experiment
from reprise_experiments.site import Site, reach
from reprise_experiments.testing import World
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
        variables={"hold_s": 0.5, "take_within_s": 3, "undo_within_s": 3, **variables},
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
