"""A drill always ends with its cleaning, a report and an exit code."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import reprise_reports
from reprise_platform import paths
from reprise_platform.embedded.layout import FENCE
from reprise_platform.language import Language
from reprise_platform.waiting import until
from reprise_pra import __main__ as command
from reprise_pra.analysis.results import Assumption, Outcome, Results, Text
from reprise_pra.analysis.results_json import loads
from reprise_pra.analysis.testing import Script, Written
from reprise_pra.drill import after, before, breaking, detecting
from reprise_pra.drill.analyse import analyse
from reprise_pra.drill.conduct import conduct
from reprise_pra.drill.context import Drill
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.growth import growing
from reprise_pra.drill.prepared import Overrides, Prepared, prepare
from reprise_pra.history import Kind, read_history
from reprise_reports import pdf, writer

ROOT = Path(__file__).resolve().parents[3]
ACTS = (
    ("provision", before, "provision"),
    ("preflight", before, "preflight"),
    ("baseline", before, "baseline"),
    ("continuity-1", breaking, "continuity"),
    ("wait_backups", breaking, "wait_backups"),
    ("disaster", breaking, "disaster"),
    ("detect", detecting, "detect"),
    ("decide", detecting, "decide"),
    ("prepare", after, "recover"),
    ("restore", after, "recover"),
    ("start", after, "recover"),
    ("switch", after, "recover"),
    ("observe", after, "observe"),
    ("reconcile", after, "reconcile"),
)
NAMES = [name for name, _, _ in ACTS]


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """The quick drill of the project, on a site of this process' own name.

    A drill that runs on this machine meanwhile holds its site, and only that.
    """
    overrides = Overrides(name=f"t{os.getpid()}")
    return prepare(ROOT / "pra" / "drills" / "quick.yaml", overrides)


class Stage:
    """Phases that do nothing, but for one that misbehaves."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.ran: list[str] = []
        self.runs = folder
        self.misbehave: dict[str, Callable[[], None]] = {}
        self.real_baseline = before.baseline
        for _, module, function in ACTS:
            patch.setattr(module, function, self._act(function))
        patch.setattr(after, "clean", self._act("clean"))
        patch.setattr(reprise_reports, "write", lambda _results, _folder: ())

    def _act(self, function: str) -> Callable[..., None]:
        def act(_drill: Drill, argument: object = None) -> None:
            name = function
            if function == "recover":
                name = str(argument)
            if function == "continuity":
                name = f"continuity-{int(str(argument)) + 1}"
            self.ran.append(name)
            self.misbehave.get(name, lambda: None)()

        return act

    def conduct(self, prepared: Prepared, *, language: Language = "en") -> int:
        """Conduct the drill."""
        return conduct(
            prepared, keep_site=False, language=language, plain=True, runs=self.runs
        )

    @property
    def latest(self) -> Path:
        """The folder of the run, by its link."""
        return self.runs / "quick" / "latest"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """A stage on which all phases succeed."""
    return Stage(monkeypatch, tmp_path)


def broken() -> None:
    """Fail as a program fails, with an error that nobody expects."""
    message = "broken on purpose"
    raise LookupError(message)


def interrupted() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def test_the_phases_are_those_of_the_vocabulary(
    stage: Stage, prepared: Prepared
) -> None:
    """A drill does everything once, in the order that the report tells."""
    stage.conduct(prepared)
    assert stage.ran == [*NAMES, "clean"]


def test_a_drill_that_measured_nothing_concludes_nothing(
    stage: Stage, prepared: Prepared
) -> None:
    """All phases done, but no load and no loss in the history: unknown, and why."""
    assert stage.conduct(prepared) == 2
    results = loads((stage.latest / "results.json").read_text(encoding="utf-8"))
    assert results.outcome is Outcome.UNKNOWN
    assert any(one.holds is not True for one in results.assumptions)


@pytest.mark.parametrize("act", [broken, interrupted], ids=["failed", "interrupted"])
@pytest.mark.parametrize("name", NAMES)
def test_whatever_phase_ends_badly_the_drill_cleans_and_reports(
    stage: Stage, prepared: Prepared, name: str, act: Callable[[], None]
) -> None:
    """It stops there, cleans, writes results and leaves with 2, at every phase alike."""
    stage.misbehave[name] = act
    assert stage.conduct(prepared) == 2
    assert stage.ran == [*NAMES[: NAMES.index(name) + 1], "clean"]
    results = loads((stage.latest / "results.json").read_text(encoding="utf-8"))
    completed = next(
        one for one in results.assumptions if one.name == "drill_completed"
    )
    assert completed.holds is False


def test_a_drill_without_load_says_why_it_concludes_nothing(
    stage: Stage,
    prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rate of 0 is a good plan: it ends with 2, at once, and its report says why."""
    monkeypatch.setattr(before, "baseline", stage.real_baseline)
    load = prepared.plan.load.model_copy(update={"rate_per_s": 0.0})
    plan = prepared.plan.model_copy(update={"load": load})
    silent = dataclasses.replace(prepared, plan=plan)
    assert stage.conduct(silent) == 2
    assert stage.ran == ["provision", "preflight", "clean"]
    results = loads((stage.latest / "results.json").read_text(encoding="utf-8"))
    (steady,) = (one for one in results.assumptions if one.name == "steady_state")
    assert steady.holds is None
    assert "not one operation" in steady.reason.en
    assert any("nobody works" in entry.text.en for entry in results.chronology)
    assert any("personne ne travaille" in entry.text.fr for entry in results.chronology)


def test_a_rate_of_0_is_a_good_plan(tmp_path: Path) -> None:
    """It proves nothing, which is for its report to say, not a mistake in a file."""
    raw = yaml.safe_load((ROOT / "pra" / "drills" / "quick.yaml").read_text())
    folder = ROOT / "pra" / "drills"
    raw["load"]["rate_per_s"] = 0
    for key in ("site", "objectives"):
        raw[key] = str(folder / raw[key])
    raw["continuity"][0]["experiment"] = str(
        folder / raw["continuity"][0]["experiment"]
    )
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    assert command.main(["check", str(path)]) == 0


def test_a_site_left_by_a_killed_drill_is_refused(
    stage: Stage,
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing runs, no folder is made, and the site stays for whoever asks about it."""
    monkeypatch.setenv("REPRISE_STATE", str(tmp_path / "machine"))
    state = paths.site_state(prepared.site.name)
    state.mkdir(parents=True)
    (state / FENCE).touch()
    with pytest.raises(DrillError, match=f"down --name {prepared.site.name}"):
        stage.conduct(prepared)
    assert stage.ran == []
    assert not (stage.runs / "quick").exists()


def test_a_refused_drill_is_told_in_its_language(
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """254, before anything starts; French with `--lang fr`."""
    monkeypatch.setenv("REPRISE_STATE", str(tmp_path / "machine"))
    name = prepared.site.name
    state = paths.site_state(name)
    state.mkdir(parents=True)
    (state / FENCE).touch()
    words = ["drill", str(ROOT / "pra" / "drills" / "quick.yaml"), "--name", name]
    assert command.main([*words, "--lang", "fr"]) == 254
    assert "Remède : supprimer le site" in capsys.readouterr().err
    assert command.main([*words, "--lang", "en"]) == 254
    assert "Remedy: take the site down" in capsys.readouterr().err


def test_the_verdicts_are_told_in_french(
    stage: Stage, prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last lines of the console are what a French operator waits for."""
    stage.misbehave["baseline"] = broken
    stage.conduct(prepared, language="fr")
    said = capsys.readouterr().out
    assert "verdict : non concluant" in said
    assert "✘ régime établi : échec" in said
    assert "erreur LookupError" in said
    assert "report.fr.html" in said
    assert "unknown" not in said


def test_the_report_shows_what_is_written(tmp_path: Path) -> None:
    """Laying out takes long: each look tells how many files there are, and the latest."""
    (tmp_path / "plan.json").write_text("{}")
    told: list[Text | None] = []
    with growing(tmp_path, told=told.append, every_s=0.01):
        (tmp_path / "results.csv").write_text("1")
        until(lambda: len(told) > 1, within_s=5, every_s=0.01, what="a look")
    first, *looks, last = told
    assert first is not None
    assert first.fr == "rapport"
    assert last is None
    assert looks[0] is not None
    assert looks[0].en == "report: results.csv written, 1 in all"


def test_a_cleaning_that_fails_is_told(stage: Stage, prepared: Prepared) -> None:
    """A site that cannot be taken down makes no crash, and no success either."""
    stage.misbehave["clean"] = broken
    assert stage.conduct(prepared) == 2
    events = read_history((stage.latest / "history").glob("*.jsonl")).events
    assert (events[-1].op_id, events[-1].kind) == ("clean", Kind.FAIL)


def test_the_run_folder_says_where_it_comes_from(
    stage: Stage, prepared: Prepared
) -> None:
    """What an auditor needs: plan, objectives with their digest, seed, commit, times."""
    stage.conduct(prepared)
    facts = json.loads((stage.latest / "plan.json").read_text(encoding="utf-8"))
    assert facts["seed"] == prepared.plan.seed
    assert facts["plan_sha256"] == prepared.plan_sha256
    assert facts["started_utc"] <= facts["ended_utc"]
    assert facts["load"]["rate_per_s"] == prepared.profile.arrivals.rate_per_s
    assert facts["t1_journeys"] == ["audiogram", "consult", "register"]
    detection = prepared.site.detection
    assert facts["node_monitor_grace_s"] == detection.node_monitor_grace_s
    assert facts["eviction_after_s"] == detection.eviction_after_s
    assert facts["schedule_every_s"] == prepared.site.backups.every_s
    assert (stage.latest / "objectives.yaml").is_file()


def test_a_run_is_its_owners_alone(
    stage: Stage, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed from the first phase; in the end each folder 0700, each file 0600.

    What the phases do goes by the mask of whoever started the drill: machines need it.
    """
    masks: list[int] = []

    def write() -> None:
        assert mode(stage.latest.resolve()) == 0o700
        assert mode(stage.latest / "history") == 0o700
        assert mode(stage.latest / "evidence") == 0o700
        assert mode(stage.latest / "plan.json") == 0o600
        masks.append(os.umask(0o022))
        logs = stage.latest / "evidence" / "logs"
        logs.mkdir()
        (logs / "load.log").touch()

    def report(_results: object, folder: Path) -> tuple[Path, ...]:
        (folder / "report.fr.html").touch()
        return ()

    stage.misbehave["observe"] = write
    monkeypatch.setattr(reprise_reports, "write", report)
    earlier = os.umask(0o022)
    try:
        stage.conduct(prepared)
    finally:
        os.umask(earlier)
    assert masks == [0o022]
    run = stage.latest.resolve()
    assert (run / "evidence" / "logs" / "load.log").is_file()
    assert (run / "report.fr.html").is_file()
    for path in (run, *run.rglob("*")):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def mode(path: Path) -> int:
    """Return the permissions of a file or folder."""
    return path.stat().st_mode & 0o777


def test_two_runs_of_one_second_have_two_folders(
    stage: Stage, prepared: Prepared
) -> None:
    """No run writes over another; the link follows the later."""
    stage.conduct(prepared)
    first = stage.latest.resolve()
    stage.conduct(prepared)
    assert stage.latest.resolve() != first
    assert first.is_dir()


def recorded(folder: Path) -> Path:
    """Write a run of which something was lost."""
    kept, lost = Written(uuid="kept"), Written(uuid="lost")
    script = Script().phase("baseline", 0, 10).mark("t0", 20)
    script.operation("register", "register_patient", 5, write=kept)
    script.operation("register", "register_patient", 15, write=lost)
    script.final_read(kept, at_s=90).final_read(lost, at_s=91, found=False)
    return script.save(folder)


def written(folder: Path) -> dict[str, bytes]:
    """Return what an analysis wrote, but for the PDF, of which the text is the same."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.suffix in {".json", ".csv", ".xml", ".html"}
    }


def test_a_host_without_pdf_is_told_and_judged(
    stage: Stage, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict does not hang on the layout of its PDF."""

    def write(_results: object, _folder: Path) -> tuple[Path, ...]:
        message = "no library for PDF here"
        raise reprise_reports.PdfUnavailableError(message, written=())

    monkeypatch.setattr(reprise_reports, "write", write)
    assert stage.conduct(prepared) == 2
    assert (stage.latest / "results.json").is_file()


def test_a_stored_run_is_judged_again_to_the_byte(tmp_path: Path) -> None:
    """`analyse` needs the folder alone: results, CSV and JUnit come out byte-equal."""
    folder = recorded(tmp_path / "run")
    results = analyse(folder, warn=pytest.fail)
    first = written(folder)
    assert {"results.json", "results.csv", "junit.xml", "report.fr.html"} <= set(first)
    assert command.main(["analyse", str(folder)]) == 2
    assert written(folder) == first
    assert results.losses[0].lost[0].uuid == "lost"
    assert (folder / "report.en.pdf").read_bytes().startswith(b"%PDF")


@pytest.fixture
def pageless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without pages and figures, whose layout takes long: digests all the same."""
    monkeypatch.setattr(writer, "_write_page", lambda *_: ("", []))
    monkeypatch.setattr(pdf, "render", lambda _: b"%PDF")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda run: (run / "history" / "load-1.jsonl").unlink(), "load-1.jsonl: gone"),
        (lambda run: (run / "history" / "x.jsonl").write_text(""), "x.jsonl: added"),
        (lambda run: (run / "evidence" / "log").write_text("b"), "log: changed"),
        (
            lambda run: (run / "plan.json").write_text(
                (run / "plan.json").read_text() + " "
            ),
            "plan.json: changed",
        ),
    ],
    ids=["gone", "added", "evidence", "plan"],
)
@pytest.mark.usefixtures("pageless")
def test_changed_evidence_is_never_laundered(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tamper: Callable[[Path], object],
    said: str,
) -> None:
    """No verdict stands on it, however often it is judged, and its first digests stay."""
    folder = recorded(tmp_path / "run")
    (folder / "evidence").mkdir()
    (folder / "evidence" / "log").write_text("a")
    assert evidence_doubts(analyse(folder, warn=pytest.fail)) == []
    sums = recorded_sums(folder)
    tamper(folder)
    for _ in range(2):
        assert command.main(["analyse", str(folder)]) == 2
        assert said in capsys.readouterr().err
        assert recorded_sums(folder) == sums
        results = loads((folder / "results.json").read_text(encoding="utf-8"))
        (doubt,) = evidence_doubts(results)
        assert doubt.holds is False
        assert {one.outcome for one in results.verdicts} == {Outcome.UNKNOWN}
        assert doubt.reason.fr in (folder / "results.json").read_text(encoding="utf-8")


@pytest.mark.usefixtures("pageless")
def test_evidence_put_back_is_evidence_again(tmp_path: Path) -> None:
    """A record restored to the byte is the drill's: the doubt goes with the difference."""
    folder = recorded(tmp_path / "run")
    analyse(folder, warn=pytest.fail)
    first = written(folder)
    plan = (folder / "plan.json").read_bytes()
    (folder / "plan.json").write_bytes(plan + b" ")
    analyse(folder, warn=lambda _: None)
    assert written(folder) != first
    (folder / "plan.json").write_bytes(plan)
    analyse(folder, warn=pytest.fail)
    assert written(folder) == first


@pytest.mark.usefixtures("pageless")
def test_a_run_without_its_digests_is_told(tmp_path: Path) -> None:
    """Without them nothing can be compared: judged, and said."""
    folder = recorded(tmp_path / "run")
    analyse(folder, warn=pytest.fail)
    (folder / "SHA256SUMS").unlink()
    told: list[str] = []
    analyse(folder, warn=told.append)
    assert [line for line in told if "SHA256SUMS: gone" in line] == told
    assert len(told) == 1


def evidence_doubts(results: Results) -> list[Assumption]:
    """Return what the results say of changed evidence."""
    return [one for one in results.assumptions if one.name == "evidence_unchanged"]


def recorded_sums(folder: Path) -> list[str]:
    """Return the digests of what was recorded, as the run's folder holds them."""
    names = ("history/", "evidence/", "plan.json", "objectives.yaml")
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.partition("  ")[2].startswith(names)]


def test_a_folder_that_is_no_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing is told, all at once."""
    assert command.main(["analyse", str(tmp_path)]) == 254
    said = capsys.readouterr().err
    assert "plan.json" in said
    assert "objectives.yaml" in said
