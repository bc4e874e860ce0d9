"""What the figures over time share: fault windows shaded, marks named on top."""

from __future__ import annotations

from matplotlib.axes import Axes

from reprise_pra.analysis.results import Results
from reprise_reports.clock import RunClock
from reprise_reports.figures.style import INK, MUTED, SHADE, drawable, plain

# Marks nearer than this part of the axis share a line of text.
_CROWDED = 0.05


def shade_faults(
    axes: Axes, results: Results, clock: RunClock, *, numbered: bool
) -> None:
    """Shade each fault, from its injection until seen undone or the end of the axis."""
    low_s, high_s = axes.get_xlim()
    for index, fault in enumerate(results.faults, start=1):
        start_s = clock.since_t0(drawable(fault.injected_s))
        end_s = clock.since_t0(drawable(fault.undone_s))
        if start_s is None:
            continue
        end_s = high_s if end_s is None else min(end_s, high_s)
        start_s = max(start_s, low_s)
        if end_s <= start_s:
            continue
        axes.axvspan(start_s, end_s, color=SHADE, linewidth=0, zorder=0)
        if numbered:
            axes.annotate(
                f"F{index}",
                xy=(start_s, 1),
                xycoords=("data", "axes fraction"),
                xytext=(2, -2),
                textcoords="offset points",
                va="top",
                fontsize=6.5,
                color=MUTED,
            )
    axes.set_xlim(low_s, high_s)


def draw_marks(axes: Axes, results: Results, clock: RunClock, *, named: bool) -> None:
    """Draw a line at each mark; name them above the axes, joined where they crowd."""
    low_s, high_s = axes.get_xlim()
    places = sorted(
        (place, mark.name)
        for mark in results.marks
        if (place := clock.since_t0(drawable(mark.at_s))) is not None
        and low_s <= place <= high_s
    )
    for place, name in places:
        style = "-" if name in {"t0", "t7"} else (0, (2, 2))
        axes.axvline(place, color=INK, linewidth=0.7, linestyle=style)
    axes.set_xlim(low_s, high_s)
    if not named:
        return
    groups: list[tuple[float, list[str]]] = []
    for place, name in places:
        if groups and place - groups[-1][0] < _CROWDED * (high_s - low_s):
            groups[-1][1].append(name)
        else:
            groups.append((place, [name]))
    for place, names in groups:
        text = names[0] if len(names) == 1 else f"{names[0]}…{names[-1][1:]}"
        axes.annotate(
            plain(text, 12),
            xy=(place, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color=INK,
        )
