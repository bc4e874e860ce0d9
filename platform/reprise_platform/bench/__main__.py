"""`python -m reprise_platform.bench`: what a site costs this machine, as a table."""

from __future__ import annotations

import argparse
import sys
import time
import typing
from collections.abc import Sequence
from pathlib import Path

import rich.console

from reprise_platform import paths
from reprise_platform.bench import report
from reprise_platform.bench.description import described
from reprise_platform.bench.rounds import one
from reprise_platform.errors import PlatformError
from reprise_platform.language import Language, preferred, spoken
from reprise_platform.sites import default_file, parse_embedded
from reprise_platform.telling import text_of
from reprise_platform.waiting import until


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0; 1 when a site did not come up or go."""
    parser = argparse.ArgumentParser(
        prog="python -m reprise_platform.bench", description=__doc__
    )
    add = parser.add_argument
    add("--site", type=Path, default=default_file(), help="site file (%(default)s)")
    add("--name", default="bench", help="name of the site made for it (%(default)s)")
    add("--rounds", type=_count, default=3, help="times it is done (%(default)s)")
    add(
        "--idle-s",
        type=_seconds,
        default=30.0,
        help="how long the idle site is looked at, in seconds (%(default)g)",
    )
    add(
        "--settle-s",
        type=_seconds,
        default=30.0,
        help="how long it is left alone before, in seconds (%(default)g)",
    )
    add("--json", type=Path, metavar="FILE", help="write the figures there too")
    add(
        "--lang",
        choices=typing.get_args(Language.__value__),
        default=preferred(),
        help="(%(default)s)",
    )
    chosen = parser.parse_args(arguments)
    try:
        return _bench(chosen)
    except PlatformError as error:
        print(f"reprise: {spoken(text_of(error), chosen.lang)}", file=sys.stderr)
        return 1


def _bench(chosen: argparse.Namespace) -> int:
    machine = described()
    site = parse_embedded(chosen.site, name=chosen.name)
    rounds = [
        one(
            chosen.site,
            site,
            settle_s=chosen.settle_s,
            idle_s=chosen.idle_s,
            pause=_pause,
        )
        for _ in range(chosen.rounds)
    ]
    cache = report.cached(paths.cache())
    report.printed(machine, rounds, cache, chosen.lang, rich.console.Console())
    if chosen.json:
        chosen.json.write_text(report.as_json(machine, rounds, cache), "utf-8")
    return 0


def _pause(seconds: float) -> None:
    ends_s = time.monotonic() + seconds
    until(
        lambda: time.monotonic() >= ends_s,
        within_s=seconds + 60,
        every_s=min(0.5, seconds),
        what=f"{seconds:g} s to pass",
    )


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 20:  # noqa: PLR2004 - told in the message
        msg = "1 to 20"
        raise argparse.ArgumentTypeError(msg)
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 600:  # noqa: PLR2004 - told in the message
        msg = "1 to 600 seconds"
        raise argparse.ArgumentTypeError(msg)
    return value


if __name__ == "__main__":
    sys.exit(main())
