"""The phases before anything is broken: provision, preflight, baseline."""

from __future__ import annotations

import time

from reprise_experiments.observe import snapshot
from reprise_experiments.site import site_of
from reprise_loadtests import metadata
from reprise_loadtests.bootstrap import check_login
from reprise_loadtests.credentials import read_credentials
from reprise_loadtests.schedule import arrivals_within
from reprise_loadtests.wire import Wire
from reprise_platform import hostpackages, provider
from reprise_platform.remote.asking import lacking_ways
from reprise_platform.restoring import target_problems
from reprise_platform.status import status
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.analysis.words import phase_name
from reprise_pra.drill.backupwatch import BackupWatch, prove_key_beside
from reprise_pra.drill.context import Drill
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.folder import owner_only
from reprise_pra.drill.looking import Lookout
from reprise_pra.drill.traffic import with_rate, write_profile
from reprise_reports import requirements

# What every drill needs once the primary is lost: found missing then, it would be too late.
_NEEDED = ("power_off_primary", "fence_primary", "make_recovery_volumes", "switch")
_ALL_WORKS_WITHIN_S = 180.0
_LOGIN_TIMEOUT_S = 10.0


def provision(drill: Drill) -> None:
    """Bring the site up, or complete it."""
    prepared = drill.prepared
    site = prepared.site.name
    # Asked before anything is made. From then on something may be there to be taken down,
    # even if this fails half-way; what somebody else brought up is theirs to take down.
    drill.site_is_ours = not provider.is_there(site)
    if not drill.site_is_ours:
        found = say.sentence(
            "le site {site} existait avant l'exercice : il ne sera pas supprimé à la fin",
            "site {site} was there before the drill: it will not be taken down at the end",
            site=site,
        )
        drill.console.say(f"  {drill.console.spoken(found)}")
    with drill.console.aside():
        # Found wanting only at the end, a font would have cost the drill its report.
        hostpackages.ensure(
            (
                (one.package, one.why)
                for one in requirements.missing()
                if not one.is_optional
            ),
            say=drill.console.say,
        )
        drill.access = provider.provision(
            prepared.site_file, prepared.site.name, language=drill.console.language
        )


def preflight(drill: Drill) -> None:
    """Refuse to break what is not whole, or what has nowhere to be recovered."""
    site = drill.site
    if site.production:
        raise DrillError(
            say.sentence(
                "le site {site} est marqué « production » : cet exercice casse, il est"
                " refusé",
                "site {site} is marked production: this drill breaks, it is refused",
                site=site.site,
            )
        )
    if lacking := lacking_ways(site, _NEEDED):
        raise DrillError(
            say.sentence(
                "le fichier du site {site} ne permet pas de mener l'exercice à son terme :"
                " {lacking}",
                "the file of site {site} does not let the drill come to its end: {lacking}",
                site=site.site,
                lacking="; ".join(lacking),
            )
        )
    experiments = site_of(site)
    experiments.ledger.check_clear()
    drill.wait_until_none(
        lambda: [
            say.sentence(
                "{what} : {state}", "{what}: {state}", what=seen.what, state=seen.detail
            )
            for seen in status(site.site)
            if not seen.works
        ],
        within_s=_ALL_WORKS_WITHIN_S,
        every_s=2,
        what=Text(
            fr="chaque machine, nœud, pod et emplacement de sauvegarde",
            en="every machine, node, pod and backup location",
        ),
    )
    in_the_way = target_problems(site)
    detail = Text(fr="rien n'y tourne", en="nothing runs there")
    if in_the_way:
        detail = say.sentence(
            "le site de secours n'est pas vide : {found} ; supprimer le site avec"
            " `python -m reprise_platform down --name {site}`, puis recommencer",
            "the recovery site is not empty: {found}; take the site down with"
            " `python -m reprise_platform down --name {site}`, then begin again",
            found=", ".join(in_the_way),
            site=site.site,
        )
    drill.journal.check("recovery_target_empty", holds=not in_the_way, detail=detail)
    if in_the_way:
        raise DrillError(detail)
    wire = Wire(site.front_door, timeout_s=_LOGIN_TIMEOUT_S, authority=site.authority)
    try:
        check_login(wire, read_credentials(site.clinic_credentials))
        metadata.check(wire, drill.prepared.profile)
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
    _refuse_silence(drill)
    profile = drill.folder.path / "profile.yaml"
    write_profile(drill.prepared.profile, profile, rate_per_s=rate_per_s)
    drill.console.awaiting(
        Text(fr="l'ouverture des cliniques", en="the clinics to open")
    )
    with owner_only():
        drill.traffic.start(
            drill.site,
            profile=profile,
            seed=plan.seed,
            history=history,
            alert=plan.disaster.alert,
        )
    lookout = Lookout(
        history,
        drill.prepared.objectives,
        minimum_operations=plan.load.minimum_operations,
    )
    window_s = plan.observation.baseline_s
    drill.pause(window_s, phase_name("baseline"))

    since_ns = 0

    def unsteady() -> tuple[Text, ...]:
        nonlocal since_ns
        since_ns = time.monotonic_ns() - round(window_s * 1e9)
        return lookout.unsteady(since_ns=since_ns)

    try:
        drill.wait_until_none(
            unsteady,
            within_s=plan.limits.steady_s,
            what=Text(fr="le régime établi", en="the steady state"),
        )
    except DrillError as error:
        drill.journal.check("steady_state", holds=False, detail=error.text)
        raise
    drill.journal.check(
        "steady_state",
        holds=True,
        detail=say.sentence(
            "chaque parcours vital dans ses objectifs pendant {length}",
            "every T1 journey within its objectives for {length}",
            length=say.seconds(window_s),
        ),
        since_ns=since_ns,
    )
    _prove_key(drill)


def _refuse_silence(drill: Drill) -> None:
    """Give up at once when nobody is to come: it is known before anything starts.

    Raises:
        DrillError: the schedule has no arrival for as long as the baseline may last.
    """
    plan, profile = drill.plan, drill.prepared.profile
    rate_per_s = plan.load.rate_per_s
    lasts_s = plan.observation.baseline_s + plan.limits.steady_s
    if rate_per_s == 0:
        said = Text(
            fr="load.rate_per_s vaut 0 : personne ne travaille, rien ne pourrait être"
            " conclu",
            en="load.rate_per_s is 0: nobody works, so nothing could be concluded",
        )
    elif arrivals_within(
        with_rate(profile, rate_per_s), seed=plan.seed, duration_s=lasts_s
    ):
        return
    else:
        said = say.sentence(
            "aucune arrivée prévue pendant {length} : personne ne travaille, rien ne"
            " pourrait être conclu",
            "no arrival is scheduled for {length}: nobody works, so nothing could be"
            " concluded",
            length=say.seconds(lasts_s),
        )
    drill.journal.check("steady_state", holds=None, detail=said)
    raise DrillError(said)


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
        tell=lambda text: drill.console.say(f"  ({drill.console.spoken(text)})"),
    )
