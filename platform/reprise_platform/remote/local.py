"""What a remote site needs of this machine: programs, and files beside the site file."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from reprise_platform import charts
from reprise_platform.errors import CommandError, SiteError
from reprise_platform.remote.clusters import Problem
from reprise_platform.remote.kubeconfigs import private_text
from reprise_platform.remote.sitefile import RemoteSite


def tool(name: str, chosen: Path | None) -> Path:
    """Return a client: the one chosen, this machine's own, or the pinned one, compiled."""
    if chosen is not None:
        return chosen
    if found := shutil.which(name):
        return Path(found)
    # Imported here: a machine that has the clients never compiles any.
    from reprise_platform.embedded import builds  # noqa: PLC0415

    item = next(each for each in builds.BUILDS if each.name == name)
    return builds.build(item) / name


def local_problems(site: RemoteSite) -> Iterator[Problem]:
    """Yield what is wrong with files of this machine that no other look reads."""
    for key, program in (("velero", site.velero), ("helm", site.helm)):
        if program is not None and not os.access(program, os.X_OK):
            yield (key, f"{program} is no program; leave it out to have the pinned one")
    yield from (("escrow", told) for told in _escrow_problems(site.escrow))
    yield from (("recovery_values", told) for told in _values_problems(site))
    yield from _missing_programs(site)


def _escrow_problems(escrow: Path) -> Iterator[str]:
    files = sorted(escrow.glob("*.json")) if escrow.is_dir() else []
    if not files:
        yield f"{escrow} holds no Secret (*.json): no recovery can start without"
    for file in files:
        remedy = "write it anew: kubectl get secret NAME -o json"
        try:
            item = json.loads(private_text(file))
        except SiteError as error:
            yield str(error)
        except ValueError:
            yield f"{file} is no JSON; {remedy}"
        else:
            if not (isinstance(item, dict) and item.get("kind") == "Secret"):
                yield f"{file} holds no Secret; {remedy}"


def _values_problems(site: RemoteSite) -> Iterator[str]:
    file = site.recovery_values
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        yield f"{file} cannot be read: {error}"
        return
    if not isinstance(values, dict):
        yield f"{file} holds no values for the chart: a mapping"
    elif site.helm is None or os.access(site.helm, os.X_OK):
        yield from _unrendered(site)


def _unrendered(site: RemoteSite) -> Iterator[str]:
    """Yield why the chart takes no such values: after the loss it would be too late."""
    with tempfile.TemporaryDirectory(prefix="reprise-") as scratch:
        values = Path(scratch) / "values.yaml"
        shutil.copyfile(site.recovery_values, values)
        release = charts.Release(
            name="openmrs", chart="openmrs", namespace=site.namespace, values=values
        )
        try:
            charts.render(tool("helm", site.helm), release)
        except CommandError as error:
            said = " ".join(error.output.split())
            yield f"{site.recovery_values} does not fit the chart openmrs: {said}"


def _missing_programs(site: RemoteSite) -> Iterator[Problem]:
    for name, way in site.capabilities.each().items():
        if way.command and shutil.which(way.command[0]) is None:
            yield (
                f"capabilities.{name}.command",
                f"no program {way.command[0]} here: install it, or give its path",
            )
