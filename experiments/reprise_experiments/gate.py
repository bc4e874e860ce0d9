"""Turns the Chaos Toolkit's silent passes into errors.

The toolkit's journal says `completed`, and its exit code 0, when an action failed, when a
rollback failed, when nothing was hit. This gate reads the journal and believes it only
when everything that was declared was done, and the fault hit somebody, took, and was
undone. What the *system* did (a hypothesis that deviates) is a finding, never an error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import pydantic
from chaoslib.hypothesis import within_tolerance

from reprise_pra.history import JsonValue

ACTIONS = "reprise_experiments.actions"

type Loose = Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a journal is worth.

    Attributes:
        errors: why the run proves nothing; with any, the rest is void.
        findings: where the system deviated from its hypothesis.
        targets: who was hit.
        ledger_ids: the faults, as the ledger names them.
        residue: what was left behind (also an error).
    """

    errors: tuple[str, ...]
    findings: tuple[str, ...]
    targets: tuple[str, ...]
    ledger_ids: tuple[str, ...]
    residue: tuple[str, ...]


class _Raw(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")


class _Provider(_Raw):
    type: str
    module: str = ""
    func: str = ""


class _Activity(_Raw):
    type: str
    name: str
    provider: _Provider
    tolerance: object = None


class _Hit(_Raw):
    name: Annotated[str, pydantic.Field(min_length=1)]
    zone: str
    uid: str


class _Injected(_Raw):
    ledger_id: str
    targets: Annotated[tuple[_Hit, ...], pydantic.Field(min_length=1)]
    taken: bool


class _Undone(_Raw):
    undone: tuple[object, ...]
    residue: tuple[str, ...]


class _Run(_Raw):
    activity: _Activity
    status: str = "interrupted"
    output: object = None
    exception: tuple[str, ...] | None = None
    tolerance_met: bool | None = None

    @property
    def reason(self) -> str:
        """The last line of what went wrong."""
        return self.exception[-1].strip() if self.exception else "no reason given"

    def calls(self, func: str) -> bool:
        """Whether it is one of our actions."""
        provider = self.activity.provider
        return provider.module == ACTIONS and provider.func == func


class _State(_Raw):
    steady_state_met: bool | None
    probes: tuple[_Run, ...]


class _States(_Raw):
    before: _State | None
    after: _State | None
    during: tuple[_State | None, ...] = ()


class _Experiment(_Raw):
    title: str
    method: tuple[_Activity, ...] = ()
    rollbacks: tuple[_Activity, ...] = ()
    dry: object = None


class _Journal(_Raw):
    experiment: _Experiment
    status: str
    deviated: bool
    steady_states: _States
    run: tuple[_Run, ...]
    rollbacks: tuple[_Run, ...] = ()
    interruption: Mapping[str, object] | None = None


def judge_journal(journal: JsonValue) -> Judgement:
    """Judge a journal of `chaos run`, parsed from its JSON."""
    try:
        parsed = _Journal.model_validate(journal)
    except pydantic.ValidationError as error:
        places = (".".join(str(part) for part in one["loc"]) for one in error.errors())
        return Judgement(
            errors=(f"the journal cannot be read: {', '.join(places)}",),
            findings=(),
            targets=(),
            ledger_ids=(),
            residue=(),
        )
    injected = [_injected(run) for run in parsed.run if run.calls("inject")]
    hits = [found for found in injected if found is not None]
    left = tuple(
        line
        for run in parsed.run
        if run.calls("undo")
        for line in (_undone(run) or _Undone(undone=(), residue=())).residue
    )
    return Judgement(
        errors=(
            *_run_errors(parsed),
            *_hypothesis_errors(parsed),
            *_activity_errors("method", parsed.experiment.method, parsed.run),
            *_activity_errors(
                "rollback", parsed.experiment.rollbacks, parsed.rollbacks
            ),
            *_fault_errors(parsed),
            *(f"left behind: {line}" for line in left),
        ),
        findings=tuple(_findings(parsed)),
        targets=tuple(hit.name for found in hits for hit in found.targets),
        ledger_ids=tuple(found.ledger_id for found in hits),
        residue=left,
    )


def _run_errors(journal: _Journal) -> Iterator[str]:
    if journal.status != "completed":
        why = (journal.interruption or {}).get("reason")
        yield f"the run was {journal.status}" + (f": {why}" if why else "")
    if journal.experiment.dry:
        yield "a dry run injects nothing"
    if not journal.experiment.rollbacks:
        yield "no rollback is declared"


def _hypothesis_errors(journal: _Journal) -> Iterator[str]:
    states = journal.steady_states
    before = states.before
    if before is None or not before.probes:
        yield "no steady state was checked before"
    elif not before.steady_state_met:
        probe = before.probes[-1]
        yield f"no steady state before: {_probe_said(probe)}; nothing was tested"
    if journal.status == "completed" and before and before.steady_state_met:
        if states.after is None or not states.after.probes:
            yield "no steady state was checked after"
        else:
            for probe in states.after.probes:
                if probe.status != "succeeded":
                    yield f"after: {_probe_said(probe)}"


def _activity_errors(
    part: str, declared: Sequence[_Activity], runs: Sequence[_Run]
) -> Iterator[str]:
    names = [run.activity.name for run in runs]
    for activity in declared:
        if activity.name not in names:
            yield f"{part} {activity.name!r} was never run"
    for run in runs:
        name = run.activity.name
        if run.status != "succeeded":
            yield f"{part} {name!r} {run.status}: {run.reason}"
        elif run.activity.provider.type == "process" and _exit_code(run) != 0:
            yield f"{part} {name!r} exited with {_exit_code(run)}"


def _exit_code(run: _Run) -> object:
    return run.output.get("status") if isinstance(run.output, Mapping) else None


def _fault_errors(journal: _Journal) -> Iterator[str]:
    injections = [run for run in journal.run if run.calls("inject")]
    if not injections:
        yield "no fault was injected"
    for run in injections:
        found = _injected(run)
        if run.status == "succeeded" and (found is None or not found.taken):
            yield f"method {run.activity.name!r} names no target that it was seen to hit"
    undoings = [run for run in journal.run if run.calls("undo")]
    if not undoings:
        yield "no undo was seen: the method must call the action undo"
    for run in undoings:
        undone = _undone(run)
        if run.status == "succeeded" and (undone is None or not undone.undone):
            yield f"method {run.activity.name!r} undid nothing"


def _findings(journal: _Journal) -> Iterator[str]:
    states = journal.steady_states
    after = states.after
    if after is not None and after.steady_state_met is False:
        for probe in after.probes:
            if probe.status == "succeeded" and probe.tolerance_met is False:
                yield f"after: {_probe_said(probe)}"
    missed = [state for state in states.during if state and not state.steady_state_met]
    if missed:
        yield f"during: {len(missed)} of {len(states.during)} looks were not steady"
    for run in journal.run:
        # The toolkit never checks the tolerance of a probe in the method.
        tolerance = run.activity.tolerance
        if (
            tolerance is not None
            and run.status == "succeeded"
            and not within_tolerance(tolerance, run.output)
        ):
            yield f"meanwhile: {_probe_said(run)}"


def _probe_said(probe: _Run) -> str:
    name = probe.activity.name
    if probe.status != "succeeded":
        return f"probe {name!r} {probe.status}: {probe.reason}"
    return f"probe {name!r} answered {probe.output!r}"


def _injected(run: _Run) -> _Injected | None:
    try:
        return _Injected.model_validate(run.output)
    except pydantic.ValidationError:
        return None


def _undone(run: _Run) -> _Undone | None:
    try:
        return _Undone.model_validate(run.output)
    except pydantic.ValidationError:
        return None
