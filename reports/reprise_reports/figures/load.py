"""Load, errors and latency over the whole run, fault windows shaded."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprise_pra.analysis.results import LoadSecond, Results
from reprise_reports.figures.style import (
    BLUE,
    LARGEST,
    LIGHT_BLUE,
    RED,
    blank,
    drawable,
    minutes_axis,
    number_axis,
    styled,
)
from reprise_reports.figures.timeline import draw_marks, shade_faults
from reprise_reports.headline import Headline
from reprise_reports.voice import Voice

# More points than this cannot be told apart in print.
POINTS = 600


def draw_load(results: Results, head: Headline, voice: Voice) -> Figure:
    """Draw operations and failures a second, and latency, over time."""
    with styled():
        figure = blank(4.6)
        rate, errors, latency = figure.subplots(
            3, 1, sharex=True, height_ratios=(3, 2, 3)
        )
        seconds = sorted(
            (s for s in results.load if drawable(s.at_s) is not None),
            key=lambda second: second.at_s,
        )
        bin_s = _bin_s(seconds)
        _draw(seconds, bin_s, head, voice, (rate, errors, latency))
        for axes in (rate, errors, latency):
            shade_faults(axes, results, head.clock, numbered=axes is rate)
            draw_marks(axes, results, head.clock, named=axes is rate)
        minutes_axis(latency, voice, from_t0=head.clock.t0_s is not None)
        if bin_s > 1:
            text = voice(f"par tranche de {bin_s} s", f"in bins of {bin_s} s")
            latency.set_xlabel(f"{latency.get_xlabel()}, {text}")
    return figure


def _bin_s(seconds: Sequence[LoadSecond]) -> int:
    if not seconds:
        return 1
    length_s = seconds[-1].at_s - seconds[0].at_s
    return max(1, math.ceil(length_s / POINTS))


def _draw(
    seconds: Sequence[LoadSecond],
    bin_s: int,
    head: Headline,
    voice: Voice,
    panels: tuple[Axes, Axes, Axes],
) -> None:
    rate, errors, latency = panels
    bins: dict[int, list[LoadSecond]] = {}
    for second in seconds:
        bins.setdefault(math.floor(second.at_s / bin_s), []).append(second)
    # Every bin between the first and the last: a silence is a zero, not a straight line.
    places = range(min(bins, default=0), max(bins, default=0) + 1)
    x = [(head.clock.since_t0(place * bin_s) or 0.0) for place in places]
    members = [bins.get(place, []) for place in places]
    rate.fill_between(
        x,
        [_rate([s.operations for s in m], bin_s) for m in members],
        color=LIGHT_BLUE,
        step="mid",
    )
    errors.fill_between(
        x,
        [_rate([s.failures for s in m], bin_s) for m in members],
        color=RED,
        step="mid",
    )
    p50 = [_worst([s.p50_ms for s in m]) for m in members]
    p95 = [_worst([s.p95_ms for s in m]) for m in members]
    latency.plot(x, p50, color=LIGHT_BLUE, linewidth=1.0, label="p50")
    latency.plot(x, p95, color=BLUE, linewidth=1.0, label="p95")
    rate.set_ylabel(voice("opérations/s", "operations/s"))
    errors.set_ylabel(voice("échecs/s", "failures/s"))
    latency.set_ylabel(voice("latence (ms)", "latency (ms)"))
    latency.set_yscale("symlog", linthresh=10)
    latency.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2)
    for axes in (rate, errors):
        axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
        number_axis(axes, voice)
    latency.yaxis.set_major_formatter(lambda y, _: voice.number(y, 1))
    known = [drawable(second.p95_ms) for second in seconds]
    latency.set_ylim(0, 2 * max((ms for ms in known if ms and ms > 0), default=1.0))
    rate.set_xlim(x[0] - bin_s, x[-1] + bin_s)


def _rate(counts: list[int], bin_s: int) -> float:
    return min(max(sum(counts), 0), int(LARGEST)) / bin_s


def _worst(latencies_ms: list[float | None]) -> float:
    known = [drawable(latency_ms) for latency_ms in latencies_ms]
    # Without an answer there is no latency: the line is broken there.
    return max((ms for ms in known if ms is not None), default=math.nan)
