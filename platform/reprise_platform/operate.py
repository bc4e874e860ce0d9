"""`power`, `zone`, `fence`, `switch`, `volumes`: an operator's hand on a site.

What a cloud's own command line is for a real site (stop an instance, move an address),
these are for one that is up here; a remote site's file may name them as its commands.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from reprise_platform import words
from reprise_platform.access import load_access
from reprise_platform.capabilities import Capabilities, capabilities
from reprise_platform.language import Language, spoken
from reprise_platform.sites import default_file, parse_site


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: Language
) -> None:
    """Add the commands to the platform's."""
    made = {}
    for name, told in words.OPERATE.items():
        what = spoken(told, language)
        made[name] = command = commands.add_parser(name, help=what, description=what)
        command.add_argument(
            "--site",
            type=Path,
            default=default_file(),
            help=spoken(words.SITE_FILE, language),
        )
        command.add_argument("--name", help=spoken(words.NAME, language))
        command.set_defaults(lang=language)
    made["power"].add_argument("to", choices=("off", "on"))
    made["power"].add_argument("machines", nargs="*", metavar="MACHINE")
    made["power"].add_argument("--primary", action="store_true")
    made["zone"].add_argument("to", choices=("isolate", "restore"))
    made["zone"].add_argument("zone", metavar="ZONE")
    made["switch"].add_argument("to", choices=("primary", "recovery"))
    made["volumes"].add_argument("to", choices=("make", "drop"))
    made["volumes"].add_argument("volumes", nargs="*", metavar="VOLUME")
    made["volumes"].add_argument("--namespace")


def run(chosen: argparse.Namespace) -> int:
    """Carry out one command.

    Raises:
        PlatformError: the site is not up here, or refused.
    """
    name = chosen.name or parse_site(chosen.site).name
    HANDLERS[chosen.command](capabilities(load_access(name)), chosen)
    return 0


def _power(site: Capabilities, chosen: argparse.Namespace) -> None:
    if chosen.to == "on":
        site.power_on(chosen.machines)
    elif chosen.primary:
        site.power_off_primary()
    else:
        site.power_off(chosen.machines)


def _zone(site: Capabilities, chosen: argparse.Namespace) -> None:
    (site.isolate_zone if chosen.to == "isolate" else site.restore_zone)(chosen.zone)


def _fence(site: Capabilities, chosen: argparse.Namespace) -> None:
    del chosen
    site.fence_primary()


def _switch(site: Capabilities, chosen: argparse.Namespace) -> None:
    site.switch(chosen.to)


def _volumes(site: Capabilities, chosen: argparse.Namespace) -> None:
    if chosen.to == "drop":
        site.drop_recovery_volumes(chosen.volumes)
        return
    for name in site.prepare_recovery_volumes(chosen.namespace):
        sys.stdout.write(f"{name}\n")


HANDLERS: Mapping[str, Callable[[Capabilities, argparse.Namespace], None]] = {
    "power": _power,
    "zone": _zone,
    "fence": _fence,
    "switch": _switch,
    "volumes": _volumes,
}
