"""What people see while a drill runs: phases, clock, live error rate, what is awaited.

On a terminal a display that renews itself; otherwise one line an event, with its time,
and a line on the load every quarter of a minute.
"""

from __future__ import annotations

import collections
import contextlib
import datetime
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import rich.console
import rich.live
import rich.table
import rich.text

from reprise_platform.language import Language, spoken
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.analysis.words import MARKS, check_name, phase_name
from reprise_pra.drill import words
from reprise_pra.drill.tail import Tail
from reprise_pra.history import Event, JsonValue, Kind

_WINDOW_S = 10
_HEARTBEAT_S = 15
_SILENCE_S = 30
_NS_PER_S = 1_000_000_000
_NOT_OPERATIONS = frozenset({"arrival", "schedule", "clock", "worker", "load_stopped"})
_SIGNS = {"ok": "✔", "fail": "✘", "info": "✘", "": "▶"}


class Console:
    """Tells of a drill. Its methods may be called from any thread."""

    def __init__(self, history: Path, *, language: Language, plain: bool) -> None:
        """Watch the load's files in `history`; `plain` forces lines."""
        self._out = rich.console.Console(highlight=False, soft_wrap=True)
        self.language = language
        self._is_live = self._out.is_terminal and not plain
        self._tail = Tail(history, "load-*.jsonl")
        self._recent: collections.deque[tuple[int, bool]] = collections.deque()
        self._load_ns = -_SILENCE_S * _NS_PER_S
        self._started_s = time.monotonic()
        self._phases: dict[str, tuple[str, float, float | None]] = {}
        self._awaited = ""
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._live: rich.live.Live | None = None

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._is_live:
            self._live = rich.live.Live(
                console=self._out, get_renderable=self._render, refresh_per_second=2
            )
            self._live.start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last display on the screen."""
        self._stop.set()
        self._thread.join(timeout=5)
        if self._live:
            self._live.stop()

    def say(self, text: str) -> None:
        """Say one thing, with the time and the drill's clock."""
        now = datetime.datetime.now().astimezone().strftime("%H:%M:%S")
        line = f"{now} {self._clock(time.monotonic())} {text}"
        self._out.print(line, markup=False)

    def spoken(self, text: Text | str) -> str:
        """Return a sentence in the console's language."""
        return spoken(text, self.language)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to somebody else's display for a while."""
        if self._live:
            self._live.stop()
        try:
            yield
        finally:
            if self._live:
                self._live.start(refresh=True)

    def awaiting(self, what: Text | None, *, is_count: bool = False) -> None:
        """Say what is being waited for; None for nothing.

        Args:
            is_count: one of many; without a terminal it gets no line of its own.
        """
        said = "" if what is None else self.spoken(what)
        with self._lock:
            changed, self._awaited = said != self._awaited, said
        if changed and said and not is_count and not self._is_live:
            self.say(f"  … {said}")

    def heard(self, event: Event) -> None:
        """Show one event of the drill's own history."""
        if event.operation == "phase":
            self._phase(event)
        elif event.operation in {
            "mark",
            "check",
            "decision",
            "backup_chosen",
            "switch",
        }:
            self.say(f"  {self._sentence(event)}")

    def _phase(self, event: Event) -> None:
        name, now_s = event.op_id, time.monotonic()
        label = self.spoken(phase_name(name))
        with self._lock:
            if event.kind is Kind.INVOKE:
                self._phases[name] = ("", now_s, None)
                self._awaited = ""
            else:
                since_s = self._phases.get(name, ("", now_s, None))[1]
                self._phases[name] = (event.kind.value, since_s, now_s)
                took = f"{self.spoken(say.number(now_s - since_s, decimals=1))} s"
        if event.kind is Kind.INVOKE:
            self.say(f"▶ {label}")
        else:
            reason = self._told(event.value.get("reason"))
            said = self.spoken(words.DONE if event.kind is Kind.OK else words.FAILED)
            text = self._pair(f"{_SIGNS[event.kind.value]} {label}", f"{said}, {took}")
            self.say(self._pair(text, reason) if reason else text)

    def load_line(self) -> str:
        """Return the live load in one line: operations a second and share of errors.

        Empty while no load runs: before it, and some time after its last word.
        """
        now_ns = time.monotonic_ns()
        horizon_ns = now_ns - _WINDOW_S * _NS_PER_S
        with self._lock:
            for event in self._tail.look():
                self._load_ns = max(self._load_ns, event.at_ns)
                if event.kind is Kind.INVOKE or event.operation in _NOT_OPERATIONS:
                    continue
                self._recent.append((event.at_ns, event.kind is Kind.OK))
            while self._recent and self._recent[0][0] < horizon_ns:
                self._recent.popleft()
            total = len(self._recent)
            bad = sum(not good for _, good in self._recent)
        span = f"{self.spoken(words.OVER_THE_LAST)} {_WINDOW_S} s"
        if now_ns - self._load_ns > _SILENCE_S * _NS_PER_S:
            return ""
        if not total:
            return f"{self.spoken(words.NO_OPERATION)} {span}"
        rate = self.spoken(say.number(total / _WINDOW_S, decimals=1))
        share = self.spoken(say.percent(bad / total))
        return (
            f"{rate} {self.spoken(words.OPERATIONS_PER_S)},"
            f" {share} {self.spoken(words.ERRORS)} {span}"
        )

    def _beat(self) -> None:
        while not self._stop.wait(_HEARTBEAT_S):
            if not self._is_live and any(ended is None for _, _, ended in self._all()):
                parts = (self.load_line(), self._waiting())
                if told := "; ".join(part for part in parts if part):
                    self.say(f"  {told}")

    def _all(self) -> list[tuple[str, float, float | None]]:
        with self._lock:
            return list(self._phases.values())

    def _waiting(self) -> str:
        awaited = self._awaited
        return self._pair(self.spoken(words.WAITING_FOR), awaited) if awaited else ""

    def _pair(self, name: str, said: str) -> str:
        """Join a name and what is said of it: French puts a space before the colon."""
        return f"{name} : {said}" if self.language == "fr" else f"{name}: {said}"

    def _told(self, found: JsonValue) -> str:
        """Return a sentence of the history in the console's language."""
        if isinstance(found, dict):
            found = found.get(self.language)
        return "" if found is None else str(found)

    def _sentence(self, event: Event) -> str:
        value = event.value
        match event.operation:
            case "mark":
                mark = MARKS.get(event.op_id, event.op_id)
                return self._pair(self.spoken(mark), self._told(value.get("detail")))
            case "check":
                holds = value.get("holds")
                sign = "?" if holds is None else "✔" if holds else "✘"
                check = self.spoken(check_name(event.op_id))
                return f"{sign} {self._pair(check, self._told(value.get('detail')))}"
            case "decision":
                who = self._told(value.get("who"))
                by = self.spoken(words.BY.get(who, who))
                return f"{self._told(value.get('what'))} ({by})"
            case "switch":
                to = str(value.get("to"))
                site = self.spoken(words.SITES.get(to, to))
                is_done = event.kind is Kind.OK
                text = f"{self.spoken(words.SWITCH)} {site}"
                return (
                    self._pair(text, self.spoken(words.DONE))
                    if is_done
                    else f"{text} …"
                )
            case _:
                return self._pair(self.spoken(words.BACKUP_CHOSEN), event.op_id)

    def _clock(self, at_s: float) -> str:
        minutes, seconds = divmod(int(at_s - self._started_s), 60)
        return f"+{minutes:02d}:{seconds:02d}"

    def _render(self) -> rich.table.Table:
        now_s = time.monotonic()
        table = rich.table.Table.grid(padding=(0, 2))
        with self._lock:
            rows = list(self._phases.items())
        for name, (ended, since_s, until_s) in rows:
            style = {"ok": "green", "": "bold"}.get(ended, "red")
            took_s = (until_s or now_s) - since_s
            label = self.spoken(phase_name(name))
            table.add_row(
                rich.text.Text(f"{_SIGNS[ended]} {label}", style=style),
                f"{took_s:6.1f} s",
            )
        table.add_row(rich.text.Text(self._clock(now_s)), self.load_line())
        if waiting := self._waiting():
            table.add_row("", rich.text.Text(waiting))
        return table
