"""Small histories written by hand, for the tests of whatever reads one.

Times are seconds since the script's origin; the monotonic and the wall clock both start
at round numbers, so that a failing test reads like a timetable.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from reprise_pra.analysis.load import PlanFacts, RecordedRun
from reprise_pra.analysis.objectives import JourneyObjective, Objectives, to_yaml
from reprise_pra.analysis.testing_events import LOAD, Events, Written, ns, utc
from reprise_pra.history import Event, History, JsonValue

__all__ = ["LOAD", "Script", "Written", "ns", "objectives", "plan_facts", "utc"]


_ACTS = {
    "register": ("login", "register_patient", "read_back"),
    "consult": ("login", "search", "read_known_patient"),
}


def objectives(
    *,
    rto_s: float = 900,
    rpo_s: float = 300,
    dmia_s: float = 3600,
    continuity_s: float | None = 30,
    tiers: Mapping[str, int] | None = None,
) -> Objectives:
    """Return objectives for the journeys of `tiers` (register, consult: tier 1)."""
    return Objectives(
        service="openmrs",
        owner="direction des opérations cliniques",
        agreed=datetime.date(2026, 1, 15),
        rto_s=rto_s,
        rpo_s=rpo_s,
        dmia_s=dmia_s,
        continuity_s=continuity_s,
        journeys={
            name: JourneyObjective.model_validate(
                {
                    "tier": tier,
                    "availability": 0.99,
                    "latency_p95_ms": 2000,
                    "acts": _ACTS.get(name, ()),
                }
            )
            for name, tier in (tiers or {"register": 1, "consult": 1}).items()
        },
    )


class Script(Events):
    """A history in the making, and the run folder that it makes."""

    def drop(self, is_unwanted: Callable[[Event], bool]) -> Self:
        """Remove events: what a test wants never to have happened."""
        self.events = [event for event in self.events if not is_unwanted(event)]
        return self

    def change(self, is_meant: Callable[[Event], bool], **fields: JsonValue) -> Self:
        """Replace keys of the value of the events that are meant."""
        self.events = [
            dataclasses.replace(event, value={**event.value, **fields})
            if is_meant(event)
            else event
            for event in self.events
        ]
        return self

    def history(self) -> History:
        """Return the history as it would be read back from its files."""
        return History(
            events=tuple(sorted(self.events, key=lambda event: event.at_ns)),
            torn=self.torn,
        )

    def run(self, promise: Objectives | None = None, **plan: JsonValue) -> RecordedRun:
        """Return the recorded run, with keys of its plan replaced."""
        promise = promise or objectives()
        sha256 = hashlib.sha256(to_yaml(promise).encode()).hexdigest()
        return RecordedRun(
            plan=PlanFacts.model_validate({**plan_facts(sha256), **plan}),
            objectives=promise,
            objectives_sha256=sha256,
            history=self.history(),
        )

    def save(
        self, folder: Path, promise: Objectives | None = None, **plan: JsonValue
    ) -> Path:
        """Write the run folder that `load_run` reads; return it."""
        promise = promise or objectives()
        history = folder / "history"
        history.mkdir(parents=True)
        text = to_yaml(promise)
        (folder / "objectives.yaml").write_text(text, encoding="utf-8")
        facts = plan_facts(hashlib.sha256(text.encode()).hexdigest())
        (folder / "plan.json").write_text(
            json.dumps({**facts, **plan}), encoding="utf-8"
        )
        lines: dict[str, list[str]] = {}
        for event in self.history().events:
            lines.setdefault(event.process, []).append(event.to_line() + "\n")
        for process, mine in lines.items():
            (history / f"{process}.jsonl").write_text("".join(mine), encoding="utf-8")
        return folder


def plan_facts(objectives_sha256: str) -> dict[str, JsonValue]:
    """Return the content of a `plan.json`."""
    return {
        "run_id": "test/20260301T080000Z",
        "drill": "test",
        "site": "embedded",
        "provider": "embedded",
        "seed": 1,
        "started_utc": utc(0),
        "ended_utc": utc(400),
        "reprise_version": "0.1.0",
        "commit": None,
        "machine": "a machine",
        "objectives_sha256": objectives_sha256,
        "plan_sha256": "0" * 64,
        "stable_s": 30,
        "minimum_operations": 10,
        "t1_alert": "FrontDoorDown",
        "expected_volumes": ["dump"],
        "load": {"rate_per_s": 1.0},
        "schedule_tolerance_s": 0.5,
        "backups_required": 2,
        "plan": {
            "continuity": [{"experiment": "../../experiments/node-loss.yaml"}],
            "backups": {"restore": "newest"},
        },
    }
