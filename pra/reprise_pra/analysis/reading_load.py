"""The events of the load and of the probers, typed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from reprise_pra.analysis.fields import Fields
from reprise_pra.analysis.recorded import Arrival, LoadProcess, Operation, Probe, Write
from reprise_pra.history import Event, Kind

DATABASE = "database"


def operation_of(invoke: Event, completion: Event | None) -> Operation:
    """Type one clinical operation; it is a write when its invocation names an object."""
    fields = Fields(invoke)
    write = None
    if fields.has("type") and fields.has("digest"):
        write = Write(
            clinical_type=fields.text("type"),
            uuid=fields.text("uuid"),
            digest=fields.text_or_none("digest"),
            store=fields.text_or_none("store") or DATABASE,
        )
    subject = None if write else fields.text_or_none("uuid")
    status = found = reason = None
    if completion is not None:
        said = Fields(completion)
        status = said.integer_or_none("status")
        reason = said.text_or_none("reason")
        found = said.flag_or_none("found")
        subject = subject or (None if write else said.text_or_none("uuid"))
    return Operation(
        process=invoke.process,
        op_id=invoke.op_id,
        name=invoke.operation,
        journey=fields.text("journey"),
        instance=fields.integer("instance"),
        intended_ns=fields.integer("intended_ns"),
        invoked_ns=invoke.at_ns,
        ended_ns=None if completion is None else completion.at_ns,
        ended_utc=None if completion is None else completion.utc,
        kind=None if completion is None else completion.kind,
        status=status,
        reason=reason,
        write=write,
        subject=subject,
        found=found,
    )


def arrival_of(event: Event) -> Arrival:
    """Type one arrival; a turned-away one is a failed operation of its journey."""
    fields = Fields(event)
    return Arrival(
        process=event.process,
        journey=fields.text("journey"),
        instance=fields.integer("instance"),
        intended_ns=fields.integer("intended_ns"),
        lag_ns=fields.integer("lag_ns"),
        is_admitted=event.kind is Kind.OK and not fields.flag_or_none("turned_away"),
        at_ns=event.at_ns,
    )


def loads_of(
    processes: Iterable[str], schedules: Iterable[Event], stops: Iterable[Event]
) -> tuple[LoadProcess, ...]:
    """Type the generators, one a process: from its first schedule to its last stop."""
    first: dict[str, Event] = {}
    for event in schedules:
        first.setdefault(event.process, event)
    stopped: defaultdict[str, list[Event]] = defaultdict(list)
    for event in stops:
        stopped[event.process].append(event)
    return tuple(
        _load(process, first.get(process), stopped[process])
        for process in sorted(processes)
    )


def _load(process: str, start: Event | None, stops: Sequence[Event]) -> LoadProcess:
    planned = [Fields(stop).integer_or_none("planned") for stop in stops]
    told = [count for count in planned if count is not None]
    return LoadProcess(
        process=process,
        started_ns=start.at_ns if start else None,
        started_utc=start.utc if start else None,
        rate_per_s=Fields(start).number("rate_per_s") if start else 0.0,
        planned_until_stop=sum(told) if told else None,
        crashed=sum(Fields(stop).integer_or_none("crashed") or 0 for stop in stops),
        stopped_ns=stops[-1].at_ns if stops else None,
        stopped_utc=stops[-1].utc if stops else None,
    )


def probe_of(event: Event) -> Probe:
    """Type one probe: one of a hundred thousand, so nothing is looked up twice."""
    value = event.value
    fields = Fields(event)
    outcome = value.get("outcome")
    sent_ns = value.get("sent_ns")
    sched_ns = value.get("sched_ns")
    end_ns = value.get("end_ns")
    skipped = value.get("skipped")
    return Probe(
        process=event.process,
        service_class=fields.text("class"),
        sched_ns=sched_ns if type(sched_ns) is int else fields.integer("sched_ns"),
        sent_ns=sent_ns if type(sent_ns) is int else fields.integer("sent_ns"),
        end_ns=end_ns if type(end_ns) is int else fields.integer("end_ns"),
        outcome=outcome if isinstance(outcome, str) else fields.text("outcome"),
        skipped=0 if skipped is None else int(fields.number("skipped")),
    )
