"""A drill on a site that was there before it: what it takes over, and how it leaves it."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest

from reprise_experiments.disaster import lose_primary
from reprise_experiments.ledger import Ledger
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import site_of
from reprise_experiments.testing import access, world
from reprise_platform import paths, provider
from reprise_platform.remote.faculties import ACT, PROCESS
from reprise_platform.sites import parse_site, remote_example
from reprise_pra.drill import leaving
from reprise_pra.drill.acts import gather_acts
from reprise_pra.drill.background import Background
from reprise_pra.drill.console import Console
from reprise_pra.drill.context import Drill, Loss
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.folder import create
from reprise_pra.drill.journal import Journal
from reprise_pra.drill.leftovers import refuse_leftovers
from reprise_pra.drill.prepared import Overrides, prepare
from reprise_pra.history import Event, Kind, Recorder, read_history

_QUICK = Path(__file__).resolve().parents[3] / "pra" / "drills" / "quick.yaml"


def test_acts_of_the_drill_alone_are_taken_over(tmp_path: Path) -> None:
    """What an earlier drill, or an earlier boot, had done is none of this one's."""
    state, history = tmp_path / "state", tmp_path / "history"
    history.mkdir()
    value = {"capability": "power_off", "way": "manual", "of": ["a1"]}
    with Recorder(state, PROCESS) as recorder:
        recorder.record(Kind.INVOKE, ACT, "earlier", value, at_ns=1)
        since_ns = recorder.record(Kind.INVOKE, ACT, "mine", value).at_ns
        mine = recorder.record(Kind.OK, ACT, "mine", value)
    file = state / f"{PROCESS}.jsonl"
    other_boot = dataclasses.replace(mine, boot_id="another", op_id="other")
    with file.open("a") as lines:
        lines.write(other_boot.to_line() + "\n")
    assert gather_acts(state, history, since_ns=since_ns) == 2
    (copy,) = history.iterdir()
    assert {event.op_id for event in read_history([copy]).events} == {"mine"}


def test_a_site_without_acts_adds_no_file(tmp_path: Path) -> None:
    """An embedded site's history is as it was."""
    assert gather_acts(tmp_path, tmp_path, since_ns=0) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "lost"])
def test_a_remote_site_is_left_to_its_team(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lost: bool
) -> None:
    """A drill neither takes it down, nor claims that it is back to normal."""
    monkeypatch.setattr(provider, "destroy", lambda _: pytest.fail("taken down"))
    prepared = dataclasses.replace(
        prepare(_QUICK, Overrides()), site=parse_site(remote_example())
    )
    folder = create(prepared, runs=tmp_path)
    console = Console(folder.history, language="en", plain=True)
    with Journal(folder.history, "drill", heard=console.heard) as journal:
        drill = Drill(
            prepared=prepared,
            folder=folder,
            journal=journal,
            console=console,
            keep_site=False,
        )
        drill.site_is_ours = True
        if lost:
            drill.losing = Background("disaster", lambda: True)
            now = datetime.datetime.now(datetime.UTC)
            drill.loss = Loss(at_ns=1, utc=now)
        leaving.leave_site(drill)
    (event,) = _events(folder.history)
    assert event.op_id == "site_kept"
    assert ("recover --site staging" in str(event.value["detail"])) is lost


def _events(history: Path) -> list[Event]:
    return list(read_history(history.glob("drill.jsonl")).events)


def test_a_lost_remote_site_is_refused_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`down` would forget the site and not its loss: `recover` sees it back first."""
    monkeypatch.setenv("REPRISE_TESTING", "1")
    monkeypatch.setenv("REPRISE_STATE", str(tmp_path / "machine"))
    fake = access(str(world(tmp_path / "world").folder))
    with open_recorder(tmp_path, "nemesis") as recorder:
        lose_primary(fake, recorder=recorder, history=tmp_path)
    (entry,) = site_of(fake).ledger.read().open
    state = paths.site_state("staging")
    state.mkdir(parents=True)
    Ledger(state).open(dataclasses.replace(entry, expires_with_boot=False))
    with pytest.raises(
        DrillError, match=r"recover --site staging.*down --name staging"
    ):
        refuse_leftovers("staging")
