"""`python -m reprise_platform up | status | down | doctor`: the embedded site by hand."""

from __future__ import annotations

import argparse
import json
import sys
import typing
from collections.abc import Sequence
from pathlib import Path

import rich.console

from reprise_platform import provider
from reprise_platform.doctor.preflight import examine
from reprise_platform.doctor.rows import State
from reprise_platform.doctor.table import print_table
from reprise_platform.errors import PlatformError
from reprise_platform.language import Language, preferred, spoken
from reprise_platform.sites import default_file, parse_site
from reprise_platform.status import status
from reprise_platform.telling import text_of

_EPILOG = """\
examples:
  python -m reprise_platform up                    the site of platform/sites/embedded.yaml
  python -m reprise_platform up --name second      another one beside it
  python -m reprise_platform status --json         for programs
  python -m reprise_platform down                  leaves nothing of it
  python -m reprise_platform doctor --lang fr      can this machine hold a site?

exit codes: 0 done (status: everything works; doctor: nothing is in the way),
1 not (the message says what to try), 2 bad arguments"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m reprise_platform",
        description="A real multi-zone Kubernetes with a recovery site, on this machine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in (
        ("up", "bring a site up, or complete one that is half up"),
        ("status", "say what works and what does not, and why"),
        ("down", "take a site down from any state; leaves nothing of it"),
        ("doctor", "say what this machine has, lacks, why it matters, what to do"),
    ):
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument(
            "--site", type=Path, default=default_file(), help="site file (%(default)s)"
        )
        command.add_argument("--name", help="name of the site, instead of the file's")
        command.add_argument(
            "--lang",
            choices=typing.get_args(Language.__value__),
            default=preferred(),
            help="language (%(default)s)",
        )
        if name in {"status", "doctor"}:
            command.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen)
    except PlatformError as error:
        print(f"reprise: {spoken(text_of(error), chosen.lang)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("reprise: interrupted; `up` completes, `down` cleans", file=sys.stderr)
        return 1


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "doctor":
        return _doctor(chosen)
    name = parse_site(chosen.site, name=chosen.name).name
    if chosen.command == "up":
        access = provider.provision(chosen.site, chosen.name)
        print(f"front door: {access.front_door}/openmrs/ws/rest/v1/session")
        print(f"clinic's login: {access.clinic_credentials}")
        for cluster in (access.primary, access.recovery):
            print(f"{cluster.name}: export KUBECONFIG={cluster.kubeconfig}")
        return 0
    if chosen.command == "down":
        provider.destroy(name)
        return 0
    found = status(name)
    if chosen.json:
        print(json.dumps([check.as_json() for check in found], indent=1))
    else:
        for check in found:
            print(f"{'ok ' if check.works else 'NO '} {check.what}: {check.detail}")
    return 0 if all(check.works for check in found) else 1


def _doctor(chosen: argparse.Namespace) -> int:
    rows = examine(parse_site(chosen.site, name=chosen.name))
    if chosen.json:
        print(json.dumps([row.as_json() for row in rows], indent=1, ensure_ascii=False))
    else:
        print_table(rows, chosen.lang, rich.console.Console())
    return 1 if any(row.state is State.LACKING for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
