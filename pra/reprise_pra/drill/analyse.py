"""From what was recorded to what is reported; run again, it says the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import reprise_reports
from reprise_pra.analysis import say
from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.load import load_run
from reprise_pra.analysis.results import Assumption, Results, Text, worst
from reprise_pra.analysis.results_json import dumps
from reprise_pra.analysis.verdicts import under
from reprise_reports.manifest import SUMS, Change, Fate, changes

_FATES: Final = {
    Fate.CHANGED: Text(fr="modifié", en="changed"),
    Fate.MISSING: Text(fr="disparu", en="gone"),
    Fate.ADDED: Text(fr="ajouté", en="added"),
}


def analyse(folder: Path, *, warn: Callable[[str], None]) -> Results:
    """Judge a run folder and write `results.json` and the report beside its history.

    What was recorded is compared first with the digests that the run's first report took
    of it. They are never renewed: a run whose record changed proves nothing, this time
    and each time after, until the record is as it was.

    Args:
        warn: hears each recorded file that is not as it was, and what is lacking though
            all else was written: the PDF, on a host that cannot lay one out.

    Raises:
        AnalysisError: the folder cannot be judged; the message lists why.
        ReportError: the report cannot be written.
    """
    changed = changes(folder)
    for change in changed:
        warn(
            f"{folder / change.path}: {_FATES[change.fate].en} since {SUMS} was written"
        )
    if (folder / "results.json").exists() and not (folder / SUMS).exists():
        warn(f"{folder / SUMS}: gone: nothing tells whether the record is as it was")
    results = judge(load_run(folder))
    if changed:
        results = _doubted(results, changed)
    text = dumps(results)
    draft = folder / "results.json.new"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / "results.json")
    try:
        reprise_reports.write(results, folder)
    except reprise_reports.PdfUnavailableError as error:
        warn(str(error))
    return results


def _doubted(results: Results, changed: Sequence[Change]) -> Results:
    """Return what is left of results that rest on a record that changed: no verdict."""
    files = say.join(
        (
            say.sentence(
                "{path} ({fate})",
                "{path} ({fate})",
                path=change.path,
                fate=_FATES[change.fate],
            )
            for change in changed
        ),
        separator=", ",
    )
    doubt = Assumption(
        name="evidence_unchanged",
        title=Text(fr="Preuves inchangées", en="Evidence unchanged"),
        holds=False,
        reason=say.sentence(
            "les preuves ne sont plus celles de l'exercice : {files}",
            "the evidence is no longer that of the drill: {files}",
            files=files,
        ),
        # Nothing observed stands on a record that somebody touched, a MISSED no more
        # than a MET.
        voids=tuple(verdict.name for verdict in results.verdicts),
    )
    verdicts = tuple(under(verdict, (doubt,)) for verdict in results.verdicts)
    return dataclasses.replace(
        results,
        assumptions=(*results.assumptions, doubt),
        verdicts=verdicts,
        outcome=worst(verdict.outcome for verdict in verdicts),
    )
