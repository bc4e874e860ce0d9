"""What one OpenMRS has of what the journeys name: its centres, its appointment service."""

from __future__ import annotations

import dataclasses
import random
import uuid

from reprise_loadtests.profile import Network
from reprise_platform import openmrs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """One hearing centre of the network: an OpenMRS location."""

    uuid: str
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one user works, and for what appointments are made.

    Attributes:
        centre: uuid of the location that is written down with all they do.
        service: uuid of the appointment service; None where journeys make none.
        is_full: whether an examination holds more than both ears' thresholds.
    """

    centre: str = openmrs.OUTPATIENT_CLINIC
    service: str | None = None
    is_full: bool = False


def centres(count: int) -> tuple[Centre, ...]:
    """Return the network's first `count` centres; the same uuids on every server."""
    return tuple(
        Centre(
            uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"reprise:centre:{number}")),
            name=f"Centre auditif {number:03d} (exercice)",
        )
        for number in range(1, count + 1)
    )


def draw_centre(
    network: Network, opened: tuple[Centre, ...], rng: random.Random
) -> Centre:
    """Draw a centre: the n-th has a weight of 1 / n^concentration."""
    weights = [1 / rank**network.concentration for rank in range(1, len(opened) + 1)]
    (drawn,) = rng.choices(opened, weights)
    return drawn
