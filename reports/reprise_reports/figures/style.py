"""One look for every figure, and bytes that depend on the figure alone.

DejaVu Sans comes with matplotlib, so a figure has the same letters on every machine, and
text becomes outlines, so a reader needs no font.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reprise_reports.voice import Voice, measured

INK = "#1d2733"
MUTED = "#5b6775"
RULE = "#d5dbe1"
SHADE = "#fbecd0"
BLUE = "#1f5f8b"
LIGHT_BLUE = "#8fb8d4"
RED = "#b3261e"
GREY = "#9aa5b1"
PURPLE = "#6d4b9a"

WIDTH_IN = 7.2
PNG_DPI = 200
# Whatever lies beyond is no instant of a run, and matplotlib overflows on it.
LARGEST = 1e9


@contextmanager
def styled() -> Iterator[None]:
    """Apply the look, whatever the reader's own matplotlib settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rc("axes", axisbelow=True, edgecolor=RULE, labelcolor=MUTED, labelsize=8)
        mpl.rc("axes", grid=True)
        mpl.rc("axes.grid", axis="y")
        mpl.rc("axes.spines", right=False, top=False)
        mpl.rc("font", family="DejaVu Sans", size=8)
        mpl.rc("grid", color=RULE, linewidth=0.6)
        mpl.rc("hatch", linewidth=0.6)
        mpl.rc("legend", fontsize=7.5, frameon=False)
        mpl.rc("svg", fonttype="path", hashsalt="reprise")
        # A dollar in a name is a dollar, not the start of a formula.
        mpl.rc("text", color=INK, parse_math=False)
        mpl.rc("xtick", color=MUTED, labelsize=7.5)
        mpl.rc("ytick", color=MUTED, labelsize=7.5)
        yield


def blank(height_in: float) -> Figure:
    """Return an empty figure of the report's width."""
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def to_svg(figure: Figure) -> bytes:
    """Return the figure as SVG, without a date."""
    buffer = io.BytesIO()
    with styled():
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", metadata=metadata)
    return buffer.getvalue()


def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG, without a software version."""
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return buffer.getvalue()


def drawable(value: float | None) -> float | None:
    """Return the value if it can be placed on an axis."""
    known = measured(value)
    return known if known is not None and abs(known) <= LARGEST else None


def plain(text: str, limit: int = 48) -> str:
    """Return a label the figures' font has the letters of, cut to a length."""
    kept = "".join(char if _has_glyph(char) else "?" for char in text)
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def number_axis(axes: Axes, voice: Voice, *, of_whole: bool = False) -> None:
    """Write the vertical axis' numbers in the report's language."""
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: voice.number(y, 1)))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=of_whole))


def minutes_axis(axes: Axes, voice: Voice, *, from_t0: bool) -> None:
    """Write the horizontal axis, held in seconds, as minutes."""
    low_s, high_s = axes.get_xlim()
    axes.xaxis.set_major_locator(_MinuteLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: voice.number(x / 60, 2)))
    axes.set_xlim(low_s, high_s)
    axes.set_xlabel(
        voice("minutes depuis le sinistre (t0)", "minutes since the disaster (t0)")
        if from_t0
        else voice("minutes depuis le début", "minutes since the start")
    )


class _MinuteLocator(MaxNLocator):
    """Ticks on round minutes of an axis held in seconds."""

    def __init__(self) -> None:
        super().__init__(nbins=8, steps=[1, 2, 2.5, 5, 10])

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        return [60 * tick for tick in super().tick_values(vmin / 60, vmax / 60)]


def _has_glyph(char: str) -> bool:
    # Latin, its accents and the signs the report itself writes; the rest may have none.
    return (char.isprintable() and char < "\u0180") or char in "–—’“”…→−≤≥·"
