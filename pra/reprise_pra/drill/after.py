"""The phases after the loss: recovery, observation, reconciliation, cleaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reprise_experiments.errors import ExperimentsError
from reprise_experiments.nemesis import undo_entry
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import site_of
from reprise_platform import paths, provider, recovery
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
    """Leave nothing running: traffic, watch, faults, the site; then say so.

    Raises:
        DrillError: tells all that could not be cleaned.
    """
    watch, problems = drill.watch, list[str]()
    parts: list[tuple[str, Callable[[], None]]] = [
        ("traffic", lambda: _say_all(drill, drill.traffic.stop())),
        ("watch", lambda: watch.stop(wait_s=30) if watch else None),
        ("faults", lambda: _undo(drill)),
        ("objectives", lambda: _compare_objectives(drill)),
        ("site", lambda: _take_down(drill)),
    ]
    for name, act in parts:
        try:
            act()
        # Each part is tried whatever became of the others: a fault that cannot be undone
        # must not leave the site up as well.
        except Exception as error:  # noqa: BLE001
            problems.append(f"{name}: {error}")
    if problems:
        msg = "; ".join(problems)
        raise DrillError(msg)


def _say_all(drill: Drill, lines: Iterable[str]) -> None:
    for line in lines:
        drill.console.say(f"  {line}")


def _undo(drill: Drill) -> None:
    """Undo the faults that are open; the loss of the site is undone by its end alone."""
    if drill.access is None:
        return
    site = site_of(drill.access)
    problems: list[str] = []
    for entry in site.ledger.read().open:
        if not entry.leased:
            continue
        drill.console.awaiting(f"{entry.fault} undone")
        try:
            with open_recorder(drill.folder.history, "nemesis") as recorder:
                undo_entry(site, entry, by="drill", recorder=recorder)
        except (ExperimentsError, PlatformError) as error:
            problems.append(f"{entry.fault} {entry.id}: {error}")
    if problems:
        msg = "; ".join(problems)
        raise DrillError(msg)


def _compare_objectives(drill: Drill) -> None:
    changed = objectives_problems(drill.folder, drill.prepared)
    said = "; ".join(changed) or "same digests"
    drill.journal.check("objectives_unchanged", holds=not changed, detail=said)


def _take_down(drill: Drill) -> None:
    name = drill.prepared.site.name
    if drill.keep_site or not drill.site_is_ours:
        drill.console.say(f"  site {name} is kept")
        return
    try:
        with drill.console.aside():
            provider.destroy(name)
        _see_nothing_left(name)
    except Exception as error:
        drill.journal.check("residue", holds=False, detail=str(error))
        raise
    drill.journal.check("residue", holds=True, detail="nothing of the site is left")
    if drill.loss is not None:
        drill.journal.mark("t9", "the site is taken down, the machine is as before")


def _see_nothing_left(name: str) -> None:
    """Check the provider's word that all is gone."""
    if paths.site_state(name).exists():
        msg = f"{paths.site_state(name)} is still there"
        raise DrillError(msg)
