"""Provision and destroy a site, whoever provides it."""

from __future__ import annotations

import os
from pathlib import Path

from reprise_platform import journal
from reprise_platform.access import REMOTE, Access, load_access
from reprise_platform.embedded import bringup, teardown
from reprise_platform.embedded.progress import Progress
from reprise_platform.errors import PlatformError, SiteError
from reprise_platform.language import Language
from reprise_platform.remote.joining import join, leave
from reprise_platform.sites import AnySite, RemoteSite, default_file, parse_site
from reprise_platform.spent import refuse_spent

STEPS_UP, STEPS_DOWN = bringup.TOLD, len(teardown.STEPS)


def provision(
    file: Path | None = None,
    name: str | None = None,
    progress: Progress | None = None,
    language: Language | None = None,
) -> Access:
    """Bring a site up (or complete it), telling each step on standard error.

    Args:
        file: the site file; the embedded site's by default.
        name: replaces the name in the file, so that sites live side by side.
        progress: tells of the steps; of a failure it knows which were under way.
        language: in which the steps are told when no `progress` does; by default the
            terminal's.

    Raises:
        Refused: this machine cannot hold it as it is: every reason at once.
        PlatformError: which step failed, the line to paste, its output; or a drill left
            the site in a state from which it does not come up.
    """
    chosen = file or default_file()
    site = parse_site(chosen, name=name)
    _refuse_another(site)
    refuse_spent(site.name)
    progress = progress or Progress(STEPS_UP, language)
    try:
        if isinstance(site, RemoteSite):
            with progress.step("everything that the site file names"):
                return join(site, chosen)
        access = bringup.up(site, progress)
    finally:
        progress.close()
        failed = " > ".join(step.step for step, _ in reversed(progress.failed))
        if not isinstance(site, RemoteSite):
            journal.keep(site.name, progress.times, progress.seconds(), failed)
    progress.table()
    return access


def is_there(name: str) -> bool:
    """Tell whether a site was brought up here, by whomever, and not taken down since.

    Not of one that is half up: that was never of use to anybody. One whose record is
    damaged counts: it may hold somebody's data.
    """
    try:
        load_access(name)
    except SiteError as error:
        return not isinstance(error.__cause__, FileNotFoundError)
    return True


def destroy(
    name: str, progress: Progress | None = None, language: Language | None = None
) -> None:
    """Take a site down from any state; leaves nothing of it. Idempotent.

    One that was not made here is only forgotten.
    """
    if _provider_of(name) == REMOTE:
        leave(name)
        return
    _need_root()
    progress = progress or Progress(STEPS_DOWN, language)
    try:
        teardown.down(name, progress)
    finally:
        progress.close()


def _provider_of(name: str) -> str:
    """Return who provides the site of that name here; "" when there is none, or half one."""
    try:
        return load_access(name).provider
    except SiteError:
        return ""


def _refuse_another(site: AnySite) -> None:
    """Refuse the name of a site of another provider: one would be taken for the other."""
    there = _provider_of(site.name)
    if there not in {"", site.provider}:
        msg = (
            f"a site named {site.name} is up here already, and it is {there}: take another"
            f" --name, or first: python -m reprise_platform down --name {site.name}"
        )
        raise SiteError(msg)


def _need_root() -> None:
    if os.geteuid() != 0:
        msg = "namespaces, mounts and cgroups need root: run this again as root (sudo)"
        raise PlatformError(msg)
