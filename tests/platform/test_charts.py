"""The charts: what they take, what they refuse, and objects that Kubernetes knows."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from reprise_platform import charts, manifests
from reprise_platform.command import run
from reprise_platform.embedded import builds
from reprise_platform.embedded.layout import Layout
from reprise_platform.errors import CommandError
from reprise_platform.kube import Object
from reprise_platform.kube_rest import Json, at, text
from tests.platform import charting, examples, podsecurity

CHARTS = ("cluster", "openmrs", "velero")
EXCLUDED = "velero.io/exclude-from-backup"


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Lay a site that runs nowhere."""
    return examples.layout_with_authority(tmp_path, monkeypatch)


@pytest.fixture(params=[*charting.VARIATIONS, *charting.EMBEDDED], ids=str)
def objects(request: pytest.FixtureRequest, helm: Path, layout: Layout) -> list[Object]:
    """Render a chart: `openmrs` as real sites may ask, all as the embedded site does."""
    if request.param in charting.VARIATIONS:
        values = charting.VARIATIONS[request.param]
        return charting.rendered(helm, layout.folder, values)
    return charting.embedded(helm, layout, *request.param)


@pytest.mark.parametrize("chart", CHARTS)
def test_lint(helm: Path, chart: str) -> None:
    """Helm finds nothing to say of a chart, as it comes, when asked to be strict."""
    told = run([helm, "lint", "--strict", charts.folder(chart)])
    assert "1 chart(s) linted, 0 chart(s) failed" in told
    assert "[WARNING]" not in told


@pytest.mark.parametrize(
    ("file", "good", "bad"),
    [
        ("Chart.yaml", "version: 0.1.0", "version: first"),
        ("values.yaml", "replicas: 3", "replicas: three"),
        ("templates/openmrs.yaml", "    app: openmrs", "\tapp: openmrs"),
        (
            "templates/openmrs.yaml",
            "apiVersion: policy/v1",
            "apiVersion: policy/v1beta1",
        ),
    ],
)
def test_lint_finds_a_defect(
    helm: Path, tmp_path: Path, file: str, good: str, bad: str
) -> None:
    """The check above is red for a defect in each kind of a chart's files."""
    chart = tmp_path / "openmrs"
    shutil.copytree(charts.folder("openmrs"), chart)
    plain = (chart / file).read_text(encoding="utf-8")
    assert good in plain
    (chart / file).write_text(plain.replace(good, bad), encoding="utf-8")
    with pytest.raises(CommandError, match="1 chart\\(s\\) failed"):
        run([helm, "lint", "--strict", chart])


@pytest.mark.parametrize("chart", CHARTS)
def test_every_value_is_described(chart: str) -> None:
    """A schema knows each key of the values, tells what it is for, and takes no other."""
    schema = json.loads((charts.folder(chart) / "values.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    assert list(_gaps(schema, chart)) == []


def test_a_value_that_is_not_described_is_found() -> None:
    """The check above is red for a key without a word, and for a part that takes any."""
    path = charts.folder("openmrs") / "values.schema.json"
    for key in ("description", "additionalProperties"):
        schema = json.loads(path.read_text())
        del schema["properties"]["dump"][key]
        (gap,) = _gaps(schema, "openmrs")
        assert "dump" in gap


def _gaps(part: Json, where: str) -> Iterator[str]:
    """Yield the objects of a schema that take any key, and the keys without a word."""
    if not isinstance(part, dict):
        return
    known = part.get("properties")
    if isinstance(known, dict) and "type" in part:
        if part.get("additionalProperties") is not False:
            yield f"{where} takes any key"
        for key, one in known.items():
            assert isinstance(one, dict)
            if not {"description", "$ref"} & set(one):
                yield f"{where}.{key} is not described"
    for key, one in part.items():
        yield from _gaps(one, f"{where}.{key}")


REFUSED: dict[str, tuple[str, charting.Values, str]] = {
    "a key that is not one": ("openmrs", {"openmrs": {"replica": 2}}, "replica"),
    "no replica": ("openmrs", {"openmrs": {"replicas": 0}}, "/openmrs/replicas"),
    "replicas in words": (
        "openmrs",
        {"openmrs": {"replicas": "two"}},
        "/openmrs/replicas",
    ),
    "an even cluster": ("openmrs", {"database": {"members": 2}}, "/database/members"),
    "root": ("openmrs", {"openmrs": {"user": {"uid": 0}}}, "/openmrs/user/uid"),
    "a password": ("openmrs", {"database": {"password": "x"}}, "password"),
    "a password in a variable": (
        "openmrs",
        {"openmrs": {"extraEnv": [{"name": "DB_PASSWORD", "value": "x"}]}},
        "/openmrs/extraEnv/0/value",
    ),
    "a tag that is a number": (
        "openmrs",
        {"openmrs": {"image": {"tag": 3.6}}},
        "/openmrs/image/tag",
    ),
    "an ingress without a name": (
        "openmrs",
        {"openmrs": {"ingress": {"enabled": True}}},
        "/openmrs/ingress/host",
    ),
    "no admin Secret": (
        "openmrs",
        {"openmrs": {"admin": {"existingSecret": ""}}},
        "/openmrs/admin/existingSecret",
    ),
    "a DNS without an address": ("cluster", {"dns": {"address": ""}}, "/dns/address"),
    "the store's keys": (
        "velero",
        {"credentials": {"secretContents": {"cloud": "[default]"}}},
        "secretContents",
    ),
    "a location without a region": (
        "velero",
        {
            "configuration": {
                "backupStorageLocation": [
                    {
                        "name": "default",
                        "provider": "aws",
                        "bucket": "backups",
                        "accessMode": "ReadWrite",
                        "config": {},
                    }
                ]
            }
        },
        "region",
    ),
    "a schedule in words": (
        "velero",
        {"schedules": {"openmrs": {"schedule": "often"}}},
        "/schedules/openmrs/schedule",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_values_are_refused_by_their_key(
    helm: Path, tmp_path: Path, case: str
) -> None:
    """What would make a wrong release, or lay a secret in it, is refused by name."""
    chart, values, key = REFUSED[case]
    with pytest.raises(CommandError, match="don't meet the specifications") as refused:
        charting.rendered(helm, tmp_path, values, chart=chart)
    assert key in str(refused.value)


def test_objects_are_kubernetes_own(objects: list[Object]) -> None:
    """Each object fits its kind in the site's Kubernetes, with no field it lacks."""
    assert objects
    for item in objects:
        _validate(item)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "replica"), 2),
        ("Deployment", ("spec", "replicas"), "two"),
        ("Deployment", ("spec", "template", "spec", "container"), []),
        ("NetworkPolicy", ("spec", "policyType"), ["Ingress"]),
        ("PodDisruptionBudget", ("spec", "minAvailables"), 1),
    ],
)
def test_a_mistyped_field_is_found(
    helm: Path, tmp_path: Path, kind: str, path: tuple[str, ...], value: Json
) -> None:
    """The check above is red for an unknown field, and for one of a wrong type."""
    items = charting.rendered(helm, tmp_path, {})
    item = copy.deepcopy(next(each for each in items if each["kind"] == kind))
    here: Json = item
    for step in path[:-1]:
        assert isinstance(here, dict)
        here = here[step]
    assert isinstance(here, dict)
    here[path[-1]] = value
    with pytest.raises(
        (jsonschema.ValidationError, kubernetes_validate.ValidationError)
    ):
        _validate(item)


def test_pods_of_the_application_are_restricted(objects: list[Object]) -> None:
    """No pod beside Velero's needs root, a capability, a token, or a writable program."""
    for name, template in charting.pod_templates(objects):
        if name in {"velero", "node-agent"}:
            continue
        assert list(podsecurity.problems(template)) == [], name
        if name != "coredns":
            assert at(template, "spec", "automountServiceAccountToken") is False, name
        for container in _containers(template):
            for amount in ("requests", "limits"):
                assert text(container, "resources", amount, "memory"), name
            assert text(container, "resources", "requests", "cpu"), name


def test_a_privileged_pod_is_found(helm: Path, tmp_path: Path) -> None:
    """The check above is red for each thing that "restricted" refuses."""
    (template,) = (
        template
        for name, template in charting.pod_templates(
            charting.rendered(helm, tmp_path, {})
        )
        if name == "galera"
    )
    plain = json.dumps(template)
    assert list(podsecurity.problems(template)) == []
    for good, bad in (
        ('"runAsNonRoot": true', '"runAsNonRoot": false'),
        ('"runAsUser": 999', '"runAsUser": 0'),
        ('"RuntimeDefault"', '"Unconfined"'),
        ('"allowPrivilegeEscalation": false', '"allowPrivilegeEscalation": true'),
        ('"drop": ["ALL"]', '"add": ["SYS_ADMIN"]'),
        ('"emptyDir": {"sizeLimit": "16Mi"}', '"hostPath": {"path": "/"}'),
    ):
        assert good in plain
        assert list(podsecurity.problems(json.loads(plain.replace(good, bad)))), bad


def test_restarts_do_not_follow_the_database(objects: list[Object]) -> None:
    """A replica that cannot read the database leaves the service, and is not restarted."""
    for name, template in charting.pod_templates(objects):
        if name != "openmrs":
            continue
        (container,) = _containers(template)
        read = text(container, "readinessProbe", "httpGet", "path")
        assert read in {"/-/ready", "/openmrs/ws/rest/v1/session"}
        assert text(container, "startupProbe", "httpGet", "path") == read
        assert at(container, "livenessProbe", "tcpSocket") == {"port": "http"}


def test_budgets_let_one_go_at_a_time(helm: Path, tmp_path: Path) -> None:
    """Maintenance takes one member, one replica; a single one has no budget to block it."""
    items = charting.rendered(helm, tmp_path, {})
    budgets = {
        text(item, "metadata", "name"): item["spec"]
        for item in items
        if item["kind"] == "PodDisruptionBudget"
    }
    assert {
        name: (at(b, "minAvailable"), at(b, "maxUnavailable"))
        for name, b in budgets.items()
    } == {
        "galera": (None, 1),
        "openmrs": (2, None),
    }
    pods = [charting.labels(template) for _, template in charting.pod_templates(items)]
    for budget in budgets.values():
        wanted = at(budget, "selector", "matchLabels")
        assert isinstance(wanted, dict)
        assert any(wanted.items() <= each.items() for each in pods)
    single = charting.VARIATIONS["one replica and one member"]
    alone = charting.rendered(helm, tmp_path, single)
    assert not any(item["kind"] == "PodDisruptionBudget" for item in alone)


def test_scripts_are_shell(helm: Path) -> None:
    """Each script of a chart is one that bash can read to its end."""
    del helm
    scripts = sorted(charts.folder("openmrs").glob("files/*.sh"))
    assert len(scripts) >= 4
    for script in scripts:
        done = subprocess.run(
            ["bash", "-n", script], check=False, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, ""), script


def test_values_hold_no_secret(layout: Layout, helm: Path) -> None:
    """Of a site's secrets none is in its releases: values and objects only name them."""
    items = [
        item
        for chart, site in charting.EMBEDDED
        for item in charting.embedded(helm, layout, chart, site)
    ]
    assert not any(item["kind"] == "Secret" for item in items)
    named = {
        text(variable, "valueFrom", "secretKeyRef", "name")
        for _, template in charting.pod_templates(items)
        for container in _containers(template)
        for variable in _listed(container, "env")
        if any(word in text(variable, "name") for word in ("PASSWORD", "PWD"))
    }
    assert named == {"database", "openmrs-admin"}


def test_velero_kinds_are_its_own(helm: Path) -> None:
    """The chart's definitions are those that the pinned Velero writes, to the letter."""
    item = next(each for each in builds.BUILDS if each.name == "velero")
    words = ("install", "--crds-only", "--dry-run", "-o", "yaml")
    written = yaml.safe_load(run([builds.build(item) / "velero", *words]))["items"]
    kept = charts.folder("velero") / "crds" / "velero.yaml"
    ours = list(yaml.safe_load_all(kept.read_text(encoding="utf-8")))
    assert [_plain(each) for each in ours] == [_plain(each) for each in written]
    del helm


def test_pod_security_is_that_of_the_site() -> None:
    """The level's version is that of the Kubernetes the site runs."""
    assert builds.KUBERNETES_VERSION.startswith(f"{manifests.POD_SECURITY_VERSION}.")


def _plain(item: dict[str, object]) -> dict[str, object]:
    """Return a definition without what only says that a program wrote it."""
    metadata = item["metadata"]
    assert isinstance(metadata, dict)
    kept = {key: value for key, value in metadata.items() if value is not None}
    return {**item, "metadata": kept, "status": None}


def _validate(item: Object) -> None:
    if text(item, "apiVersion").startswith("velero.io/"):
        jsonschema.validate(item, _velero_schema(text(item, "kind")))
    else:
        kubernetes_validate.validate(item, builds.KUBERNETES_VERSION, strict=True)


def _velero_schema(kind: str) -> dict[str, Json]:
    kept = charts.folder("velero") / "crds" / "velero.yaml"
    for item in yaml.safe_load_all(kept.read_text(encoding="utf-8")):
        if item["spec"]["names"]["kind"] == kind:
            (version,) = item["spec"]["versions"]
            schema = _closed(version["schema"]["openAPIV3Schema"])
            assert isinstance(schema, dict)
            properties = schema["properties"]
            assert isinstance(properties, dict)
            properties["metadata"] = {}
            return schema
    msg = f"no kind {kind} in {kept}"
    raise AssertionError(msg)


def _closed(schema: Json) -> Json:
    """Refuse what a definition does not name: the API server would drop it silently."""
    if isinstance(schema, dict):
        made = {key: _closed(value) for key, value in schema.items()}
        if "properties" in made and "type" in made:
            made.setdefault("additionalProperties", False)
        return made
    return [_closed(one) for one in schema] if isinstance(schema, list) else schema


def _containers(template: Object) -> list[Object]:
    return _listed(at(template, "spec"), "containers")


def _listed(item: Json, key: str) -> list[Object]:
    found = at(item, key)
    return (
        [one for one in found if isinstance(one, dict)]
        if isinstance(found, list)
        else []
    )
