"""The recovery of a lost primary site on the recovery site, one visible list of steps.

Nothing here reads from the primary: it is gone. What is known comes from the backup store
(through the recovery site's own Velero), the escrow, and the manifests of the chart.
"""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Callable
from pathlib import Path

from reprise_platform import manifests, velero, workloads
from reprise_platform.access import Access
from reprise_platform.backups import Backup, judge, newest_counting
from reprise_platform.capabilities import capabilities
from reprise_platform.errors import PlatformError
from reprise_platform.restoring import (
    WAVE,
    apply_escrow,
    backup_value,
    keep,
    restore_whole,
)
from reprise_platform.waiting import until
from reprise_platform.workloads import json_objects, patient
from reprise_pra.history import JsonValue, Kind, Recorder

# A look into the bucket begun before the loss may end after it: Velero stamps its end.
_SYNC_MARGIN = datetime.timedelta(seconds=1)


class RecoveryError(PlatformError):
    """A step of the recovery failed; the message says which, and what was seen."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each wait of the recovery may last, in seconds."""

    location_s: float = 180
    restore_s: float = 240
    database_s: float = 180
    load_s: float = 600
    openmrs_s: float = 300


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be recovered.

    Attributes:
        lost_at: the instant of the loss; nothing newer can be in the store.
        rank: 1 restores the newest backup that counts, 2 the second newest.
        age_min_s: restore none begun later than this before the loss, in seconds.
        evidence: folder for what the objects and the load job said.
    """

    access: Access
    lost_at: datetime.datetime
    expected_volumes: tuple[str, ...]
    rank: int = 1
    age_min_s: float = 0.0
    limits: Limits = Limits()
    evidence: Path


class Recovery:
    """One recovery under way: what was asked, and what its steps found so far."""

    def __init__(
        self,
        request: Request,
        *,
        recorder: Recorder,
        tell: Callable[[str], None],
    ) -> None:
        """Prepare; `tell` hears what is being waited for, in a few words."""
        self.request = request
        self.recorder = recorder
        self.tell = tell
        self.backup: Backup | None = None
        self.stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime())

    def chosen(self) -> Backup:
        """Return the backup that was picked; before that, a programmer's error."""
        assert self.backup is not None, "the backup is picked in the phase `prepare`"
        return self.backup

    def mark(self, name: str, detail: str, *, at_ns: int | None = None) -> None:
        """Record one mark of the recovery, now or at `at_ns`."""
        value = {"mark": name, "detail": detail}
        self.recorder.record(Kind.OK, "mark", name, value, at_ns=at_ns)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: the drill's phase it belongs to, what it does in a few words, the act."""

    phase: str
    title: str
    act: Callable[[Recovery], None]


def _fence(recovery: Recovery) -> None:
    """Keep the lost site from coming back: powered on, it would write backups again."""
    capabilities(recovery.request.access).fence_primary()


def _secrets(recovery: Recovery) -> None:
    apply_escrow(recovery.request.access)


def _volumes(recovery: Recovery) -> None:
    capabilities(recovery.request.access).prepare_recovery_volumes()


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
    found = velero.backups(request.access.recovery)
    age = datetime.timedelta(seconds=request.age_min_s)
    backup = newest_counting(
        found,
        request.expected_volumes,
        rank=request.rank,
        started_by=request.lost_at - age,
    )
    if backup is None:
        seen = "; ".join(
            f"{one.name}: {judge(one, request.expected_volumes).text}" for one in found
        )
        msg = f"no backup that counts (rank {request.rank}) was found: {seen or 'none'}"
        raise RecoveryError(msg)
    recovery.backup = backup
    recovery.recorder.record(
        Kind.OK, "backup_chosen", backup.name, {"name": backup.name}
    )
    recovery.mark("t3", f"{backup.name} of {len(found)} backups")


def _restore(recovery: Recovery) -> None:
    request, backup = recovery.request, recovery.chosen()
    started_ns = time.monotonic_ns()
    recovery.mark("t4", backup.name, at_ns=started_ns)
    wanted = velero.RestoreRequest(
        name=f"{WAVE}-{recovery.stamp}",
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
    recovery.mark("t5", wanted.name)


def _database(recovery: Recovery) -> None:
    request = recovery.request
    workloads.start(
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
    for told in json_objects(log):
        loaded |= told
    backup = recovery.chosen()
    value = {**backup_value(backup, request.expected_volumes), "loaded": loaded}
    snapshot = loaded.get("snapshot_utc")
    if isinstance(snapshot, str):
        value["snapshot_utc"] = snapshot
    recovery.recorder.record(Kind.OK, "backup", backup.name, value)


def _openmrs(recovery: Recovery) -> None:
    request = recovery.request
    workloads.start(
        request.access.recovery,
        manifests.openmrs(request.access),
        within_s=request.limits.openmrs_s,
        what="OpenMRS on the recovery site",
    )
    recovery.mark("t6", "OpenMRS is ready on the recovery site")


def _switch(recovery: Recovery) -> None:
    value = {"to": "recovery"}
    recovery.recorder.record(Kind.INVOKE, "switch", "switch-recovery", value)
    capabilities(recovery.request.access).switch("recovery")
    recovery.recorder.record(Kind.OK, "switch", "switch-recovery", value)


STEPS: tuple[Step, ...] = (
    Step(phase="prepare", title="fence the primary site", act=_fence),
    Step(phase="prepare", title="escrowed Secrets", act=_secrets),
    Step(phase="prepare", title="empty volumes", act=_volumes),
    Step(phase="prepare", title="backup location synced", act=_location),
    Step(phase="prepare", title="pick the backup", act=_pick),
    Step(phase="restore", title="restore the dump's volume", act=_restore),
    Step(phase="start", title="database of one member", act=_database),
    Step(phase="start", title="load the dump", act=_load),
    Step(phase="start", title="start OpenMRS", act=_openmrs),
    Step(phase="switch", title="switch the front door", act=_switch),
)


def run_phase(recovery: Recovery, phase: str) -> None:
    """Carry out the steps of one phase, in order.

    Raises:
        PlatformError: a step failed; the message begins with its title.
    """
    for step in STEPS:
        if step.phase != phase:
            continue
        recovery.tell(step.title)
        try:
            step.act(recovery)
        except PlatformError as error:
            msg = f"{step.title}: {error}"
            raise RecoveryError(msg) from error
