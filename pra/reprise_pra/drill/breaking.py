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
from reprise_platform.telling import name, text_of
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.analysis.words import fault_name
from reprise_pra.drill.background import Background
from reprise_pra.drill.context import Drill, Loss, need
from reprise_pra.drill.detecting import refuse_blindness
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.tail import Tail
from reprise_pra.history import Event, Kind

_SETTLED_WITHIN_S = 60.0
_STRUCK_WITHIN_S = 60.0
_SEEN_WITHIN_S = 120.0
_WATCH = Text(fr="la veille des sauvegardes", en="the watch over the backups")
_LOSS = Text(fr="le sinistre", en="the disaster")


def continuity(drill: Drill, index: int) -> None:
    """Run one continuity fault while the clinics work."""
    fault, path = drill.plan.continuity[index], drill.prepared.experiments[index]
    drill.console.awaiting(
        say.sentence("expérience {name}", "experiment {name}", name=path.stem)
    )
    outcome = run_experiment(
        path,
        access=drill.site,
        history_dir=drill.folder.history,
        evidence_dir=drill.folder.evidence / f"continuity-{index + 1}",
        # Two drawn targets of one plan should differ.
        seed=drill.plan.seed + index,
        within_s=drill.plan.limits.continuity_s,
    )
    said = (
        say.sentence(
            "{name} ne prouve rien : {errors}",
            "{name} proves nothing: {errors}",
            name=path.stem,
            errors="; ".join(outcome.errors),
        )
        if outcome.errors
        else say.sentence(
            "{name} sur {targets}",
            "{name} on {targets}",
            name=path.stem,
            targets=", ".join(outcome.targets),
        )
    )
    drill.journal.check("fault_observed", holds=outcome.is_valid, detail=said)
    if not outcome.is_valid:
        raise DrillError(said)
    found = Text(fr="conforme à son hypothèse", en="as its hypothesis says")
    if outcome.findings:
        found = say.sentence(
            "écart : {findings}",
            "deviation: {findings}",
            findings="; ".join(outcome.findings),
        )
    drill.journal.check(f"continuity_{path.stem}", holds=outcome.held, detail=found)
    drill.pause(
        fault.settle_s, Text(fr="retour au calme du site", en="the site to settle")
    )


def wait_backups(drill: Drill) -> None:
    """Wait for enough backups that count, and for the proof that they can be read."""
    watch = need(drill.watch, _WATCH)
    proof = need(drill.proof, Text(fr="l'épreuve de la clé", en="the proof of the key"))
    required, limits = drill.plan.backups.required, drill.plan.limits
    _see_no_residue(drill)
    drill.wait(
        lambda: len(watch.counting()) >= required,
        within_s=limits.backups_s,
        what=say.sentence(
            "{count} sauvegardes valables", "{count} backups that count", count=required
        ),
    )

    def proved() -> KeyProof | None:
        try:
            return proof.result()
        except Exception as error:
            said = say.sentence(
                "aucune sauvegarde relue avec la clé sous séquestre : {error}",
                "no backup was read with the escrowed key: {error}",
                error=text_of(error),
            )
            drill.journal.check("recovery_key_proved", holds=False, detail=said)
            raise

    seen = drill.wait(
        proved,
        within_s=limits.backups_s + limits.proof_s,
        what=Text(
            fr="la clé sous séquestre éprouvée par une restauration",
            en="the escrowed key proved by a restore",
        ),
    )
    drill.journal.check(
        "recovery_key_proved",
        holds=True,
        detail=say.sentence(
            "{count} octets de {backup} relus en {length} ({restore})",
            "{count} bytes of {backup} read back in {length} ({restore})",
            count=say.number(seen.bytes_restored),
            backup=seen.backup,
            length=say.seconds(seen.seconds),
            restore=seen.restore,
        ),
    )


def _see_no_residue(drill: Drill) -> None:
    """See that the continuity faults left nothing behind."""
    before = need(
        drill.before, Text(fr="l'état initial du site", en="the snapshot before")
    )
    observer = site_of(drill.site).observer
    try:
        drill.wait_until_none(
            lambda: [name(found) for found in residue(before, snapshot(observer))],
            within_s=_SETTLED_WITHIN_S,
            what=Text(
                fr="aucun reste des épreuves de continuité",
                en="no residue of the continuity faults",
            ),
        )
    except DrillError as error:
        drill.journal.check("residue", holds=False, detail=error.text)
        raise
    as_before = Text(
        fr="le site principal est comme avant ses pannes",
        en="the primary site is as before its faults",
    )
    drill.journal.check("residue", holds=True, detail=as_before)


def disaster(drill: Drill) -> None:
    """Lose the whole primary site at the moment drawn from the plan's seed."""
    plan, history = drill.plan, drill.folder.history
    watch = need(drill.watch, _WATCH)
    drill.pause(
        plan.disaster_after_s, Text(fr="l'instant tiré au sort", en="the drawn moment")
    )
    refuse_blindness(drill)
    counting = watch.counting()
    enough = len(counting) >= plan.backups.required
    drill.journal.check(
        "backups_before_disaster",
        holds=enough,
        detail=name(", ".join(counting))
        if counting
        else Text(fr="aucune sauvegarde valable", en="no backup that counts"),
    )
    drill.losing = Background("disaster", functools.partial(_lose, drill))
    strike = drill.wait(
        functools.partial(_struck, drill.losing, Tail(history, "nemesis.jsonl")),
        within_s=_STRUCK_WITHIN_S,
        every_s=0.05,
        what=Text(
            fr="la coupure du site principal", en="the primary site to lose its power"
        ),
    )
    drill.loss = Loss(
        at_ns=strike.at_ns, utc=datetime.datetime.fromisoformat(strike.utc)
    )
    lost = Text(
        fr="le site principal perd son alimentation",
        en="the primary site loses its power",
    )
    drill.journal.mark("t0", lost, at_ns=strike.at_ns)
    watch.stop()


def _lose(drill: Drill) -> bool:
    """Lose the primary and watch it fall silent: beside the detection, not before it."""
    history = drill.folder.history
    try:
        with open_recorder(history, "nemesis") as recorder:
            injection = lose_primary(drill.site, recorder=recorder, history=history)
    except Exception as error:
        said = say.sentence(
            "{fault} non constatée : {error}",
            "{fault} not seen: {error}",
            fault=fault_name(power_off_site.NAME),
            error=text_of(error),
        )
        drill.journal.check("fault_observed", holds=False, detail=said)
        raise
    evidence = say.sentence(
        "{fault} : {evidence}",
        "{fault}: {evidence}",
        fault=fault_name(power_off_site.NAME),
        evidence=f"{injection.sighting.evidence}",
    )
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
        need(drill.losing, _LOSS).result,
        within_s=_SEEN_WITHIN_S,
        what=Text(fr="le silence du site principal", en="the primary site silent"),
    )


def tell_unreachable(drill: Drill) -> None:
    """Record whether the primary is out of reach: nothing may be read from it."""
    answers = kube.api_reachable(drill.site.primary)
    said = (
        Text(fr="son API répond", en="its API answers")
        if answers
        else Text(fr="son API ne répond pas", en="its API does not answer")
    )
    drill.journal.check("primary_unreachable", holds=not answers, detail=said)
