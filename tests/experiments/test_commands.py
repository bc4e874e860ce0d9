"""What a person can do: recover and status, any number of times."""

from __future__ import annotations

import dataclasses
import errno
from pathlib import Path

import pytest

from reprise_experiments.__main__ import main
from reprise_experiments.disaster import close_disaster, lose_primary
from reprise_experiments.errors import NotTaken, Refused
from reprise_experiments.ledger import Ledger
from reprise_experiments.nemesis import Injection, Limits, inject, undo_entry
from reprise_experiments.observe import NodeSeen, WorkloadSeen
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import Site, reach
from reprise_experiments.targets import BlastRadius, parse_selector
from reprise_experiments.testing import Mood, World
from reprise_platform.remote.ways import TAINT
from reprise_pra.history import JsonValue, Kind, read_history


def _inject(
    site: Site,
    history: Path,
    target: dict[str, JsonValue],
    *,
    fault: str = "power_off_node",
    max_nodes: int = 1,
) -> Injection:
    with open_recorder(history, "nemesis") as recorder:
        return inject(
            site,
            fault=fault,
            selector=parse_selector(target),
            radius=BlastRadius(max_nodes=max_nodes, max_zones=1),
            limits=Limits(take_s=0.5, hold_s=0, undo_s=1),
            recorder=recorder,
            history=history,
            check=lambda: None,
        )


def test_recover_undoes_and_can_be_repeated(
    fake: World, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault whose runner and holder are both gone is undone by hand."""
    _inject(site, tmp_path / "history", {"node": "b1"})

    assert main(["status", "--site", fake.site_name]) == 1
    assert main(["recover", "--site", fake.site_name]) == 0
    assert main(["recover", "--site", fake.site_name]) == 0
    assert main(["status", "--site", fake.site_name]) == 0
    assert fake.broken() == set()
    assert fake.calls() == ["power_off b1", "power_on b1"]
    said = capsys.readouterr().out
    assert "power_off_node on b1" in said
    assert "seen to be" in said


def test_recover_says_what_it_could_not_undo(
    fake: World, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault that does not go stays open, with exit code 1, until it does."""
    _inject(site, tmp_path / "history", {"node": "b1"})
    fake.feel(Mood.STUCK)

    assert main(["recover", "--site", fake.site_name]) == 1
    assert "node b1 is" in capsys.readouterr().err
    fake.recover_mood(Mood.STUCK)
    assert main(["recover", "--site", fake.site_name]) == 0


def test_recover_reports_and_closes_what_a_reboot_ended(
    fake: World, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of an earlier boot is told once and not undone."""
    injection = _inject(site, tmp_path / "history", {"node": "b1"})
    ledger = Ledger(site.access.state, boot="a later boot")
    later = dataclasses.replace(site, ledger=ledger)
    from reprise_experiments.__main__ import recover  # noqa: PLC0415 - not a command line

    assert recover(later) == 0
    assert f"expired with an earlier boot: {injection.entry.fault}" in (
        capsys.readouterr().out
    )
    assert fake.calls() == ["power_off b1"]
    assert ledger.read().expired == ()


def test_recover_tells_of_a_damaged_ledger(
    fake: World, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line nobody can read may be a fault: never a success."""
    site.ledger.path.write_text("{}\n", encoding="utf-8")

    assert main(["recover", "--site", fake.site_name]) == 1
    assert "line 1" in capsys.readouterr().err


def test_no_such_site_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name has its own exit code and a remedy."""
    assert main(["status", "--site", "no-such"]) == 254
    assert "up" in capsys.readouterr().err


def test_fake_site_is_refused_outside_tests(
    fake: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody drills a fake by mistake."""
    monkeypatch.delenv("REPRISE_TESTING")

    with pytest.raises(Refused, match="fake site"):
        reach(fake.site_name)


def test_undoing_twice_is_harmless(fake: World, site: Site, tmp_path: Path) -> None:
    """The second to undo finds it done, and touches nothing."""
    entry = _inject(site, tmp_path / "history", {"node": "b1"}).entry

    assert undo_entry(site, entry, by="runner", recorder=None) is not None
    assert undo_entry(site, entry, by="lease", recorder=None) is None
    assert fake.calls() == ["power_off b1", "power_on b1"]


@pytest.mark.parametrize(
    ("fault", "target", "max_nodes", "said"),
    [
        ("power_off_node", {"node": "nobody"}, 1, "no target"),
        ("power_off_node", {"zone": "a"}, 1, "2 nodes, at most 1"),
        ("isolate_zone", {"node": "b1"}, 1, "is aimed at any_zone, zone"),
        ("power_off_site", {"zone": "b"}, 1, "is aimed at site"),
        ("set_on_fire", {"node": "b1"}, 1, "no fault 'set_on_fire'"),
    ],
)
def test_refusal_touches_nothing(
    fault: str,
    target: dict[str, JsonValue],
    max_nodes: int,
    said: str,
    fake: World,
    site: Site,
    tmp_path: Path,
) -> None:
    """Refused before the ledger, the history and the site."""
    with pytest.raises(Refused, match=said):
        _inject(site, tmp_path / "history", target, fault=fault, max_nodes=max_nodes)
    assert fake.calls() == []
    assert not site.ledger.path.exists()
    assert (tmp_path / "history" / "nemesis.jsonl").read_text() == ""


def test_ledger_is_written_before_the_fault(
    fake: World, site: Site, tmp_path: Path
) -> None:
    """Even an injection that fails leaves what undoes it."""
    fake.feel(Mood.DEAF)
    with pytest.raises(NotTaken):
        _inject(site, tmp_path / "history", {"node": "b1"})

    (entry,) = site.ledger.read().open
    assert entry.undo.undo == "power_on"
    assert entry.undo.args == {"machines": ("b1",)}
    events = read_history([tmp_path / "history" / "nemesis.jsonl"]).events
    assert [event.kind for event in events] == [Kind.INVOKE, Kind.FAIL]
    assert {event.op_id for event in events} == {entry.id}


def test_full_disk_does_not_stop_an_undo(
    fake: World, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history may lose a line; the site must not lose its undo."""
    entry = _inject(site, tmp_path / "history", {"node": "b1"}).entry

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with open_recorder(tmp_path / "other", "nemesis") as recorder:
        monkeypatch.setattr(recorder, "record", full)
        assert undo_entry(site, entry, by="runner", recorder=recorder) is not None
    assert fake.broken() == set()


def test_disaster_is_recorded_standing_and_never_undone(
    fake: World, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loss of the site is the plan's to end: recover leaves it alone."""
    history = tmp_path / "history"
    with open_recorder(history, "nemesis") as recorder:
        loss = lose_primary(
            site.access, recorder=recorder, history=history, take_within_s=5
        )

    assert {event.kind for event in read_history(history.iterdir()).events} == {
        Kind.INVOKE,
        Kind.OK,
    }
    assert loss.entry.target_names == ["a1", "a2", "b1", "c1"]
    assert "api" in str(loss.sighting.evidence)
    assert main(["recover", "--site", fake.site_name]) == 0
    assert "standing" in capsys.readouterr().out
    assert "off/control" in fake.broken()
    with pytest.raises(Refused, match="power_off_site"):
        site.ledger.check_clear()
    assert close_disaster(site.access) == (loss.entry.id,)
    site.ledger.check_clear()


def test_disaster_not_seen_is_an_error(fake: World, site: Site, tmp_path: Path) -> None:
    """A site that still answers was not lost."""
    fake.feel(Mood.DEAF)
    with (
        open_recorder(tmp_path, "nemesis") as recorder,
        pytest.raises(NotTaken, match="still answering a1 a2 b1 c1 api"),
    ):
        lose_primary(
            site.access, recorder=recorder, history=tmp_path, take_within_s=0.3
        )


def test_disaster_hits_no_production(fake: World, site: Site, tmp_path: Path) -> None:
    """The drill's own fault is refused where all others are."""
    production = dataclasses.replace(site.access, production=True)
    with (
        open_recorder(tmp_path, "nemesis") as recorder,
        pytest.raises(Refused, match="production"),
    ):
        lose_primary(production, recorder=recorder, history=tmp_path)
    assert fake.calls() == []


def test_lost_remote_site_is_over_once_seen_back(
    fake: World, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A site that its team brings back is never undone here: `recover` only sees it."""
    with open_recorder(tmp_path, "nemesis") as recorder:
        loss = lose_primary(
            site.access, recorder=recorder, history=tmp_path, take_within_s=5
        )
    site.ledger.path.unlink()
    site.ledger.open(dataclasses.replace(loss.entry, expires_with_boot=False))
    calls = fake.calls()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reprise_experiments.__main__._RETURNED_WITHIN_S", 0.1)
        assert main(["recover", "--site", fake.site_name]) == 1
    assert "not yet" in capsys.readouterr().err

    for machine in (fake.folder / "off").iterdir():
        machine.unlink()
    assert main(["recover", "--site", fake.site_name]) == 0
    assert fake.calls() == calls
    site.ledger.check_clear()


def test_approximated_power_cut_is_seen_by_what_it_empties(
    fake: World, site: Site, tmp_path: Path
) -> None:
    """Where only the API cuts power, a node counts as lost when shut and without pods."""
    access = dataclasses.replace(site.access, ways={"power_off": "kubernetes"})
    emptied = Emptied(folder=fake.folder)
    approximated = dataclasses.replace(site, access=access, observer=emptied)
    seen = _inject(approximated, tmp_path / "history", {"node": "b1"}).sighting
    assert "b1" in str(seen.evidence["emptied_after_ms"])


def test_approximated_power_cut_with_a_pod_left_is_an_error(
    fake: World, site: Site, tmp_path: Path
) -> None:
    """A node that still bears a pod has lost nothing."""
    access = dataclasses.replace(site.access, ways={"power_off": "kubernetes"})
    bearing = Emptied(folder=fake.folder, left=("b1",))
    approximated = dataclasses.replace(site, access=access, observer=bearing)
    with pytest.raises(NotTaken, match="still bearing pods b1"):
        _inject(approximated, tmp_path / "history", {"node": "b1"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Emptied(World):
    """A fake site whose machines run on: what is off is shut by a taint, and empty."""

    left: tuple[str, ...] = ()

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes, all Ready."""
        return tuple(
            dataclasses.replace(
                node, ready=True, taints=() if node.ready else (f"{TAINT}=:NoExecute",)
            )
            for node in World.nodes(self)
        )

    def workloads(self) -> tuple[WorkloadSeen, ...]:
        """Return the workloads without the nodes that are shut, but those `left`."""
        shut = {node.name for node in self.nodes() if node.taints} - {*self.left}
        return tuple(
            dataclasses.replace(
                workload, bearers=tuple(sorted({*workload.bearers} - shut))
            )
            for workload in World.workloads(self)
        )

    def answers(self, address: str) -> bool:
        """Return true: the kubelet runs on."""
        return bool(address)
