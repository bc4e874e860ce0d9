"""The phases before anything is broken: provision, preflight, baseline."""

from __future__ import annotations

import time

from reprise_experiments.observe import snapshot
from reprise_experiments.site import site_of
from reprise_loadtests.bootstrap import check_login, check_needs
from reprise_loadtests.credentials import read_credentials
from reprise_loadtests.wire import Wire
from reprise_platform import provider
from reprise_platform.restoring import target_problems
from reprise_platform.status import status
from reprise_pra.drill.backupwatch import BackupWatch, prove_key_beside
from reprise_pra.drill.context import Drill
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.looking import Lookout
from reprise_pra.drill.traffic import write_profile

_ALL_WORKS_WITHIN_S = 180.0
_LOGIN_TIMEOUT_S = 10.0


def provision(drill: Drill) -> None:
    """Bring the site up, or complete it."""
    prepared = drill.prepared
    # From here on something may be there to be taken down, even if this fails half-way.
    drill.site_is_ours = True
    with drill.console.aside():
        drill.access = provider.provision(prepared.site_file, prepared.site.name)


def preflight(drill: Drill) -> None:
    """Refuse to break what is not whole, or what has nowhere to be recovered."""
    site = drill.site
    if site.production:
        msg = f"site {site.site} is marked production: this drill breaks, it is refused"
        raise DrillError(msg)
    experiments = site_of(site)
    experiments.ledger.check_clear()
    drill.wait_until_none(
        lambda: [
            f"{seen.what}: {seen.detail}"
            for seen in status(site.site)
            if not seen.works
        ],
        within_s=_ALL_WORKS_WITHIN_S,
        every_s=2,
        what="every machine, node, pod and backup location",
    )
    in_the_way = target_problems(site)
    detail = "; ".join(in_the_way) or "nothing runs there"
    drill.journal.check("recovery_target_empty", holds=not in_the_way, detail=detail)
    if in_the_way:
        msg = f"the recovery site is not empty: {detail}"
        raise DrillError(msg)
    wire = Wire(site.front_door, timeout_s=_LOGIN_TIMEOUT_S)
    try:
        check_login(wire, read_credentials(site.clinic_credentials))
        check_needs(wire)
    finally:
        wire.close()
    drill.before = snapshot(experiments.observer)
    volumes = drill.plan.backups.expected_volumes
    drill.watch = BackupWatch(drill.site, volumes, drill.journal)
    drill.watch.start()


def baseline(drill: Drill) -> None:
    """Let the clinics work undisturbed, and see that they can."""
    plan, history = drill.plan, drill.folder.history
    rate_per_s = plan.load.rate_per_s
    profile = drill.folder.path / "profile.yaml"
    write_profile(drill.prepared.profile, profile, rate_per_s=rate_per_s)
    drill.console.awaiting("the clinics to open")
    drill.traffic.start(
        drill.site,
        profile=None if rate_per_s == 0 else profile,
        seed=plan.seed,
        history=history,
    )
    if rate_per_s == 0:
        msg = "load.rate_per_s is 0: nobody works, so nothing could be concluded"
        drill.journal.check("steady_state", holds=None, detail=msg)
        raise DrillError(msg)
    lookout = Lookout(
        history,
        drill.prepared.objectives,
        minimum_operations=plan.load.minimum_operations,
    )
    window_s = plan.observation.baseline_s
    drill.pause(window_s, "baseline")

    since_ns = 0

    def unsteady() -> tuple[str, ...]:
        nonlocal since_ns
        since_ns = time.monotonic_ns() - round(window_s * 1e9)
        return lookout.unsteady(since_ns=since_ns)

    try:
        drill.wait_until_none(
            unsteady, within_s=plan.limits.steady_s, what="the steady state"
        )
    except DrillError as error:
        drill.journal.check("steady_state", holds=False, detail=str(error))
        raise
    drill.journal.check(
        "steady_state",
        holds=True,
        detail=f"every T1 journey within its objectives for {window_s:g} s",
        since_ns=since_ns,
    )
    _prove_key(drill)


def _prove_key(drill: Drill) -> None:
    """Prove the key beside the continuity faults; in the baseline it would disturb."""
    limits = drill.plan.limits
    drill.proof = prove_key_beside(
        drill.site,
        expected_volumes=drill.plan.backups.expected_volumes,
        known_within_s=limits.backups_s,
        within_s=limits.proof_s,
        recorder=drill.journal,
        evidence=drill.folder.evidence,
        tell=lambda text: drill.console.say(f"  ({text})"),
    )
