"""The watchman: an alert of its own when the clinics' front door stays shut.

It watches the read path through the front door on fresh connections, apart from the
prober and from the load. It writes `watch` when it begins, then `alert` events:
FrontDoorDown is `firing` once every look failed for `after_s`, `resolved` once every look
succeeded for `resolve_s`.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Literal

from reprise_loadtests.credentials import find_authority, find_credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.outcome import OK, UNAUTHORIZED, judge, same_uuid
from reprise_loadtests.targets import READ_PATH
from reprise_loadtests.wire import Wire
from reprise_platform import openmrs
from reprise_pra.history import Kind, Recorder

ALERT = "FrontDoorDown"

_NS_PER_S = 1_000_000_000

type State = Literal["firing", "resolved"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The alert changed; `since_ns` is when what it says began."""

    state: State
    since_ns: int


class Watch:
    """Turns looks at the front door into changes of the alert."""

    def __init__(self, *, after_ns: int, resolve_ns: int) -> None:
        """Fire after `after_ns` of failures only, resolve after `resolve_ns` without."""
        self._after_ns = after_ns
        self._resolve_ns = resolve_ns
        self._firing = False
        self._down_since_ns: int | None = None
        self._up_since_ns: int | None = None

    def saw(self, *, works: bool, began_ns: int, ended_ns: int) -> Change | None:
        """Take one look's result; return the alert's change, if it changed."""
        if works:
            self._down_since_ns = None
            self._up_since_ns = self._up_since_ns or ended_ns
            if self._firing and ended_ns - self._up_since_ns >= self._resolve_ns:
                self._firing = False
                return Change(state="resolved", since_ns=self._up_since_ns)
            return None
        self._up_since_ns = None
        self._down_since_ns = self._down_since_ns or began_ns
        if not self._firing and ended_ns - self._down_since_ns >= self._after_ns:
            self._firing = True
            return Change(state="firing", since_ns=self._down_since_ns)
        return None


def main(arguments: list[str] | None = None) -> int:
    """Watch until SIGTERM or SIGINT; 0 after a clean end, 1 with the reason otherwise."""
    parser = argparse.ArgumentParser(prog="python -m reprise_loadtests.sentinel")
    parser.add_argument("--url", required=True, help="http(s)://HOST:PORT")
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--after-s", type=float, default=5.0)
    parser.add_argument("--resolve-s", type=float, default=5.0)
    parser.add_argument("--every-s", type=float, default=0.5)
    parser.add_argument("--timeout-s", type=float, default=1.0)
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watch = Watch(
        after_ns=round(given.after_s * _NS_PER_S),
        resolve_ns=round(given.resolve_s * _NS_PER_S),
    )
    try:
        credentials = find_credentials()
        wire = Wire(given.url, timeout_s=given.timeout_s, authority=find_authority())
    except (LoadError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with Recorder(given.history, "sentinel") as recorder:
        # Quiet is only told by a watch that is known to have been kept.
        recorder.record(Kind.OK, "watch", f"{ALERT}-watch", {"alert": ALERT})
        due_s = time.monotonic()
        first = True
        while not stop.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + given.every_s, time.monotonic())
            began_ns = time.monotonic_ns()
            answer = wire.request("GET", READ_PATH, credentials=credentials)
            wire.forget_session()
            if first and answer.status == UNAUTHORIZED:
                sys.stderr.write(f"{given.url}: these credentials are not accepted\n")
                return 1
            first = False
            seen = judge(answer, status=OK, read=same_uuid(openmrs.OUTPATIENT_CLINIC))
            change = watch.saw(
                works=seen.kind is Kind.OK, began_ns=began_ns, ended_ns=answer.end_ns
            )
            if change is not None:
                recorder.record(
                    Kind.OK,
                    "alert",
                    f"{ALERT}-{change.since_ns}",
                    {
                        "alert": ALERT,
                        "state": change.state,
                        "since_ns": change.since_ns,
                    },
                )
        recorder.record(Kind.OK, "load_stopped", "load_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
