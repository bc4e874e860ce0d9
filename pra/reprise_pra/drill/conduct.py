"""A drill from its plan to its report: one visible ordered list of phases."""

from __future__ import annotations

import functools
from pathlib import Path

from reprise_platform.language import Language
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Results
from reprise_pra.analysis.verdicts import exit_code
from reprise_pra.drill import after, before, breaking, detecting, folder, words
from reprise_pra.drill.analyse import analyse
from reprise_pra.drill.console import Console
from reprise_pra.drill.context import Drill
from reprise_pra.drill.growth import growing
from reprise_pra.drill.journal import Journal
from reprise_pra.drill.leftovers import refuse_leftovers
from reprise_pra.drill.prepared import Prepared
from reprise_pra.drill.runner import Interruptions, Phase, run_phases
from reprise_pra.drill.sole import sole_drill


def phases(drill: Drill) -> tuple[Phase, ...]:
    """Return what a drill does, in order."""

    def phase(name: str, act: functools.partial[None]) -> Phase:
        return Phase(name=name, act=act)

    do = functools.partial
    faults = range(len(drill.plan.continuity))
    return (
        phase("provision", do(before.provision, drill)),
        phase("preflight", do(before.preflight, drill)),
        phase("baseline", do(before.baseline, drill)),
        *(
            phase(f"continuity-{index + 1}", do(breaking.continuity, drill, index))
            for index in faults
        ),
        phase("wait_backups", do(breaking.wait_backups, drill)),
        phase("disaster", do(breaking.disaster, drill)),
        phase("detect", do(detecting.detect, drill)),
        phase("decide", do(detecting.decide, drill)),
        phase("prepare", do(after.recover, drill, "prepare")),
        phase("restore", do(after.recover, drill, "restore")),
        phase("start", do(after.recover, drill, "start")),
        phase("switch", do(after.recover, drill, "switch")),
        phase("observe", do(after.observe, drill)),
        phase("reconcile", do(after.reconcile, drill)),
    )


def closing(drill: Drill) -> tuple[Phase, ...]:
    """Return what happens in any case, however the phases ended."""
    return (Phase(name="clean", act=functools.partial(after.clean, drill)),)


def conduct(
    prepared: Prepared,
    *,
    keep_site: bool,
    language: Language,
    plain: bool,
    runs: Path = folder.RUNS,
) -> int:
    """Run a drill, then judge it and write its report, whatever happened.

    Args:
        keep_site: leave the site up at the end.
        plain: lines even on a terminal.
        runs: where run folders are made.

    Returns:
        0 objectives met, 1 missed, 2 nothing can be concluded.

    Raises:
        DrillError: another drill runs on the site, or an earlier one left it in a state
            that no drill can start from; nothing was started.
        AnalysisError: what was recorded cannot be judged.
    """
    with sole_drill(prepared.site.name):
        refuse_leftovers(prepared.site.name)
        return _conduct(
            prepared, keep_site=keep_site, language=language, plain=plain, runs=runs
        )


def _conduct(
    prepared: Prepared,
    *,
    keep_site: bool,
    language: Language,
    plain: bool,
    runs: Path,
) -> int:
    with folder.owner_only():
        run = folder.create(prepared, runs=runs)
    with (
        Console(run.history, language=language, plain=plain) as console,
        Journal(run.history, "drill", heard=console.heard) as journal,
    ):
        console.say(f"{prepared.plan.drill}: {run.path}")
        drill = Drill(
            prepared=prepared,
            folder=run,
            journal=journal,
            console=console,
            keep_site=keep_site,
        )

        def told() -> None:
            console.say(console.spoken(words.INTERRUPTED))
            console.say(console.spoken(words.AGAIN))

        interruptions = Interruptions(told=told)
        with interruptions.heard():
            run_phases(
                journal,
                phases(drill),
                closing(drill),
                closing_begins=interruptions.closing,
            )
            folder.ended(run)
            folder.close_to_others(run)
            with folder.owner_only(), growing(run.path, told=console.awaiting):
                results = analyse(run.path, warn=console.say)
        _conclude(console, results, run.path / f"report.{language}.html")
    return exit_code(results.outcome)


def _conclude(console: Console, results: Results, page: Path) -> None:
    """Say each verdict with its reason, the worst, and where the report is."""
    for verdict in results.verdicts:
        line = say.sentence(
            "  {title} : {outcome}. {reason}",
            "  {title}: {outcome}. {reason}",
            title=verdict.title,
            outcome=words.OUTCOMES[verdict.outcome],
            reason=verdict.reason,
        )
        console.say(console.spoken(line))
    for title, said in (
        (words.VERDICT, words.OUTCOMES[results.outcome]),
        (words.REPORT, str(page)),
    ):
        line = say.sentence(
            "{title} : {said}", "{title}: {said}", title=title, said=said
        )
        console.say(console.spoken(line))
