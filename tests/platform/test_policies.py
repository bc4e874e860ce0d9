"""Who may talk to whom: the charts' network policies against a table of flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprise_platform.kube import Object
from reprise_platform.kube_rest import text
from tests.platform import charting
from tests.platform.flows import End, Flow, allowed, selects

APP = "openmrs"


def _pod(app: str, namespace: str = APP, **labels: str) -> End:
    return End(labels={"app": app, **labels}, namespace=namespace)


CLINIC = End(labels={}, namespace="ingress-nginx")
PROMETHEUS = End(labels={}, namespace="monitoring")
DNS = _pod("coredns", "kube-system", **{"k8s-app": "kube-dns"})
STRANGER = _pod("stranger", "default")
NEIGHBOUR = _pod("stranger")
OUTSIDE = End(address="192.0.2.1")
OPENMRS, GALERA, DUMP, LOAD, ATTACHMENTS = (
    _pod(app) for app in ("openmrs", "galera", "dump", "load", "attachments")
)

ALLOWED = {
    "clinics": Flow(source=CLINIC, target=OPENMRS, port=8080),
    "scraping": Flow(source=PROMETHEUS, target=OPENMRS, port=8080),
    "the members' exporter": Flow(source=PROMETHEUS, target=GALERA, port=3306),
    "reads and writes": Flow(source=OPENMRS, target=GALERA, port=3306),
    "the dump": Flow(source=DUMP, target=GALERA, port=3306),
    "the load": Flow(source=LOAD, target=GALERA, port=3306),
    "attachments": Flow(source=OPENMRS, target=ATTACHMENTS, port=9000),
    "replication": Flow(source=GALERA, target=GALERA, port=4567),
    "replication by UDP": Flow(source=GALERA, target=GALERA, port=4567, protocol="UDP"),
    "incremental transfer": Flow(source=GALERA, target=GALERA, port=4568),
    "state transfer": Flow(source=GALERA, target=GALERA, port=4444),
    "names": Flow(source=OPENMRS, target=DNS, port=53, protocol="UDP"),
    "names by TCP": Flow(source=GALERA, target=DNS, port=53),
}
FORBIDDEN = {
    "a stranger at the database": Flow(source=STRANGER, target=GALERA, port=3306),
    "a stranger at OpenMRS": Flow(source=STRANGER, target=OPENMRS, port=8080),
    "a neighbour at the database": Flow(source=NEIGHBOUR, target=GALERA, port=3306),
    "clinics at the database": Flow(source=CLINIC, target=GALERA, port=3306),
    "a neighbour at the attachments": Flow(
        source=NEIGHBOUR, target=ATTACHMENTS, port=9000
    ),
    "the dump at the attachments": Flow(source=DUMP, target=ATTACHMENTS, port=9000),
    "attachments at the database": Flow(source=ATTACHMENTS, target=GALERA, port=3306),
    "attachments sent outside": Flow(source=ATTACHMENTS, target=OUTSIDE, port=443),
    "OpenMRS as a member": Flow(source=OPENMRS, target=GALERA, port=4567),
    "the dump at OpenMRS": Flow(source=DUMP, target=OPENMRS, port=8080),
    "members at OpenMRS": Flow(source=GALERA, target=OPENMRS, port=8080),
    "data sent outside": Flow(source=OPENMRS, target=OUTSIDE, port=443),
    "a dump sent outside": Flow(source=DUMP, target=OUTSIDE, port=443),
    "names used as a way out": Flow(
        source=DUMP, target=OUTSIDE, port=53, protocol="UDP"
    ),
    "another port of the DNS": Flow(source=OPENMRS, target=DNS, port=9153),
    "from outside": Flow(source=OUTSIDE, target=OPENMRS, port=8080),
}


@pytest.fixture(scope="module")
def items(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """Render the chart with all that it may install."""
    values: charting.Values = {"load": {"enabled": True}}
    return charting.rendered(helm, tmp_path_factory.mktemp("chart"), values)


def _policies(items: list[Object]) -> list[Object]:
    return [item for item in items if item["kind"] == "NetworkPolicy"]


@pytest.mark.parametrize("flow", ALLOWED)
def test_what_is_needed_is_allowed(items: list[Object], flow: str) -> None:
    """Every flow of a working service passes both of its ends."""
    assert allowed(_policies(items), ALLOWED[flow])


@pytest.mark.parametrize("flow", FORBIDDEN)
def test_what_is_not_needed_is_not(items: list[Object], flow: str) -> None:
    """No other flow passes."""
    assert not allowed(_policies(items), FORBIDDEN[flow])


@pytest.mark.parametrize("flow", FORBIDDEN)
def test_without_the_denial_it_would_pass(items: list[Object], flow: str) -> None:
    """The table above is not true of a namespace without policies."""
    del items
    assert allowed([], FORBIDDEN[flow])


def test_every_policy_is_about_a_pod(items: list[Object]) -> None:
    """No policy names pods that are not there: it would protect nothing."""
    pods = [
        End(labels=charting.labels(template), namespace=APP)
        for _, template in charting.pod_templates(items)
    ]
    policies = _policies(items)
    assert len(policies) == 7
    for policy in policies:
        name = text(policy, "metadata", "name")
        assert any(selects(policy, pod) for pod in pods), name


def test_a_database_elsewhere_is_reached_there_alone(
    helm: Path, tmp_path: Path
) -> None:
    """With a database of another's, its address and port are the one way out."""
    values = charting.VARIATIONS["a database elsewhere"]
    policies = _policies(charting.rendered(helm, tmp_path, values))
    there = End(address="192.0.2.9")
    assert allowed(policies, Flow(source=OPENMRS, target=there, port=3307))
    assert not allowed(policies, Flow(source=OPENMRS, target=there, port=3306))
    assert not allowed(policies, Flow(source=OPENMRS, target=OUTSIDE, port=3307))
