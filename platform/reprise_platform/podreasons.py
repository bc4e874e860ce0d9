"""Why a node, a pod or a claim is not as it should be: from what the API server knows."""

from __future__ import annotations

from collections.abc import Iterator

from reprise_platform.kube import Json, Object, text
from reprise_platform.kube_rest import at


def of_node(node: Object) -> str:
    """Return why a node is not Ready, or "" when it is."""
    for condition in _items(node, "status", "conditions"):
        if text(condition, "type") == "Ready":
            if text(condition, "status") == "True":
                return ""
            since = text(condition, "lastTransitionTime")
            said = text(condition, "message") or text(condition, "reason")
            return f"NotReady since {since}: {said}"
    return "NotReady: it never joined"


def of_pod(pod: Object, ready_nodes: frozenset[str]) -> str:
    """Return why a pod does not work, or "" when it does."""
    node = text(pod, "spec", "nodeName")
    phase = text(pod, "status", "phase")
    waiting = [
        *(
            _of_container(each)
            for each in _items(pod, "status", "initContainerStatuses")
        ),
        *(_of_container(each) for each in _items(pod, "status", "containerStatuses")),
    ]
    reasons = [each for each in waiting if each]
    if not node:
        reasons += [
            f"{text(each, 'reason')}: {text(each, 'message')}"
            for each in _items(pod, "status", "conditions")
            if text(each, "type") == "PodScheduled" and text(each, "status") != "True"
        ]
    elif node not in ready_nodes:
        # A pod reads Ready for a while after its node died.
        reasons.append(f"its node {node} is not Ready")
    if reasons:
        return f"{phase}: {'; '.join(reasons)}"
    ready = any(
        text(each, "type") == "Ready" and text(each, "status") == "True"
        for each in _items(pod, "status", "conditions")
    )
    return "" if ready else f"{phase} on {node}, not ready yet"


def of_claim(claim: Object) -> str:
    """Return why a claim has no volume, or "" when it has one."""
    phase = text(claim, "status", "phase")
    wanted = text(claim, "spec", "storageClassName")
    return "" if phase == "Bound" else f"{phase}: no volume of class {wanted} is free"


def _of_container(status: Object) -> str:
    name = text(status, "name")
    parts = []
    waiting = at(status, "state", "waiting")
    if isinstance(waiting, dict) and text(waiting, "reason") != "PodInitializing":
        parts.append(f"{text(waiting, 'reason')} {text(waiting, 'message')}".strip())
    ended = at(status, "state", "terminated") or at(status, "lastState", "terminated")
    if isinstance(ended, dict) and ended.get("exitCode") != 0 and not _is_ready(status):
        when = text(ended, "finishedAt")
        code = ended.get("exitCode")
        parts.append(f"last ended {when} with code {code} ({text(ended, 'reason')})")
    count = status.get("restartCount")
    if parts and isinstance(count, int) and count:
        parts.append(f"restarted {count} times")
    return f"{name}: {', '.join(parts)}" if parts else ""


def _is_ready(status: Object) -> bool:
    return status.get("ready") is True


def _items(item: Object, *path: str) -> Iterator[Object]:
    found: Json = at(item, *path)
    yield from (
        each
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict)
    )
