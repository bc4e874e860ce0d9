"""Events written by hand, one method a thing that a process records; see `testing`."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Self

from reprise_pra.history import Event, JsonValue, Kind

ORIGIN_NS = 1_000_000_000_000
ORIGIN_UTC = datetime.datetime(2026, 3, 1, 8, 0, tzinfo=datetime.UTC)
BOOT = "00000000-0000-4000-8000-000000000000"
LOAD = "load-1"


def ns(at_s: float) -> int:
    """Return the monotonic instant of a script's second."""
    return ORIGIN_NS + round(at_s * 1_000_000_000)


def utc(at_s: float) -> str:
    """Return the same instant in ISO 8601."""
    return (ORIGIN_UTC + datetime.timedelta(seconds=at_s)).isoformat(
        timespec="microseconds"
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a write makes; `digest` stands for its content."""

    uuid: str
    clinical_type: str = "patient"
    digest: str = "as sent"


class Events:
    """Events in the making; every method returns the object, so that calls chain."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.torn: tuple[str, ...] = ()
        self._numbers = 0

    def event(
        self,
        process: str,
        kind: Kind,
        operation: str,
        value: Mapping[str, JsonValue] | None = None,
        *,
        at_s: float,
        op_id: str | None = None,
    ) -> Self:
        """Append one event."""
        self._numbers += 1
        self.events.append(
            Event(
                process=process,
                kind=kind,
                operation=operation,
                op_id=op_id or f"{operation}-{self._numbers}",
                value=dict(value or {}),
                at_ns=ns(at_s),
                boot_id=BOOT,
                utc=utc(at_s),
            )
        )
        return self

    def pair(
        self,
        process: str,
        operation: str,
        value: Mapping[str, JsonValue],
        *,
        start_s: float,
        end_s: float | None,
        kind: Kind = Kind.OK,
        said: Mapping[str, JsonValue] | None = None,
        op_id: str | None = None,
    ) -> Self:
        """Append an invocation and, unless `end_s` is None, its completion."""
        self._numbers += 1
        name = op_id or f"{operation}-{self._numbers}"
        self.event(process, Kind.INVOKE, operation, value, at_s=start_s, op_id=name)
        if end_s is not None:
            self.event(
                process,
                kind,
                operation,
                {**value, **(said or {})},
                at_s=end_s,
                op_id=name,
            )
        return self

    def mark(self, name: str, at_s: float, detail: str = "") -> Self:
        """Append a mark of the drill."""
        value = {"mark": name, "detail": detail}
        return self.event("drill", Kind.OK, "mark", value, at_s=at_s, op_id=name)

    def check(self, name: str, at_s: float, *, holds: bool | None = True) -> Self:
        """Append a check of the drill."""
        value = {"check": name, "holds": holds, "detail": f"detail of {name}"}
        return self.event("drill", Kind.OK, "check", value, at_s=at_s, op_id=name)

    def phase(
        self, name: str, start_s: float, end_s: float | None, kind: Kind = Kind.OK
    ) -> Self:
        """Append a phase of the drill."""
        return self.pair(
            "drill",
            "phase",
            {"phase": name},
            start_s=start_s,
            end_s=end_s,
            kind=kind,
            op_id=name,
        )

    def fault(
        self,
        fault: str,
        *,
        inject_s: float,
        taken_s: float | None,
        undo_s: float | None = None,
        undone_s: float | None = None,
        targets: Sequence[str] = ("node-b1",),
        observer: str = "kubernetes, read-only credential",
    ) -> Self:
        """Append a fault and its undo, each with its sighting."""
        said: dict[str, JsonValue] = {"observer": observer, "evidence": "seen"}
        value: dict[str, JsonValue] = {"fault": fault, "targets": list(targets)}
        ledger_id = f"{fault}-{inject_s:g}"
        self.pair(
            "nemesis",
            "inject",
            value,
            start_s=inject_s,
            end_s=taken_s,
            said=said,
            op_id=ledger_id,
        )
        if undo_s is None:
            return self
        return self.pair(
            "nemesis",
            "undo",
            value,
            start_s=undo_s,
            end_s=undone_s,
            said=said,
            op_id=ledger_id,
        )

    def backup(
        self,
        name: str,
        *,
        snapshot_s: float,
        completed_s: float,
        phase: str = "Completed",
        counts: bool = True,
        volume_bytes: int = 1000,
    ) -> Self:
        """Append a backup of the volume `dump`, as seen when it was completed."""
        value: dict[str, JsonValue] = {
            "name": name,
            "phase": phase,
            "counts": counts,
            "reason": "" if counts else "as the drill saw it",
            "started_utc": utc(snapshot_s - 1),
            "snapshot_utc": utc(snapshot_s),
            "completed_utc": utc(completed_s),
            "volumes": [
                {"volume": "dump", "phase": "Completed", "bytes": volume_bytes}
            ],
        }
        return self.event(
            "drill", Kind.OK, "backup", value, at_s=completed_s, op_id=name
        )

    def alert(self, state: str, at_s: float, *, since_s: float | None = None) -> Self:
        """Append a change of FrontDoorDown."""
        value: dict[str, JsonValue] = {"alert": "FrontDoorDown", "state": state}
        if since_s is not None:
            value["since_ns"] = ns(since_s)
        return self.event("sentinel", Kind.OK, "alert", value, at_s=at_s)

    def arrival(
        self,
        instance: int,
        journey: str,
        at_s: float,
        *,
        lag_s: float = 0.001,
        is_admitted: bool = True,
    ) -> Self:
        """Append an arrival, admitted or turned away."""
        value: dict[str, JsonValue] = {
            "journey": journey,
            "instance": instance,
            "intended_ns": ns(at_s),
            "lag_ns": round(lag_s * 1e9),
            "turned_away": not is_admitted,
        }
        kind = Kind.OK if is_admitted else Kind.FAIL
        return self.event(
            LOAD, kind, "arrival", value, at_s=at_s + lag_s, op_id=f"a{instance}"
        )

    def operation(
        self,
        journey: str,
        name: str,
        at_s: float,
        *,
        kind: Kind | None = Kind.OK,
        latency_s: float = 0.05,
        write: Written | None = None,
        said: Mapping[str, JsonValue] | None = None,
        instance: int = 1,
        process: str = LOAD,
    ) -> Self:
        """Append a clinical operation; `kind` None never completes."""
        value: dict[str, JsonValue] = {
            "journey": journey,
            "instance": instance,
            "intended_ns": ns(at_s),
        }
        if write is not None:
            value |= {
                "type": write.clinical_type,
                "uuid": write.uuid,
                "digest": write.digest,
                "read_back": {"path": f"/{write.uuid}"},
            }
        self._numbers += 1
        op_id = f"{instance}.{self._numbers}"
        self.event(process, Kind.INVOKE, name, value, at_s=at_s, op_id=op_id)
        if kind is None:
            return self
        return self.event(process, kind, name, said, at_s=at_s + latency_s, op_id=op_id)

    def final_read(
        self,
        written: Written,
        *,
        at_s: float,
        found: bool | None = True,
        digest: str | None = None,
        count: int = 1,
    ) -> Self:
        """Append a final read; `found` None got no answer."""
        said: dict[str, JsonValue] = {"reason": "timeout"}
        if found is not None:
            said = {"found": found}
        if found:
            said |= {"digest": digest or written.digest, "count": count}
        return self.pair(
            "reconciler",
            "read_back",
            {"type": written.clinical_type, "uuid": written.uuid},
            start_s=at_s,
            end_s=at_s + 0.01,
            kind=Kind.INFO if found is None else Kind.OK,
            said=said,
            op_id=f"read-{written.uuid}",
        )

    def probe(
        self,
        process: str,
        at_s: float,
        *,
        outcome: str = "ok",
        latency_s: float = 0.002,
        sched_s: float | None = None,
    ) -> Self:
        """Append one probe of the class in the process' name."""
        value: dict[str, JsonValue] = {
            "class": process.split("-")[1],
            "sched_ns": ns(at_s if sched_s is None else sched_s),
            "sent_ns": ns(at_s),
            "connected_ns": None,
            "end_ns": ns(at_s + latency_s),
            "outcome": outcome,
        }
        kind = Kind.OK if outcome == "ok" else Kind.INFO
        return self.event(process, kind, "probe", value, at_s=at_s + latency_s)

    def closed(self, process: str, at_s: float, **said: JsonValue) -> Self:
        """Append the clean end of a generator or a watcher."""
        return self.event(
            process, Kind.OK, "load_stopped", said, at_s=at_s, op_id="load_stopped"
        )
