"""What a master and its workers say to each other, over Locust's own messages.

A worker speaks four times a second, whatever happens: that is its sign of life, its
receipt for what it has on record, and one more measure of its clock against the master's.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final, Protocol

BEAT: Final = "reprise_beat"
HEARD: Final = "reprise_heard"
PREPARE: Final = "reprise_prepare"
DEAL: Final = "reprise_deal"
END: Final = "reprise_end"

BEAT_EVERY_S: Final = 0.25

IDLE: Final = "idle"
PREPARING: Final = "preparing"
READY: Final = "ready"
DONE: Final = "done"
FAILED: Final = "failed"


class Said(Protocol):
    """A message as Locust hands it over."""

    data: dict[str, Any]
    node_id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a worker says. `begun` is what the master has not confirmed, from `place` on."""

    run: str
    state: str
    sent_ns: int
    place: int
    begun: list[int]
    boot_id: str
    reason: str
    crashed: int

    def message(self) -> dict[str, Any]:
        """Return it as Locust sends it."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """How far the master's clock is ahead of a worker's, ns, give or take `bound_ns`.

    Half of the round trip bounds the error, since the master answered within it (Cristian,
    "Probabilistic clock synchronization", 1989).
    """

    offset_ns: int
    bound_ns: int


def measured(*, sent_ns: int, master_ns: int, back_ns: int) -> Offset:
    """Return what one exchange tells: sent and back by the worker's clock."""
    bound_ns = (back_ns - sent_ns + 1) // 2
    return Offset(offset_ns=master_ns - (sent_ns + bound_ns), bound_ns=bound_ns)
