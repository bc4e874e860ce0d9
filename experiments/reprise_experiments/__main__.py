"""`python -m reprise_experiments recover | status`: what a person can do about a fault."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from reprise_experiments.errors import ExperimentsError, NotUndone
from reprise_experiments.faults.sightings import wait_until_back
from reprise_experiments.lease import lock_path
from reprise_experiments.ledger import Contents, Opened, Outcome
from reprise_experiments.locking import try_lock
from reprise_experiments.nemesis import undo_entry
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import Site, reach
from reprise_platform.errors import PlatformError

_RETURNED_WITHIN_S = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when no fault is open, 1 when one is, 254 when there is no such site.
    """
    parser = argparse.ArgumentParser(prog="python -m reprise_experiments")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("recover", "undo every open fault; can be repeated"),
        ("status", "tell which faults are open and who holds the lease"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--site",
            default=os.environ.get("REPRISE_SITE", "embedded"),
            help="name of the site, or its file (default: REPRISE_SITE, else embedded)",
        )
    options = parser.parse_args(arguments)
    try:
        site = reach(options.site)
    except (ExperimentsError, PlatformError) as error:
        print(error, file=sys.stderr)
        return 254
    return recover(site) if options.command == "recover" else status(site)


def recover(site: Site) -> int:
    """Undo what the ledger lists, by hand; return 0 when no fault is left that may be."""
    contents = site.ledger.read()
    _print_odd(contents)
    for entry in contents.expired:
        site.ledger.close(entry, outcome=Outcome.EXPIRED, by="recover")
    failed = 0
    for entry in contents.open:
        if entry.leased:
            failed += not _undo(site, entry)
        elif not entry.expires_with_boot:
            failed += not _see_returned(site, entry)
        else:
            print(f"standing: {_said(entry)}; the plan's return, or `down`, ends it")
    if not contents.open:
        print("no fault is open")
    return 1 if failed or contents.unreadable else 0


def _undo(site: Site, entry: Opened) -> bool:
    print(f"undoing {_said(entry)}", flush=True)
    try:
        with open_recorder(Path(entry.history), "recover") as recorder:
            seen = undo_entry(site, entry, by="recover", recorder=recorder)
    except Exception as error:  # noqa: BLE001 - the other faults must still be undone
        print(f"  {error}", file=sys.stderr)
        return False
    print("  undone, and seen to be" if seen else "  somebody else undid it")
    return True


def _see_returned(site: Site, entry: Opened) -> bool:
    """Close the loss of a site that its team brought back, once that is seen."""
    print(f"looking whether it is over: {_said(entry)}", flush=True)
    try:
        wait_until_back(
            site.observer, entry.targets, entry.baseline, within_s=_RETURNED_WITHIN_S
        )
    except NotUndone as error:
        print(f"  not yet: {error}", file=sys.stderr)
        return False
    site.ledger.close(entry, outcome=Outcome.REBUILT, by="recover")
    print("  the site is back, as it was before")
    return True


def status(site: Site) -> int:
    """Print open faults and the lease; return 0 when none is open."""
    contents = site.ledger.read()
    _print_odd(contents)
    for entry in contents.open:
        print(f"{'open' if entry.leased else 'standing'}: {_said(entry)}")
        print(f"  undo: {entry.undo.undo} {dict(entry.undo.args)}")
    path = lock_path(site.access.state)
    lock = try_lock(path)
    if lock is None:
        print(f"lease: held by {path.read_text(encoding='utf-8').strip()}")
    else:
        os.close(lock)
        print("lease: nobody holds it")
    print(f"{len(contents.open)} open, {contents.closed} over")
    return 1 if contents.open or contents.unreadable else 0


def _print_odd(contents: Contents) -> None:
    for entry in contents.expired:
        print(f"expired with an earlier boot: {_said(entry)}")
    for line in contents.unreadable:
        print(f"unreadable, look at it and remove the line: {line}", file=sys.stderr)


def _said(entry: Opened) -> str:
    nodes = " ".join(entry.target_names)
    return f"{entry.fault} on {nodes} since {entry.utc} ({entry.id})"


if __name__ == "__main__":
    sys.exit(main())
