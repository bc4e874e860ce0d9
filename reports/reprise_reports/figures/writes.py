"""Writes acknowledged over time, by fate, with what the backups had captured."""

from __future__ import annotations

import math
from collections import Counter

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprise_pra.analysis.results import Results
from reprise_reports.figures.style import (
    BLUE,
    GREY,
    INK,
    LIGHT_BLUE,
    PURPLE,
    RED,
    blank,
    drawable,
    minutes_axis,
    number_axis,
    styled,
)
from reprise_reports.headline import Headline
from reprise_reports.voice import Voice

BINS = 120
_FATES = ("survived", "altered", "other", "lost")


def draw_writes(results: Results, head: Headline, voice: Voice) -> Figure:
    """Draw a stacked histogram of the acknowledged writes by their fate."""
    with styled():
        figure = blank(2.9)
        axes = figure.subplots()
        places = [
            (place, write.fate if write.fate in _FATES else "other")
            for write in results.writes
            if (place := head.clock.since_t0(drawable(write.acknowledged_s)))
            is not None
        ]
        _stack(axes, places, voice)
        number_axis(axes, voice, of_whole=True)
        _backups(axes, results, head, voice)
        if head.clock.t0_s is not None:
            # Writes may have stopped well before the disaster, or begun after it.
            low_s, high_s = axes.get_xlim()
            axes.set_xlim(min(low_s, 0), max(high_s, 0))
            axes.axvline(0, color=INK, linewidth=1.2)
            _name(axes, 0, "t0")
        minutes_axis(axes, voice, from_t0=head.clock.t0_s is not None)
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside upper left", ncols=6)
    return figure


def _stack(axes: Axes, places: list[tuple[float, str]], voice: Voice) -> None:
    low_s = min((place for place, _ in places), default=0.0)
    high_s = max((place for place, _ in places), default=0.0)
    width_s = max(1, math.ceil((high_s - low_s) / BINS))
    counts = Counter((math.floor(place / width_s), fate) for place, fate in places)
    bins = sorted({index for index, _ in counts})
    look = {
        "survived": (voice("retrouvées", "found"), LIGHT_BLUE, ""),
        "altered": (voice("altérées", "altered"), PURPLE, ".."),
        "other": (voice("non relues ou autre issue", "unread or other"), GREY, ""),
        "lost": (voice("perdues", "lost"), RED, "//"),
    }
    base = dict.fromkeys(bins, 0)
    for fate in _FATES:
        heights = [counts[(index, fate)] for index in bins]
        if not any(heights):
            continue
        label, color, hatch = look[fate]
        axes.bar(
            [index * width_s for index in bins],
            heights,
            width=width_s * 0.92,
            bottom=[base[index] for index in bins],
            align="edge",
            color=color,
            hatch=hatch,
            edgecolor="white" if hatch else color,
            linewidth=0,
            label=label,
        )
        for index, height in zip(bins, heights, strict=True):
            base[index] += height
    each = voice(f"écritures / {width_s} s", f"writes / {width_s} s")
    axes.set_ylabel(each)
    axes.set_xlim(low_s - width_s, high_s + 2 * width_s)
    axes.set_ylim(0, max([1, *base.values()]) * 1.12)


def _backups(axes: Axes, results: Results, head: Headline, voice: Voice) -> None:
    """Draw the instant each backup that counts had captured; the restored one in full."""
    low_s, high_s = axes.get_xlim()
    named = False
    for backup in results.backups:
        captured_s = drawable(head.clock.second(backup.snapshot_utc))
        place = head.clock.since_t0(captured_s)
        if place is None or not backup.counts or not low_s <= place <= high_s:
            continue
        if backup.is_restored:
            label = voice("capture restaurée", "restored capture")
            axes.axvline(place, color=BLUE, linewidth=1.6, label=label)
        else:
            label = "_" if named else voice("captures", "captures")
            style = (0, (2, 2))
            axes.axvline(place, color=BLUE, linewidth=0.8, linestyle=style, label=label)
            named = True
    axes.set_xlim(low_s, high_s)


def _name(axes: Axes, x: float, text: str) -> None:
    axes.annotate(
        text,
        xy=(x, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, -2),
        textcoords="offset points",
        va="top",
        fontsize=8,
    )
