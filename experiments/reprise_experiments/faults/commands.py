"""Undo commands: the data in the ledger that anybody can carry out."""

from __future__ import annotations

from reprise_experiments.errors import Refused
from reprise_experiments.ledger import UndoCommand
from reprise_experiments.site import Breaker


def carry_out(command: UndoCommand, breaker: Breaker) -> None:
    """Undo as the ledger says; repeating it is harmless.

    Raises:
        Refused: nothing may undo it here.
        PlatformError: the provider could not carry it out.
    """
    match command.undo:
        case "power_on":
            breaker.power_on(command.args["machines"])
        case "restore_zone":
            for zone in command.args["zones"]:
                breaker.restore_zone(zone)
        case "none":
            msg = "nothing undoes this fault here; the plan's return or `down` ends it"
            raise Refused(msg)
