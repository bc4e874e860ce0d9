"""Refuses a run that is not safe.

The Chaos Toolkit only warns of a missing control and goes on without it, so the actions in
turn refuse to inject unless this guard vouched.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping

from chaoslib.exceptions import InterruptExecution

from reprise_experiments import session
from reprise_experiments.errors import Refused, Stopped
from reprise_pra.history import JsonValue

__all__ = [
    "after_experiment_control",
    "before_activity_control",
    "before_experiment_control",
]

type Raw = Mapping[str, JsonValue]

ACTIONS = "reprise_experiments.actions"
PARENT_VARIABLE = "REPRISE_PARENT"
_UNDOING = frozenset({"undo", "undo_left"})


def before_experiment_control(context: Raw) -> None:
    """Check all that an injection needs, then vouch for the run.

    Raises:
        InterruptExecution: something is missing; all of it is named.
    """
    problems = list(find_problems(context))
    try:
        run = session.current()
    except Refused as error:
        problems.append(session.interruption() or str(error))
    if problems:
        session.note_interruption("; ".join(problems))
        raise InterruptExecution("; ".join(problems))
    parent = os.environ.get(PARENT_VARIABLE, "")
    if parent:
        session.watch_parent(run, int(parent))
    _check(run)
    run.guarded = True


def after_experiment_control(context: Raw, state: dict[str, JsonValue] | None) -> None:
    """Write into the journal why the run was interrupted: the toolkit does not."""
    del context
    reason = session.interruption()
    if reason and state is not None:
        state.setdefault("interruption", {"kind": "control", "reason": reason})


def before_activity_control(context: Raw) -> None:
    """End the run when its lease is gone, but never in the way of an undo.

    Raises:
        InterruptExecution: the lease holder, or the drill above, is gone.
    """
    provider = context.get("provider")
    func = provider.get("func") if isinstance(provider, Mapping) else None
    if func in _UNDOING:
        return
    try:
        run = session.current()
    except Refused:
        return  # the run was refused and only its rollbacks are left
    _check(run)


def _check(run: session.Session) -> None:
    try:
        run.check()
    except Stopped as error:
        session.note_interruption(str(error))
        raise InterruptExecution(str(error)) from error


def find_problems(experiment: Raw) -> Iterator[str]:
    """Yield what makes an experiment unsafe, one sentence each."""
    runtime = experiment.get("runtime")
    rollbacks = runtime.get("rollbacks") if isinstance(runtime, Mapping) else None
    strategy = rollbacks.get("strategy") if isinstance(rollbacks, Mapping) else None
    if strategy != "always":
        yield "runtime.rollbacks.strategy must be always: a cancelled run is undone too"
    if not any(_calls(raw, "undo_left") for raw in _mappings(experiment, "rollbacks")):
        yield f"rollbacks must call {ACTIONS}.undo_left"
    for control in _mappings(experiment, "controls"):
        provider = control.get("provider")
        module = provider.get("module") if isinstance(provider, Mapping) else None
        try:
            importlib.import_module(str(module))
        except ImportError as error:
            yield f"control {control.get('name')}: {error}"


def _calls(activity: Raw, func: str) -> bool:
    provider = activity.get("provider")
    return (
        isinstance(provider, Mapping)
        and provider.get("module") == ACTIONS
        and provider.get("func") == func
    )


def _mappings(experiment: Raw, key: str) -> Iterator[Raw]:
    found = experiment.get(key)
    for item in found if isinstance(found, list) else ():
        if isinstance(item, Mapping):
            yield item
