"""A server that fails when it is told to, and writes down when it really did.

`python -m reprise_loadtests.bench.misbehaving PLAN TRUTH`: PLAN is JSON with, by mode, a
port of loopback and its outages, which count from the CLOCK_MONOTONIC nanoseconds that a
line of standard input tells; it serves until SIGTERM. One asyncio process; the instants
are taken beside the very statements that begin and end an outage.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from reprise_loadtests.bench import truth
from reprise_loadtests.bench.truth import NS_PER_S, Mode, Planned, Truth

LOOPBACK = "127.0.0.1"
_BODY = b'{"uuid":"44c3efb0-2583-4c80-a79e-1f756a03c0a1","display":"Outpatient Clinic"}'
_END = b"\r\n\r\n"
_BEAT_S = 0.01
# Half of what makes an answer slow: what is shorter no prober takes for an outage.
_STALL_NS = 50_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One port: how it fails, and when."""

    mode: Mode
    port: int
    outages: tuple[Planned, ...]


def write_plan(file: Path, doors: Sequence[Door]) -> None:
    """Write what `main` reads."""
    plan = {
        "doors": [
            {
                "mode": door.mode.value,
                "port": door.port,
                "outages": [[each.after_s, each.lasts_s] for each in door.outages],
            }
            for door in doors
        ],
    }
    file.write_text(json.dumps(plan), encoding="utf-8")


class _Service:
    """What one port does."""

    def __init__(self, door: Door, file: Path) -> None:
        self._door = door
        self._file = file
        self._server: asyncio.Server | None = None
        self._began_ns = 0
        self.is_down = False
        self.held: list[asyncio.Transport] = []
        self.open: set[asyncio.Transport] = set()

    async def listen(self) -> None:
        """Open the port."""
        loop = asyncio.get_running_loop()
        listener = socket.create_server((LOOPBACK, self._door.port), backlog=512)
        self._server = await loop.create_server(lambda: _Exchange(self), sock=listener)

    def schedule(self, start_ns: int) -> None:
        """Let each outage begin and end when it is due."""
        loop = asyncio.get_running_loop()
        offset_s = loop.time() - time.monotonic_ns() / NS_PER_S
        start_s = start_ns / NS_PER_S + offset_s
        for each in self._door.outages:
            loop.call_at(start_s + each.after_s, self._fail)
            loop.call_at(start_s + each.after_s + each.lasts_s, self._recover)

    def answer(self, transport: asyncio.Transport, *, closes: bool) -> None:
        """Answer one request, or do as the mode does while it is down."""
        if not self.is_down:
            _reply(transport, b"200 OK", closes=closes)
        elif self._door.mode is Mode.ERROR:
            _reply(transport, b"500 Internal Server Error", closes=closes)
        else:
            self.held.append(transport)

    def _fail(self) -> None:
        if self._door.mode is Mode.REFUSE:
            assert self._server is not None
            self._server.close()
            for transport in tuple(self.open):
                transport.abort()
        self.is_down = True
        self._began_ns = time.monotonic_ns()

    def _recover(self) -> None:
        if self._door.mode is Mode.REFUSE:
            _keep(asyncio.get_running_loop().create_task(self._return()))
            return
        self.is_down = False
        self._record()
        held, self.held = self.held, []
        if self._door.mode is Mode.HANG:
            for transport in held:
                _reply(transport, b"200 OK", closes=True)

    async def _return(self) -> None:
        self.is_down = False
        await self.listen()
        self._record()

    def _record(self) -> None:
        ended_ns = time.monotonic_ns()
        seen = Truth(start_ns=self._began_ns, end_ns=ended_ns)
        truth.write(self._file, self._door.mode, seen)


class _Exchange(asyncio.Protocol):
    """One connection."""

    def __init__(self, service: _Service) -> None:
        self._service = service
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._service.open.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._service.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        while _END in self._read:
            head, _, self._read = self._read.partition(_END)
            closes = b"connection: close" in head.lower()
            self._service.answer(self._transport, closes=closes)


class _Heart:
    """Beats a hundred times a second, and writes down when it could not."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._last_ns = time.monotonic_ns()

    def beat(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._last_ns > _STALL_NS:
            gap = Truth(start_ns=self._last_ns, end_ns=now_ns)
            truth.write(self._file, truth.STALL, gap)
        self._last_ns = now_ns
        asyncio.get_running_loop().call_later(_BEAT_S, self.beat)


_tasks: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """Hold a task until it is done: the loop itself does not."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _reply(transport: asyncio.Transport, status: bytes, *, closes: bool) -> None:
    if transport.is_closing():
        return
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    transport.write(head % (status, len(_BODY)) + b"\r\n" + _BODY)
    if closes:
        transport.close()


async def _serve(plan: Mapping[str, object], file: Path) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    services = []
    for given in cast("Sequence[Mapping[str, object]]", plan["doors"]):
        outages = tuple(
            Planned(after_s=after_s, lasts_s=lasts_s)
            for after_s, lasts_s in cast("Sequence[Sequence[float]]", given["outages"])
        )
        mode, port = Mode(str(given["mode"])), cast("int", given["port"])
        door = Door(mode=mode, port=port, outages=outages)
        services.append(_Service(door, file))
        await services[-1].listen()

    def begin() -> None:
        loop.remove_reader(sys.stdin)
        start_ns = int(sys.stdin.readline())
        for service in services:
            service.schedule(start_ns)

    loop.add_reader(sys.stdin, begin)
    _Heart(file).beat()
    await stopped.wait()


def main() -> None:
    """Serve as the plan says until SIGTERM."""
    plan, file = map(Path, sys.argv[1:])
    asyncio.run(_serve(json.loads(plan.read_text(encoding="utf-8")), file))


if __name__ == "__main__":
    main()
