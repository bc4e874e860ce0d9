"""The doctor's table for people."""

from __future__ import annotations

from collections.abc import Sequence

import rich.box
import rich.console
import rich.table
import rich.text

from reprise_platform.doctor.rows import STATES, Row, State
from reprise_platform.language import Language, spoken
from reprise_pra.analysis.results import Text

_STYLES = {
    State.FOUND: "green",
    State.DEGRADED: "yellow",
    State.LACKING: "bold red",
    State.UNTRIED: "dim",
}
_HEADS = (
    Text(fr="besoin", en="need"),
    Text(fr="état", en="state"),
    Text(fr="trouvé", en="found"),
    Text(fr="pourquoi", en="why it matters"),
    Text(fr="que faire", en="what to do"),
)
_ALL = Text(
    fr="Rien n'empêche un site sur cette machine.",
    en="Nothing keeps a site from this machine.",
)
_SOME = Text(fr="Empêchent un site : ", en="In the way of a site: ")


def print_table(
    rows: Sequence[Row], language: Language, console: rich.console.Console
) -> None:
    """Print every row, then what stands in the way of a site."""
    table = rich.table.Table(
        *(
            rich.table.Column(spoken(head, language), overflow="fold")
            for head in _HEADS
        ),
        box=rich.box.SIMPLE_HEAD,
    )
    for row in rows:
        said = (row.what, STATES[row.state], row.found, row.why, row.remedy or "")
        # No markup: what was found may hold brackets.
        cells = [rich.text.Text(spoken(text, language)) for text in said]
        cells[1].stylize(_STYLES[row.state])
        table.add_row(*cells)
    console.print(table)
    lacking = [row.what for row in rows if row.state is State.LACKING]
    names = ", ".join(spoken(what, language) for what in lacking)
    verdict = spoken(_SOME, language) + names if lacking else spoken(_ALL, language)
    console.print(rich.text.Text(verdict))
