"""`python -m reprise_loadtests.bench prober | load`: measure, print a table of Markdown."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from reprise_loadtests.bench import probers, tables
from reprise_platform.errors import PlatformError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one bench: 0 when its targets are met, 3 when one is missed, 1 if it failed."""
    parser = argparse.ArgumentParser(
        prog="python -m reprise_loadtests.bench", description=__doc__
    )
    parser.add_argument("--folder", type=Path, help="where its files go and stay")
    benches = parser.add_subparsers(dest="bench", required=True)
    prober = benches.add_parser("prober", help="known outages: what each tool says")
    prober.add_argument("--outages", type=int, default=20, help="of each kind and half")
    prober.add_argument("--seed", type=int, default=1)
    prober.add_argument("--longest-s", type=float, default=7.5)
    prober.add_argument("--alone", action="store_true", help="without the other tools")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as temporary:
        folder = given.folder or Path(temporary)
        try:
            return _prober(folder, given)
        except (PlatformError, OSError) as error:
            print(error, file=sys.stderr)
            return 1


def _prober(folder: Path, given: argparse.Namespace) -> int:
    options = probers.Options(
        outages=given.outages,
        longest_s=given.longest_s,
        seed=given.seed,
        with_others=not given.alone,
    )
    print(tables.machine())
    halves = probers.run(folder, options)
    print(tables.outages(halves))
    print(tables.machine())
    ours = [each for half in halves for each in half.judged[probers.OURS].values()]
    return 0 if all(tables.meets_target(each) for each in ours) else 3


if __name__ == "__main__":
    sys.exit(main())
