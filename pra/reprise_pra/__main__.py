"""`python -m reprise_pra drill | analyse | check`."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from reprise_platform.language import Language, preferred, spoken
from reprise_pra.analysis.errors import AnalysisError, InputError
from reprise_pra.analysis.verdicts import exit_code
from reprise_pra.drill.analyse import analyse
from reprise_pra.drill.conduct import conduct
from reprise_pra.drill.errors import DrillError
from reprise_pra.drill.prepared import Overrides, prepare

EXIT_REFUSED = 254
EXIT_CRASHED = 255

_EPILOG = """\
examples:
  python -m reprise_pra check pra/drills/quarterly.yaml    is the plan good? nothing starts
  python -m reprise_pra drill pra/drills/quick.yaml        from nothing to a report
  python -m reprise_pra drill pra/drills/quick.yaml --keep --name mine
  python -m reprise_pra analyse reports/runs/quick/latest  judge a stored run again

exit codes:
  0    every objective was met           conforme
  1    an objective was missed           non conforme
  2    nothing can be concluded: the report says why (also after Ctrl-C, and when what
       a run recorded is not as it was)   non concluant
  254  refused before anything started: bad arguments, plan, objectives or site file; or
       the site is held by another drill, or as an earlier one left it
  255  crashed, or left by a second Ctrl-C; `python -m reprise_platform down` cleans

Ctrl-C once: faults are undone, the site is taken down, an inconclusive report is written.
A site that was up before the drill stays; once its primary is lost, it can only be taken
down: `python -m reprise_platform down`.
"""


class _Parser(argparse.ArgumentParser):
    """Bad arguments have the exit code of a bad plan."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Print the usage and the problem, and leave."""
        self.print_usage(sys.stderr)
        self.exit(EXIT_REFUSED, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "drill": _drill,
        "check": _check,
        "analyse": _analyse,
    }
    try:
        return commands[chosen.command](chosen)
    except InputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return EXIT_REFUSED
    except DrillError as error:
        language: Language = chosen.lang if "lang" in chosen else "en"
        print(spoken(error.text, language), file=sys.stderr)
        return EXIT_REFUSED
    except AnalysisError as error:
        print(error, file=sys.stderr)
        return EXIT_REFUSED if chosen.command == "analyse" else EXIT_CRASHED
    except KeyboardInterrupt:
        return EXIT_CRASHED
    # The process' boundary: a crash has an exit code of its own, and its trace.
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return EXIT_CRASHED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m reprise_pra",
        description="Rehearse the loss of a site, and say with evidence what was lost.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    drill = commands.add_parser("drill", help="run a drill and write its report")
    check = commands.add_parser(
        "check", help="read a plan and all it names; run nothing"
    )
    for command in (drill, check):
        command.add_argument(
            "plan", type=Path, metavar="PLAN", help="a drill plan (YAML)"
        )
        command.add_argument("--site", type=Path, help="site file, not the plan's")
        command.add_argument("--name", help="name of the site, not its file's")
        command.add_argument("--seed", type=int, help="seed, not the plan's")
        command.add_argument(
            "--objectives", type=Path, help="objectives file, not the plan's"
        )
    drill.add_argument(
        "--keep", action="store_true", help="leave the site up at the end"
    )
    drill.add_argument(
        "--lang",
        choices=("fr", "en"),
        default=preferred(),
        help="language of what is said here (default: the locale's)",
    )
    drill.add_argument("--plain", action="store_true", help="lines, even on a terminal")
    again = commands.add_parser(
        "analyse", help="judge a stored run again and write its report anew"
    )
    again.add_argument("run", type=Path, metavar="RUN", help="a folder of reports/runs")
    return parser


def _overrides(chosen: argparse.Namespace) -> Overrides:
    return Overrides(
        site=chosen.site,
        name=chosen.name,
        seed=chosen.seed,
        objectives=chosen.objectives,
    )


def _drill(chosen: argparse.Namespace) -> int:
    prepared = prepare(chosen.plan, _overrides(chosen))
    return conduct(
        prepared, keep_site=chosen.keep, language=chosen.lang, plain=chosen.plain
    )


def _check(chosen: argparse.Namespace) -> int:
    prepared = prepare(chosen.plan, _overrides(chosen))
    plan = prepared.plan
    print(
        f"{prepared.path}: good. Site {prepared.site.name}, {len(plan.continuity)}"
        f" continuity faults, the site's loss {plan.disaster_after_s:g} s after all is"
        f" ready, RTO {prepared.objectives.rto_s:g} s, RPO {prepared.objectives.rpo_s:g} s"
    )
    return 0


def _analyse(chosen: argparse.Namespace) -> int:
    results = analyse(
        chosen.run.resolve(), warn=lambda text: print(text, file=sys.stderr)
    )
    print(f"{chosen.run}: {results.outcome.name}")
    return exit_code(results.outcome)


if __name__ == "__main__":
    sys.exit(main())
