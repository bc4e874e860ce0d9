"""Assumptions on the disaster: it really happened, and the recovery really started bare."""

from __future__ import annotations

from reprise_pra.analysis import say
from reprise_pra.analysis.continuity import continuity_faults, trials_of
from reprise_pra.analysis.measure import Measured, disaster_faults
from reprise_pra.analysis.recorded import Check, Fault
from reprise_pra.analysis.results import Assumption, Text
from reprise_pra.analysis.words import check_name, fault_name

# Whoever injects may not vouch for it.
_INJECTORS = frozenset({"", "nemesis", "injector"})


def faults_observed(measured: Measured) -> Assumption:
    """Every fault hit something, and was seen to take (and to be undone) by another eye.

    So were all those that the plan holds: one that left no trace was not seen.

    The disaster is not undone in the drill: the lost site stays fenced.
    """
    disaster = {fault.ledger_id for fault in disaster_faults(measured.timeline)}
    problems = [
        say.sentence(
            "{fault} : {flaw}",
            "{fault}: {flaw}",
            fault=fault_name(fault.fault),
            flaw=flaw,
        )
        for fault in measured.timeline.faults
        if (flaw := _flaw(fault, is_disaster=fault.ledger_id in disaster)) is not None
    ]
    problems += [
        check.detail or check_name(check.name)
        for check in measured.timeline.checks_named("fault_observed")
        if check.holds is False
    ]
    if not disaster:
        problems.append(
            Text(fr="aucun sinistre n'a été injecté", en="no disaster was injected")
        )
    problems += [
        say.sentence(
            "{name} : prévue par le plan, jamais injectée",
            "{name}: in the plan, never injected",
            name=trial.name,
        )
        for trial in trials_of(measured)
        if trial.fault is None
    ]
    title = Text(fr="Pannes constatées", en="Faults seen to take")
    if not problems and measured.run.plan.plan is None:
        return Assumption(
            name="faults_observed",
            title=title,
            holds=None,
            reason=Text(
                fr="plan.json ne dit pas quelles pannes étaient prévues",
                en="plan.json does not tell which faults were planned",
            ),
        )
    return Assumption(
        name="faults_observed",
        title=title,
        holds=not problems,
        reason=say.join(problems)
        if problems
        else say.sentence(
            "pannes constatées par un autre observateur que l'injecteur : {count}",
            "faults seen by another observer than the injector: {count}",
            count=len(measured.timeline.faults),
        ),
    )


def backups_before_disaster(measured: Measured) -> Assumption:
    """Enough backups that count were complete before t0."""
    required, found = measured.run.plan.backups_required, len(measured.counting)
    return Assumption(
        name="backups_before_disaster",
        title=Text(
            fr="Sauvegardes avant le sinistre", en="Backups before the disaster"
        ),
        holds=found >= required,
        reason=say.sentence(
            "sauvegardes valables avant le sinistre : {found}, exigées : {required}",
            "backups that count before the disaster: {found}, required: {required}",
            found=found,
            required=required,
        ),
    )


def recovery_key_proved(measured: Measured) -> Assumption:
    """The escrowed key had opened a backup before the disaster."""
    looks = measured.timeline.checks_named(
        "recovery_key_proved", before_ns=measured.t0_ns
    )
    return _from_check(
        "recovery_key_proved",
        Text(fr="Clé de secours éprouvée", en="Escrowed key proved"),
        looks[-1] if looks else None,
    )


def recovery_target_empty(measured: Measured) -> Assumption:
    """The restore found nothing to read but the backup."""
    looks = measured.timeline.checks_named(
        "recovery_target_empty", before_ns=measured.timeline.mark_ns("t5")
    )
    return _from_check(
        "recovery_target_empty",
        Text(fr="Cible de reprise vide", en="Recovery target empty"),
        looks[-1] if looks else None,
    )


def primary_unreachable(measured: Measured) -> Assumption:
    """The lost site answered nobody after t0: what users met was the recovery site.

    One that somebody began to give back before the data were reconciled (t8) may have.
    """
    title = Text(fr="Site principal injoignable", en="Primary site unreachable")
    t8_ns = measured.timeline.mark_ns("t8")
    given_back = [
        fault
        for fault in disaster_faults(measured.timeline)
        if fault.undo_ns is not None and (t8_ns is None or fault.undo_ns < t8_ns)
    ]
    if given_back:
        return Assumption(
            name="primary_unreachable",
            title=title,
            holds=False,
            reason=say.sentence(
                "{fault} : annulation commencée avant la fin du rapprochement (t8)",
                "{fault}: its undoing began before the data were reconciled (t8)",
                fault=fault_name(given_back[0].fault),
            ),
        )
    looks = measured.timeline.checks_named(
        "primary_unreachable", after_ns=measured.t0_ns
    )
    bad = [look for look in looks if look.holds is False]
    return _from_check(
        "primary_unreachable",
        title,
        # Once seen to answer is enough to doubt: the worst look counts, not the last.
        (bad or looks or (None,))[-1],
    )


def alert_quiet(measured: Measured) -> Assumption:
    """The alert that is t1 was watched and not firing at t0, nor about something older."""
    alert, t0_ns = measured.run.plan.t1_alert, measured.t0_ns
    changes = [one for one in measured.timeline.alerts if one.alert == alert]
    title = Text(fr="Alerte silencieuse avant le sinistre", en="Alert quiet before t0")
    if t0_ns is None:
        return Assumption(
            name="alert_quiet",
            title=title,
            holds=None,
            reason=Text(fr="pas de sinistre (t0)", en="no disaster (t0)"),
        )
    before = [one for one in changes if one.at_ns < t0_ns]
    after = [one for one in changes if one.at_ns >= t0_ns and one.state == "firing"]
    is_older = (
        bool(after) and after[0].since_ns is not None and after[0].since_ns < t0_ns
    )
    # What it never wrote before t0, nobody can tell from a watch that began too late, or
    # was lost: a sentinel that hears nothing any more is no watch either.
    watches = [
        one
        for one in measured.timeline.watches
        if one.alert == alert and one.at_ns < t0_ns
    ]
    watched = any(
        span.process.startswith("sentinel") and span.first_ns < t0_ns <= span.last_ns
        for span in measured.timeline.processes
    ) and not (watches and not watches[-1].kept)
    holds: bool | None = True
    reason = say.sentence(
        "{alert} silencieuse avant le sinistre",
        "{alert} quiet before the disaster",
        alert=alert,
    )
    if (before and before[-1].state != "resolved") or is_older:
        holds = False
        reason = say.sentence(
            "{alert} sonnait déjà, ou pour un fait antérieur au sinistre",
            "{alert} was firing already, or for something older than the disaster",
            alert=alert,
        )
    elif watched and "t1" in measured.timeline.marks and not after:
        holds = False
        reason = say.sentence(
            "t1 marqué, sans que {alert} ait sonné",
            "t1 is marked, though {alert} never fired",
            alert=alert,
        )
    elif not watched:
        holds = None
        reason = say.sentence(
            "personne n'a surveillé {alert} dès avant le sinistre",
            "nobody watched {alert} from before the disaster",
            alert=alert,
        )
    return Assumption(name="alert_quiet", title=title, holds=holds, reason=reason)


def residue(measured: Measured) -> Assumption | None:
    """The drill left the site as it had found it.

    Without a continuity fault, planned or injected, there is nothing to leave behind
    before the disaster, and it need not have looked.
    """
    looks = measured.timeline.checks_named("residue")
    bad = [look for look in looks if look.holds is not True]
    plan = measured.run.plan.plan
    is_due = plan is None or plan.continuity or continuity_faults(measured.timeline)
    if not looks and not is_due:
        return None
    return _from_check(
        "residue",
        Text(fr="Site remis en état", en="Site left as it was"),
        (bad or looks or (None,))[-1],
    )


def _flaw(fault: Fault, *, is_disaster: bool) -> Text | None:
    """Return the first thing that is wrong with a fault, None when nothing is."""
    flaws = [
        (not fault.targets, Text(fr="aucune cible", en="no target")),
        (
            fault.taken_ns is None,
            Text(fr="jamais constatée", en="never seen to take"),
        ),
        (
            (fault.taken_observer or "").lower() in _INJECTORS,
            Text(fr="constatée par le seul injecteur", en="seen by the injector alone"),
        ),
        (
            not is_disaster and fault.undone_ns is None,
            Text(fr="annulation jamais constatée", en="never seen to be undone"),
        ),
        (
            not is_disaster and (fault.undone_observer or "").lower() in _INJECTORS,
            Text(
                fr="annulation constatée par le seul injecteur",
                en="seen to be undone by the injector alone",
            ),
        ),
    ]
    return next((text for is_so, text in flaws if is_so), None)


def _from_check(name: str, title: Text, check: Check | None) -> Assumption:
    if check is None:
        return Assumption(
            name=name,
            title=title,
            holds=None,
            reason=say.sentence(
                "{title} : non vérifié", "{title}: not checked", title=title
            ),
        )
    state = {
        True: Text(fr="constaté", en="seen"),
        False: Text(fr="démenti", en="contradicted"),
        None: Text(fr="non déterminé", en="could not be told"),
    }[check.holds]
    return Assumption(
        name=name,
        title=title,
        holds=check.holds,
        reason=say.sentence(
            "{title} : {state} ({detail})",
            "{title}: {state} ({detail})",
            title=title,
            state=state,
            detail=check.detail or "–",
        ),
    )
