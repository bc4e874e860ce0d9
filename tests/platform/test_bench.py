"""The bench: what is counted, what is refused, what is told."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
import rich.console

from reprise_platform import paths
from reprise_platform.bench import consumption, report, rounds
from reprise_platform.bench.__main__ import main
from reprise_platform.bench.consumption import Counter, Usage
from reprise_platform.bench.description import Description, described
from reprise_platform.bench.rounds import Round
from reprise_platform.embedded import cgroups
from reprise_platform.embedded.progress import StepTime

_MIB = 1 << 20


def _round(up_s: float, machines_s: float, cpu: float) -> Round:
    return Round(
        up=(
            StepTime(step="machines", seconds=machines_s),
            StepTime(step="nodes ready", seconds=1.0),
        ),
        up_s=up_s,
        usages=(
            Usage(machine="a1", processors=cpu, memory_bytes=100 * _MIB),
            Usage(machine="store", processors=0.01, memory_bytes=10 * _MIB),
        ),
        disk_bytes=3 << 30,
        down=(StepTime(step="mounts", seconds=0.5),),
        down_s=2.0,
    )


_ROUNDS = (_round(40, 6, 0.2), _round(36, 5, 0.1), _round(90, 30, 0.9))
_MACHINE = Description(
    processors=2,
    model="Some Processor",
    memory_gb=8,
    free_disk_gb=40,
    kernel="6.1.0",
    distribution="Debian 13",
    cgroups=2,
    load=0.3,
)


def test_a_busy_moment_does_not_move_the_median() -> None:
    """A figure is the middle one of the rounds, with the least and the greatest."""
    found = rounds.steps([each.up for each in _ROUNDS])
    assert list(found) == ["machines", "nodes ready"]
    machines = found["machines"]
    assert (machines.median, machines.least, machines.greatest) == (6, 5, 30)
    assert report.usages(_ROUNDS)[0].processors == pytest.approx(0.2)


def test_a_step_of_the_first_round_alone_is_not_diluted() -> None:
    """What only one round did (a build) is told as long as it took there."""
    built = (StepTime(step="servers: etcd", seconds=60.0), *_ROUNDS[0].up)
    found = rounds.steps([built, _ROUNDS[1].up, _ROUNDS[2].up])
    assert found["servers: etcd"].median == pytest.approx(60.0)


def test_idle_use_is_of_the_time_between_two_readings() -> None:
    """Processors are processor seconds a second; a machine begun anew is never negative."""
    before = {
        "a1": Counter(cpu_s=10.0, memory_bytes=1),
        "r1": Counter(cpu_s=50.0, memory_bytes=1),
    }
    after = {
        "a1": Counter(cpu_s=13.0, memory_bytes=2),
        "r1": Counter(cpu_s=1.0, memory_bytes=3),
    }
    first, second = consumption.usages(before, after, lasted_s=10.0)
    assert first.processors == pytest.approx(0.3)
    assert second.processors == 0
    assert (first.memory_bytes, second.memory_bytes) == (2, 3)


@pytest.mark.parametrize(
    "files",
    [
        {
            "cpuacct.usage": "2500000000\n",
            "memory.usage_in_bytes": "1000\n",
            "memory.stat": "inactive_file 7\ntotal_inactive_file 400\n",
        },
        {
            "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
            "memory.current": "1000\n",
            "memory.stat": "file 9\ninactive_file 400\n",
        },
    ],
    ids=["version 1", "version 2"],
)
def test_both_versions_count_the_same(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either version's files give the seconds, and the memory without what is dropped."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(cgroups, "machine_groups", lambda *_: (tmp_path,))
    found = consumption.counter("one", "a1")
    assert found == Counter(cpu_s=2.5, memory_bytes=600)


def test_disk_is_what_is_taken(tmp_path: Path) -> None:
    """A hole takes no room, and a file with two names takes it once."""
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(64 * _MIB)
    (tmp_path / "data").write_bytes(os.urandom(2 * _MIB))
    os.link(tmp_path / "data", tmp_path / "again")
    assert 2 * _MIB <= consumption.on_disk(tmp_path) < 3 * _MIB


def test_both_languages_and_programs_are_told_the_same() -> None:
    """Tables and JSON have the medians, the machine, and the number of rounds."""
    for language, words in (("en", "idle"), ("fr", "au repos")):
        out = io.StringIO()
        console = rich.console.Console(file=out, width=160)
        report.printed(_MACHINE, _ROUNDS, {"/cache": 1 << 30}, language, console)  # type: ignore[arg-type]
        said = out.getvalue()
        assert words in said
        assert "40.0" in said
        assert _MACHINE.as_text() in said
    read = json.loads(report.as_json(_MACHINE, _ROUNDS, {"/cache": 1 << 30}))
    assert read["up"]["seconds"]["median"] == pytest.approx(40)
    assert read["rounds"] == len(_ROUNDS)
    assert read["cache_bytes"] == {"/cache": 1 << 30}


def test_this_machine_is_described() -> None:
    """Every figure of the description is of a machine that exists."""
    found = described()
    assert found.processors >= 1
    assert found.memory_gb > 0
    assert found.model
    assert found.cgroups in {1, 2}


def test_a_site_that_is_there_is_not_taken_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bench refuses the name of a site that is up, and leaves its files."""
    monkeypatch.setenv("REPRISE_STATE", str(tmp_path))
    folder = paths.site_state("bench")
    folder.mkdir(parents=True)
    (folder / "access.json").write_text("{}")

    assert main(["--lang", "en"]) == 1

    assert "a site bench is here already" in capsys.readouterr().err
    assert (folder / "access.json").exists()


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--idle-s", "0"]])
def test_nothing_is_measured_over_no_time(words: list[str]) -> None:
    """No round, or no time to look at, is refused before anything comes up."""
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2
