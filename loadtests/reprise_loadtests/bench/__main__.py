"""`python -m reprise_loadtests.bench prober | load`: measure, print a table of Markdown."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from reprise_loadtests.bench import loads, probers, tables
from reprise_loadtests.desk import JourneyOverError
from reprise_loadtests.errors import LoadError
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
    load = benches.add_parser("load", help="what a load costs, how late it is")
    load.add_argument("--rounds", type=int, default=15, help="of the tape, each user")
    load.add_argument("--duration-s", type=float, default=40.0, help="of the journeys")
    load.add_argument("--seed", type=int, default=1)
    load.add_argument("--without-k6", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as temporary:
        folder = given.folder or Path(temporary)
        try:
            return _BENCHES[given.bench](folder, given)
        except (PlatformError, LoadError, JourneyOverError, OSError) as error:
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


def _load(folder: Path, given: argparse.Namespace) -> int:
    options = loads.Options(
        rounds=given.rounds,
        duration_s=given.duration_s,
        seed=given.seed,
        with_k6=not given.without_k6,
    )
    print(tables.machine())
    measured = loads.run(folder.resolve(), options)
    print(tables.costs(measured))
    ledger, without = measured.costs[-2:]
    print(f"\nwithout the ledger / with it: {without.cpu_s / ledger.cpu_s:.2f}\n")
    print(tables.lags(measured))
    rate, median_ms, p95_ms = measured.served
    print(
        f"\nstand-in, {options.users} users without pauses: {rate:.0f} requests/s, "
        f"median {median_ms:.0f} ms, p95 {p95_ms:.0f} ms"
    )
    print(tables.machine())
    cost = measured.costs[0].per_1000_requests_s / ledger.per_1000_requests_s
    is_met = cost >= _COST_TARGET and without.cpu_s / ledger.cpu_s >= _LEDGER_TARGET
    return 0 if is_met else 3


_BENCHES = {"prober": _prober, "load": _load}
_COST_TARGET = 0.9
_LEDGER_TARGET = 0.95


if __name__ == "__main__":
    sys.exit(main())
