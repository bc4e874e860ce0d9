"""The front door's two machines as one: where they lead to, who holds the address."""

from __future__ import annotations

import json
import socket
from typing import Literal

from reprise_platform import capabilities
from reprise_platform.command import run
from reprise_platform.embedded import doors, machine, network
from reprise_platform.embedded.layout import Layout
from reprise_platform.embedded.topology import Door
from reprise_platform.errors import PlatformError
from reprise_platform.waiting import until

_MAP = f"/srv/front/{doors.MAP}"
# A machine that was switched on just now takes a moment to listen.
_ANSWERS_WITHIN_S = 5.0


def switch(layout: Layout, to: Literal["primary", "recovery"]) -> None:
    """Let both doors lead to a site, from the next request on.

    One that is off reads the same file when it starts.

    Raises:
        PlatformError: a door that is on did not take the order; says which.
    """
    # The file first: a door that starts in between reads it.
    doors.lead(layout.folder, to)
    on = [door for door in layout.topology.doors if _is_on(layout, door)]
    if not on:
        names = ", ".join(door.name for door in layout.topology.doors)
        msg = f"no machine of the front door is on ({names}); power one on"
        raise PlatformError(msg)
    for door in on:
        _lead(layout, door, to)


def seen(layout: Layout) -> tuple[capabilities.Door, ...]:
    """Return what each door that is on does now."""
    return tuple(
        capabilities.Door(
            name=door.name,
            holds=_has_address(layout, door),
            leads_to=_leads_to(layout, door),
        )
        for door in layout.topology.doors
        if _is_on(layout, door)
    )


def forget_address(layout: Layout, names: set[str]) -> None:
    """Take the clinics' address from doors that were powered off.

    A machine's network namespace outlives it: plugged in again it would answer for an
    address that the other door holds by then, before keepalived of its own can give it up.
    """
    for door in layout.topology.doors:
        if door.name in names and _has_address(layout, door):
            network.ip_batch(
                network.namespace_file(layout.folder, door.name),
                [f"addr del {layout.topology.front}/32 dev eth0"],
            )


def _lead(layout: Layout, door: Door, to: str) -> None:
    said: list[str] = []

    def led() -> bool:
        try:
            said.append(_tell(layout, door, f"set map {_MAP} active {to}").strip())
        except OSError as error:
            said.append(str(error))
            return False
        return not said[-1] and _leads_to(layout, door) == to

    try:
        until(
            led, within_s=_ANSWERS_WITHIN_S, every_s=0.1, what=f"{door.name} to switch"
        )
    except PlatformError as error:
        log = layout.folder / "machines" / door.name / "log" / "haproxy.log"
        msg = f"{door.name} did not switch to {to}: {said[-1]}; look at {log}"
        raise PlatformError(msg) from error


def _leads_to(layout: Layout, door: Door) -> str:
    try:
        told = _tell(layout, door, f"show map {_MAP}")
    except OSError:
        return ""
    # A line is the entry's own address, its key, its value.
    return next(
        (line.split()[2] for line in told.splitlines() if " active " in line), ""
    )


def _tell(layout: Layout, door: Door, order: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(doors.socket(layout.folder, door)))
        connection.sendall(f"{order}\n".encode())
        parts = []
        while part := connection.recv(4096):
            parts.append(part)
    return b"".join(parts).decode()


def _is_on(layout: Layout, door: Door) -> bool:
    return machine.first_process(layout.machine(door.name)) is not None


def _has_address(layout: Layout, door: Door) -> bool:
    namespace = network.namespace_file(layout.folder, door.name)
    told = run(
        [
            "nsenter",
            f"--net={namespace}",
            "ip",
            "-j",
            "-4",
            "addr",
            "show",
            "dev",
            "eth0",
        ]
    )
    return any(
        address.get("local") == layout.topology.front
        for link in json.loads(told)
        for address in link.get("addr_info", ())
    )
