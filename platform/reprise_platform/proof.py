"""Prove the escrowed key before the disaster, by a restore beside the service.

A repository with the wrong password reads Ready, its location Available, and a restore
takes a minute to find out: nothing but a restore shows that backups can be read.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from reprise_platform import kube, velero
from reprise_platform.access import Access
from reprise_platform.backups import Backup, newest_counting
from reprise_platform.capabilities import capabilities
from reprise_platform.restoring import WAVE, RestoreError, apply_escrow, restore_whole
from reprise_platform.waiting import until
from reprise_platform.workloads import patient
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.history import Recorder

NAMESPACE = "proof"
_GONE_WITHIN_S = 90.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeyProof:
    """A backup that was read with the escrowed key, and how long that took."""

    backup: str
    restore: str
    bytes_restored: int
    seconds: float


def prove_key(
    access: Access,
    *,
    expected_volumes: tuple[str, ...],
    within_s: float,
    recorder: Recorder,
    evidence: Path,
    tell: Callable[[Text], None],
) -> KeyProof:
    """Restore the newest backup that counts into a namespace of its own, then drop that.

    The Restore object stays: deleting one needs a right on the bucket that the recovery
    site does not have, and would hang for ever.

    Raises:
        PlatformError: no backup counts, or it could not be read whole.
    """
    backup = newest_counting(velero.backups(access.recovery), expected_volumes)
    if backup is None:
        msg = f"{access.recovery.name}: no backup that counts is known there yet"
        raise RestoreError(msg)
    started_s = time.monotonic()
    tell(
        say.sentence(
            "épreuve de la clé de secours avec {backup}",
            "prove the escrowed key with {backup}",
            backup=backup.name,
        )
    )
    with restored_beside(
        access,
        backup,
        expected_volumes=expected_volumes,
        within_s=within_s,
        recorder=recorder,
        evidence=evidence,
    ) as state:
        seconds = time.monotonic() - started_s
    return KeyProof(
        backup=backup.name,
        restore=state.name,
        bytes_restored=sum(copy.bytes_done for copy in state.volumes),
        seconds=seconds,
    )


@contextlib.contextmanager
def restored_beside(
    access: Access,
    backup: Backup,
    *,
    expected_volumes: tuple[str, ...],
    within_s: float,
    recorder: Recorder,
    evidence: Path,
) -> Iterator[velero.Restore]:
    """Restore a backup's data into a namespace of its own; it goes with the block.

    Raises:
        PlatformError: the backup could not be read whole.
    """
    drop_namespace(access)
    volumes = capabilities(access).prepare_recovery_volumes(NAMESPACE)
    try:
        apply_escrow(access, into_namespace=NAMESPACE)
        yield restore_whole(
            access,
            velero.RestoreRequest(
                name=f"{NAMESPACE}-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}",
                backup=backup.name,
                namespace=access.namespace,
                wave=WAVE,
                into_namespace=NAMESPACE,
            ),
            backup,
            expected_volumes=expected_volumes,
            within_s=within_s,
            recorder=recorder,
            evidence=evidence,
        )
    finally:
        drop_namespace(access)
        # A volume once bound keeps its claim, and its data, for ever: never used twice.
        capabilities(access).drop_recovery_volumes(volumes)


def drop_namespace(access: Access) -> None:
    """Delete the namespace of the proof and wait until it is gone; none is well too.

    Raises:
        PlatformError: it is still there after a minute and a half.
    """

    def find() -> bool:
        return (
            kube.get_object(access.recovery, "v1", "Namespace", NAMESPACE) is not None
        )

    if not find():
        return
    kube.delete(access.recovery, "v1", "Namespace", NAMESPACE)
    until(
        patient(lambda: not find()),
        within_s=_GONE_WITHIN_S,
        every_s=0.5,
        what=f"namespace {NAMESPACE} of the recovery site to be gone",
    )
