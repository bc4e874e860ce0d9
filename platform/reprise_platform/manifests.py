"""The Kubernetes objects of a site: templates of `platform/manifests`, filled and parsed."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping

import yaml

from reprise_platform import paths
from reprise_platform.access import Access
from reprise_platform.kube import Json, Object


def render(name: str, values: Mapping[str, object]) -> list[Object]:
    """Return the objects of one template.

    Raises:
        KeyError: the template wants a value that is not given.
    """
    text = (paths.PLATFORM / "manifests" / f"{name}.yaml").read_text(encoding="utf-8")
    filled = string.Template(text).substitute(values)
    return [item for item in yaml.safe_load_all(filled) if item]


def secret(name: str, namespace: str, values: Mapping[str, str]) -> Object:
    """Return a Secret that no backup takes: it comes from escrow, never from the bucket."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"velero.io/exclude-from-backup": "true"},
        },
        "stringData": dict(values),
    }


def namespace(name: str) -> Object:
    """Return a namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def escrowed(access: Access) -> list[Object]:
    """Return what the recovery site needs first: the namespace, the escrowed Secrets."""
    secrets: list[Object] = [
        json.loads(file.read_text()) for file in sorted(access.escrow.glob("*.json"))
    ]
    return [namespace(access.namespace), *secrets]


def recovery_database(access: Access) -> list[Object]:
    """Return the recovery site's database: one member, installed anew and empty."""
    return render("database", _values(access) | {"database_members": 1})


def load_job(access: Access) -> list[Object]:
    """Return the job that loads the restored dump."""
    return render("load-job", _values(access))


def openmrs(access: Access) -> list[Object]:
    """Return the recovery site's OpenMRS."""
    values = _values(access)
    return render("openmrs", values | {"openmrs_replicas": values["recovery_replicas"]})


def values_file_name() -> str:
    """Return the name of the file that keeps a site's values, in its own folder."""
    return "values.json"


def _values(access: Access) -> dict[str, Json]:
    loaded: dict[str, Json] = json.loads(
        (access.state / values_file_name()).read_text(encoding="utf-8")
    )
    return loaded
