"""The benches' figures as tables of Markdown, with the machine they are of."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from reprise_loadtests.bench.judging import Judged, median_and_worst
from reprise_loadtests.bench.loads import Measured
from reprise_loadtests.bench.probers import Half

TARGET_MS = 50


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [" | ".join(head), " | ".join(["---"] * len(head))]
    lines += [" | ".join(row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def machine() -> str:
    """Describe this machine in a line: cores, processor, kernel, what else it did."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    load = os.getloadavg()[0]
    model = models[0] if models else platform.machine()
    cores = os.cpu_count()
    return (
        f"{cores} cores ({model}), Linux {platform.release()}, load average {load:.1f}"
    )


def outages(halves: Sequence[Half]) -> str:
    """Tell each tool's errors, by kind of outage."""
    head = (
        "probers", "tool", "outage", "outages", "missed", "false", "server stalled",
        "start, ms (median / worst)", "end, ms (median / worst)",
        "bounds not true", "said imprecise", "worst otherwise, ms",
    )  # fmt: skip
    return table(
        head,
        (
            ("stalled" if half.is_stalled else "calm", tool, mode.value, *_row(judged))
            for half in halves
            for tool, by_mode in half.judged.items()
            for mode, judged in by_mode.items()
        ),
    )


def meets_target(judged: Judged) -> bool:
    """Nothing missed, nothing false, bounds true, 50 ms at worst unless it warned."""
    return (
        not judged.missed
        and not judged.false
        and not judged.false_bounds
        and all(error_ms <= TARGET_MS for error_ms in judged.surprises_ms)
    )


def costs(measured: Measured) -> str:
    """Tell what 1,000 requests cost each program, beside the bare FastHttpUser."""
    bare = measured.costs[0].per_1000_requests_s
    head = ("program", "requests", "operations", "CPU s / 1,000 requests", "bare / it")
    return table(
        head,
        (
            (
                each.name,
                str(each.requests),
                str(each.operations),
                f"{each.per_1000_requests_s:.2f}",
                f"{bare / each.per_1000_requests_s:.2f}",
            )
            for each in measured.costs
        ),
    )


def lags(measured: Measured) -> str:
    """Tell how late arrivals began at each pace."""
    head = (
        "operations/s asked", "arrivals", "done/s", "lag, ms (median)", "lag, ms (p99)",
        "turned away",
    )  # fmt: skip
    return table(
        head,
        (
            (
                f"{each.pace:.0f}",
                str(each.arrivals),
                f"{each.done_per_s:.0f}",
                f"{each.median_ms:.1f}",
                f"{each.p99_ms:.1f}",
                str(each.turned_away),
            )
            for each in measured.lags
        ),
    )


def _row(judged: Judged) -> tuple[str, ...]:
    bounded = [p for p in judged.pairs if p.claim.start_bounds_ns is not None]
    ended = [p for p in judged.pairs if p.claim.end_ns is not None]
    imprecise = sum(pair.claim.is_imprecise for pair in judged.pairs)
    return (
        str(len(judged.pairs) + len(judged.missed)),
        str(len(judged.missed)),
        str(len(judged.false)),
        str(judged.excused),
        median_and_worst([pair.start_error_ms for pair in judged.pairs]),
        median_and_worst([pair.end_error_ms for pair in ended]),
        str(judged.false_bounds) if bounded else "none given",
        str(imprecise) if bounded else "-",
        f"{max(judged.surprises_ms, default=0):.0f}" if bounded else "-",
    )
