"""Charts rendered with values of a test's own, and what their pods are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reprise_platform import charts
from reprise_platform.embedded import chartvalues
from reprise_platform.embedded.layout import Layout
from reprise_platform.kube import Json, Object
from reprise_platform.kube_rest import at, text

type Values = Mapping[str, Json]

_FOR = {
    "cluster": chartvalues.cluster,
    "openmrs": chartvalues.openmrs,
    "velero": chartvalues.velero,
}
EMBEDDED = tuple((chart, site) for chart in _FOR for site in ("primary", "recovery"))
# What a real site may ask of the chart `openmrs`.
VARIATIONS: Mapping[str, Values] = {
    "as it comes": {},
    "one value: another image": {
        "openmrs": {"image": {"repository": "registry.example/openmrs", "tag": "1"}}
    },
    "by digest": {"openmrs": {"image": {"digest": "sha256:" + "0" * 64}}},
    "one replica and one member": {
        "openmrs": {"replicas": 1},
        "database": {"members": 1},
    },
    "no network policies": {"networkPolicies": {"enabled": False}},
    "an ingress": {
        "openmrs": {
            "ingress": {
                "enabled": True,
                "className": "nginx",
                "host": "clinics.example",
                "tlsSecret": "clinics-tls",
                "annotations": {"nginx.ingress.kubernetes.io/affinity": "cookie"},
            }
        }
    },
    "nodes' ports": {"openmrs": {"service": {"type": "NodePort", "nodePort": 31080}}},
    "a database elsewhere": {
        "database": {"enabled": False, "host": "db.example", "port": 3307},
        "networkPolicies": {
            "externalDatabase": [{"ipBlock": {"cidr": "192.0.2.9/32"}}]
        },
    },
    "a private registry": {"imagePullSecrets": [{"name": "registry"}]},
    "a variable from a Secret": {
        "openmrs": {
            "extraEnv": [
                {
                    "name": "OMRS_SMTP_PASSWORD",
                    "valueFrom": {"secretKeyRef": {"name": "smtp", "key": "password"}},
                },
                {"name": "TZ", "value": "Europe/Paris"},
            ]
        }
    },
    "the recovery site": {"dump": {"enabled": False}, "load": {"enabled": True}},
}


def rendered(
    helm: Path, folder: Path, values: Values, *, chart: str = "openmrs"
) -> list[Object]:
    """Return a chart's objects, with these values beside its own."""
    file = folder / "values.yaml"
    charts.write_values(file, values)
    release = charts.Release(name=chart, chart=chart, namespace=chart, values=file)
    return charts.render(helm, release)


def embedded(helm: Path, layout: Layout, chart: str, site: str) -> list[Object]:
    """Return a chart's objects with the values that the embedded site writes."""
    plan = getattr(layout.topology, site)
    return rendered(helm, layout.folder, _FOR[chart](layout, plan), chart=chart)


def pod_templates(items: Iterable[Object]) -> Iterator[tuple[str, Object]]:
    """Yield each workload's name and its pods' template."""
    for item in items:
        template = at(item, "spec", "template")
        if (
            isinstance(template, dict)
            and "spec" in template
            and "containers" in str(template)
        ):
            yield text(item, "metadata", "name"), template


def labels(template: Object) -> dict[str, str]:
    """Return the labels of a template's pods."""
    found = at(template, "metadata", "labels")
    return (
        {key: str(value) for key, value in found.items()}
        if isinstance(found, dict)
        else {}
    )
