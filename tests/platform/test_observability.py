"""Rules, thresholds and settings of the observability machine, judged by its own tools."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from reprise_platform import paths
from reprise_platform.embedded import identities, scraping, sitekeys, watchkeys
from reprise_platform.embedded.layout import NAMESPACE
from tests.platform import examples, watchtools

SOURCES = paths.PLATFORM / "observability"
RULES = sorted((SOURCES / "rules").glob("*.yml"))
TESTS = sorted((SOURCES / "tests").glob("*.yml"))
_DOORS = "served/front-door.yml"
_TOLD = {"summary", "description", "remedy"}
# The first one bootstraps the machine's root, where the cache does not have it.
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="making a Debian root needs root"),
]


def _rules(path: Path) -> list[dict[str, Any]]:
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _alerts() -> list[dict[str, Any]]:
    return [rule for path in RULES for rule in _rules(path) if "alert" in rule]


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """Lay rules and tests as they are, what the site owes filled in."""
    folder = tmp_path / "observability"
    shutil.copytree(SOURCES, folder)
    (folder / "rules" / "expected.yml").write_text(scraping.expected(examples.site()))
    return folder


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write every file of a site's machine, its keys beside."""
    cache = os.environ.get("REPRISE_CACHE", "")
    layout = examples.with_secrets(examples.layout(tmp_path, monkeypatch))
    monkeypatch.setenv("REPRISE_CACHE", cache)
    folder = tmp_path / "run"
    files = scraping.files(
        layout.site, layout.topology, layout.folder, namespace=NAMESPACE
    )
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sitekeys.make(layout.topology, layout.folder)
    keys = sitekeys.bind(layout.folder, "observability").source
    shutil.copytree(keys, folder / "keys" / "site")
    for cluster in layout.topology.clusters:
        own = folder / "keys" / cluster.name
        identities.make(cluster, layout.site.name, own)
    settings = folder / "prometheus.yml"
    assert settings.read_text().count("/srv/served/") == 2
    settings.write_text(settings.read_text().replace("/srv/served/", "served/"))
    for name, text in scraping.served(layout.topology, layout.folder).items():
        (folder / "served" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "served" / name).write_text(text)
    return folder


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_fire_and_do_not(laid: Path, path: Path) -> None:
    """Each rule's own tests pass: it fires when it must, and is quiet when it must be."""
    done = watchtools.run("promtool", "test", "rules", path.name, cwd=laid / "tests")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("front-door", "for: 3s", "for: 30s"),
        ("nodes", 'up{job="kubelet"} == 0\n', 'up{job="kubelet"} == 1\n'),
        ("database", "galera:size <", "galera:size >"),
        ("backups", "> on () reprise:rpo", "> on () 10 * reprise:rpo"),
        ("certificates", "21 * 86400", "1 * 86400"),
        ("heartbeats", "count(last_over_time", "sum(last_over_time"),
        ("watch", "for: 30s", "for: 3m"),
    ],
)
def test_wrong_threshold_is_caught(
    laid: Path, file: str, right: str, wrong: str
) -> None:
    """A planted mistake in a rule turns that rule's own tests red."""
    rules = laid / "rules" / f"{file}.yml"
    text = rules.read_text()
    assert right in text
    rules.write_text(text.replace(right, wrong, 1))
    done = watchtools.run(
        "promtool", "test", "rules", f"{file}.yml", cwd=laid / "tests"
    )
    assert done.returncode == 1
    assert "FAILED" in done.stdout + done.stderr


def test_every_alert_is_tested() -> None:
    """No alert without a test that sees it fire, and one that sees it quiet."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in TESTS)
    fired = set(
        re.findall(r'ALERTS\{alertname="(\w+)", alertstate="firing", sev', text)
    )
    fired |= {
        test["alertname"]
        for path in TESTS
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for test in case.get("alert_rule_test", ())
        if test["exp_alerts"]
    }
    assert fired == {rule["alert"] for rule in _alerts()}


@pytest.mark.parametrize("rule", _alerts(), ids=lambda rule: rule["alert"])
def test_alert_tells_what_to_do(rule: dict[str, Any]) -> None:
    """An alert has a severity, and says what, how bad and what to do, in both languages."""
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    wanted = _TOLD | {f"{name}_fr" for name in _TOLD}
    assert set(rule["annotations"]) == wanted
    assert all(text.strip() for text in rule["annotations"].values())
    told = rule["annotations"]
    assert all(told[name] != told[f"{name}_fr"] for name in _TOLD)


def test_settings_are_accepted(rendered: Path) -> None:
    """What `up` writes is what Prometheus, Alertmanager and the prober take."""
    for tool, arguments in (
        ("promtool", ("check", "config", "prometheus.yml")),
        ("promtool", ("check", "web-config", "web.yml")),
        ("amtool", ("check-config", "alertmanager.yml")),
        (
            "prometheus-blackbox-exporter",
            ("--config.check", "--config.file", "blackbox.yml"),
        ),
    ):
        done = watchtools.run(tool, *arguments, cwd=rendered)
        assert done.returncode == 0, (tool, done.stdout + done.stderr)


def test_settings_that_are_wrong_are_caught(rendered: Path) -> None:
    """A planted mistake in each file is refused by the tool that reads it."""
    for tool, arguments, file, right, wrong in (
        ("promtool", ("check", "config"), "prometheus.yml", "scrape_timeout", "x"),
        ("promtool", ("check", "config"), _DOORS, "metrics_path", "x"),
        ("promtool", ("check", "config"), "served/rules/nodes.yml", "up{", "up{{"),
        ("promtool", ("check", "config"), "rules/heartbeats.yml", "count(", "count(("),
        ("amtool", ("check-config",), "alertmanager.yml", "receiver: h", "receiver: g"),
    ):
        kept = (rendered / file).read_text()
        (rendered / file).write_text(kept.replace(right, wrong, 1))
        name = file if file.endswith("manager.yml") else "prometheus.yml"
        done = watchtools.run(tool, *arguments, name, cwd=rendered)
        assert done.returncode != 0, file
        (rendered / file).write_text(kept)


def test_objectives_are_those_of_the_service() -> None:
    """What burns and what is too old follows from pra/objectives.yaml."""
    objectives = yaml.safe_load(
        (paths.REPOSITORY / "pra" / "objectives.yaml").read_text(encoding="utf-8")
    )
    rules = {
        rule["record"]: rule["expr"]
        for group in yaml.safe_load(scraping.expected(examples.site()))["groups"]
        for rule in group["rules"]
    }
    strictest = min(
        journey["availability"]
        for journey in objectives["journeys"].values()
        if journey["tier"] == 1
    )
    assert rules["reprise:availability:objective"] == f"vector({strictest})"
    assert (
        rules["reprise:rpo_seconds:objective"] == f"vector({objectives['rpo_s']:.1f})"
    )
    assert rules["reprise:galera_members:expected"] == "vector(3)"


def test_every_machine_of_a_cluster_is_scraped() -> None:
    """Each node with its zone, each control plane, both doors: nobody is left out."""
    topology = examples.topology()
    targets = scraping.targets(topology)
    for cluster in topology.clusters:
        kubelets = {
            (labels["node"], labels["zone"])
            for group in targets[f"kubelets_{cluster.name}"]
            if isinstance(labels := group["labels"], dict)
        }
        assert kubelets == {(node.name, node.zone) for node in cluster.nodes}
        assert len(targets[f"kubernetes_{cluster.name}"]) == 2
    assert len(scraping.served_targets(topology)["haproxy"]) == len(topology.doors)


def test_nothing_is_watched_by_its_file(rendered: Path) -> None:
    """No inotify instance a list of targets: those of a machine are few."""
    for file in ("prometheus.yml", _DOORS):
        assert "file_sd" not in (rendered / file).read_text()


def test_nothing_is_missed_before_the_site_serves(rendered: Path) -> None:
    """What it lacks while it is made is no alert; what it refuses burns no budget."""
    assert [path.name for path in (rendered / "rules").iterdir()] == ["heartbeats.yml"]
    names = {path.name for path in RULES} - {"heartbeats.yml"}
    assert {path.name for path in (rendered / "served" / "rules").iterdir()} == names
    jobs = {
        file: {
            job["job_name"]
            for job in yaml.safe_load((rendered / file).read_text())["scrape_configs"]
        }
        for file in ("prometheus.yml", _DOORS)
    }
    assert jobs[_DOORS] == {scraping.FRONT_DOOR, "haproxy"}
    assert not jobs["prometheus.yml"] & jobs[_DOORS]


def test_secrets_lie_in_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No password is in a setting or a command; the login is kept as a hash."""
    layout = examples.with_secrets(examples.layout(tmp_path, monkeypatch))
    keys = watchkeys.read(layout.folder)
    secrets = {keys.password, keys.token, keys.clinic_password, keys.monitor}
    assert len(secrets) == 4
    machine = layout.machine("observability")
    holders = {
        path.removeprefix("observability/")
        for path, text in machine.files.items()
        if any(secret in text for secret in secrets)
    }
    assert holders == {
        *("keys/password", "keys/clinic-password", "keys/webhook-token"),
        "mysqld.cnf",
    }
    shown = json.dumps([list(service.command) for service in machine.services])
    assert not any(secret in shown for secret in secrets)
    assert keys.password_hash.startswith("$2b$")
    for file in watchkeys.credentials_file(layout.folder).parent.iterdir():
        is_told = file.name in {"expected.yml", "served"}
        assert is_told or file.stat().st_mode & 0o077 == 0


def test_secrets_are_drawn_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` again keeps the login, its hash and the token; another site has others."""
    layout = examples.with_secrets(examples.layout(tmp_path, monkeypatch))
    first = watchkeys.read(layout.folder)
    scraping.make(layout.site, layout.folder)
    assert watchkeys.read(layout.folder) == first
    watchkeys.make(tmp_path)
    other = watchkeys.credentials_file(tmp_path).read_text()
    assert first.password not in other
