"""Single phases on a fake site: what they break, what they refuse, what they leave."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_experiments import testing
from reprise_experiments.nemesis import Limits, inject
from reprise_experiments.observe import snapshot
from reprise_experiments.recording import open_recorder
from reprise_experiments.run import ExperimentOutcome
from reprise_experiments.site import site_of
from reprise_experiments.targets import BlastRadius, Scope, Selector
from reprise_experiments.testing import Mood, World
from reprise_platform import kube, paths, provider, spent
from reprise_platform.access import Access, save_access
from reprise_platform.embedded import bringup
from reprise_platform.embedded.layout import FENCE
from reprise_platform.errors import PlatformError
from reprise_pra.analysis.results import Text
from reprise_pra.drill import after, before, breaking, detecting
from reprise_pra.drill.backupwatch import BackupWatch
from reprise_pra.drill.console import Console
from reprise_pra.drill.context import Drill, Loss
from reprise_pra.drill.errors import AwaitedInVainError, DrillError
from reprise_pra.drill.folder import create
from reprise_pra.drill.journal import Journal
from reprise_pra.drill.leftovers import refuse_leftovers
from reprise_pra.drill.prepared import Overrides, prepare
from reprise_pra.drill.sole import sole_drill
from reprise_pra.history import Event, JsonValue, Kind, Recorder, read_history

ROOT = Path(__file__).resolve().parents[3]


class Scene:
    """A drill on a fake site; its site is taken down by a note in `destroyed`."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setenv("REPRISE_TESTING", "1")
        patch.setenv("REPRISE_STATE", str(folder / "machine"))
        self.world: World = testing.world(folder / "world")
        prepared = prepare(ROOT / "pra" / "drills" / "quick.yaml", Overrides())
        self.folder = create(prepared, runs=folder / "runs")
        console = Console(self.folder.history, language="en", plain=True)
        self.journal = Journal(self.folder.history, "drill", heard=console.heard)
        self.drill = Drill(
            prepared=prepared,
            folder=self.folder,
            journal=self.journal,
            console=console,
            keep_site=False,
        )
        self.drill.access = testing.access(str(self.world.folder))
        self.drill.site_is_ours = True
        self.destroyed: list[str] = []

        def destroy(name: str, *, language: str) -> None:
            assert language == self.drill.console.language
            self.destroyed.append(name)

        patch.setattr(provider, "destroy", destroy)
        patch.setattr(breaking, "_SEEN_WITHIN_S", 5.0)
        patch.setattr(kube, "api_reachable", lambda _: self.world.api_reachable())
        patch.setattr(Drill, "pause", lambda *_: None)

    def events(self, operation: str) -> list[Event]:
        """Return the events of one operation."""
        found = read_history(self.folder.history.glob("*.jsonl")).events
        return [event for event in found if event.operation == operation]

    def check(self, name: str) -> object:
        """Return whether a check held, by its latest event."""
        mine = [one for one in self.events("check") if one.op_id == name]
        return mine[-1].value["holds"]

    def break_node(self) -> None:
        """Leave a fault open, as an interrupted experiment does."""
        site = site_of(self.drill.site)
        with open_recorder(self.folder.history, "nemesis") as recorder:
            inject(
                site,
                fault="power_off_node",
                selector=Selector(scope=Scope.NODE, name="b1"),
                radius=BlastRadius(max_nodes=1, max_zones=1),
                limits=Limits(take_s=1, hold_s=0, undo_s=1),
                recorder=recorder,
                history=self.folder.history,
                check=lambda: None,
            )

    def ring(self) -> None:
        """Let the alert fire."""
        with Recorder(self.folder.history, "sentinel") as sentinel:
            value = {"alert": "FrontDoorDown", "state": "firing"}
            sentinel.record(Kind.OK, "alert", "1", value)

    def guard(self, *, kept: bool = True) -> None:
        """Let the alert be watched, or no more."""
        with Recorder(self.folder.history, "sentinel") as sentinel:
            value: dict[str, JsonValue] = {"alert": "FrontDoorDown", "kept": kept}
            sentinel.record(Kind.OK, "watch", "1", value)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A drill whose site is up; all that it tells, in any test, is in both languages."""
    made = Scene(tmp_path, monkeypatch)
    yield made
    made.journal.close()
    for event in read_history(made.folder.history.glob("drill.jsonl")).events:
        for key in ("detail", "reason", "what"):
            assert_told(event.value.get(key))


def assert_told(said: object) -> None:
    """Check that a sentence is in two languages, or is a name or a number."""
    if said is None:
        return
    assert isinstance(said, dict), said
    assert set(said) == {"fr", "en"}
    same = said["fr"] == said["en"]
    assert said["fr"]
    assert not same or re.fullmatch(r"[\w.:/-]+(, [\w.:/-]+)*", said["fr"]), said


def watch(scene: Scene) -> None:
    """Give the drill a watch over backups that never looked; its alert is watched."""
    scene.guard()
    scene.drill.watch = BackupWatch(scene.drill.site, ("dump",), scene.journal)


def test_cleaning_undoes_faults_and_takes_the_site_down(scene: Scene) -> None:
    """After a drill nothing is broken and nothing runs; t9 says when."""
    scene.break_node()
    assert scene.world.broken() == {"off/b1"}
    scene.drill.loss = Loss(at_ns=1, utc=datetime.datetime.now(datetime.UTC))
    after.clean(scene.drill)
    assert scene.world.broken() == set()
    assert scene.destroyed == ["embedded"]
    assert [event.op_id for event in scene.events("mark")] == ["t9"]
    assert scene.check("residue") is True
    assert scene.check("objectives_unchanged") is True


@pytest.mark.parametrize("mood", [Mood.UNDO_BROKEN, Mood.STUCK])
def test_a_fault_that_cannot_be_undone_does_not_leave_the_site_up(
    scene: Scene, mood: Mood
) -> None:
    """Whatever an undo raises, the site is taken down, and the failure told."""
    scene.break_node()
    scene.world.feel(mood)
    with pytest.raises(DrillError, match="faults: "):
        after.clean(scene.drill)
    assert scene.destroyed == ["embedded"]


def test_a_site_that_stays_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site that cannot be taken down is a residue, and no return to normal."""

    def stuck(_name: str, **_: object) -> None:
        message = "a mount is busy"
        raise PlatformError(message)

    monkeypatch.setattr(provider, "destroy", stuck)
    scene.drill.loss = Loss(at_ns=1, utc=datetime.datetime.now(datetime.UTC))
    with pytest.raises(DrillError, match="a mount is busy"):
        after.clean(scene.drill)
    assert scene.check("residue") is False
    assert scene.events("mark") == []


def test_a_folder_left_behind_is_a_residue(scene: Scene) -> None:
    """The provider's word that all is gone is checked."""
    paths.site_state("embedded").mkdir(parents=True)
    with pytest.raises(DrillError, match="still there"):
        after.clean(scene.drill)
    assert scene.check("residue") is False


def test_a_site_may_be_kept(scene: Scene) -> None:
    """`--keep` leaves the site up, and says nothing of a return to normal."""
    scene.drill.keep_site = True
    after.clean(scene.drill)
    assert scene.destroyed == []
    assert scene.events("mark") == []


def provisioned(scene: Scene, patch: pytest.MonkeyPatch, *, fails: bool) -> None:
    """Carry out the phase `provision` with a provider that makes nothing."""

    def make(*_: object, language: str) -> Access:
        assert language == scene.drill.console.language
        if fails:
            message = "no room"
            raise PlatformError(message)
        return scene.drill.site

    scene.drill.site_is_ours = False
    patch.setattr(provider, "provision", make)
    with contextlib.suppress(PlatformError):
        before.provision(scene.drill)


@pytest.mark.parametrize("record", ["whole", "damaged"])
def test_a_site_that_was_up_before_the_drill_stays(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    record: str,
) -> None:
    """Somebody brought it up: the drill does not take it down, and says what is left."""
    name = scene.drill.prepared.site.name
    state = paths.site_state(name)
    state.mkdir(parents=True)
    save_access(dataclasses.replace(scene.drill.site, state=state))
    if record == "damaged":
        for path in state.iterdir():
            path.write_text("{")
    provisioned(scene, monkeypatch, fails=False)
    assert "was there before the drill" in capsys.readouterr().out
    watch(scene)
    breaking.disaster(scene.drill)
    breaking.see_loss(scene.drill)
    after.clean(scene.drill)
    assert scene.destroyed == []
    assert scene.check("site_kept") is True
    said = capsys.readouterr().out
    assert "its primary site is lost" in said
    assert f"reprise_platform down --name {name}" in said
    assert "t9" not in [event.op_id for event in scene.events("mark")]


@pytest.mark.parametrize("fails", [False, True])
def test_a_site_that_the_drill_made_is_taken_down(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """Also when it came up half-way, or was completed from half-way."""
    leave(scene.drill.prepared.site.name)
    provisioned(scene, monkeypatch, fails=fails)
    shutil.rmtree(paths.site_state(scene.drill.prepared.site.name))
    after.clean(scene.drill)
    assert scene.destroyed == [scene.drill.prepared.site.name]


def test_changed_objectives_are_told(scene: Scene) -> None:
    """A promise changed during the run cannot be kept or broken by it."""
    scene.folder.objectives.write_text("rto_s: 1\n")
    after.clean(scene.drill)
    assert scene.check("objectives_unchanged") is False


def test_the_loss_is_timed_by_its_injection(scene: Scene) -> None:
    """t0 is the instant of the injection itself; the whole site is down and seen so."""
    watch(scene)
    breaking.disaster(scene.drill)
    breaking.see_loss(scene.drill)
    (start,) = [one for one in scene.events("inject") if one.kind is Kind.INVOKE]
    (mark,) = scene.events("mark")
    assert (mark.op_id, mark.at_ns) == ("t0", start.at_ns)
    assert scene.drill.loss is not None
    assert scene.drill.loss.utc.isoformat() == start.utc
    assert scene.check("fault_observed") is True
    assert scene.check("primary_unreachable") is True
    assert scene.check("backups_before_disaster") is False
    assert "power_off_primary" in scene.world.calls()


def test_a_loss_that_is_not_seen_is_recovered_from_by_nobody(scene: Scene) -> None:
    """An injector that did nothing makes no disaster, whatever it says."""
    watch(scene)
    scene.world.feel(Mood.BROKEN)
    breaking.disaster(scene.drill)
    for phase in (detecting.detect, breaking.see_loss):
        with pytest.raises(PlatformError, match="injector is broken"):
            phase(scene.drill)
    assert scene.check("fault_observed") is False


def test_nothing_is_lost_while_the_alert_fires(scene: Scene) -> None:
    """An alert that rings already could not detect the loss: nothing is touched."""
    watch(scene)
    scene.ring()
    with pytest.raises(DrillError, match="before the loss"):
        breaking.disaster(scene.drill)
    assert scene.world.calls() == []


def test_nothing_is_lost_while_nobody_watches(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch that was lost tells no quiet: the drill waits, gives up, touches nothing."""
    monkeypatch.setattr(detecting, "_WATCHED_WITHIN_S", 0.3)
    watch(scene)
    scene.guard(kept=False)
    with pytest.raises(AwaitedInVainError, match="FrontDoorDown to be watched"):
        breaking.disaster(scene.drill)
    assert scene.world.calls() == []


def test_a_fault_open_keeps_the_loss_from_beginning(scene: Scene) -> None:
    """What an earlier fault left is not to be confused with the disaster."""
    watch(scene)
    scene.break_node()
    with pytest.raises(Exception, match="power_off_node"):
        breaking.disaster(scene.drill)
    assert "power_off_primary" not in scene.world.calls()


def test_detection_is_the_alerts_own_instant(scene: Scene) -> None:
    """t1 is when it fired, not when the drill looked."""
    scene.drill.loss = Loss(at_ns=1, utc=datetime.datetime.now(datetime.UTC))
    scene.ring()
    detecting.detect(scene.drill)
    (mark,) = scene.events("mark")
    (alert,) = scene.events("alert")
    assert (mark.op_id, mark.at_ns) == ("t1", alert.at_ns)


def outcome(**changes: object) -> ExperimentOutcome:
    """Make the outcome of an experiment that proved its hypothesis."""
    whole = {
        "name": "node-loss",
        "exit_code": 0,
        "journal": Path("journal.json"),
        "errors": (),
        "findings": (),
        "targets": ("b1",),
        "ledger_ids": ("1",),
        "residue": (),
        "started_ns": 1,
        "ended_ns": 2,
    }
    return ExperimentOutcome(**{**whole, **changes})  # type: ignore[arg-type]


def test_an_experiment_that_proves_nothing_ends_the_drill(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that hit nobody is no rehearsal: nothing that follows would mean anything."""
    failed = outcome(errors=("no target was hit",))
    monkeypatch.setattr(breaking, "run_experiment", lambda *_, **__: failed)
    with pytest.raises(DrillError, match="no target was hit"):
        breaking.continuity(scene.drill, 0)
    assert scene.check("fault_observed") is False


def test_a_deviation_is_a_finding(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that did not hold is what a drill is for: it is told, and goes on."""
    found = outcome(findings=("after: 2 members of 3",))
    monkeypatch.setattr(breaking, "run_experiment", lambda *_, **__: found)
    breaking.continuity(scene.drill, 0)
    assert scene.check("fault_observed") is True
    assert scene.check("continuity_node-loss") is False


def test_residue_of_a_fault_ends_the_drill(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site that is not as before is not the site that the disaster should hit."""
    scene.drill.before = snapshot(site_of(scene.drill.site).observer)
    monkeypatch.setattr(breaking, "_SETTLED_WITHIN_S", 0.01)
    breaking._see_no_residue(scene.drill)
    assert scene.check("residue") is True
    scene.world.power_off(["b1"])
    with pytest.raises(DrillError, match="b1"):
        breaking._see_no_residue(scene.drill)
    assert scene.check("residue") is False


@pytest.mark.parametrize("rate_per_s", [0.0, 1e-6])
def test_a_baseline_without_load_stops_the_drill(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, rate_per_s: float
) -> None:
    """A rate without an arrival is told for what it is, and nothing is waited for."""
    started: list[object] = []
    monkeypatch.setattr(
        scene.drill.traffic, "start", lambda *_, **given: started.append(given)
    )
    play(scene, monkeypatch, load={"rate_per_s": rate_per_s})
    with pytest.raises(DrillError, match="nothing could be concluded"):
        before.baseline(scene.drill)
    assert scene.check("steady_state") is None
    assert started == []


def play(scene: Scene, patch: pytest.MonkeyPatch, **changes: dict[str, object]) -> None:
    """Change parts of the plan."""
    plan = scene.drill.plan
    parts = {
        part: getattr(plan, part).model_copy(update=update)
        for part, update in changes.items()
    }
    changed = plan.model_copy(update=parts)
    patch.setattr(Drill, "plan", property(lambda _: changed))


def test_a_service_that_does_not_come_back_is_still_reconciled(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not stable in time is a finding, no reason to leave the writes unread."""
    scene.drill.loss = Loss(at_ns=1, utc=datetime.datetime.now(datetime.UTC))
    play(scene, monkeypatch, limits={"observe_s": 0.01})
    after.observe(scene.drill)
    assert scene.check("service_restored") is False
    assert scene.check("primary_unreachable") is False, "it answers: nothing was lost"


def test_a_load_that_dies_ends_the_observation(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who asks is no service that fails: that is an error of the drill."""

    def dead() -> None:
        raise DrillError(Text(fr="la charge est morte", en="the load has died"))

    scene.drill.loss = Loss(at_ns=1, utc=datetime.datetime.now(datetime.UTC))
    monkeypatch.setattr(scene.drill.traffic, "check", dead)
    with pytest.raises(DrillError, match="the load has died"):
        after.observe(scene.drill)


def leave(folder: str, *, fence: bool = False, door: str = "primary") -> Path:
    """Leave a site's files as a drill that was killed does."""
    state = paths.site_state(folder)
    (state / "front").mkdir(parents=True)
    (state / spent.DOOR).write_text(f"active {door}\n")
    if fence:
        (state / FENCE).touch()
    return state


def test_a_site_half_up_is_completed(scene: Scene) -> None:
    """What a kill left unfinished is no obstacle, nor is a site that nothing befell."""
    del scene
    refuse_leftovers("nothing")
    leave("half")
    refuse_leftovers("half")
    spent.refuse_spent("half")


@pytest.mark.parametrize(
    ("fence", "door", "said"),
    [
        (True, "primary", "its primary site is fenced"),
        (False, "recovery", "its front door leads to the recovery site"),
    ],
)
def test_a_spent_site_is_refused_with_its_remedy(
    scene: Scene, *, fence: bool, door: str, said: str
) -> None:
    """By the drill and by `up` alike, before anything of it is touched."""
    del scene
    leave("old", fence=fence, door=door)
    with pytest.raises(DrillError, match=said) as caught:
        refuse_leftovers("old")
    assert "reprise_platform down --name old" in str(caught.value)
    assert "reprise_platform down --name old" in caught.value.text.fr
    with pytest.raises(PlatformError, match="down --name old"):
        spent.refuse_spent("old")


def test_up_refuses_a_spent_site(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m reprise_platform up` says the remedy, and starts no machine."""
    del scene
    monkeypatch.setattr(provider, "_need_root", lambda: None)
    monkeypatch.setattr(bringup, "up", lambda *_: pytest.fail("it was started"))
    leave("embedded", fence=True)
    with pytest.raises(PlatformError, match="down --name embedded"):
        provider.provision()


def test_an_open_fault_is_refused_with_its_remedy(scene: Scene) -> None:
    """A fault that a killed experiment left is undone by `recover`, and told by name."""
    scene.break_node()
    state = leave("old")
    ledger = scene.drill.site.state / "faults.jsonl"
    (state / ledger.name).write_bytes(ledger.read_bytes())
    with pytest.raises(DrillError, match="reprise_experiments recover --site old"):
        refuse_leftovers("old")
    site_of(scene.drill.site).ledger.read()
    after._undo(scene.drill)
    (state / ledger.name).write_bytes(ledger.read_bytes())
    refuse_leftovers("old")


def test_a_lost_site_is_refused_with_its_remedy(scene: Scene) -> None:
    """Nothing undoes the loss of a site: `recover` would not help, `down` does."""
    watch(scene)
    breaking.disaster(scene.drill)
    breaking.see_loss(scene.drill)
    state = leave("old")
    ledger = scene.drill.site.state / "faults.jsonl"
    (state / ledger.name).write_bytes(ledger.read_bytes())
    with pytest.raises(DrillError, match="down --name old") as caught:
        refuse_leftovers("old")
    assert "primary site lost" in str(caught.value)
    assert "recover --site" not in str(caught.value)


def test_a_ledger_that_cannot_be_read_is_refused(scene: Scene) -> None:
    """What is not known to be undone may be open."""
    del scene
    (leave("old") / "faults.jsonl").write_text("no record\n")
    with pytest.raises(DrillError, match="cannot be read"):
        refuse_leftovers("old")


def test_a_killed_drill_holds_no_site(scene: Scene) -> None:
    """The lock goes with its holder, even while a child that it started lives on."""
    del scene
    name = f"k{os.getpid()}"
    code = f"""
        import subprocess, sys, time
        from reprise_pra.drill.sole import sole_drill
        with sole_drill({name!r}):
            child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
            print(child.pid, flush=True)
            time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        try:
            with pytest.raises(DrillError, match="another drill"):
                sole_drill(name).__enter__()
            holder.kill()
            holder.wait()
            with sole_drill(name):
                pass
        finally:
            os.kill(child, signal.SIGKILL)


def test_one_site_has_one_drill() -> None:
    """A second drill would take the site from under the first; others are free."""
    mine, other = f"a{os.getpid()}", f"b{os.getpid()}"
    with sole_drill(mine):
        with sole_drill(other):
            pass
        with pytest.raises(DrillError, match=f"another drill runs on site {mine}"):
            sole_drill(mine).__enter__()
    with sole_drill(mine):
        pass
