"""The phases after the loss: recovery, observation, reconciliation, cleaning."""

from __future__ import annotations

from reprise_experiments.errors import ExperimentsError
from reprise_experiments.nemesis import undo_entry
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import site_of
from reprise_platform import kube, paths, provider, recovery
from reprise_platform.errors import PlatformError
from reprise_pra.drill.breaking import see_loss, tell_unreachable
from reprise_pra.drill.context import Drill, credentials, need
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.folder import objectives_problems
from reprise_pra.drill.looking import Lookout
from reprise_pra.drill.reconcile import reconcile as read_back
from reprise_pra.drill.reconcile import writes_to_read
from reprise_pra.drill.tail import Tail


def recover(drill: Drill, phase: str) -> None:
    """Carry out the recovery's steps of one phase: prepare, restore, start, switch."""
    plan, limits = drill.plan, drill.plan.limits
    if drill.recovery is None:
        see_loss(drill)
        request = recovery.Request(
            access=drill.site,
            lost_at=need(drill.loss, "the loss").utc,
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
    plan, loss = drill.plan, need(drill.loss, "the loss")
    lookout = Lookout(
        drill.folder.history,
        drill.prepared.objectives,
        minimum_operations=plan.load.minimum_operations,
    )
    stable_s = plan.observation.stable_s
    drill.wait_until_none(
        lambda: lookout.unrecovered(t0_ns=loss.at_ns, stable_s=stable_s),
        within_s=plan.limits.observe_s,
        every_s=2,
        what=f"every T1 journey good for {stable_s:g} s",
    )
    drill.pause(plan.observation.margin_s, "a relapse, if there is one")
    tell_unreachable(drill, api_answers=kube.api_reachable(drill.site.primary))
    for line in drill.traffic.stop():
        drill.console.say(f"  {line}")


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
            told=lambda count: drill.console.awaiting(
                f"writes read back: {count} of {len(writes)}", is_count=True
            ),
        )
    said = (
        f"{done.looked_for} writes looked for: {done.found} found, {done.absent} absent,"
        f" {done.unread} not readable"
    )
    if done.unread:
        msg = f"{said}; the data is not reconciled"
        raise DrillError(msg)
    drill.journal.mark("t8", said)


def clean(drill: Drill) -> None:
    """Leave nothing running: traffic, watchers, faults, the site; then say so.

    Each part is tried whatever became of the others.

    Raises:
        DrillError: tells all that could not be cleaned.
    """
    problems: list[str] = []
    drill.traffic.stop()
    if drill.watch is not None:
        drill.watch.stop(wait_s=30)
    problems += _undo(drill)
    changed = objectives_problems(drill.folder, drill.prepared)
    drill.journal.check(
        "objectives_unchanged",
        holds=not changed,
        detail="; ".join(changed) or "same digests",
    )
    if drill.keep_site or not drill.site_is_ours:
        drill.console.say(f"  site {drill.prepared.site.name} is kept")
    else:
        problems += _destroy(drill)
    if problems:
        msg = "; ".join(problems)
        raise DrillError(msg)


def _undo(drill: Drill) -> list[str]:
    """Undo the faults that are open; the loss of the site is undone by its end alone."""
    if drill.access is None:
        return []
    problems: list[str] = []
    try:
        site = site_of(drill.access)
        open_faults = [entry for entry in site.ledger.read().open if entry.leased]
    except (ExperimentsError, PlatformError) as error:
        return [f"the fault ledger: {error}"]
    for entry in open_faults:
        drill.console.awaiting(f"{entry.fault} undone")
        try:
            with open_recorder(drill.folder.history, "nemesis") as recorder:
                undo_entry(site, entry, by="drill", recorder=recorder)
        except (ExperimentsError, PlatformError) as error:
            problems.append(f"{entry.fault} {entry.id}: {error}")
    return problems


def _destroy(drill: Drill) -> list[str]:
    name = drill.prepared.site.name
    try:
        with drill.console.aside():
            provider.destroy(name)
    except (PlatformError, OSError) as error:
        drill.journal.check("residue", holds=False, detail=str(error))
        return [f"site {name}: {error}"]
    left = paths.site_state(name).exists()
    said = "its folder is still there" if left else "nothing of the site is left"
    drill.journal.check("residue", holds=not left, detail=said)
    if drill.loss is not None and not left:
        drill.journal.mark("t9", "the site is taken down, the machine is as before")
    return [f"site {name}: {said}"] if left else []
