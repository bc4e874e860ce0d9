"""Watch the backups from beside the drill, and prove the key once one can be read."""

from __future__ import annotations

import contextlib
import datetime
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from reprise_platform import kube, velero
from reprise_platform.access import Access
from reprise_platform.backups import Backup, judge
from reprise_platform.errors import PlatformError
from reprise_platform.proof import KeyProof, prove_key
from reprise_platform.restoring import backup_value
from reprise_platform.waiting import until
from reprise_platform.workloads import json_objects, patient
from reprise_pra.analysis.results import Text
from reprise_pra.drill.background import Background
from reprise_pra.history import JsonValue, Kind, Recorder

_EVERY_S = 2.0
_DUMP_POD = "app=dump"
# The hook writes its time within a backup; clocks of one site differ by less than this.
_CLOCKS = datetime.timedelta(seconds=2)


class BackupWatch:
    """Records each backup of the primary site as it changes, in a thread of its own.

    It must not end a drill: a site that does not answer is asked again.
    """

    def __init__(
        self, access: Access, expected_volumes: Sequence[str], recorder: Recorder
    ) -> None:
        """Prepare; `start` begins."""
        self._access = access
        self._expected = tuple(expected_volumes)
        self._recorder = recorder
        self._snapshots: set[str] = set()
        self._seen: dict[str, Backup] = {}
        self._recorded: dict[str, dict[str, JsonValue]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="backup-watch", daemon=True
        )

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self, *, wait_s: float = 0) -> None:
        """End after the look under way, waited for at most `wait_s`; twice is well.

        A look at a site that has just died lasts as long as its requests.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=wait_s)

    def counting(self) -> tuple[str, ...]:
        """Return the names of the backups that count, as of the latest look."""
        seen = list(self._seen.values())
        return tuple(
            backup.name for backup in seen if judge(backup, self._expected).counts
        )

    def look(self) -> None:
        """Look once and record what changed.

        Raises:
            PlatformError: the primary does not answer.
        """
        found = velero.backups(self._access.primary)
        if any(backup.is_terminal for backup in found):
            self._hear_snapshots()
        for backup in found:
            value = backup_value(backup, self._expected)
            if backup.is_terminal:
                value["snapshot_utc"] = _within(self._snapshots, backup)
            if self._recorded.get(backup.name) != value:
                self._recorder.record(Kind.OK, "backup", backup.name, value)
                self._recorded[backup.name] = value
            self._seen[backup.name] = backup

    def _run(self) -> None:
        while not self._stop.is_set():
            # That it does not answer is for the faults' own observers to say.
            with contextlib.suppress(PlatformError):
                self.look()
            self._stop.wait(_EVERY_S)

    def _hear_snapshots(self) -> None:
        """Keep the instants of the dumps, which the dump pod tells in its own log.

        A pod that starts again loses its log, so what was heard is kept.
        """
        access = self._access
        pods = kube.pods(access.primary, access.namespace, _DUMP_POD)
        logs = (
            kube.pod_log(access.primary, access.namespace, pod.name) for pod in pods
        )
        self._snapshots |= {
            instant
            for log in logs
            for told in json_objects(log)
            if isinstance(instant := told.get("snapshot_utc"), str)
        }


def _within(snapshots: Iterable[str], backup: Backup) -> str | None:
    """Return the latest snapshot taken while a backup ran, or None."""
    if backup.started is None or backup.completed is None:
        return None
    low, high = backup.started - _CLOCKS, backup.completed + _CLOCKS
    inside = [
        instant
        for instant in snapshots
        if low <= datetime.datetime.fromisoformat(instant) <= high
    ]
    return max(inside, default=None)


def prove_key_beside(
    access: Access,
    *,
    expected_volumes: tuple[str, ...],
    known_within_s: float,
    within_s: float,
    recorder: Recorder,
    evidence: Path,
    tell: Callable[[Text], None],
) -> Background[KeyProof]:
    """Prove the recovery key beside the phases, once a backup that counts is known there.

    Args:
        known_within_s: how long to wait for such a backup.
        within_s: how long its restore may last.
    """

    def known() -> bool:
        found = velero.backups(access.recovery)
        return any(judge(backup, expected_volumes).counts for backup in found)

    def prove() -> KeyProof:
        what = "a backup that counts to be known on the recovery site"
        until(patient(known), within_s=known_within_s, every_s=2, what=what)
        return prove_key(
            access,
            expected_volumes=expected_volumes,
            within_s=within_s,
            recorder=recorder,
            evidence=evidence,
            tell=tell,
        )

    return Background("key-proof", prove)
