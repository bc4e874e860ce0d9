"""What the drill asks of the growing history: is it steady, has it recovered, does it ring?

The same formulas as the analysis, on what is written so far; the analysis alone judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reprise_pra.analysis import say
from reprise_pra.analysis.objectives import JourneyObjective, Objectives
from reprise_pra.analysis.quantiles import nearest_rank
from reprise_pra.analysis.reading import read_timeline
from reprise_pra.analysis.recovery import LATENCY_SHARE, recovery_of
from reprise_pra.analysis.results import Text
from reprise_pra.analysis.samples import Sample, samples_of
from reprise_pra.drill.tail import Tail
from reprise_pra.history import Event, History

_ABSENT = frozenset({404, 410})
_NS_PER_MS = 1_000_000


class Lookout:
    """The clinics' operations as they are written. One thread has one lookout."""

    def __init__(
        self, history: Path, objectives: Objectives, *, minimum_operations: int
    ) -> None:
        """Look at the load's files in `history`."""
        self._tail = Tail(history, "load-*.jsonl")
        self._events: list[Event] = []
        self._objectives = objectives
        self._minimum = minimum_operations
        self._latest: tuple[int | None, tuple[Sample, ...]] | None = None

    def unsteady(self, *, since_ns: int) -> tuple[Text, ...]:
        """Say why each T1 journey is not steady since an instant; none is steady.

        Steady: enough operations, and both objectives held over all of them.
        """
        samples = self._samples(t0_ns=None)
        problems: list[Text] = []
        for name in self._objectives.tier_1():
            mine = [
                sample
                for sample in samples
                if sample.journey == name and sample.begun_ns >= since_ns
            ]
            promise = self._objectives.journeys[name]
            problems += _problems(name, mine, promise, minimum=self._minimum)
        return tuple(problems)

    def unrecovered(self, *, t0_ns: int, stable_s: float) -> tuple[Text, ...]:
        """Say why each T1 journey has not recovered for good since t0; none is recovered.

        Objects that answer "absent" are taken for lost: only the final reads can tell.
        """
        samples = self._samples(t0_ns=t0_ns)
        problems: list[Text] = []
        for name in self._objectives.tier_1():
            found = recovery_of(
                name,
                [sample for sample in samples if sample.journey == name],
                self._objectives.journeys[name],
                t0_ns=t0_ns,
                stable_s=stable_s,
                minimum_operations=self._minimum,
                observed_ns=max((sample.begun_ns for sample in samples), default=None),
            )
            if found.t7_ns is None:
                problems.append(_of(name, found.reason))
        return tuple(problems)

    def _samples(self, *, t0_ns: int | None) -> tuple[Sample, ...]:
        new = self._tail.look()
        if not new and self._latest is not None and self._latest[0] == t0_ns:
            return self._latest[1]
        self._events += new
        if not self._events:
            return ()
        # In place: what is nearly in order already costs one pass.
        self._events.sort(key=lambda event: event.at_ns)
        samples = self._read(t0_ns=t0_ns)
        self._latest = (t0_ns, samples)
        return samples

    def _read(self, *, t0_ns: int | None) -> tuple[Sample, ...]:
        timeline = read_timeline(History(events=tuple(self._events), torn=()))
        lost = {
            operation.subject
            for operation in timeline.operations
            if operation.status in _ABSENT and operation.subject is not None
        }
        return samples_of(
            timeline,
            latency_limits_ms={
                name: promise.latency_p95_ms
                for name, promise in self._objectives.journeys.items()
            },
            lost_uuids=lost,
            t0_ns=t0_ns,
        )


class Bell:
    """One alert, as the sentinel hears it."""

    def __init__(self, history: Path, alert: str) -> None:
        """Follow the sentinel's file in `history`."""
        self._tail = Tail(history, "sentinel*.jsonl")
        self._alert = alert
        self._changes: list[Event] = []
        self._watches: list[Event] = []

    def is_watched(self) -> bool:
        """Tell whether quiet means calm, as of the latest that was heard of it."""
        self._look()
        return bool(self._watches) and self._watches[-1].value.get("kept") is not False

    def is_ringing(self) -> bool:
        """Tell whether the alert fired and has not resolved, as of its latest change."""
        changes = self._look()
        return bool(changes) and changes[-1].value.get("state") != "resolved"

    def rung_after(self, at_ns: int) -> Event | None:
        """Return the first firing after an instant, or None."""
        ringing = (
            event
            for event in self._look()
            if event.at_ns > at_ns and event.value.get("state") == "firing"
        )
        return next(ringing, None)

    def _look(self) -> Sequence[Event]:
        mine = [
            event
            for event in self._tail.look()
            if event.value.get("alert") == self._alert
        ]
        self._changes += [event for event in mine if event.operation == "alert"]
        self._watches += [event for event in mine if event.operation == "watch"]
        return self._changes


def _problems(
    name: str, samples: Sequence[Sample], promise: JourneyObjective, *, minimum: int
) -> list[Text]:
    answered = [sample for sample in samples if sample.is_ok]
    if len(answered) < minimum:
        return [
            _of(
                name,
                say.sentence(
                    "{count} opérations réussies, {minimum} exigées",
                    "{count} operations succeeded, {minimum} are needed",
                    count=len(answered),
                    minimum=minimum,
                ),
            )
        ]
    problems = []
    availability = len(answered) / len(samples)
    if availability < promise.availability:
        reached = say.sentence(
            "disponibilité {share}, {promised} promis",
            "availability {share}, {promised} promised",
            share=say.percent(availability),
            promised=say.percent(promise.availability),
        )
        problems.append(_of(name, reached))
    ordered = sorted(sample.latency_ns for sample in answered)
    p95_ms = (nearest_rank(ordered, LATENCY_SHARE) or 0) / _NS_PER_MS
    if p95_ms > promise.latency_p95_ms:
        reached = say.sentence(
            "95e centile {latency}, {promised} promises",
            "95th percentile {latency}, {promised} promised",
            latency=say.milliseconds(p95_ms),
            promised=say.milliseconds(promise.latency_p95_ms),
        )
        problems.append(_of(name, reached))
    return problems


def _of(journey: str, text: Text) -> Text:
    return say.sentence("{name} : {text}", "{name}: {text}", name=journey, text=text)
