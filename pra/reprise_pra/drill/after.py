"""The phases after the loss: recovery, observation, reconciliation, cleaning."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from reprise_experiments.errors import ExperimentsError
from reprise_experiments.nemesis import undo_entry
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import site_of
from reprise_platform import recovery
from reprise_platform.errors import PlatformError
from reprise_platform.telling import text_of
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.analysis.words import fault_name
from reprise_pra.drill.acts import gather_acts
from reprise_pra.drill.breaking import see_loss, tell_unreachable
from reprise_pra.drill.context import Drill, credentials, need
from reprise_pra.drill.errors import AwaitedInVainError, DrillError
from reprise_pra.drill.folder import objectives_problems
from reprise_pra.drill.leaving import leave_site
from reprise_pra.drill.looking import Lookout
from reprise_pra.drill.reconcile import reconcile as read_back
from reprise_pra.drill.reconcile import writes_to_read
from reprise_pra.drill.tail import Tail

_LOSS = Text(fr="le sinistre", en="the disaster")


def recover(drill: Drill, phase: str) -> None:
    """Carry out the recovery's steps of one phase: prepare, restore, start, switch."""
    plan, limits = drill.plan, drill.plan.limits
    if drill.recovery is None:
        see_loss(drill)
        request = recovery.Request(
            access=drill.site,
            lost_at=need(drill.loss, _LOSS).utc,
            expected_volumes=plan.backups.expected_volumes,
            rank=plan.backups.rank,
            age_min_s=plan.backups.age_min_s,
            limits=recovery.Limits(
                location_s=limits.location_s,
                restore_s=limits.restore_s,
                database_s=limits.database_s,
                load_s=limits.load_s,
                openmrs_s=limits.openmrs_s,
            ),
            evidence=drill.folder.evidence,
        )
        drill.recovery = recovery.Recovery(
            request, recorder=drill.journal, tell=drill.console.awaiting
        )
    recovery.run_phase(drill.recovery, phase)


def observe(drill: Drill) -> None:
    """Watch until every T1 journey has been good for long enough, and a little longer."""
    plan, loss = drill.plan, need(drill.loss, _LOSS)
    lookout = Lookout(
        drill.folder.history,
        drill.prepared.objectives,
        minimum_operations=plan.load.minimum_operations,
    )
    stable_s = plan.observation.stable_s
    try:
        drill.wait_until_none(
            lambda: lookout.unrecovered(t0_ns=loss.at_ns, stable_s=stable_s),
            within_s=plan.limits.observe_s,
            # Each look reads all operations again, on the machine that is measured.
            every_s=3,
            what=say.sentence(
                "chaque parcours vital bon pendant {length}",
                "every T1 journey good for {length}",
                length=say.seconds(stable_s),
            ),
        )
    except AwaitedInVainError as error:
        # No reason to stop: that the service did not come back is what the drill found,
        # and what was lost can still be read. The analysis draws the bound of the RTA.
        drill.journal.check("service_restored", holds=False, detail=error.text)
    else:
        drill.pause(
            plan.observation.margin_s,
            Text(fr="une éventuelle rechute", en="a relapse, if there is one"),
        )
    tell_unreachable(drill)
    _say_all(drill, drill.traffic.stop())


def reconcile(drill: Drill) -> None:
    """Read back every write that may exist, through the front door."""
    history = drill.folder.history
    writes = writes_to_read(Tail(history, "load-*.jsonl").look())
    with open_recorder(history, "reconciler") as recorder:
        done = read_back(
            writes,
            front_door=drill.site.front_door,
            credentials=credentials(drill.site),
            recorder=recorder,
            within_s=drill.plan.limits.reconcile_s,
            authority=drill.site.authority,
            told=lambda count: drill.console.awaiting(
                say.sentence(
                    "écritures relues : {count} sur {total}",
                    "writes read back: {count} of {total}",
                    count=count,
                    total=len(writes),
                ),
                is_count=True,
            ),
        )
    said = say.sentence(
        "{looked_for} écritures recherchées : {found} retrouvées, {absent} absentes,"
        " {unread} illisibles",
        "{looked_for} writes looked for: {found} found, {absent} absent,"
        " {unread} not readable",
        **dataclasses.asdict(done),
    )
    if done.unread:
        raise DrillError(
            say.sentence(
                "{said}\u00a0; les données ne sont pas rapprochées",
                "{said}; the data is not reconciled",
                said=said,
            )
        )
    drill.journal.mark("t8", said)


def clean(drill: Drill) -> None:
    """Leave nothing running: traffic, watch, faults, the site; then say so.

    Raises:
        DrillError: tells all that could not be cleaned.
    """
    watch, problems = drill.watch, list[Text]()
    parts: tuple[tuple[Text, Callable[[], None]], ...] = (
        (
            Text(fr="trafic", en="traffic"),
            lambda: _say_all(drill, drill.traffic.stop()),
        ),
        (
            Text(fr="veille", en="watch"),
            lambda: watch.stop(wait_s=30) if watch else None,
        ),
        (Text(fr="pannes", en="faults"), lambda: _undo(drill)),
        (Text(fr="actes", en="acts"), lambda: _gather_acts(drill)),
        (Text(fr="objectifs", en="objectives"), lambda: _compare_objectives(drill)),
        (Text(fr="site", en="site"), lambda: leave_site(drill)),
    )
    for part, act in parts:
        try:
            act()
        # Each part is tried whatever became of the others: a fault that cannot be undone
        # must not leave the site up as well.
        except Exception as error:  # noqa: BLE001
            problems.append(
                say.sentence(
                    "{part} : {error}",
                    "{part}: {error}",
                    part=part,
                    error=text_of(error),
                )
            )
    if problems:
        raise DrillError(say.join(problems))


def _say_all(drill: Drill, lines: Iterable[Text]) -> None:
    for line in lines:
        drill.console.say(f"  {drill.console.spoken(line)}")


def _undo(drill: Drill) -> None:
    """Undo the faults that are open; the loss of the site is undone by its end alone."""
    if drill.access is None:
        return
    site = site_of(drill.access)
    problems: list[Text] = []
    for entry in site.ledger.read().open:
        if not entry.leased:
            continue
        drill.console.awaiting(
            say.sentence(
                "annulation : {fault}", "{fault} undone", fault=fault_name(entry.fault)
            )
        )
        try:
            with open_recorder(drill.folder.history, "nemesis") as recorder:
                undo_entry(site, entry, by="drill", recorder=recorder)
        except (ExperimentsError, PlatformError) as error:
            problems.append(
                say.sentence(
                    "{fault} ({id}) : {error}",
                    "{fault} ({id}): {error}",
                    fault=fault_name(entry.fault),
                    id=entry.id,
                    error=text_of(error),
                )
            )
    if problems:
        raise DrillError(say.join(problems))


def _gather_acts(drill: Drill) -> None:
    if drill.access is not None:
        gather_acts(drill.access.state, drill.folder.history, since_ns=drill.started_ns)


def _compare_objectives(drill: Drill) -> None:
    changed = objectives_problems(drill.folder, drill.prepared)
    said = (
        say.join(changed) if changed else Text(fr="mêmes empreintes", en="same digests")
    )
    drill.journal.check("objectives_unchanged", holds=not changed, detail=said)
