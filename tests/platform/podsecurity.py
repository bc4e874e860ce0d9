"""What Pod Security "restricted" asks of a pod, as Kubernetes' page on it lists it.

The API server has the last word (test_charts_installed.py); this one needs none.
"""

from __future__ import annotations

from collections.abc import Iterator

from reprise_platform.kube import Json, Object
from reprise_platform.kube_rest import at, text

_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
    *("persistentVolumeClaim", "projected", "secret"),
}
_SYSCTLS = {"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_port_range"}


def problems(template: Object) -> Iterator[str]:
    """Yield what a namespace that enforces "restricted" would refuse of a pod."""
    spec = at(template, "spec")
    assert isinstance(spec, dict)
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield key
    for volume in _listed(spec, "volumes"):
        if not _VOLUMES & set(volume):
            yield f"volume {text(volume, 'name')}"
    for sysctl in _listed(at(spec, "securityContext"), "sysctls"):
        if text(sysctl, "name") not in _SYSCTLS:
            yield f"sysctl {text(sysctl, 'name')}"
    for container in [*_listed(spec, "initContainers"), *_listed(spec, "containers")]:
        for problem in _of_container(container, at(spec, "securityContext")):
            yield f"{text(container, 'name')}: {problem}"


def _of_container(container: Object, pod: Json) -> list[str]:
    own = at(container, "securityContext")
    profile = text(_either(own, pod, "seccompProfile"), "type")
    added = at(own, "capabilities", "add")
    refused = {
        "runAsNonRoot": _either(own, pod, "runAsNonRoot") is not True,
        "runAsUser": _either(own, pod, "runAsUser") == 0,
        "seccompProfile": profile not in {"RuntimeDefault", "Localhost"},
        "allowPrivilegeEscalation": at(own, "allowPrivilegeEscalation") is not False,
        "privileged": at(own, "privileged") is True,
        "capabilities.drop": at(own, "capabilities", "drop") != ["ALL"],
        "capabilities.add": added not in (None, [], ["NET_BIND_SERVICE"]),
        "hostPort": any(port.get("hostPort") for port in _listed(container, "ports")),
    }
    return [name for name, is_refused in refused.items() if is_refused]


def _either(own: Json, pod: Json, key: str) -> Json:
    found = at(own, key)
    return at(pod, key) if found is None else found


def _listed(item: Json, key: str) -> list[Object]:
    found = at(item, key)
    return (
        [one for one in found if isinstance(one, dict)]
        if isinstance(found, list)
        else []
    )
