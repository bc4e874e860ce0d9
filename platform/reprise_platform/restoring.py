"""One restore, carried to its proven end: every volume back, every byte of it."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path

from reprise_platform import kube, manifests, velero
from reprise_platform.access import Access
from reprise_platform.backups import Backup, judge, shortfalls
from reprise_platform.errors import PlatformError, SiteError, WaitTimeout
from reprise_platform.waiting import until
from reprise_platform.workloads import patient
from reprise_pra.history import JsonValue, Kind, Recorder

# What is restored together: the volumes that are saved, and the pods that mount them.
WAVE = "data"
ATTACHMENTS = "attachments"
# A volume may keep an empty phase for ever once its restore has ended.
_STRAGGLERS_S = 5.0
_AFTER_RESTART_S = 60.0
_POLL_S = 0.25


class RestoreError(PlatformError):
    """A restore did not bring everything back; the message lists what is missing."""


class RestoreHungError(RestoreError):
    """A restore did not end in its time; the server was restarted to free its queue."""


def restore_whole(
    access: Access,
    request: velero.RestoreRequest,
    backup: Backup,
    *,
    expected_volumes: Sequence[str],
    within_s: float,
    recorder: Recorder,
    evidence: Path,
) -> velero.Restore:
    """Restore one wave and return only when every byte of every volume is back.

    Restores run one at a time: one that hangs would hold all later ones for hours. After
    `within_s` seconds the server is restarted, which fails it and frees the queue.

    Raises:
        RestoreHungError: it did not end; another may be made.
        RestoreError: the restore failed, or left something out.
    """
    value: dict[str, JsonValue] = {
        "name": request.name,
        "backup": request.backup,
        "wave": request.wave,
    }
    recorder.record(Kind.INVOKE, "restore", request.name, value)
    try:
        velero.create_restore(access.velero, access.recovery, request)
        state = _settled(access, request.name, within_s=within_s)
    except PlatformError as error:
        recorder.record(
            Kind.FAIL, "restore", request.name, {**value, "reason": str(error)}
        )
        raise
    keep(evidence / f"restore-{request.name}.json", as_json(state))
    problems = list(shortfalls(state.volumes, backup, expected_volumes))
    if state.phase != "Completed":
        problems.insert(0, f"restore {state.phase}: {state.message}".rstrip(": "))
    kind = Kind.FAIL if problems else Kind.OK
    recorder.record(
        kind, "restore", request.name, {**value, **restore_value(state, problems)}
    )
    if problems:
        msg = f"restore {request.name} of {backup.name}: {'; '.join(problems)}"
        raise RestoreError(msg)
    return state


def _settled(access: Access, name: str, *, within_s: float) -> velero.Restore:
    ended_at: list[float] = []

    def settled() -> velero.Restore | None:
        state = velero.restore_state(access.recovery, name)
        if state is None or not state.is_terminal:
            return None
        ended_at.append(time.monotonic())
        waited_s = ended_at[-1] - ended_at[0]
        return state if state.is_settled or waited_s >= _STRAGGLERS_S else None

    what = f"restore {name} and each of its volumes to end"
    try:
        return until(patient(settled), within_s=within_s, every_s=_POLL_S, what=what)
    except WaitTimeout as timeout:
        velero.restart_server(access.recovery)
        msg = f"{timeout}; the Velero server was restarted to free its queue"
        try:
            until(
                patient(settled),
                within_s=_AFTER_RESTART_S,
                every_s=1,
                what=f"restore {name} to be given up by the restarted server",
            )
        except WaitTimeout as still:
            msg = f"{msg}, in vain: {still}"
        raise RestoreHungError(msg) from timeout


def apply_escrow(access: Access, *, into_namespace: str | None = None) -> None:
    """Create the namespace on the recovery site and put the escrowed Secrets there.

    They come before any data: a pod whose Secret is missing never starts.

    Args:
        into_namespace: another namespace for those of the service; Secrets of other
            namespaces are then left alone.

    Raises:
        SiteError: the escrow holds no Secret.
    """
    wanted = manifests.escrowed(access)
    if into_namespace is not None:
        wanted = [
            moved
            for item in wanted
            if (moved := _moved(item, access.namespace, into_namespace))
        ]
    if not any(item["kind"] == "Secret" for item in wanted):
        msg = f"{access.escrow}: no escrowed Secret; without them no recovery can start"
        raise SiteError(msg)
    kube.apply(access.recovery, wanted)


def target_problems(access: Access) -> tuple[str, ...]:
    """List what already runs where the service is to be recovered; empty is as wanted.

    Velero skips what exists: in a namespace that is not empty, old data would pass for
    restored data.
    """
    kinds = (
        ("v1", "Pod"),
        ("v1", "PersistentVolumeClaim"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
    )
    return tuple(
        f"{kind} {kube.text(found, 'metadata', 'name')}"
        for api_version, kind in kinds
        for found in kube.list_objects(
            access.recovery, api_version, kind, namespace=access.namespace
        )
    )


def _moved(item: kube.Object, source: str, target: str) -> kube.Object | None:
    """Return an object of one namespace as one of another, or None if it is elsewhere."""
    metadata = item["metadata"]
    assert isinstance(metadata, dict), "an object has metadata"
    if item["kind"] == "Namespace":
        return {**item, "metadata": {**metadata, "name": target}}
    if metadata.get("namespace") != source:
        return None
    return {**item, "metadata": {**metadata, "namespace": target}}


def backup_value(
    backup: Backup, expected_volumes: Sequence[str]
) -> dict[str, JsonValue]:
    """Return what the history says of a backup: its fate, and whether it counts."""
    judgement = judge(backup, expected_volumes)
    return {
        "name": backup.name,
        "phase": backup.phase,
        "counts": judgement.counts,
        "reason": judgement.reason.value,
        "detail": judgement.text,
        "started_utc": backup.started.isoformat() if backup.started else None,
        "snapshot_utc": None,
        "completed_utc": backup.completed.isoformat() if backup.completed else None,
        "volumes": [
            {"volume": copy.volume, "phase": copy.phase, "bytes": copy.bytes_total}
            for copy in backup.volumes
        ],
    }


def restore_value(
    state: velero.Restore, problems: Sequence[str]
) -> dict[str, JsonValue]:
    """Return what the history says of an ended restore."""
    return {
        "phase": state.phase,
        "errors": state.errors,
        "warnings": state.warnings,
        "reason": "; ".join(problems),
        "volumes": [
            {
                "volume": copy.volume,
                "phase": copy.phase,
                "bytes_done": copy.bytes_done,
                "bytes_total": copy.bytes_total,
            }
            for copy in state.volumes
        ],
    }


def as_json(state: velero.Restore) -> str:
    """Return a restore as indented JSON, for the evidence folder."""
    return json.dumps(dataclasses.asdict(state), indent=2, sort_keys=True) + "\n"


def keep(path: Path, text: str) -> None:
    """Write one piece of evidence; its folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
