"""Stop instruments in the middle of their work, as a busy machine does, and let them on."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from collections.abc import Iterator, Sequence

SHORTEST_S, LONGEST_S = 0.060, 0.250
EVERY_S = (1.0, 2.5)


@contextlib.contextmanager
def stalling(pids: Sequence[int], seed: int) -> Iterator[None]:
    """Stop each process for 60 to 250 ms every 1 to 2.5 s, independently, in the block.

    Where the specification's own experiment left each of two blind for 9 % of the time.
    """
    over = threading.Event()
    hands = [
        threading.Thread(target=_stall, args=(pid, random.Random(f"{seed}:{n}"), over))
        for n, pid in enumerate(pids)
    ]
    for hand in hands:
        hand.start()
    try:
        yield
    finally:
        over.set()
        for hand in hands:
            hand.join()


def _stall(pid: int, rng: random.Random, over: threading.Event) -> None:
    with contextlib.suppress(ProcessLookupError):
        while not over.wait(rng.uniform(*EVERY_S)):
            os.kill(pid, signal.SIGSTOP)
            try:
                over.wait(rng.uniform(SHORTEST_S, LONGEST_S))
            finally:
                os.kill(pid, signal.SIGCONT)
