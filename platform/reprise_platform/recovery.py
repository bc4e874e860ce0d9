"""The recovery of a lost primary site on the recovery site, one visible list of steps.

Nothing here reads from the primary: it is gone. What is known comes from the backup store
(through the recovery site's own Velero), the escrow, and the manifests of the chart.
"""

from __future__ import annotations

import datetime

from reprise_platform import kube, manifests, velero, workloads
from reprise_platform.backups import Backup
from reprise_platform.capabilities import capabilities
from reprise_platform.errors import PlatformError
from reprise_platform.renewing import renew_volumes
from reprise_platform.restoring import (
    WAVE,
    RestoreHungError,
    apply_escrow,
    backup_value,
    keep,
    restore_whole,
)
from reprise_platform.telling import name, text_of
from reprise_platform.underway import (
    AGAIN,
    Limits,
    Recovery,
    RecoveryError,
    Request,
    Step,
    step,
)
from reprise_platform.waiting import until
from reprise_platform.workloads import json_objects, patient
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.history import JsonValue, Kind

__all__ = [
    "STEPS",
    "Limits",
    "Recovery",
    "RecoveryError",
    "Request",
    "Step",
    "run_phase",
]

# A look into the bucket begun before the loss may end after it: Velero stamps its end.
_SYNC_MARGIN = datetime.timedelta(seconds=1)


def _fence(recovery: Recovery) -> None:
    """Keep the lost site from coming back: powered on, it would write backups again."""
    capabilities(recovery.request.access).fence_primary()


def _empty(recovery: Recovery) -> None:
    recovery.see_target_empty()


def _secrets(recovery: Recovery) -> None:
    apply_escrow(recovery.request.access)


def _volumes(recovery: Recovery) -> None:
    made = capabilities(recovery.request.access).prepare_recovery_volumes()
    recovery.volumes = made


def _ask(recovery: Recovery) -> None:
    """Ask for the database before anything is waited for: it needs no backup to start."""
    access = recovery.request.access
    kube.apply(access.recovery, manifests.recovery_database(access))


def _location(recovery: Recovery) -> None:
    """Wait until the store was looked at after the loss: nothing newer can then exist.

    Compares Velero's clock with this machine's.
    """
    request = recovery.request
    wanted = request.lost_at + _SYNC_MARGIN

    def synced() -> bool:
        found = velero.locations(request.access.recovery)
        return bool(found) and all(
            location.phase == "Available"
            and location.last_synced is not None
            and location.last_synced >= wanted
            for location in found
        )

    until(
        patient(synced),
        within_s=request.limits.location_s,
        every_s=1,
        what="the backup location looked at after the loss",
    )


def _pick(recovery: Recovery) -> None:
    request = recovery.request
    backup = recovery.find(rank=request.rank)
    if backup is None:
        raise RecoveryError(
            say.sentence(
                "aucune sauvegarde valable (rang {rank}) : {seen}",
                "no backup that counts (rank {rank}) was found: {seen}",
                rank=request.rank,
                seen=recovery.known_backups()
                or Text(fr="aucune sauvegarde", en="none"),
            )
        )
    recovery.choose(backup)
    recovery.mark(
        "t3",
        say.sentence(
            "sauvegarde retenue : {backup}",
            "backup picked: {backup}",
            backup=backup.name,
        ),
    )


def _restore(recovery: Recovery) -> None:
    """Restore the data; a restore that hangs is made once more, then of an older backup.

    What hangs is the machinery more often than the backup: so the same one first. A
    restore that ends badly is not made again: its reason would not go away.
    """
    request, newest = recovery.request, recovery.chosen()
    recovery.mark("t4", name(newest.name))
    hung: list[str] = []
    for attempt, rank in enumerate((request.rank, request.rank, request.rank + 1), 1):
        if hung:
            recovery.tell(AGAIN)
            recovery.volumes = renew_volumes(request.access, recovery.volumes)
        backup = newest if rank == request.rank else recovery.find(rank=rank)
        if backup is None:
            break
        if backup is not newest:
            recovery.choose(backup)
        try:
            recovery.mark("t5", name(_restore_once(recovery, backup, attempt)))
        except RestoreHungError as error:
            hung.append(str(error))
        else:
            return
    raise RecoveryError(
        say.sentence(
            "restaurations sans fin : {count} ({said})",
            "restores that hung: {count} ({said})",
            count=len(hung),
            said="; ".join(hung),
        )
    )


def _restore_once(recovery: Recovery, backup: Backup, attempt: int) -> str:
    """Restore a backup under a name of its own, and return that name."""
    request = recovery.request
    suffix = "" if attempt == 1 else f"-{attempt}"
    wanted = velero.RestoreRequest(
        name=f"{WAVE}-{recovery.stamp}{suffix}",
        backup=backup.name,
        namespace=request.access.namespace,
        wave=WAVE,
    )
    restore_whole(
        request.access,
        wanted,
        backup,
        expected_volumes=request.expected_volumes,
        within_s=request.limits.restore_s,
        recorder=recovery.recorder,
        evidence=request.evidence,
    )
    return wanted.name


def _database(recovery: Recovery) -> None:
    request = recovery.request
    workloads.wait_ready(
        request.access.recovery,
        manifests.recovery_database(request.access),
        within_s=request.limits.database_s,
        what="the database of the recovery site",
    )


def _load(recovery: Recovery) -> None:
    request = recovery.request
    log = workloads.run_job(
        request.access.recovery,
        manifests.load_job(request.access),
        within_s=request.limits.load_s,
        what="the dump loaded into the database",
    )
    keep(request.evidence / "load-job.log", log)
    loaded: dict[str, JsonValue] = {}
    for said in json_objects(log):
        loaded |= said
    backup = recovery.chosen()
    value = {**backup_value(backup, request.expected_volumes), "loaded": loaded}
    snapshot = loaded.get("snapshot_utc")
    if isinstance(snapshot, str):
        value["snapshot_utc"] = snapshot
    recovery.recorder.record(Kind.OK, "backup", backup.name, value)


def _attachments(recovery: Recovery) -> None:
    recovery.see_attachments_served()


def _openmrs(recovery: Recovery) -> None:
    """Start OpenMRS on the data that was loaded.

    Never beside the load: OpenMRS makes its schema when it finds none, and would write
    into the tables that the load drops and fills.
    """
    request = recovery.request
    workloads.start(
        request.access.recovery,
        manifests.openmrs(request.access),
        within_s=request.limits.openmrs_s,
        what="OpenMRS on the recovery site",
    )
    recovery.mark(
        "t6",
        Text(
            fr="OpenMRS est prêt sur le site de secours",
            en="OpenMRS is ready on the recovery site",
        ),
    )


def _switch(recovery: Recovery) -> None:
    value = {"to": "recovery"}
    recovery.recorder.record(Kind.INVOKE, "switch", "switch-recovery", value)
    capabilities(recovery.request.access).switch("recovery")
    recovery.recorder.record(Kind.OK, "switch", "switch-recovery", value)


STEPS: tuple[Step, ...] = (
    step(
        "prepare", _fence, fr="isolement du site principal", en="fence the primary site"
    ),
    step("prepare", _empty, fr="cible de reprise vide", en="recovery target empty"),
    step("prepare", _secrets, fr="Secrets sous séquestre", en="escrowed Secrets"),
    step("prepare", _volumes, fr="volumes vierges", en="empty volumes"),
    step("prepare", _ask, fr="base de données demandée", en="ask for the database"),
    step(
        "prepare", _location, fr="dépôt de sauvegarde relu", en="backup location synced"
    ),
    step("prepare", _pick, fr="choix de la sauvegarde", en="pick the backup"),
    step(
        "restore",
        _restore,
        fr="volumes de l'export et des pièces jointes",
        en="restore the volumes of the dump and of the attachments",
    ),
    step("start", _database, fr="base de données prête", en="the database is ready"),
    step("start", _load, fr="chargement de l'export", en="load the dump"),
    step("start", _attachments, fr="pièces jointes servies", en="serve attachments"),
    step("start", _openmrs, fr="démarrage d'OpenMRS", en="start OpenMRS"),
    step(
        "switch", _switch, fr="bascule de la porte d'entrée", en="switch the front door"
    ),
    step("switch", Recovery.reindex, fr="index refait", en="rebuild the index"),
)


def run_phase(recovery: Recovery, phase: str) -> None:
    """Carry out the steps of one phase, in order.

    Raises:
        PlatformError: a step failed; the message begins with its title.
    """
    for each in STEPS:
        if each.phase != phase:
            continue
        recovery.tell(each.title)
        try:
            each.act(recovery)
        except PlatformError as error:
            text = say.sentence(
                "{title} : {error}",
                "{title}: {error}",
                title=each.title,
                error=text_of(error),
            )
            raise RecoveryError(text) from error
