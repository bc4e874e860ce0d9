"""Assumptions on the record itself: whole, on one clock, read to the end, as agreed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from reprise_pra.analysis import say
from reprise_pra.analysis.backups import instant
from reprise_pra.analysis.continuity import PHASE
from reprise_pra.analysis.fates import Fate
from reprise_pra.analysis.marks import disordered
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.probing import probers_of
from reprise_pra.analysis.results import Assumption, Text
from reprise_pra.analysis.timeline import NS_PER_S, Timeline
from reprise_pra.analysis.words import phase_name
from reprise_pra.history import Kind

_DURATIONS = ("rto", "rpo", "dmia", "continuity")
_CLOCK_DRIFT_S = 1.0  # what the second of Velero's own times hides anyway
_PROBE_SLACK_NS = 2 * NS_PER_S
_PROBE_GAP_LEAST_NS = 15 * NS_PER_S  # a stall of the machine is shorter
_PROBE_GAP_PERIODS = 4
_EXPECTED = (
    "drill",
    "load-1",
    "nemesis",
    "prober-read-0",
    "prober-read-1",
    "prober-write-0",
    "prober-write-1",
    "reconciler",
    "sentinel",
)
_PHASES_BEFORE = ("provision", "preflight", "baseline")
_PHASES_AFTER = (
    "wait_backups",
    "disaster",
    "detect",
    "decide",
    "prepare",
    "restore",
    "start",
    "switch",
    "observe",
    "reconcile",
    "clean",
)


def one_boot(measured: Measured) -> Assumption:
    """Every event carries the same boot: between two, monotonic instants mean nothing."""
    count = len(measured.timeline.boot_ids)
    return Assumption(
        name="one_boot",
        title=Text(fr="Un seul démarrage de la machine", en="One boot"),
        holds=count == 1,
        reason=say.sentence(
            "{count} démarrages de la machine dans l'historique",
            "{count} boots of the machine in the history",
            count=count,
        )
        if count > 1
        else Text(fr="un seul démarrage de la machine", en="one boot of the machine"),
        voids=_DURATIONS,
    )


def ordered_clocks(measured: Measured) -> Assumption:
    """The marks come in their order, and the wall clock kept step with the monotonic one."""
    wrong = disordered(measured.marks_ns)
    drift_s = _drift_s(measured.timeline)
    if "t0" not in measured.marks_ns:
        holds: bool | None = None
        reason = Text(fr="pas de sinistre (t0)", en="no disaster (t0)")
    elif wrong:
        holds = False
        pairs = ", ".join(f"{later} < {earlier}" for earlier, later in wrong)
        reason = say.sentence(
            "repères en désordre : {pairs}", "marks out of order: {pairs}", pairs=pairs
        )
    elif drift_s > _CLOCK_DRIFT_S:
        holds = False
        reason = say.sentence(
            "l'heure de la machine a sauté de {drift}",
            "the machine's time of day jumped by {drift}",
            drift=say.seconds(drift_s),
        )
    else:
        holds = True
        reason = Text(fr="repères et horloges en ordre", en="marks and clocks in order")
    return Assumption(
        name="ordered_clocks",
        title=Text(fr="Horloges ordonnées", en="Ordered clocks"),
        holds=holds,
        reason=reason,
    )


def final_reads(measured: Measured) -> Assumption:
    """Every acknowledged write was read back in the end, and got an answer."""
    fates = [one.fate for one in measured.witnesses if one.acknowledged_ns is not None]
    parts = {"unread": fates.count(Fate.UNREAD), "count": len(fates)}
    if not fates:
        reason = Text(fr="aucune écriture acquittée", en="no write was acknowledged")
    elif parts["unread"]:
        reason = say.sentence(
            "écritures acquittées sans relecture finale : {unread} sur {count}",
            "acknowledged writes without a final read: {unread} of {count}",
            **parts,
        )
    else:
        reason = say.sentence(
            "écritures acquittées, toutes relues : {count}",
            "acknowledged writes, all read back: {count}",
            **parts,
        )
    return Assumption(
        name="final_reads",
        title=Text(fr="Relectures finales faites", en="Final reads made"),
        holds=parts["unread"] == 0 if fates else None,
        reason=reason,
    )


def recorders_complete(measured: Measured) -> Assumption:
    """No file is torn, every recorder ended of its own accord, the probers saw it all."""
    timeline = measured.timeline
    problems = [
        say.sentence("{name} : fichier tronqué", "{name}: torn file", name=name)
        for name in timeline.torn
    ]
    if timeline.orphans:
        problems.append(
            say.sentence(
                "{count} fins sans début, dont {first}",
                "{count} completions without an invocation, such as {first}",
                count=len(timeline.orphans),
                first=timeline.orphans[0],
            )
        )
    present = {span.process for span in timeline.processes}
    problems += [
        say.sentence(
            "{process} : rien d'enregistré",
            "{process}: nothing recorded",
            process=process,
        )
        for process in _EXPECTED
        if process not in present
    ]
    problems += [
        say.sentence(
            "{process} : fin non enregistrée",
            "{process}: its end is not recorded",
            process=process,
        )
        for process in _unclosed(timeline)
    ]
    problems += _probing_gaps(measured)
    return Assumption(
        name="recorders_complete",
        title=Text(fr="Enregistreurs complets", en="Recorders complete"),
        holds=not problems,
        reason=say.join(problems)
        if problems
        else Text(fr="enregistreurs complets", en="recorders complete"),
    )


def drill_completed(measured: Measured) -> Assumption:
    """Every phase of the plan came in its turn and ended well, to the last.

    An interrupted drill, or one that left a phase out, proves nothing.
    """
    phases = measured.timeline.phases
    bad = [phase.name for phase in phases if phase.ended is not Kind.OK]
    begun = {phase.name: phase.start_ns for phase in phases}
    due = _due_phases(measured)
    absent = [name for name in due if name not in begun]
    came = [name for name in due if name in begun]
    early = [
        later
        for first, later in itertools.pairwise(came)
        if begun[later] < begun[first]
    ]
    problems = [
        say.sentence(
            "{flaw} : {phases}",
            "{flaw}: {phases}",
            flaw=flaw,
            phases=say.join((phase_name(name) for name in names), separator=", "),
        )
        for flaw, names in (
            (
                Text(fr="phase inachevée ou en échec", en="phase unfinished or failed"),
                bad,
            ),
            (Text(fr="phase absente", en="phase missing"), absent),
            (Text(fr="phase avant son tour", en="phase before its turn"), early),
        )
        if names
    ]
    return Assumption(
        name="drill_completed",
        title=Text(fr="Exercice mené à son terme", en="Drill completed"),
        holds=not problems,
        reason=say.join(problems)
        if problems
        else Text(fr="exercice mené à son terme", en="the drill ran to its end"),
    )


def _due_phases(measured: Measured) -> tuple[str, ...]:
    """Return the phases that the plan makes, in their order."""
    plan = measured.run.plan.plan
    faults = len(plan.continuity) if plan else 0
    return (
        *_PHASES_BEFORE,
        *(f"{PHASE}{number}" for number in range(1, faults + 1)),
        *_PHASES_AFTER,
    )


def objectives_unchanged(measured: Measured) -> Assumption:
    """The objectives are those the run started with; a verdict against others is void."""
    looks = measured.timeline.checks_named("objectives_unchanged")
    denied = [look for look in looks if look.holds is False]
    same = measured.run.objectives_sha256 == measured.run.plan.objectives_sha256
    if not same:
        reason = Text(
            fr="les objectifs du dossier ont changé depuis le début de l'exercice",
            en="the folder's objectives changed since the drill began",
        )
    elif denied:
        reason = say.sentence(
            "objectifs modifiés pendant l'exercice : {detail}",
            "objectives changed during the drill: {detail}",
            detail=denied[-1].detail or "–",
        )
    elif not any(look.holds for look in looks):
        reason = Text(
            fr="objectifs : non comparés à la fin de l'exercice",
            en="objectives: not compared at the end of the drill",
        )
    else:
        reason = Text(
            fr="objectifs inchangés depuis le début de l'exercice",
            en="objectives unchanged since the drill began",
        )
    return Assumption(
        name="objectives_unchanged",
        title=Text(fr="Objectifs inchangés", en="Objectives unchanged"),
        holds=False
        if denied or not same
        else (True if any(look.holds for look in looks) else None),
        reason=reason,
        voids=_DURATIONS if denied or not same else (),
    )


def _drift_s(timeline: Timeline) -> float:
    """Return by how much wall clock and monotonic clock parted, at most, in seconds.

    Backups are told by wall clock, marks by the monotonic one: both meet at t0.
    """
    seen = [
        (timeline.start_ns, timeline.start_utc),
        (timeline.end_ns, timeline.end_utc),
    ]
    seen += [(mark.at_ns, mark.utc) for mark in timeline.marks.values()]
    origin = instant(timeline.start_utc)
    return max(
        abs(
            (instant(utc) - origin).total_seconds()
            - (at_ns - timeline.start_ns) / NS_PER_S
        )
        for at_ns, utc in seen
    )


def _unclosed(timeline: Timeline) -> Iterable[str]:
    """Name the watchers and generators that were killed; a mere registrar has no end."""
    generators = {
        load.process for load in timeline.loads if load.started_ns is not None
    }
    return [
        span.process
        for span in timeline.processes
        if not span.is_closed
        and (
            span.process in generators
            or span.process.startswith(("prober-", "sentinel"))
        )
    ]


def _probing_gaps(measured: Measured) -> list[Text]:
    """Say which prober began after the baseline, left before the load, or paused.

    The baseline is what the outages are judged against: probes must have been sent when
    it began to be steady.
    """
    arrivals = measured.timeline.arrivals
    last_arrival_ns = max((arrival.at_ns for arrival in arrivals), default=None)
    due_ns = _probes_due_ns(measured)
    problems = []
    for probers in probers_of(measured.timeline.probes).values():
        for process, prober in sorted(probers.items()):
            sent_ns = [probe.sent_ns for probe in prober.probes]
            pause_ns = max(
                (later - earlier for earlier, later in itertools.pairwise(sent_ns)),
                default=0,
            )
            allowed_ns = max(_PROBE_GAP_LEAST_NS, _PROBE_GAP_PERIODS * prober.period_ns)
            slack_ns = _PROBE_SLACK_NS + prober.period_ns
            flaws = (
                (
                    due_ns is not None and sent_ns[0] > due_ns + slack_ns,
                    Text(
                        fr="sondes commencées après le régime établi",
                        en="probing began after the baseline",
                    ),
                ),
                (
                    last_arrival_ns is not None
                    and sent_ns[-1] + slack_ns < last_arrival_ns,
                    Text(
                        fr="sondes arrêtées avant la charge",
                        en="probing ended before the load",
                    ),
                ),
                (
                    pause_ns > allowed_ns,
                    say.sentence(
                        "sondes interrompues pendant {pause}",
                        "not one probe for {pause}",
                        pause=say.seconds(round(pause_ns / NS_PER_S, 1)),
                    ),
                ),
            )
            problems += [
                say.sentence(
                    "{process} : {flaw}",
                    "{process}: {flaw}",
                    process=process,
                    flaw=flaw,
                )
                for is_so, flaw in flaws
                if is_so
            ]
    return problems


def _probes_due_ns(measured: Measured) -> int | None:
    """Return when probes were due at the latest: the steady state, else the first fault."""
    struck = [fault.injected_ns for fault in measured.timeline.faults]
    if measured.steady_ns is not None:
        return measured.steady_ns
    ended = [
        phase.end_ns
        for phase in measured.timeline.phases
        if phase.name == "baseline" and phase.end_ns is not None
    ]
    return min([*struck, *ended], default=measured.t0_ns)
