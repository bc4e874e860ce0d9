"""A wrong plan is refused whole, before anything starts; a good one is frozen."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reprise_pra import __main__ as command
from reprise_pra.analysis.errors import InputError
from reprise_pra.drill.plan import Disaster, DrillPlan
from reprise_pra.drill.prepared import Overrides, Prepared, prepare

ROOT = Path(__file__).resolve().parents[3]
PLANS = sorted((ROOT / "pra" / "drills").glob("*.yaml"))

type Raw = dict[str, object]


def raw_plan() -> Raw:
    """Return a good plan, as a file would say it."""
    return {
        "drill": "test",
        "site": str(ROOT / "platform" / "sites" / "embedded.yaml"),
        "objectives": str(ROOT / "pra" / "objectives.yaml"),
        "seed": 7,
        "load": {"profile": "quick"},
        "continuity": [{"experiment": str(ROOT / "experiments" / "node-loss.yaml")}],
    }


def prepared(folder: Path, raw: Raw, overrides: Overrides | None = None) -> Prepared:
    """Write a plan and read it back with all that it names."""
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return prepare(path, overrides or Overrides())


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_of_the_project_are_good(path: Path) -> None:
    """What is delivered runs; a plan's name is its file's, so that runs can be found."""
    assert prepare(path, Overrides()).plan.drill == path.stem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"drill": "No Name"}, "plan.yaml: drill:"),
        ({"seed": "seven"}, "plan.yaml: seed:"),
        ({"seed": None}, "plan.yaml: seed:"),
        ({"laod": {}}, "plan.yaml: laod: unknown key; accepted: the keys backups"),
        ({"load": {}}, "plan.yaml: load.profile: missing"),
        ({"load": {"profile": "quick", "rate_per_s": -1}}, "load.rate_per_s"),
        ({"load": {"profile": "nope"}}, "no load profile 'nope'"),
        ({"continuity": []}, "continuity:"),
        ({"continuity": [{"experiment": "no.yaml"}]}, "no such file"),
        ({"backups": {"required": 1}}, "backups.required"),
        ({"backups": {"restore": "oldest"}}, "newest or second_newest"),
        ({"backups": {"expected_volumes": []}}, "backups.expected_volumes"),
        ({"disaster": {"within_s": 0}}, "disaster.within_s"),
        ({"disaster": {"alert": "Other"}}, "FrontDoorDown"),
        ({"observation": {"stable_s": 10}}, "observation.stable_s"),
        ({"limits": {"observe_s": 40}}, "nothing recovers"),
        ({"tighter": {"rto_s": 99999}}, "looser than agreed"),
        ({"site": "no.yaml"}, "no.yaml"),
        ({"objectives": "no.yaml"}, "no.yaml: no such file"),
    ],
)
def test_a_wrong_key_is_told_with_its_file_and_what_is_accepted(
    tmp_path: Path, change: Raw, said: str
) -> None:
    """Each mistake is named: file, key, what is accepted."""
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, {**raw_plan(), **change})
    assert any(said in problem for problem in caught.value.problems), caught.value


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """Whoever wrote five mistakes learns of five, of the objectives' too."""
    objectives = tmp_path / "objectives.yaml"
    objectives.write_text("service: x\nrto_s: -1\n")
    wrong = {
        **raw_plan(),
        "seed": -1,
        "laod": 1,
        "objectives": str(objectives),
        "load": {"profile": "quick", "minimum_operations": 0},
    }
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, wrong)
    text = str(caught.value)
    for said in ("seed", "laod", "load.minimum_operations", "rto_s", "owner"):
        assert said in text


def test_all_named_files_are_read_before_refusing(tmp_path: Path) -> None:
    """A good plan that names three bad files is refused for all three."""
    wrong = {
        **raw_plan(),
        "site": "no-site.yaml",
        "load": {"profile": "no-profile"},
        "continuity": [{"experiment": "no-experiment.yaml"}],
    }
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, wrong)
    text = str(caught.value)
    for said in ("no-site", "no-profile", "no-experiment"):
        assert said in text


def test_objectives_may_be_tighter(tmp_path: Path) -> None:
    """A drill may be judged by a shorter RTO than agreed; the file's digest is kept."""
    plain = prepared(tmp_path, raw_plan())
    tight = prepared(tmp_path, {**raw_plan(), "tighter": {"rto_s": 1}})
    assert tight.objectives.rto_s == 1
    assert tight.objectives.rpo_s == plain.objectives.rpo_s
    assert tight.objectives_source_sha256 == plain.objectives_source_sha256


def test_the_command_line_replaces(tmp_path: Path) -> None:
    """Seed, site name and objectives of one run, without a plan of its own."""
    objectives = tmp_path / "mine.yaml"
    text = (ROOT / "pra" / "objectives.yaml").read_text(encoding="utf-8")
    objectives.write_text(text.replace("rto_s: 900", "rto_s: 1"), encoding="utf-8")
    overrides = Overrides(name="mine", seed=99, objectives=objectives)
    found = prepared(tmp_path, raw_plan(), overrides)
    assert (found.site.name, found.plan.seed) == ("mine", 99)
    assert found.objectives.rto_s == 1


def test_a_plan_is_refused_with_its_own_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """254 for a bad plan and for bad arguments; nothing has started."""
    path = tmp_path / "plan.yaml"
    path.write_text("drill: x\n")
    assert command.main(["drill", str(path)]) == 254
    assert "seed: missing" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        command.main(["dril"])
    assert caught.value.code == 254


def test_check_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """`check` says what a plan would do, and does none of it."""
    assert command.main(["check", str(PLANS[0])]) == 0
    assert "good" in capsys.readouterr().out


def plan_with(seed: int, within_s: float) -> DrillPlan:
    """Make a plan of which only the disaster matters."""
    plan = DrillPlan.model_validate(raw_plan())
    disaster = Disaster(within_s=within_s)
    return plan.model_copy(update={"seed": seed, "disaster": disaster})


@given(st.integers(0, 2**31), st.floats(5, 3600))
def test_the_disaster_is_drawn_within_its_bounds(seed: int, within_s: float) -> None:
    """One seed is one moment, within what the plan allows."""
    after_s = plan_with(seed, within_s).disaster_after_s
    assert 0 <= after_s <= within_s + 0.001
    assert after_s == plan_with(seed, within_s).disaster_after_s


def test_the_disaster_is_aligned_with_nothing() -> None:
    """Over seeds the moments spread over the whole stretch, without a favourite tenth."""
    drawn = [plan_with(seed, 60).disaster_after_s for seed in range(1000)]
    tenths = [sum(low <= one < low + 6 for one in drawn) for low in range(0, 60, 6)]
    assert min(tenths) > 60
