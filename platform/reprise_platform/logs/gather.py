"""What goes into the archive: also of a site that is half dead, each part by itself."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from reprise_platform import kube, paths, redaction
from reprise_platform.access import load_access
from reprise_platform.command import run
from reprise_platform.doctor.preflight import examine
from reprise_platform.embedded import cgroups
from reprise_platform.embedded.builds import BUILDS, GO_PACKAGE
from reprise_platform.errors import PlatformError, SiteError
from reprise_platform.logs.archive import Archive
from reprise_platform.logs.objects import add_cluster
from reprise_platform.sites import Site
from reprise_platform.status import status
from reprise_pra.analysis.results import Text

_SOUGHT = ("ip -d addr", "ip route show table all", "ss -lntup", "nft list ruleset")
_README = """\
Everything of one site of Reprise, without its secrets ([secret] stands in their place).

doctor.json     what the machine has and lacks
status.json     what worked and what did not when this was gathered
site/           the site's own records; up.json: the last `up`, its steps and times
machines/       each machine's console, servers' logs, configuration
clusters/       what each API server knew: objects, events, pods' logs; no Secret
host/           mounts, cgroups, links, routes, processes of the site
problems.txt    what could not be gathered, and why
"""
PARTS = {
    "versions": Text(fr="versions", en="versions"),
    "doctor": Text(fr="cette machine", en="this machine"),
    "status": Text(fr="état du site", en="the site's status"),
    "site": Text(fr="fichiers du site", en="the site's files"),
    "machines": Text(fr="machines", en="machines"),
    "clusters": Text(fr="objets et journaux des pods", en="objects and pods' logs"),
    "host": Text(fr="montages, cgroups, réseau", en="mounts, cgroups, network"),
}


def gather(site: Site, target: Path | None, say: Callable[[Text], None]) -> Path:
    """Write a site's archive and return its path; takes a minute or so at most.

    Args:
        target: the file to write; one named by site and time, here, by default.
        say: told of each part as it begins.

    Raises:
        SiteError: nothing of that site is here.
    """
    folder = paths.site_state(site.name)
    if not folder.is_dir():
        msg = f"nothing of site {site.name} is here ({folder}); `up` makes it"
        raise SiteError(msg)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    chosen = target or Path.cwd() / f"reprise-{site.name}-{now}.tar.gz"
    redactor = redaction.of_site(folder)
    problems: list[str] = []
    redactor.learn(_kept_by_clusters(site.name))
    with Archive(chosen, redactor) as archive:
        archive.add("README.txt", _README)
        works: dict[str, Callable[[], None]] = {
            "versions": partial(_versions, archive),
            "doctor": partial(_doctor, archive, site),
            "status": partial(_status, archive, site.name),
            "site": partial(_site, archive, folder),
            "machines": partial(_machines, archive, folder),
            "clusters": partial(_clusters, archive, site.name, problems),
            "host": partial(_host, archive, site.name, folder, problems),
        }
        for name, work in works.items():
            say(PARTS[name])
            try:
                work()
            except (PlatformError, OSError, ValueError) as error:
                problems.append(f"{name}: {error}")
        problems += [f"{name}: left out, too much" for name in archive.left_out]
        archive.add("problems.txt", "\n".join(problems) or "none")
    return chosen


def _versions(archive: Archive) -> None:
    lines = [
        f"python {sys.version}",
        f"kernel {platform.release()} {platform.machine()}",
        f"go {GO_PACKAGE}",
        *(f"built {item.name}: {', '.join(item.programs)}" for item in BUILDS),
    ]
    release = Path("/etc/os-release")
    if release.exists():
        lines.append(release.read_text())
    for kind in ("tools", "roots", "images", "stores"):
        made = sorted(path.name for path in (paths.cache() / kind).glob("[!.]*"))
        lines.append(f"cache {kind}: {' '.join(made)}")
    archive.add("versions.txt", "\n".join(lines))


def _doctor(archive: Archive, site: Site) -> None:
    rows = [row.as_json() for row in examine(site)]
    archive.add("doctor.json", json.dumps(rows, indent=1, ensure_ascii=False))


def _status(archive: Archive, name: str) -> None:
    found = [check.as_json() for check in status(name)]
    archive.add("status.json", json.dumps(found, indent=1))


def _site(archive: Archive, folder: Path) -> None:
    # Records alone: what is a secret's own file is not even opened.
    for name in ("site.json", "access.json", "up.json", "front/active.map"):
        if (folder / name).exists():
            archive.add_file(f"site/{name}", folder / name)
    listing = [
        f"{path.stat().st_mode:o} {path.stat().st_size} {path.relative_to(folder)}"
        for path in sorted([*folder.glob("*"), *folder.glob("pki/*/*")])
    ]
    archive.add("site/files.txt", "\n".join(listing))


def _machines(archive: Archive, folder: Path) -> None:
    for own in sorted((folder / "machines").glob("*")):
        for name in ("console.log", "ended", "pid"):
            if (own / name).exists():
                archive.add_file(f"machines/{own.name}/{name}", own / name)
        for name in ("log", "etc"):
            archive.add_folder(f"machines/{own.name}/{name}", own / name)


def _clusters(archive: Archive, name: str, problems: list[str]) -> None:
    access = load_access(name)
    for cluster in (access.primary, access.recovery):
        try:
            problems += add_cluster(archive, cluster)
        except PlatformError as error:
            problems.append(f"{cluster.name}: {error}")


def _kept_by_clusters(name: str) -> frozenset[bytes]:
    """Return what the clusters that answer keep as Secrets.

    What no file of the site has: an operator's own. A cluster that does not answer
    also gives the archive no object and no log of a pod.
    """
    found: frozenset[bytes] = frozenset()
    with contextlib.suppress(PlatformError):
        access = load_access(name)
        for cluster in (access.primary, access.recovery):
            with contextlib.suppress(PlatformError):
                if kube.api_reachable(cluster):
                    items = kube.list_objects(cluster, "v1", "Secret")
                    found |= redaction.secrets_of_objects(items)
    return found


def _host(archive: Archive, name: str, folder: Path, problems: list[str]) -> None:
    mounts = [
        line
        for line in Path("/proc/self/mountinfo").read_text().splitlines()
        if str(folder) in line
    ]
    archive.add("host/mounts.txt", "\n".join(mounts))
    pids = list(cgroups.processes(name))
    lines = []
    for pid in pids:
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            group = Path(f"/proc/{pid}/cgroup").read_text().splitlines()[0]
        except (OSError, IndexError):
            continue
        lines.append(f"{pid} {group} {line.decode(errors='replace')[:400]}")
    archive.add("host/processes.txt", "\n".join(lines))
    archive.add("host/memory.txt", "\n".join(_memory(name)))
    if shutil.which("ip"):
        archive.add("host/links.txt", run(["ip", "-d", "addr"], within_s=10))
        archive.add("host/routes.txt", run(["ip", "route"], within_s=10))
    for held in sorted((folder / "net").glob("[!.]*")):
        said = []
        for question in _SOUGHT:
            command = ["nsenter", f"--net={held}", *question.split()]
            try:
                said.append(f"$ {question}\n{run(command, within_s=10)}")
            except PlatformError as error:
                problems.append(f"network of {held.name}: {error}")
        archive.add(f"host/network/{held.name}.txt", "\n".join(said))


def _memory(name: str) -> list[str]:
    found = []
    for top in cgroups.site_groups(name):
        for own in sorted(top.glob("*")) if top.is_dir() else ():
            for file in ("memory.usage_in_bytes", "memory.current", "memory.events"):
                if (own / file).exists():
                    told = (own / file).read_text().strip().replace(os.linesep, " ")
                    found.append(f"{own.name} {file} {told}")
    return found
