"""The phases that break: continuity faults, then the loss of the whole primary site."""

from __future__ import annotations

import datetime
import functools

from reprise_experiments.disaster import lose_primary
from reprise_experiments.faults import power_off_site
from reprise_experiments.observe import snapshot
from reprise_experiments.recording import open_recorder
from reprise_experiments.residue import residue
from reprise_experiments.run import run_experiment
from reprise_experiments.site import site_of
from reprise_platform import kube
from reprise_platform.proof import KeyProof
from reprise_pra.drill.background import Background
from reprise_pra.drill.context import Drill, Loss, need
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.looking import Bell
from reprise_pra.drill.tail import Tail
from reprise_pra.history import Event, Kind

_SETTLED_WITHIN_S = 60.0
_STRUCK_WITHIN_S = 60.0
_SEEN_WITHIN_S = 120.0


def continuity(drill: Drill, index: int) -> None:
    """Run one continuity fault while the clinics work."""
    fault, path = drill.plan.continuity[index], drill.prepared.experiments[index]
    drill.console.awaiting(f"experiment {path.stem}")
    outcome = run_experiment(
        path,
        access=drill.site,
        history_dir=drill.folder.history,
        evidence_dir=drill.folder.evidence / f"continuity-{index + 1}",
        # Two drawn targets of one plan should differ.
        seed=drill.plan.seed + index,
        within_s=drill.plan.limits.continuity_s,
    )
    said = "; ".join(outcome.errors) or f"{path.stem} on {', '.join(outcome.targets)}"
    drill.journal.check("fault_observed", holds=outcome.is_valid, detail=said)
    if not outcome.is_valid:
        msg = f"{path}: {said}"
        raise DrillError(msg)
    found = "; ".join(outcome.findings) or "as its hypothesis says"
    drill.journal.check(f"continuity_{path.stem}", holds=outcome.held, detail=found)
    drill.pause(fault.settle_s, "the site to settle")


def wait_backups(drill: Drill) -> None:
    """Wait for enough backups that count, and for the proof that they can be read."""
    watch, proof = need(drill.watch, "the watch"), need(drill.proof, "the proof")
    required, limits = drill.plan.backups.required, drill.plan.limits
    _see_no_residue(drill)
    drill.wait(
        lambda: len(watch.counting()) >= required,
        within_s=limits.backups_s,
        what=f"{required} backups that count",
    )

    def proved() -> KeyProof | None:
        try:
            return proof.result()
        except Exception as error:
            drill.journal.check("recovery_key_proved", holds=False, detail=str(error))
            raise

    seen = drill.wait(
        proved,
        within_s=limits.backups_s + limits.proof_s,
        what="the escrowed key proved by a restore",
    )
    drill.journal.check(
        "recovery_key_proved",
        holds=True,
        detail=f"{seen.bytes_restored} bytes of {seen.backup} read back"
        f" in {seen.seconds:.1f} s ({seen.restore})",
    )


def _see_no_residue(drill: Drill) -> None:
    """See that the continuity faults left nothing behind."""
    before = need(drill.before, "the snapshot before")
    observer = site_of(drill.site).observer
    try:
        drill.wait_until_none(
            lambda: residue(before, snapshot(observer)),
            within_s=_SETTLED_WITHIN_S,
            what="no residue of the continuity faults",
        )
    except DrillError as error:
        drill.journal.check("residue", holds=False, detail=str(error))
        raise
    drill.journal.check(
        "residue", holds=True, detail="the primary site is as before its faults"
    )


def disaster(drill: Drill) -> None:
    """Lose the whole primary site at the moment drawn from the plan's seed."""
    plan, history = drill.plan, drill.folder.history
    watch = need(drill.watch, "the watch")
    drill.pause(plan.disaster_after_s, "the drawn moment")
    if Bell(history, plan.disaster.alert).is_ringing():
        msg = f"{plan.disaster.alert} is firing before the loss: it could not detect it"
        raise DrillError(msg)
    counting = watch.counting()
    enough = len(counting) >= plan.backups.required
    drill.journal.check(
        "backups_before_disaster", holds=enough, detail=", ".join(counting)
    )
    drill.losing = Background("disaster", functools.partial(_lose, drill))
    strike = drill.wait(
        functools.partial(_struck, drill.losing, Tail(history, "nemesis.jsonl")),
        within_s=_STRUCK_WITHIN_S,
        every_s=0.05,
        what="the primary site to lose its power",
    )
    drill.loss = Loss(
        at_ns=strike.at_ns, utc=datetime.datetime.fromisoformat(strike.utc)
    )
    drill.journal.mark("t0", "the primary site loses its power", at_ns=strike.at_ns)
    watch.stop()


def _lose(drill: Drill) -> bool:
    """Lose the primary and watch it fall silent: beside the detection, not before it."""
    history = drill.folder.history
    try:
        with open_recorder(history, "nemesis") as recorder:
            injection = lose_primary(drill.site, recorder=recorder, history=history)
    except Exception as error:
        drill.journal.check("fault_observed", holds=False, detail=str(error))
        raise
    evidence = f"{power_off_site.NAME}: {injection.sighting.evidence}"
    drill.journal.check("fault_observed", holds=True, detail=evidence)
    tell_unreachable(drill)
    return True


def _struck(losing: Background[bool], nemesis: Tail) -> Event | None:
    """Return the start of the injection, once it is written; raise what kept it away."""
    for event in nemesis.look():
        is_start = event.operation == "inject" and event.kind is Kind.INVOKE
        if is_start and event.value.get("fault") == power_off_site.NAME:
            return event
    losing.result()
    return None


def see_loss(drill: Drill) -> None:
    """Wait until the loss was seen to take: nothing is recovered from a doubt.

    Raises:
        ExperimentsError: it was not.
    """
    drill.wait(
        need(drill.losing, "the disaster").result,
        within_s=_SEEN_WITHIN_S,
        what="the primary site silent",
    )


def tell_unreachable(drill: Drill) -> None:
    """Record whether the primary is out of reach: nothing may be read from it."""
    answers = kube.api_reachable(drill.site.primary)
    said = "its API answers" if answers else "its API does not answer"
    drill.journal.check("primary_unreachable", holds=not answers, detail=said)


def detect(drill: Drill) -> None:
    """Wait for the alert of the plan; its own instant is the mark."""
    plan, loss = drill.plan, need(drill.loss, "the loss")
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
        what=f"alert {plan.disaster.alert}",
    )
    drill.journal.mark("t1", f"{plan.disaster.alert} fires", at_ns=alert.at_ns)


def decide(drill: Drill) -> None:
    """Activate the recovery, automatically."""
    value = {"what": "activate the recovery site", "who": "automatic, by the plan"}
    drill.journal.record(Kind.OK, "decision", "activation", value)
    drill.journal.mark("t2", "activation decided")
