"""The plan's alert: watched and quiet before the loss, heard after it, acted upon."""

from __future__ import annotations

from reprise_platform.telling import told
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.drill.context import Drill, need
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.looking import Bell
from reprise_pra.history import Event, JsonValue, Kind

_WATCHED_WITHIN_S = 60.0
_LOSS = Text(fr="le sinistre", en="the disaster")


def refuse_blindness(drill: Drill) -> None:
    """Return when the plan's alert is watched, and quiet.

    Raises:
        AwaitedInVainError: nobody watches, so that its silence tells nothing.
        DrillError: it is firing.
    """
    alert = drill.plan.disaster.alert
    bell = Bell(drill.folder.history, alert)
    drill.wait(
        bell.is_watched,
        within_s=_WATCHED_WITHIN_S,
        every_s=0.2,
        what=say.sentence(
            "la surveillance de {alert}", "{alert} to be watched", alert=alert
        ),
    )
    if bell.is_ringing():
        raise DrillError(
            say.sentence(
                "{alert} sonne avant le sinistre : elle ne pourrait pas le détecter",
                "{alert} is firing before the loss: it could not detect it",
                alert=alert,
            )
        )


def detect(drill: Drill) -> None:
    """Wait for the alert of the plan; its own instant is the mark."""
    plan, loss = drill.plan, need(drill.loss, _LOSS)
    bell = Bell(drill.folder.history, plan.disaster.alert)

    def rung() -> Event | None:
        # A loss that failed rings no alert: its reason is better than a long silence.
        if drill.losing is not None:
            drill.losing.result()
        return bell.rung_after(loss.at_ns)

    alert = drill.wait(
        rung,
        within_s=plan.limits.detect_s,
        every_s=0.2,
        what=say.sentence(
            "l'alerte {alert}", "alert {alert}", alert=plan.disaster.alert
        ),
    )
    fires = say.sentence(
        "{alert} se déclenche", "{alert} fires", alert=plan.disaster.alert
    )
    drill.journal.mark("t1", fires, at_ns=alert.at_ns)


def decide(drill: Drill) -> None:
    """Activate the recovery, automatically."""
    what = Text(
        fr="activation automatique du site de secours, prévue par le plan",
        en="activate the recovery site, automatically, as planned",
    )
    # Who decides is a process of the history, which the report names in both languages.
    value: dict[str, JsonValue] = {"what": told(what), "who": "drill"}
    drill.journal.record(Kind.OK, "decision", "activation", value)
    decided = Text(fr="activation décidée", en="activation decided")
    drill.journal.mark("t2", decided)
