"""Start what a list of manifests describes, and wait until it runs or has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pydantic
import pydantic.alias_generators

from reprise_platform import kube
from reprise_platform.access import Cluster
from reprise_platform.errors import PlatformError
from reprise_platform.waiting import until
from reprise_pra.history import JsonValue

_POLL_S = 0.25
_LOG_WITHIN_S = 20.0
_SHOWN_CHARACTERS = 2000


class JobError(PlatformError):
    """A job ended badly; the message has the end of its log."""


class _Raw(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=pydantic.alias_generators.to_camel,
    )


class _Metadata(_Raw):
    name: str
    namespace: str = "default"
    generation: int = 0


class _Spec(_Raw):
    replicas: int | None = None


class _Status(_Raw):
    observed_generation: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    succeeded: int = 0
    failed: int = 0


class _Workload(_Raw):
    api_version: str
    kind: str
    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def is_ready(self) -> bool:
        """Whether every wanted replica is up to date and Ready."""
        wanted = 1 if self.spec.replicas is None else self.spec.replicas
        return (
            self.status.observed_generation >= self.metadata.generation
            and self.status.updated_replicas >= wanted
            and self.status.ready_replicas >= wanted
        )


def patient[T](condition: Callable[[], T | None]) -> Callable[[], T | None]:
    """Make a condition for `until` that takes "no answer" for "not yet".

    A busy control plane drops a request now and then; the wait has its own limit, so only
    that limit may end it.
    """

    def attempt() -> T | None:
        try:
            return condition()
        except PlatformError:
            return None

    return attempt


def start(
    cluster: Cluster,
    manifests: Sequence[kube.Object],
    *,
    within_s: float,
    what: str,
) -> None:
    """Apply manifests and wait until each Deployment and StatefulSet of them is ready.

    Raises:
        PlatformError: refused by the cluster, or not ready within `within_s` seconds.
    """
    kube.apply(cluster, manifests)
    wait_ready(cluster, manifests, within_s=within_s, what=what)


def wait_ready(
    cluster: Cluster,
    manifests: Sequence[kube.Object],
    *,
    within_s: float,
    what: str,
) -> None:
    """Wait until each Deployment and StatefulSet of what was applied is ready.

    Raises:
        WaitTimeout: not within `within_s` seconds.
    """
    wanted = [
        _Workload.model_validate(manifest)
        for manifest in manifests
        if manifest["kind"] in {"Deployment", "StatefulSet"}
    ]

    def ready() -> bool:
        found = [_find(cluster, workload) for workload in wanted]
        return all(workload is not None and workload.is_ready for workload in found)

    until(
        patient(ready), within_s=within_s, every_s=_POLL_S, what=f"{what} to be ready"
    )


def run_job(
    cluster: Cluster,
    manifests: Sequence[kube.Object],
    *,
    within_s: float,
    what: str,
) -> str:
    """Apply manifests, wait until the one Job among them has ended, return its log.

    Raises:
        JobError: it failed.
        PlatformError: refused by the cluster, or not ended within `within_s` seconds.
    """
    kube.apply(cluster, manifests)
    (wanted,) = (
        _Workload.model_validate(manifest)
        for manifest in manifests
        if manifest["kind"] == "Job"
    )

    def ended() -> _Workload | None:
        found = _find(cluster, wanted)
        over = found is not None and (found.status.succeeded or found.status.failed)
        return found if over else None

    job = until(patient(ended), within_s=within_s, every_s=_POLL_S, what=what)
    namespace = wanted.metadata.namespace

    def written() -> str:
        pods = kube.pods(cluster, namespace, f"job-name={wanted.metadata.name}")
        return "".join(kube.pod_log(cluster, namespace, pod.name) for pod in pods)

    log = until(
        patient(written), within_s=_LOG_WITHIN_S, every_s=_POLL_S, what=f"log: {what}"
    )
    if not job.status.succeeded:
        msg = f"{what}: the job failed; its log ends:\n{log[-_SHOWN_CHARACTERS:]}"
        raise JobError(msg)
    return log


def json_objects(log: str) -> tuple[dict[str, JsonValue], ...]:
    """Return the JSON objects that a log has on lines of their own, in order."""
    found: list[dict[str, JsonValue]] = []
    for line in log.splitlines():
        try:
            read = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(read, dict):
            found.append(read)
    return tuple(found)


def _find(cluster: Cluster, workload: _Workload) -> _Workload | None:
    raw = kube.get_object(
        cluster,
        workload.api_version,
        workload.kind,
        workload.metadata.name,
        namespace=workload.metadata.namespace,
    )
    return None if raw is None else _Workload.model_validate(raw)
