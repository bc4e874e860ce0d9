"""What a load costs who sends it, on the same requests, and how true it is to its schedule.

A tape of three journeys is sent by Locust's FastHttpUser and by k6, and the journeys
themselves are played with and without their ledger, against stand-in replicas of the bench's
own. Each program is also run with next to nothing to do: the difference is what the
requests cost, and not the start of the program.
"""

from __future__ import annotations

import csv
import dataclasses
import statistics
import sys
from pathlib import Path

import yaml

from reprise_loadtests.bench import tape
from reprise_loadtests.bench.spending import Spent, spend
from reprise_loadtests.bench.tape import JOURNEYS_TAPED
from reprise_loadtests.credentials import FILE_VARIABLE, read_credentials
from reprise_loadtests.profile import load_profile
from reprise_loadtests.schedule import arrivals_within
from reprise_platform.alone.clinic import Clinic, clinic
from reprise_platform.alone.mariadb import MariaDB
from reprise_platform.embedded import builds
from reprise_pra.history import Kind, read_history

_LOADTESTS = Path(__file__).resolve().parents[2]
_WITHIN_S = 900.0
_LIGHT_ROUNDS = 1
_LIGHT_S = 1.0
_KNOWN_PATIENTS = 30
_OURS = {
    "locustfile.py": "journeys, ledger",
    "bench/unrecorded.py": "journeys, no ledger",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How much is sent.

    Attributes:
        users: who replay tapes at once; rounds: how often each.
        rate_per_s, duration_s: of the journeys' own arrivals.
        paces: operations a second at which the schedule's lag is looked at.
    """

    users: int = 4
    rounds: int = 15
    rate_per_s: float = 4.0
    duration_s: float = 40.0
    paces: tuple[float, ...] = (50.0, 200.0, 500.0)
    pace_s: float = 15.0
    seed: int = 1
    with_k6: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A program's processor time for what it sent."""

    name: str
    requests: int
    operations: int
    cpu_s: float

    @property
    def per_1000_requests_s(self) -> float:
        """Processor seconds for 1,000 requests."""
        return 1000 * self.cpu_s / self.requests


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How late arrivals began, at a pace of operations a second."""

    pace: float
    arrivals: int
    done_per_s: float
    median_ms: float
    p99_ms: float
    turned_away: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All figures; `served` is the stand-in's own: requests a second, median, p95 (ms)."""

    costs: tuple[Cost, ...]
    lags: tuple[Lag, ...]
    served: tuple[float, float, float]


def run(folder: Path, options: Options) -> Measured:
    """Measure; everything written is in `folder`.

    Raises:
        PlatformError: a program failed; the end of its log.
        LoadError: the journeys could not be taped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = MariaDB(folder / "mariadb")
    try:
        server.start()
        with clinic(server, folder / "clinic", replicas=1) as target:
            return _measure(folder, options, target)
    finally:
        server.process.kill()


def _measure(folder: Path, options: Options, target: Clinic) -> Measured:
    login = read_credentials(target.credentials)
    tapes = tape.record(
        target.url, login, folder, users=options.users, seed=options.seed
    )
    file = folder / "tape.json"
    tape.write(file, tapes, login)
    each = _Each(
        requests=sum(len(one) for one in tapes) / len(tapes) / len(JOURNEYS_TAPED),
        operations=tape.operations(folder) / len(tapes) / len(JOURNEYS_TAPED),
    )
    bare, served = _bare(folder, options, target, file)
    costs = [_replayed("FastHttpUser", bare, each, options)]
    if options.with_k6:
        k6 = _k6(folder, options, target, file)
        costs.append(_replayed("k6", k6, each, options))
    costs += [_journeys(folder, options, target, name, each) for name in _OURS]
    lags = tuple(
        _lag(folder, options, target, pace, each.operations) for pace in options.paces
    )
    return Measured(costs=tuple(costs), lags=lags, served=served)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Each:
    """What one journey sends, and how many operations that is, on average."""

    requests: float
    operations: float


def _replayed(
    name: str, runs: tuple[Spent, Spent], each: _Each, options: Options
) -> Cost:
    light, heavy = runs
    journeys = (options.rounds - _LIGHT_ROUNDS) * options.users * len(JOURNEYS_TAPED)
    return Cost(
        name=name,
        requests=round(journeys * each.requests),
        operations=round(journeys * each.operations),
        cpu_s=heavy.cpu_s - light.cpu_s,
    )


def _bare(
    folder: Path, options: Options, target: Clinic, file: Path
) -> tuple[tuple[Spent, Spent], tuple[float, float, float]]:
    def play(rounds: int) -> Spent:
        users = ("-u", str(options.users), "-r", str(options.users))
        words = ("--headless", "--host", target.url, "--csv", f"bare-{rounds}", *users)
        return spend(
            [*_locust("bench/bare.py"), *words, "-t", "900s"],
            folder / f"bare-{rounds}.log",
            env={
                "REPRISE_BENCH_TAPE": str(file),
                "REPRISE_BENCH_ROUNDS": str(rounds),
            },
            within_s=_WITHIN_S,
        )

    spent = play(_LIGHT_ROUNDS), play(options.rounds)
    with (folder / f"bare-{options.rounds}_stats.csv").open(encoding="utf-8") as read:
        total = list(csv.DictReader(read))[-1]
    return spent, (
        float(total["Requests/s"]),
        float(total["50%"]),
        float(total["95%"]),
    )


def _k6(
    folder: Path, options: Options, target: Clinic, file: Path
) -> tuple[Spent, Spent]:
    program = builds.build(builds.K6) / "k6"

    def play(rounds: int) -> Spent:
        script = _LOADTESTS / "bench" / "bare.js"
        return spend(
            [program, "run", "--quiet", "--no-usage-report", script],
            folder / f"k6-{rounds}.log",
            env={
                "REPRISE_BENCH_TAPE": str(file),
                "REPRISE_BENCH_ROUNDS": str(rounds),
                "REPRISE_BENCH_USERS": str(options.users),
                "REPRISE_BENCH_HOST": target.url,
            },
            within_s=_WITHIN_S,
        )

    return play(_LIGHT_ROUNDS), play(options.rounds)


def _journeys(
    folder: Path, options: Options, target: Clinic, name: str, each: _Each
) -> Cost:
    """Play the clinics' day, little of it and then much; return what the rest cost."""
    spent, arrived = [], []
    for duration_s in (_LIGHT_S, options.duration_s):
        place = folder / f"{Path(name).stem}-{duration_s:.0f}"
        profile = _profile(place, options.rate_per_s)
        spent.append(_play(profile, options, target, name, duration_s=duration_s))
        loaded = load_profile(str(profile))
        seeded = arrivals_within(loaded, seed=options.seed, duration_s=duration_s)
        arrived.append(len(seeded))
    journeys = arrived[1] - arrived[0]
    return Cost(
        name=_OURS[name],
        requests=round(journeys * each.requests),
        operations=round(journeys * each.operations),
        cpu_s=spent[1].cpu_s - spent[0].cpu_s,
    )


def _lag(
    folder: Path, options: Options, target: Clinic, pace: float, per_journey: float
) -> Lag:
    """Play at a pace, and look at how late each arrival began."""
    place = folder / f"pace-{pace:.0f}"
    profile = _profile(place, pace / per_journey)
    _play(profile, options, target, "locustfile.py", duration_s=options.pace_s)
    events = read_history((place / "history").glob("load-*.jsonl")).events
    values = [e.value for e in events if e.operation == "arrival"]
    lags_ms = sorted(int(str(value["lag_ns"])) / 1e6 for value in values)
    done = [e.at_ns for e in events if e.kind is Kind.OK and "." in e.op_id]
    began_ns = next(e.at_ns for e in events if e.operation == "schedule")
    return Lag(
        pace=pace,
        arrivals=len(values),
        done_per_s=sum(at >= began_ns for at in done) / options.pace_s,
        median_ms=statistics.median(lags_ms),
        p99_ms=lags_ms[min(len(lags_ms) - 1, len(lags_ms) * 99 // 100)],
        turned_away=sum(bool(value["turned_away"]) for value in values),
    )


def _profile(place: Path, rate_per_s: float) -> Path:
    """Write a profile of the taped journeys, in equal shares and without pauses."""
    place.mkdir(parents=True)
    share = 1 / len(JOURNEYS_TAPED)
    profile = {
        "name": "bench",
        "arrivals": {"rate_per_s": rate_per_s, "max_live": 2000},
        "mix": dict.fromkeys(JOURNEYS_TAPED, share),
        "think_time": {"median_s": 0.001, "sigma": 0.1, "max_s": 0.01},
        "client": {"timeout_s": 30},
        "known_patients": _KNOWN_PATIENTS,
    }
    file = place / "bench.yaml"
    file.write_text(yaml.safe_dump(profile), encoding="utf-8")
    return file


def _play(
    profile: Path, options: Options, target: Clinic, name: str, *, duration_s: float
) -> Spent:
    place = profile.parent
    words = ("--headless", "--host", target.url, "--load-profile", profile)
    run = ("--seed", str(options.seed), "--duration-s", str(duration_s))
    where = ("--history", place / "history", "--exit-code-on-error", "0")
    return spend(
        [*_locust(name), *words, *run, *where],
        place / "locust.log",
        env={FILE_VARIABLE: str(target.credentials)},
        within_s=_WITHIN_S,
    )


def _locust(name: str) -> list[str]:
    return [sys.executable, "-m", "locust", "-f", str(_LOADTESTS / name)]
