"""Writes down what the Chaos Toolkit does, as it does it.

The toolkit's own journal is written once, at the end, and not at all by a run that was
killed. Inject and undo are said by the `nemesis`, where they happen; this control adds
every activity, under the process `experiment`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping

from reprise_experiments import session
from reprise_experiments.errors import ExperimentsError, Refused
from reprise_platform.errors import PlatformError
from reprise_pra.history import JsonValue, Kind

__all__ = [
    "after_activity_control",
    "after_experiment_control",
    "before_activity_control",
    "before_experiment_control",
    "cleanup_control",
    "configure_control",
]

type Raw = Mapping[str, JsonValue]

_numbers = itertools.count(1)
_running: list[str] = []
_KINDS = {"succeeded": Kind.OK, "failed": Kind.FAIL}


def configure_control(configuration: Raw) -> None:
    """Open the run's session; why it could not be is told by the guard.

    The toolkit would swallow the error, and go on without this control.
    """
    site, history = configuration.get("site"), configuration.get("history")
    try:
        session.open_session(str(site), "" if history is None else str(history))
    except (ExperimentsError, PlatformError, OSError) as error:
        session.note_interruption(str(error))


def before_experiment_control(context: Raw) -> None:
    """Say that an experiment begins."""
    _record(
        Kind.INVOKE, "experiment", f"{os.getpid()}-run", {"title": context.get("title")}
    )


def after_experiment_control(context: Raw, state: Raw | None) -> None:
    """Say how it ended, in the toolkit's words, which the gate does not take as they are."""
    journal = {} if state is None else state
    value: dict[str, JsonValue] = {
        "title": context.get("title"),
        "status": journal.get("status"),
        "deviated": journal.get("deviated"),
    }
    reason = session.interruption()
    if reason:
        value["reason"] = reason
    _record(Kind.OK, "experiment", f"{os.getpid()}-run", value)


def before_activity_control(context: Raw) -> None:
    """Say that an activity begins."""
    op_id = _op_id()
    _running.append(op_id)
    _record(Kind.INVOKE, "activity", op_id, _described(context))


def after_activity_control(context: Raw, state: Raw | None) -> None:
    """Say how it ended; without a status it was interrupted."""
    op_id = _running.pop() if _running else _op_id()
    run = state or {}
    output, trace = run.get("output"), run.get("exception")
    value: dict[str, JsonValue] = {**_described(context)}
    if isinstance(output, bool | int | float | str):
        value["output"] = output
    if isinstance(trace, list) and trace:
        value["reason"] = str(trace[-1]).strip()
    kind = _KINDS.get(str(run.get("status")), Kind.INFO)
    _record(kind, "activity", op_id, value)


def cleanup_control() -> None:
    """Let go of the lease and close the files."""
    session.close_session()


def _described(activity: Raw) -> dict[str, JsonValue]:
    return {"activity": activity.get("name"), "type": activity.get("type")}


def _op_id() -> str:
    return f"{os.getpid()}-{next(_numbers)}"


def _record(
    kind: Kind, operation: str, op_id: str, value: Mapping[str, JsonValue]
) -> None:
    try:
        run = session.current()
    except Refused:
        return  # never opened: the guard has said so and interrupts the run
    run.activities.record(kind, operation, op_id, value)
