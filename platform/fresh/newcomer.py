"""`nox -s fresh`: the README, run literally where nobody has installed anything.

In a clean Debian 13 root with python3 and python3-venv only, the README's first command
brings everything about and runs the drill, its second passes the tests. Sysctls, cgroup
controllers, firewall, modules, mounts, links and routes of this machine are listed before
and after: a difference is a failure. Standard library only, Python 3.9.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import debian
import listing
import readme

TREE = Path(__file__).resolve().parents[2]
_PACKAGES = ("python3", "python3-venv")
_WITHIN_S = 3 * 3600.0


def main() -> int:
    """Run what was asked for; return 0 when all went as the README says."""
    chosen = _arguments()
    try:
        wanted = readme.commands((TREE / "README.md").read_text(encoding="utf-8"))
        debian.need({})
    except (debian.FreshError, readme.NoCommandError) as error:
        print(f"fresh: {error}", file=sys.stderr)
        return 1
    if chosen.only:
        wanted = {chosen.only: wanted[chosen.only]}
    if chosen.plan and readme.DRILL in wanted:
        wanted[readme.DRILL] += f" -- {chosen.plan}"
    chosen.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="reprise-fresh-", dir=chosen.folder))
    try:
        return _tried(folder, wanted)
    except debian.FreshError as error:
        print(f"fresh: {error}", file=sys.stderr)
        return 1
    finally:
        debian.remove(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s fresh --", description=__doc__)
    parser.add_argument(
        "--only", choices=(readme.DRILL, readme.CHECK), help="one of the two commands"
    )
    parser.add_argument("--plan", help="add ` -- PLAN` to the drill's command")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("/var/tmp"),  # noqa: S108 - a folder of its own is made in it
        help="where the root is made: some 25 GB for a while (%(default)s)",
    )
    return parser.parse_args()


def _tried(folder: Path, wanted: dict[str, str]) -> int:
    root = folder / "root"
    began_s = time.monotonic()
    _say(f"a clean Debian {debian.SUITE} with {', '.join(_PACKAGES)}")
    debian.bootstrap(root, _PACKAGES)
    variables = debian.furnish(root, TREE)
    results = [("clean root", time.monotonic() - began_s, 0)]
    before = listing.look()
    for name, command in wanted.items():
        _say(command)
        began_s = time.monotonic()
        code = debian.inside(root, command, variables, _WITHIN_S)
        results.append((name, time.monotonic() - began_s, code))
        if code:
            break
    wrong, explained = listing.differences(before, listing.look())
    print()
    for name, lasted_s, code in results:
        print(f"{name:<12}{lasted_s / 60:6.1f} min   exit code {code}")
    for line in explained:
        print(f"came, and may stay: {line}")
    for line in wrong:
        print(f"CHANGED ON THIS MACHINE: {line}")
    worst = max(abs(code) for _, _, code in results)
    print("fresh:", "as the README says" if not (worst or wrong) else "NOT as promised")
    return 1 if worst or wrong else 0


def _say(what: str) -> None:
    print(f"fresh: {what}", flush=True)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
