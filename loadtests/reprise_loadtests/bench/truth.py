"""Outages that are known: when each was to be, and when it really was."""

from __future__ import annotations

import dataclasses
import enum
import json
import random
from collections.abc import Sequence
from pathlib import Path

NS_PER_S = 1_000_000_000


class Mode(enum.StrEnum):
    """How a server misbehaves.

    refuse: nobody listens, connections are reset. error: 500 at once. hang: taken, held,
    and answered when it is over, as a frozen process does. lost: taken and never answered,
    as when a node or its link is gone.
    """

    REFUSE = "refuse"
    ERROR = "500"
    HANG = "hang"
    LOST = "lost"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An outage to come, in seconds after the bench's start."""

    after_s: float
    lasts_s: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """An outage that was, in CLOCK_MONOTONIC nanoseconds of the server itself."""

    start_ns: int
    end_ns: int


def draw(
    rng: random.Random,
    *,
    count: int,
    shortest_s: float,
    longest_s: float,
    first_after_s: float,
) -> tuple[Planned, ...]:
    """Draw outages of all lengths, the two extreme ones among them, in any order.

    Not on round figures: a tool that looks every so often would meet some of them better
    than others. Between two of them the server is well for 2.5 to 4 s.
    """
    step_s = (longest_s - shortest_s) / max(1, count - 1)
    lengths_s = [
        min(
            longest_s,
            shortest_s + step_s * place + rng.uniform(0, step_s) * (place > 0),
        )
        for place in range(count)
    ]
    lengths_s[-1] = longest_s
    rng.shuffle(lengths_s)
    planned, at_s = [], first_after_s
    for lasts_s in lengths_s:
        planned.append(Planned(after_s=at_s, lasts_s=lasts_s))
        at_s += lasts_s + rng.uniform(2.5, 4.0)
    return tuple(planned)


def ends_s(planned: Sequence[Planned]) -> float:
    """Return when the last one is over, in seconds after the start."""
    return max(each.after_s + each.lasts_s for each in planned)


STALL = "stall"
"""In place of a mode: the server itself did not run, on whatever port."""


def write(file: Path, mode: str, truth: Truth) -> None:
    """Append one to a file of JSON lines."""
    line = {"mode": mode, "start_ns": truth.start_ns, "end_ns": truth.end_ns}
    with file.open("a", encoding="utf-8") as output:
        output.write(json.dumps(line) + "\n")


def read(file: Path) -> dict[str, list[Truth]]:
    """Return the outages of each mode, and the server's own stalls, in their order."""
    found: dict[str, list[Truth]] = {mode: [] for mode in (*Mode, STALL)}
    for line in file.read_text(encoding="utf-8").splitlines():
        each = json.loads(line)
        truth = Truth(start_ns=each["start_ns"], end_ns=each["end_ns"])
        found[each["mode"]].append(truth)
    return found
