"""The figures of a report: each a pure function of the results and a language."""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis.results import Results
from reprise_reports.figures.load import draw_load
from reprise_reports.figures.style import to_png, to_svg
from reprise_reports.figures.waterfall import draw_waterfall
from reprise_reports.figures.writes import draw_writes
from reprise_reports.headline import headline
from reprise_reports.voice import Language, Voice

_DRAW = {"waterfall": draw_waterfall, "load": draw_load, "writes": draw_writes}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One figure in both formats; equal results give equal bytes."""

    name: str
    svg: bytes
    png: bytes


def draw(
    results: Results, language: Language, names: tuple[str, ...]
) -> tuple[Drawing, ...]:
    """Draw the figures a document asks for, by their names."""
    voice, head = Voice(language=language), headline(results)
    drawings = []
    for name in names:
        figure = _DRAW[name](results, head, voice)
        drawings.append(Drawing(name=name, svg=to_svg(figure), png=to_png(figure)))
    return tuple(drawings)
