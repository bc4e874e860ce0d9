"""A process of ours that can be frozen, killed and started again at the same address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reprise_platform.command import DIES_WITH_US
from reprise_platform.errors import PlatformError
from reprise_platform.waiting import until

LOOPBACK = "127.0.0.1"
_LOG_TAIL = 20
_STOP_WITHIN_S = 30.0


class Process:
    """A program under our hand; it ends with the thread that started it."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = log
        self._command = [*DIES_WITH_US, *command]
        self._env = {**os.environ, **env}
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process' number."""
        assert self._popen is not None, f"{self.name} was not started"
        return self._popen.pid

    def is_running(self) -> bool:
        """Tell whether it is alive; a frozen one is."""
        return self._popen is not None and self._popen.poll() is None

    def start(self, is_up: Callable[[], bool], *, within_s: float = 60) -> None:
        """Start it and wait until it is up.

        Raises:
            PlatformError: it ended instead; the end of its log.
            WaitTimeout: it is not up in time.
        """
        self.launch()
        self.wait_until(is_up, within_s=within_s)

    def wait_until(self, is_up: Callable[[], bool], *, within_s: float = 60) -> None:
        """Wait until a launched one is up; raises as `start` does."""

        def up() -> bool:
            if not self.is_running():
                text = self.log.read_text(encoding="utf-8", errors="replace")
                end = "\n  ".join(text.splitlines()[-_LOG_TAIL:])
                msg = f"{self.name} ended instead of starting; its log:\n  {end}"
                raise PlatformError(msg, logs=(self.log,))
            return is_up()

        what = f"{self.name} to answer"
        until(up, within_s=within_s, every_s=0.02, what=what, logs=(self.log,))

    def launch(self) -> None:
        """Start it and wait for nothing."""
        assert not self.is_running(), f"{self.name} runs already"
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._env,
            )

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does; its connections stay open."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, frozen or not, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait until it did."""
        if self.is_running():
            self.thaw()
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._popen is None:
            return
        self._send(number)
        try:
            self._popen.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _send(self, number: signal.Signals) -> None:
        if self.is_running():
            os.kill(self.pid, number)


def free_port() -> int:
    """Return a port of loopback that no one listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
