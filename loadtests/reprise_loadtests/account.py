"""What became of every arrival that the seeded schedule held: the load's own audit.

`python -m reprise_loadtests.account --history DIR` draws the schedule again from what the
history says was played (profile, seed) and looks for each of its arrivals. An open load
answers for all of them: arrived or turned away, once, at the instant that was drawn.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pydantic

from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import Profile
from reprise_loadtests.schedule import NS_PER_S, Arrival, arrivals
from reprise_pra.history import Event, HistoryError, Kind, read_history

_OWN = frozenset({"schedule", "load_stopped", "clock", "worker"})
_LAG_QUANTILE = 0.99


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The arrivals of one schedule, by what became of them; instances are its numbers.

    Attributes:
        missing: due, and nobody says what became of them.
        twice: recorded more than once.
        strangers: recorded, and not in the schedule at that instant for that journey.
        without_intent: events of the load that do not say when they were intended.
        lag_p99_s: the generator's own lateness, seconds, over all that was recorded.
    """

    profile: str
    seed: int
    planned: int
    arrived: int
    turned_away: int
    missing: tuple[int, ...]
    twice: tuple[int, ...]
    strangers: tuple[int, ...]
    without_intent: int
    lag_p99_s: float | None
    lag_max_s: float | None

    def problems(self, *, lag_s: float) -> tuple[str, ...]:
        """Return why this was no open load, none when it was.

        Args:
            lag_s: the largest p99 of the generator's lag that is still on time, seconds.
        """
        found = [
            f"{len(instances)} arrivals {what}: {_some(instances)}"
            for instances, what in (
                (self.missing, "of the schedule are not accounted for"),
                (self.twice, "are recorded more than once"),
                (self.strangers, "are not those of the schedule"),
            )
            if instances
        ]
        if self.without_intent:
            found.append(f"{self.without_intent} events do not say their intended_ns")
        if self.lag_p99_s is None:
            found.append("not one arrival is recorded")
        elif self.lag_p99_s > lag_s:
            found.append(
                f"the generator was {self.lag_p99_s:.3f} s late (p99), {lag_s:g} s allowed"
            )
        return tuple(found)

    def told(self) -> str:
        """Return the account in a line, for people."""
        lag = (
            "no lag known"
            if self.lag_p99_s is None or self.lag_max_s is None
            else f"lag p99 {self.lag_p99_s:.3f} s, most {self.lag_max_s:.3f} s"
        )
        return (
            f"profile {self.profile}, seed {self.seed}: {self.planned} arrivals due,"
            f" {self.arrived} arrived, {self.turned_away} turned away; {lag}"
        )


def accounts(events: Sequence[Event]) -> tuple[Account, ...]:
    """Return the account of each schedule that a load's history began.

    Raises:
        LoadError: a schedule's event does not say what was played.
    """
    schedules = [event for event in events if event.operation == "schedule"]
    if not schedules:
        msg = "no schedule was begun: there is nothing to account for"
        raise LoadError(msg)
    return tuple(_account(schedule, events) for schedule in schedules)


def _account(schedule: Event, events: Sequence[Event]) -> Account:
    profile, first, start_ns = _played(schedule)
    seed = _integer(schedule, "seed")
    own = [event for event in events if event.process == schedule.process]
    until_ns = _until_ns(schedule, own, start_ns)
    # What a master deals its workers have on record, each in a file of its own.
    mine = events if "workers" in schedule.value else own
    due: dict[int, Arrival] = {}
    for arrival in arrivals(profile, seed=seed):
        if start_ns + arrival.offset_ns >= until_ns:
            break
        due[first + arrival.instance] = arrival
    last = max(due, default=first)
    told = [
        event
        for event in mine
        if event.operation == "arrival" and first < _integer(event, "instance") <= last
    ]
    count = Counter(_integer(event, "instance") for event in told)
    lags = sorted(_integer(event, "lag_ns") for event in told)
    away = {_integer(e, "instance") for e in told if e.kind is Kind.FAIL}
    return Account(
        profile=profile.name,
        seed=seed,
        planned=len(due),
        arrived=len(count) - len(away),
        turned_away=len(away),
        missing=tuple(sorted(set(due) - set(count))),
        twice=tuple(sorted(one for one, times in count.items() if times > 1)),
        strangers=tuple(
            sorted(
                _integer(event, "instance")
                for event in told
                if not _is_as_drawn(event, due[_integer(event, "instance")], start_ns)
            )
        ),
        without_intent=sum(
            type(event.value.get("intended_ns")) is not int
            for event in mine
            if event.operation not in _OWN
        ),
        lag_p99_s=lags[int(_LAG_QUANTILE * (len(lags) - 1))] / NS_PER_S
        if lags
        else None,
        lag_max_s=lags[-1] / NS_PER_S if lags else None,
    )


def _played(schedule: Event) -> tuple[Profile, int, int]:
    value = schedule.value
    try:
        profile = Profile.model_validate(value.get("played"))
    except pydantic.ValidationError as error:
        msg = f"{schedule.process}: the schedule does not say what was played: {error}"
        raise LoadError(msg) from error
    return profile, _integer(schedule, "after"), _integer(schedule, "start_ns")


def _until_ns(schedule: Event, mine: Iterable[Event], start_ns: int) -> int:
    """Return when arrivals ended: as told, else with the last one on record."""
    ends = [
        _integer(event, "until_ns")
        for event in mine
        if event.operation == "load_stopped" and event.at_ns >= schedule.at_ns
    ]
    if ends:
        return ends[0]
    last = [_integer(e, "intended_ns") for e in mine if e.operation == "arrival"]
    return max(last, default=start_ns) + 1


def _is_as_drawn(event: Event, arrival: Arrival, start_ns: int) -> bool:
    return (
        event.value.get("intended_ns") == start_ns + arrival.offset_ns
        and event.value.get("journey") == arrival.journey
    )


def _integer(event: Event, key: str) -> int:
    value = event.value.get(key)
    if type(value) is not int:
        msg = f"{event.process}: {event.operation} {event.op_id}: {key} is no integer"
        raise LoadError(msg)
    return value


def _some(instances: Sequence[int]) -> str:
    shown = ", ".join(map(str, instances[:10]))
    return f"{shown}, ..." if len(instances) > 10 else shown  # noqa: PLR2004 - ten shown


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 0 when every arrival is accounted for, on time."""
    parser = argparse.ArgumentParser(prog="python -m reprise_loadtests.account")
    parser.add_argument("--history", required=True, type=Path, help="history folder")
    parser.add_argument(
        "--lag-s", type=float, default=1.0, help="largest p99 of the generator's lag"
    )
    given = parser.parse_args(arguments)
    try:
        history = read_history(given.history.glob("load-*.jsonl"))
        found = accounts(history.events)
    except (LoadError, HistoryError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    problems = [p for one in found for p in one.problems(lag_s=given.lag_s)]
    for line in (*(one.told() for one in found), *problems):
        sys.stdout.write(f"{line}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
