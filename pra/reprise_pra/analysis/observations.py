"""What continuity faults cost the users that no verdict rests on."""

from __future__ import annotations

from reprise_pra.analysis import say
from reprise_pra.analysis.continuity import continuity_faults
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.results import Observation, Sli, Text
from reprise_pra.analysis.sli import AFTER, BEFORE, DURING
from reprise_pra.analysis.words import fault_name


def observations_of(measured: Measured) -> tuple[Observation, ...]:
    """Return what continuity faults cost the users that no verdict rests on.

    That is every journey outside its objectives in the window of a fault, and the plan's
    alert when it fired meanwhile. What others rang is the fault itself, not its cost.
    """
    own = {BEFORE, DURING, AFTER}
    found = [
        Observation(
            kind="sli_in_fault", at_s=sli.start_s, text=_sli_told(measured, sli)
        )
        for sli in measured.slis
        if sli.window not in own and sli.is_within is False
    ]
    timeline = measured.timeline
    for fault in continuity_faults(timeline):
        end_ns = min(
            fault.undone_ns or timeline.end_ns,
            timeline.end_ns if measured.t0_ns is None else measured.t0_ns,
        )
        found += [
            Observation(
                kind="alert_in_fault",
                at_s=timeline.seconds(alert.at_ns),
                text=say.sentence(
                    "alerte {alert} déclenchée, {fault} étant en cours",
                    "alert {alert} fired during: {fault}",
                    alert=alert.alert,
                    fault=fault_name(fault.fault),
                ),
            )
            for alert in timeline.alerts
            if alert.alert == measured.run.plan.t1_alert
            and alert.state == "firing"
            and fault.injected_ns <= alert.at_ns < end_ns
        ]
    return tuple(sorted(found, key=lambda one: (one.at_s, one.kind, one.text.en)))


def _sli_told(measured: Measured, sli: Sli) -> Text:
    promise = measured.run.objectives.journeys[sli.journey]
    fault, _, again = sli.window.partition(" ")
    return say.sentence(
        "{journey} hors objectifs, {fault}{again} étant en cours : disponibilité "
        "{availability} pour {promised}, p95 {p95} pour {limit}",
        "{journey} outside its objectives during: {fault}{again}; availability "
        "{availability} for {promised}, p95 {p95} for {limit}",
        journey=sli.journey,
        fault=fault_name(fault),
        again=f" {again}" if again else "",
        availability="–" if sli.availability is None else say.percent(sli.availability),
        promised=say.percent(promise.availability),
        p95="–" if sli.p95_ms is None else say.milliseconds(sli.p95_ms),
        limit=say.milliseconds(promise.latency_p95_ms),
    )
