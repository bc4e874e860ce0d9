"""Ledgers of several machines become one history on one clock."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from reprise_loadtests.account import accounts
from reprise_loadtests.merge import main
from reprise_loadtests.profile import load_profile
from reprise_loadtests.schedule import NS_PER_S, arrivals_within
from reprise_pra.history import Event, JsonValue, Kind, Recorder, read_history

_SEED = 9
_LASTS_S = 30.0
_START_NS = 50 * NS_PER_S
_AHEAD_NS = 7_123_456_789
"""The master's clock, compared with that of the machine of the second worker."""


def _record(folder: Path, *, takes_for_lost: set[int]) -> None:
    """Write what a master and two workers record; the second is on another machine."""
    profile = load_profile("quick")
    drawn = arrivals_within(profile, seed=_SEED, duration_s=_LASTS_S)
    until_ns = _START_NS + round(_LASTS_S * NS_PER_S)
    with Recorder(folder / "here", "load-1") as master:
        played = profile.model_dump(mode="json")
        value: dict[str, JsonValue] = {
            "played": played,
            "after": 0,
            "seed": _SEED,
            "workers": 2,
        }
        value |= {"start_ns": _START_NS, "profile": "quick"}
        master.record(Kind.OK, "schedule", "schedule-0", value, at_ns=_START_NS)
        for one in drawn:
            if one.instance in takes_for_lost:
                lost: dict[str, JsonValue] = {
                    "journey": one.journey,
                    "instance": one.instance,
                    "intended_ns": _START_NS + one.offset_ns,
                    "lag_ns": 0,
                    "turned_away": True,
                    "reason": "its worker was lost",
                }
                op_id = f"a{one.instance}"
                master.record(Kind.FAIL, "arrival", op_id, lost, at_ns=until_ns)
        end: dict[str, JsonValue] = {"until_ns": until_ns}
        master.record(Kind.OK, "load_stopped", "load_stopped", end, at_ns=until_ns)
    for place, name, shift_ns in (
        ("here", "load-2", 0),
        ("there", "load-1", _AHEAD_NS),
    ):
        with Recorder(folder / place, name) as worker:
            clock: dict[str, JsonValue] = {"worker": name, "shift_ns": shift_ns}
            worker.record(Kind.OK, "clock", "run", clock, at_ns=_START_NS - shift_ns)
            for one in drawn:
                if one.instance % 2 == (place == "there"):
                    at_ns = _START_NS + one.offset_ns - shift_ns
                    arrived: dict[str, JsonValue] = {
                        "journey": one.journey,
                        "instance": one.instance,
                        "intended_ns": at_ns,
                        "lag_ns": 1000,
                        "turned_away": False,
                    }
                    op_id = f"a{one.instance}"
                    worker.record(Kind.OK, "arrival", op_id, arrived, at_ns=at_ns)


def _other_boot(path: Path) -> None:
    events = read_history([path]).events
    lines = [dataclasses.replace(e, boot_id="elsewhere").to_line() for e in events]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _merge(folder: Path) -> tuple[Event, ...]:
    arguments = ["--into", str(folder / "all"), str(folder / "here")]
    assert main([*arguments, str(folder / "there")]) == 0
    return read_history((folder / "all").glob("*.jsonl")).events


def test_the_shares_of_two_machines_are_the_schedule(tmp_path: Path) -> None:
    """Shifted to the master's clock, every arrival is at the instant that was drawn."""
    _record(tmp_path, takes_for_lost={3})
    _other_boot(tmp_path / "there" / "load-1.jsonl")
    events = _merge(tmp_path)
    (told,) = accounts(events)
    assert told.problems(lag_s=1) == ()
    assert told.planned == told.arrived
    assert len({event.process for event in events}) == 3
    assert len({event.boot_id for event in events}) == 1


def test_an_unshifted_ledger_is_found_out(tmp_path: Path) -> None:
    """Without the shift its arrivals are not those of the schedule: the check is not vain."""
    _record(tmp_path, takes_for_lost=set())
    path = tmp_path / "there" / "load-1.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f'"shift_ns":{_AHEAD_NS}', '"shift_ns":0'))
    (told,) = accounts(_merge(tmp_path))
    assert any("not those of the schedule" in one for one in told.problems(lag_s=1))


def test_what_cannot_be_merged_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is there already, and workers without their master, are told."""
    _record(tmp_path, takes_for_lost=set())
    here = str(tmp_path / "here")
    assert main(["--into", here, str(tmp_path / "there")]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main(["--into", str(tmp_path / "all"), str(tmp_path / "there")]) == 1
    assert "the master's folder" in capsys.readouterr().err
    assert not (tmp_path / "all").exists()
