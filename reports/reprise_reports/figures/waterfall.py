"""The RTA as a waterfall: each step starts where the one before it ended."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from reprise_pra.analysis.results import Results
from reprise_reports.figures.style import (
    BLUE,
    GREY,
    INK,
    RED,
    blank,
    drawable,
    minutes_axis,
    plain,
    styled,
)
from reprise_reports.headline import Headline
from reprise_reports.voice import Voice, measured
from reprise_reports.words import bucket_name

# An objective this many times longer than the RTA would crush the bars.
OFF_SCALE = 1.6


def draw_waterfall(results: Results, head: Headline, voice: Voice) -> Figure:
    """Draw one bar a bucket, their total, and the objective."""
    steps = [
        (_wrapped(bucket_name(voice, bucket.names)), seconds)
        for bucket in results.buckets
        if (seconds := drawable(bucket.seconds)) is not None
    ]
    with styled():
        figure = blank(0.9 + 0.3 * (len(steps) + 1))
        axes = figure.subplots()
        left_s = 0.0
        for row, (_, seconds) in enumerate(steps):
            axes.barh(row, seconds, left=left_s, color=BLUE, height=0.62)
            _label(axes, left_s + seconds, row, voice.duration(seconds))
            left_s += seconds
        total_s = drawable(head.rta_s)
        rows = [name for name, _ in steps]
        if total_s is not None:
            axes.barh(len(rows), total_s, color=GREY, height=0.62)
            bound = ">\u00a0" if results.rta_is_lower_bound else ""
            text = bound + voice.duration(total_s)
            _label(axes, total_s, len(rows), text)
            rows.append(voice("RTO mesuré", "Measured RTO"))
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=8)
        axes.invert_yaxis()
        longest_s = max((left_s, total_s or 0.0, 1e-3))
        _objective(axes, head, voice, longest_s)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        _time_axis(axes, voice)
    return figure


def _wrapped(name: str) -> str:
    """Return the name of a step, a merged one on two lines."""
    return textwrap.fill(plain(name, 64), 32)


def _label(axes: Axes, x: float, row: int, text: str) -> None:
    axes.annotate(
        text,
        xy=(x, row),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
    )


def _objective(axes: Axes, head: Headline, voice: Voice, longest_s: float) -> None:
    """Draw the objective, or say that it lies beyond the axis."""
    objective_s = measured(head.rto.objective) if head.rto else None
    axes.set_xlim(0, longest_s * 1.22)
    if objective_s is None:
        return
    name = voice.colon(voice("objectif", "objective"), voice.duration(objective_s))
    if objective_s > longest_s * OFF_SCALE:
        beyond = voice(f"{name}, hors échelle →", f"{name}, off the scale →")
        _above(axes, (1.0, 1.0), beyond, "right")
        return
    axes.axvline(objective_s, color=RED, linewidth=1.2)
    axes.set_xlim(0, max(longest_s, objective_s) * 1.22)
    share = objective_s / axes.get_xlim()[1]
    _above(axes, (share, 1.0), name, "center" if share > 0.2 else "left")  # noqa: PLR2004


def _above(axes: Axes, place: tuple[float, float], text: str, side: str) -> None:
    axes.annotate(
        text,
        xy=place,
        xycoords="axes fraction",
        xytext=(0, 3),
        textcoords="offset points",
        ha=side,
        fontsize=7.5,
        color=RED,
    )


def _time_axis(axes: Axes, voice: Voice) -> None:
    since = voice("depuis le sinistre (t0)", "since the disaster (t0)")
    if axes.get_xlim()[1] >= 120:  # noqa: PLR2004 - under two minutes seconds read better
        minutes_axis(axes, voice, from_t0=True)
        return
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: voice.number(x, 3)))
    axes.set_xlabel(f"{voice('secondes', 'seconds')} {since}")
