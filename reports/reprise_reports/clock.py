"""Seconds of a run, instants for people, and distances from the disaster.

Results count seconds from the run's first event. One pair of both clocks, read by the
harness at the same instant, ties them together.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator

from reprise_pra.analysis.results import Results
from reprise_reports.voice import measured, parse_utc


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunClock:
    """The ties of one run; each is None when the run does not give it.

    Attributes:
        zero: UTC of the run's second 0.
        t0_s: the disaster, in seconds of the run.
        end_s: the last instant the run speaks of.
    """

    zero: datetime.datetime | None
    t0_s: float | None
    end_s: float | None

    def utc(self, at_s: float | None) -> datetime.datetime | None:
        """Return the instant of a second of the run."""
        seconds = measured(at_s)
        if self.zero is None or seconds is None:
            return None
        try:
            return self.zero + datetime.timedelta(seconds=seconds)
        except OverflowError:
            return None

    def second(self, utc: str | None) -> float | None:
        """Return the second of the run of an instant."""
        instant = parse_utc(utc)
        if self.zero is None or instant is None:
            return None
        return (instant - self.zero).total_seconds()

    def since_t0(self, at_s: float | None) -> float | None:
        """Return the distance from the disaster, from the run's start without one."""
        seconds = measured(at_s)
        return None if seconds is None else seconds - (self.t0_s or 0.0)


def run_clock(results: Results) -> RunClock:
    """Return how the run's seconds relate to UTC and to the disaster."""
    zeros = (
        instant - datetime.timedelta(seconds=at_s)
        for at_s, utc in _pairs(results)
        if (instant := parse_utc(utc)) is not None and abs(at_s) < 1e9  # noqa: PLR2004
    )
    t0_s = next((mark.at_s for mark in results.marks if mark.name == "t0"), None)
    return RunClock(
        zero=next(zeros, None),
        t0_s=measured(t0_s),
        end_s=max(_seconds(results), default=None),
    )


def _pairs(results: Results) -> Iterator[tuple[float, str | None]]:
    for mark in results.marks:
        if (at_s := measured(mark.at_s)) is not None:
            yield at_s, mark.utc
    for entry in results.chronology:
        if (at_s := measured(entry.at_s)) is not None:
            yield at_s, entry.utc
    yield 0.0, results.provenance.started_utc


def _seconds(results: Results) -> Iterator[float]:
    seconds = (
        *(second.at_s for second in results.load),
        *(entry.at_s for entry in results.chronology),
        *(mark.at_s for mark in results.marks),
    )
    yield from (at_s for second in seconds if (at_s := measured(second)) is not None)
