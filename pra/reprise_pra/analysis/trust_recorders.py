"""Assumptions on who recorded: every process to its end, every phase in its turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from reprise_pra.analysis import say
from reprise_pra.analysis.continuity import PHASE
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.probing import probers_of
from reprise_pra.analysis.results import Assumption, Text
from reprise_pra.analysis.timeline import NS_PER_S, Timeline
from reprise_pra.analysis.words import phase_name
from reprise_pra.history import Kind

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
