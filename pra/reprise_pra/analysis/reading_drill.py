"""The events of the drill, the nemesis, the sentinel and the reconciler, typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reprise_pra.analysis.fields import Fields
from reprise_pra.analysis.recorded import (
    Act,
    Alert,
    Backup,
    Check,
    Decision,
    Fault,
    FinalRead,
    MarkSeen,
    Phase,
    Restore,
    Switch,
    VolumeBackup,
    Watch,
)
from reprise_pra.analysis.results import Text
from reprise_pra.history import Event, Kind


def phase_of(invoke: Event, completion: Event | None) -> Phase:
    """Type one phase."""
    return Phase(
        name=Fields(invoke).text("phase"),
        start_ns=invoke.at_ns,
        start_utc=invoke.utc,
        end_ns=completion.at_ns if completion else None,
        end_utc=completion.utc if completion else None,
        ended=completion.kind if completion else None,
        reason=Fields(completion).told("reason") if completion else None,
    )


def mark_of(event: Event) -> MarkSeen:
    """Type one mark, `t0` to `t9`."""
    fields = Fields(event)
    return MarkSeen(
        name=fields.text("mark"),
        at_ns=event.at_ns,
        utc=event.utc,
        detail=fields.told("detail"),
    )


def decision_of(event: Event) -> Decision:
    """Type one decision."""
    fields = Fields(event)
    return Decision(
        what=fields.told("what") or Text(fr="–", en="–"),
        who=fields.text("who"),
        at_ns=event.at_ns,
        utc=event.utc,
    )


def check_of(event: Event) -> Check:
    """Type one check."""
    fields = Fields(event)
    return Check(
        name=fields.text("check"),
        holds=fields.flag_or_none("holds"),
        since_ns=fields.integer_or_none("since_ns"),
        detail=fields.told("detail"),
        at_ns=event.at_ns,
        utc=event.utc,
    )


def alert_of(event: Event) -> Alert:
    """Type one change of an alert's state."""
    fields = Fields(event)
    return Alert(
        alert=fields.text("alert"),
        state=fields.text("state"),
        since_ns=fields.integer_or_none("since_ns"),
        at_ns=event.at_ns,
        utc=event.utc,
    )


def act_of(invoke: Event, completion: Event | None) -> Act:
    """Type one act of a remote site's provider."""
    fields = Fields(invoke)
    return Act(
        capability=fields.text("capability"),
        way=fields.text("way"),
        of=", ".join(fields.texts("of")),
        start_ns=invoke.at_ns,
        start_utc=invoke.utc,
        end_ns=completion.at_ns if completion else None,
        ended=completion.kind if completion else None,
    )


def watch_of(event: Event) -> Watch:
    """Type one change of the watch; one that says nothing more begins it."""
    fields = Fields(event)
    return Watch(
        alert=fields.text("alert"),
        kept=fields.flag_or_none("kept") is not False,
        at_ns=event.at_ns,
    )


def fault_of(
    inject: Event,
    taken: Event | None,
    undos: Sequence[tuple[Event, Event | None]],
) -> Fault:
    """Type one fault and its undo, joined by the ledger's id.

    An undo may be tried several times, by several hands: it starts with the first try and
    is done with the first that was seen to take.
    """
    fields = Fields(inject)
    is_taken = taken is not None and taken.kind is Kind.OK
    mine = [pair for pair in undos if pair[0].op_id == inject.op_id]
    done = [end for _, end in mine if end is not None and end.kind is Kind.OK]
    return Fault(
        ledger_id=inject.op_id,
        fault=fields.text("fault"),
        targets=fields.texts("targets"),
        injected_ns=inject.at_ns,
        injected_utc=inject.utc,
        taken_ns=taken.at_ns if taken and is_taken else None,
        taken_utc=taken.utc if taken and is_taken else None,
        taken_observer=(
            Fields(taken).text_or_none("observer") if taken and is_taken else None
        ),
        undo_ns=mine[0][0].at_ns if mine else None,
        undo_utc=mine[0][0].utc if mine else None,
        undone_ns=done[0].at_ns if done else None,
        undone_utc=done[0].utc if done else None,
        undone_observer=Fields(done[0]).text_or_none("observer") if done else None,
    )


def backups_of(events: Iterable[Event]) -> tuple[Backup, ...]:
    """Type the backups, by name: the last event of each tells its state.

    An instant that an earlier event told is kept: what restores a backup may learn the
    instant of the data in it long after it was made, and the other way round. It was seen
    when it first was in its last phase.
    """
    last: dict[str, Backup] = {}
    for event in events:
        fields = Fields(event)
        name = fields.text("name")
        phase = fields.text("phase")
        known = last.get(name)
        last[name] = Backup(
            name=name,
            phase=phase,
            counts=fields.flag("counts"),
            reason=fields.told("reason"),
            started_utc=fields.text_or_none("started_utc")
            or (known.started_utc if known else None),
            snapshot_utc=fields.text_or_none("snapshot_utc")
            or (known.snapshot_utc if known else None),
            completed_utc=fields.text_or_none("completed_utc")
            or (known.completed_utc if known else None),
            volumes=tuple(
                VolumeBackup(
                    volume=volume.text("volume"),
                    phase=volume.text_or_none("phase") or "",
                    size_bytes=volume.integer_or_none("bytes") or 0,
                )
                for volume in fields.children("volumes")
            ),
            seen_ns=known.seen_ns if known and known.phase == phase else event.at_ns,
            seen_utc=known.seen_utc if known and known.phase == phase else event.utc,
        )
    return tuple(
        sorted(last.values(), key=lambda one: (one.started_utc or "", one.name))
    )


def restore_of(invoke: Event, completion: Event | None) -> Restore:
    """Type one restore."""
    fields = Fields(invoke)
    return Restore(
        name=fields.text("name"),
        backup=fields.text("backup"),
        start_ns=invoke.at_ns,
        start_utc=invoke.utc,
        end_ns=completion.at_ns if completion else None,
        end_utc=completion.utc if completion else None,
        ended=completion.kind if completion else None,
        phase=Fields(completion).text_or_none("phase") if completion else None,
        volumes=tuple(
            VolumeBackup(
                volume=volume.text("volume"),
                phase=volume.text_or_none("phase") or "",
                size_bytes=volume.integer_or_none("bytes_done") or 0,
            )
            for volume in (Fields(completion).children("volumes") if completion else ())
        ),
    )


def switch_of(invoke: Event, completion: Event | None) -> Switch:
    """Type one turn of the front door."""
    return Switch(
        to=Fields(invoke).text("to"),
        start_ns=invoke.at_ns,
        start_utc=invoke.utc,
        end_ns=completion.at_ns if completion else None,
        end_utc=completion.utc if completion else None,
        ended=completion.kind if completion else None,
    )


def final_read_of(invoke: Event, completion: Event | None) -> FinalRead:
    """Type one final read; without an answer it says nothing of the object."""
    fields = Fields(invoke)
    said = (
        Fields(completion)
        if completion is not None and completion.kind is Kind.OK
        else None
    )
    return FinalRead(
        clinical_type=fields.text("type"),
        uuid=fields.text("uuid"),
        found=said.flag("found") if said else None,
        digest=said.text_or_none("digest") if said else None,
        count=said.integer_or_none("count") if said else None,
        at_ns=completion.at_ns if completion else invoke.at_ns,
    )
