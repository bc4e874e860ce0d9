"""Watching a fault take and go: only looking, never through the injector's path.

Two views are asked, and both must agree: the cluster's (a node Ready or not, through the
read-only credential) and the network's (its kubelet takes a connection from outside).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence

from reprise_experiments.errors import NotTaken, NotUndone
from reprise_experiments.ledger import Baseline
from reprise_experiments.observe import Observer, silent
from reprise_experiments.residue import describe_node, describe_workload
from reprise_experiments.targets import Target
from reprise_platform.errors import PlatformError, WaitTimeout
from reprise_platform.waiting import until
from reprise_pra.history import JsonValue

_EVERY_S = 0.25
# Looking at every workload costs a busy machine more than looking at nodes.
_BACK_EVERY_S = 0.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was seen, by whom; `seen_ns` is CLOCK_MONOTONIC when it was complete."""

    observer: str
    evidence: Mapping[str, JsonValue]
    seen_ns: int


def no_check() -> None:
    """Allow a wait to go on whatever happens."""


def wait_until_down(
    observer: Observer,
    targets: Sequence[Target],
    baseline: Baseline,
    *,
    within_s: float,
    check: Callable[[], None] = no_check,
) -> Sighting:
    """Wait until every target neither answers nor is Ready, and nothing else was hit.

    Args:
        check: called before every look; raises to end the wait (lease lost).

    Raises:
        NotTaken: not all down within `within_s` seconds, or a node that is no target
            stopped answering too.
    """
    started_ns = time.monotonic_ns()
    silent_ns: dict[str, int] = {}
    not_ready_ns: dict[str, int] = {}
    names = [target.name for target in targets]

    def look() -> bool:
        check()
        _note_silent(observer, targets, silent_ns)
        try:
            ready = {node.name: node.ready for node in observer.nodes()}
        except PlatformError:
            # A busy control plane drops a request now and then: that is "not yet".
            return False
        for name in names:
            # A node whose object is gone is no proof: its machine may well run.
            if ready.get(name) is False:
                not_ready_ns.setdefault(name, time.monotonic_ns())
        return len(silent_ns) == len(names) == len(not_ready_ns)

    try:
        until(look, within_s=within_s, every_s=_EVERY_S, what="every target down")
    except WaitTimeout as error:
        msg = (
            f"not seen to take within {within_s:g} s:"
            f" still answering {_missing(names, silent_ns)},"
            f" still Ready {_missing(names, not_ready_ns)}"
        )
        raise NotTaken(msg) from error
    others = [node for node in baseline.nodes if node.name not in names]
    quiet = silent(observer, (node.address for node in others))
    lost = [node.name for node in others if node.address in quiet]
    if lost:
        msg = f"took more than its targets: {' '.join(lost)} stopped answering too"
        raise NotTaken(msg)
    return Sighting(
        observer=observer.path,
        evidence={
            "silent_after_ms": _after_ms(silent_ns, started_ns),
            "not_ready_after_ms": _after_ms(not_ready_ns, started_ns),
        },
        seen_ns=time.monotonic_ns(),
    )


def wait_until_emptied(
    observer: Observer,
    targets: Sequence[Target],
    *,
    taint: str,
    within_s: float,
    check: Callable[[], None] = no_check,
) -> Sighting:
    """Wait until every target is shut by a taint and no workload stands on it any more.

    All that can be seen where a power cut is approximated through the API: the machine runs
    on. What stands on every node (DaemonSets) stays, and is left out.

    Raises:
        NotTaken: something still stood there after `within_s` seconds.
    """
    started_ns = time.monotonic_ns()
    names = {target.name for target in targets}
    emptied_ns: dict[str, int] = {}

    def look() -> bool:
        check()
        try:
            shut = {
                node.name
                for node in observer.nodes()
                if any(each.startswith(f"{taint}=") for each in node.taints)
            }
            bearing = {
                node
                for workload in observer.workloads()
                if workload.kind != "DaemonSet"
                for node in workload.bearers
            }
        except PlatformError:
            return False
        for name in (names & shut) - bearing:
            emptied_ns.setdefault(name, time.monotonic_ns())
        return len(emptied_ns) == len(names)

    try:
        until(look, within_s=within_s, every_s=_EVERY_S, what="every target empty")
    except WaitTimeout as error:
        left = _missing(sorted(names), emptied_ns)
        msg = f"not seen to take within {within_s:g} s: still bearing pods {left}"
        raise NotTaken(msg) from error
    return Sighting(
        observer=observer.path,
        evidence={"emptied_after_ms": _after_ms(emptied_ns, started_ns)},
        seen_ns=time.monotonic_ns(),
    )


def wait_until_lost(
    observer: Observer,
    targets: Sequence[Target],
    *,
    within_s: float,
    check: Callable[[], None] = no_check,
) -> Sighting:
    """Wait until no target answers and the cluster's own API does not either.

    Raises:
        NotTaken: something still answered after `within_s` seconds.
    """
    started_ns = time.monotonic_ns()
    silent_ns: dict[str, int] = {}

    def look() -> bool:
        check()
        _note_silent(observer, targets, silent_ns)
        asked_ns = time.monotonic_ns()
        if "api" not in silent_ns and not observer.api_reachable():
            silent_ns["api"] = asked_ns
        return len(silent_ns) == len(targets) + 1

    try:
        until(look, within_s=within_s, every_s=_EVERY_S, what="the site silent")
    except WaitTimeout as error:
        names = [*(target.name for target in targets), "api"]
        missing = _missing(names, silent_ns)
        msg = f"not seen to take within {within_s:g} s: still answering {missing}"
        raise NotTaken(msg) from error
    return Sighting(
        observer=observer.path,
        evidence={"silent_after_ms": _after_ms(silent_ns, started_ns)},
        seen_ns=time.monotonic_ns(),
    )


def _note_silent(
    observer: Observer, targets: Sequence[Target], silent_ns: dict[str, int]
) -> None:
    """Note the targets found silent, at the instant they were asked and did not answer."""
    left = [target for target in targets if target.name not in silent_ns]
    asked_ns = time.monotonic_ns()
    quiet = silent(observer, (target.address for target in left))
    for target in left:
        if target.address in quiet:
            silent_ns[target.name] = asked_ns


def wait_until_back(
    observer: Observer,
    targets: Sequence[Target],
    baseline: Baseline,
    *,
    within_s: float,
    check: Callable[[], None] = no_check,
) -> Sighting:
    """Wait until the targets and every workload are what they were before the fault.

    Raises:
        NotUndone: they were not within `within_s` seconds; names what is missing.
    """
    started_ns = time.monotonic_ns()
    missing: list[str] = []

    def look() -> bool:
        check()
        missing[:] = _not_back(observer, targets, baseline)
        return not missing

    try:
        until(look, within_s=within_s, every_s=_BACK_EVERY_S, what="the site as before")
    except WaitTimeout as error:
        msg = f"not seen to be undone within {within_s:g} s: {'; '.join(missing)}"
        raise NotUndone(msg) from error
    seen_ns = time.monotonic_ns()
    ready = {workload.key: workload.ready for workload in baseline.workloads}
    return Sighting(
        observer=observer.path,
        evidence={"back_after_ms": (seen_ns - started_ns) // 1_000_000, "ready": ready},
        seen_ns=seen_ns,
    )


def _not_back(
    observer: Observer, targets: Sequence[Target], baseline: Baseline
) -> list[str]:
    try:
        return _nodes_not_back(observer, targets, baseline) or _workloads_not_back(
            observer, baseline
        )
    except PlatformError as error:
        # The control plane itself may be on its way back: the wait has its own limit.
        return [str(error)]


def _nodes_not_back(
    observer: Observer, targets: Sequence[Target], baseline: Baseline
) -> list[str]:
    nodes = {node.name: node for node in observer.nodes()}
    problems = []
    names = {target.name for target in targets}
    for was in baseline.nodes:
        if was.name not in names:
            continue
        now = nodes.get(was.name)
        if now is None:
            problems.append(f"node {was.name} is absent")
        elif describe_node(was) != describe_node(now):
            problems.append(f"node {was.name} is {describe_node(now)}")
        elif not observer.answers(now.address):
            problems.append(f"node {was.name} does not answer")
    return problems


def _workloads_not_back(observer: Observer, baseline: Baseline) -> list[str]:
    workloads = {workload.key: workload for workload in observer.workloads()}
    problems = []
    for before in baseline.workloads:
        seen = workloads.get(before.key)
        if seen is None:
            problems.append(f"workload {before.key} is absent")
        elif seen.ready < before.ready:
            problems.append(f"workload {before.key} has {describe_workload(seen)}")
    return problems


def _missing(names: Sequence[str], seen: Mapping[str, int]) -> str:
    return " ".join(name for name in names if name not in seen) or "none"


def _after_ms(seen: Mapping[str, int], started_ns: int) -> Mapping[str, JsonValue]:
    return {name: (at_ns - started_ns) // 1_000_000 for name, at_ns in seen.items()}
