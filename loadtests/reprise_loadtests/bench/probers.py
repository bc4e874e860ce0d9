"""Known outages of four kinds, watched by our probers and by the tools in use, in one run.

Each kind has a port of one server, two probers as in a drill, Chaos Toolkit and Locust.
The run has two halves: in the second one each prober is stopped again and again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from reprise_loadtests.bench import misbehaving, others, truth
from reprise_loadtests.bench.judging import Claim, Judged, judge
from reprise_loadtests.bench.misbehaving import LOOPBACK, Door
from reprise_loadtests.bench.stalls import stalling
from reprise_loadtests.bench.truth import NS_PER_S, Mode
from reprise_loadtests.credentials import PASSWORD_VARIABLE, USER_VARIABLE
from reprise_platform.alone.processes import free_port
from reprise_platform.waiting import until
from reprise_pra.analysis.outages import find_outages, thresholds_of
from reprise_pra.analysis.probing import blind_time, probers_of
from reprise_pra.analysis.recorded import Probe
from reprise_pra.history import read_history

OURS, CHAOS_TOOLKIT, LOCUST = "prober", "Chaos Toolkit", "Locust"
_PERIOD_MS = 40
_TIMEOUT_NS = 300_000_000
_TAIL_S = 2.5
# How long the other tools take to start, at most usually.
_READY_S = 15.0
_OTHERS = (
    (others.start_chaos_toolkit, "chaos"),
    (others.start_locust, "locust"),
)
# A claim of ours is about an outage it touches; the others' may lie a poll beside it.
_WITHIN_S = {OURS: 0.1, CHAOS_TOOLKIT: 1.5, LOCUST: 1.5}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How many outages of each kind in each half, and how long they are.

    `warm_s`: before the first one; what is usual is learnt then.
    """

    modes: tuple[Mode, ...] = tuple(Mode)
    outages: int = 20
    shortest_s: float = 0.4
    longest_s: float = 7.5
    seed: int = 1
    warm_s: float = 20.0
    with_stalls: bool = True
    with_others: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One half's outcome: by tool and kind."""

    is_stalled: bool
    judged: Mapping[str, Mapping[Mode, Judged]]


def run(folder: Path, options: Options) -> tuple[Half, ...]:
    """Run both halves; everything they write is in `folder`.

    Raises:
        PlatformError: the server or a prober did not start.
    """
    halves = [False, True] if options.with_stalls else [False]
    return tuple(
        _half(folder / ("stalled" if is_stalled else "calm"), options, is_stalled)
        for is_stalled in halves
    )


def _half(folder: Path, options: Options, is_stalled: bool) -> Half:  # noqa: FBT001
    folder.mkdir(parents=True)
    rng = random.Random(f"{options.seed}:{is_stalled}")
    doors = tuple(
        Door(
            mode=mode,
            port=free_port(),
            outages=truth.draw(
                rng,
                count=options.outages,
                shortest_s=options.shortest_s,
                longest_s=options.longest_s,
                first_after_s=options.warm_s + rng.uniform(0, 1),
            ),
        )
        for mode in options.modes
    )
    lasts_s = max(truth.ends_s(door.outages) for door in doors) + _TAIL_S
    misbehaving.write_plan(folder / "plan.json", doors)
    with contextlib.ExitStack() as running:
        # What is stuck on a request ends when the server does: so it is left last.
        watchers = running.enter_context(_ended_last())
        server = running.enter_context(_serving(folder, doors))
        pids = [
            running.enter_context(_prober(folder, door, index)).pid
            for door in doors
            for index in (0, 1)
        ]
        for door in doors if options.with_others else ():
            mine = folder / "others" / door.mode.value
            for start, name in _OTHERS:
                watchers.append(start(_url(door), mine / name, lasts_s + _READY_S))
        _wait_all_watch(folder, doors, options)
        if is_stalled:
            running.enter_context(stalling(pids, options.seed))
        start_ns = time.monotonic_ns() + NS_PER_S // 4
        server.write(f"{start_ns}\n".encode())
        server.flush()
        end_ns = start_ns + round(lasts_s * NS_PER_S)
        until(
            lambda: time.monotonic_ns() >= end_ns,
            within_s=lasts_s + 30,
            every_s=0.25,
            what="the end of the outages",
        )
    return _judged(folder, doors, (start_ns, end_ns), is_stalled, options)


def _wait_all_watch(folder: Path, doors: Sequence[Door], options: Options) -> None:
    """Wait until every instrument has asked its server: none misses the beginning."""
    awaited = [
        folder / door.mode.value / f"prober-read-{index}.jsonl"
        for door in doors
        for index in (0, 1)
    ]
    if options.with_others:
        mine = [folder / "others" / door.mode.value for door in doors]
        awaited += [each / "locust" / "requests.jsonl" for each in mine]
        awaited += [each / "chaos" / "chaostoolkit.log" for each in mine]
    until(
        lambda: all(file.is_file() and file.stat().st_size for file in awaited),
        within_s=90,
        every_s=0.1,
        what="every prober and every other tool to look at its server",
        logs=(folder,),
    )


@contextlib.contextmanager
def _ended_last() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Hold programs; wait for them in the end, and end those that are stuck."""
    watchers: list[subprocess.Popen[bytes]] = []
    try:
        yield watchers
    finally:
        for popen in watchers:
            try:
                popen.wait(_READY_S + 10)
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()


@contextlib.contextmanager
def _serving(folder: Path, doors: Sequence[Door]) -> Iterator[IO[bytes]]:
    """Run the server; yields where it is told to begin."""
    words = [str(folder / "plan.json"), str(folder / "truth.jsonl")]
    module = "reprise_loadtests.bench.misbehaving"
    with _program(module, words, folder / "server.log") as started:
        for door in doors:
            until(
                functools.partial(_listens, door.port),
                within_s=30,
                every_s=0.02,
                what="the misbehaving server to listen",
                logs=(folder / "server.log",),
            )
        assert started.stdin is not None
        with started.stdin as told:
            yield told


@contextlib.contextmanager
def _prober(folder: Path, door: Door, index: int) -> Iterator[subprocess.Popen[bytes]]:
    history = folder / door.mode.value
    words = ["--class", "read", "--index", str(index), "--history", str(history)]
    words += ["--url", _url(door), "--period-ms", str(_PERIOD_MS)]
    words += ["--offset-ms", str(index * _PERIOD_MS // 2)]
    log = folder / f"prober-{door.mode.value}-{index}.log"
    with _program("reprise_loadtests.prober", words, log) as started:
        yield started


@contextlib.contextmanager
def _program(
    module: str, words: Sequence[str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, USER_VARIABLE: "bench", PASSWORD_VARIABLE: "bench"},
        )
    try:
        yield popen
    finally:
        popen.terminate()
        popen.communicate()


def _judged(
    folder: Path,
    doors: Sequence[Door],
    span_ns: tuple[int, int],
    is_stalled: bool,  # noqa: FBT001
    options: Options,
) -> Half:
    truths = truth.read(folder / "truth.jsonl")
    claims: dict[str, dict[Mode, list[Claim]]] = {OURS: {}}
    if options.with_others:
        claims |= {CHAOS_TOOLKIT: {}, LOCUST: {}}
    for door in doors:
        mode = door.mode
        well_before_ns = span_ns[0] + round(door.outages[0].after_s * NS_PER_S)
        claims[OURS][mode] = _ours(folder / mode.value, well_before_ns)
        if options.with_others:
            mine = folder / "others" / mode.value
            claims[CHAOS_TOOLKIT][mode] = others.chaos_toolkit_claims(mine / "chaos")
            claims[LOCUST][mode] = others.locust_claims(mine / "locust")
    judged = {
        tool: {
            mode: judge(
                truths[mode],
                # Before and after, the server was not what is measured.
                [each for each in said if span_ns[0] <= each.start_ns < span_ns[1]],
                within_s=_WITHIN_S[tool],
                stalls=truths[truth.STALL],
            )
            for mode, said in by_mode.items()
        }
        for tool, by_mode in claims.items()
    }
    return Half(is_stalled=is_stalled, judged=judged)


def _ours(history: Path, well_before_ns: int) -> list[Claim]:
    """Return what the drill's own estimator makes of the probes."""
    events = read_history(history.glob("prober-*.jsonl")).events
    values = [(e.process, e.value) for e in events if e.operation == "probe"]
    probes = [
        Probe(
            process=process,
            service_class=str(value["class"]),
            sched_ns=int(str(value["sched_ns"])),
            sent_ns=int(str(value["sent_ns"])),
            end_ns=int(str(value["end_ns"])),
            outcome=str(value["outcome"]),
            skipped=int(str(value.get("skipped", 0))),
        )
        for process, value in values
        if isinstance(value, Mapping)
    ]
    probers = probers_of(probes).get("read", {})
    learnt = thresholds_of(probers, before_ns=well_before_ns, timeout_ns=_TIMEOUT_NS)
    return [
        Claim(
            start_ns=seen.start.at_ns,
            end_ns=seen.end.at_ns if seen.end else None,
            start_bounds_ns=(seen.start.low_ns, seen.start.high_ns),
            end_bounds_ns=(seen.end.low_ns, seen.end.high_ns) if seen.end else None,
            is_imprecise=seen.is_imprecise,
        )
        for seen in find_outages(probers, learnt, blind_time(probers))
        if seen.is_start_known
    ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _url(door: Door) -> str:
    return f"http://{LOOPBACK}:{door.port}"
