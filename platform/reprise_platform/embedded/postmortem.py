"""Why a machine is off, and which of its services keep ending: from what is left of it."""

from __future__ import annotations

import contextlib
import datetime
import re
import signal
from pathlib import Path

from reprise_platform.embedded import cgroups
from reprise_platform.embedded.machine import CUT, ENDED, Machine
from reprise_platform.tails import end_of
from reprise_pra.analysis.results import Text

_LAST_LINES = 3
_TAIL_BYTES = 16 << 10
# Written by keep.sh each time a service ends; it starts again a second later.
_END = re.compile(r"^(\S+Z) \S+ ended with code (\d+)$", re.MULTILINE)
# As many ends in so many seconds are a loop, not an accident.
_LOOP, _WITHIN_S = 3, 120


def why_off(machine: Machine) -> Text:
    """Return why a machine that is off is off, with the last words of its console."""
    reason = _reason(machine)
    words = last_words(machine.folder / "console.log")
    said = f" | {' | '.join(words)}" if words else ""
    return Text(fr=reason.fr + said, en=reason.en + said)


def _reason(machine: Machine) -> Text:
    if (machine.folder / CUT).exists():
        return Text(fr="éteinte (courant coupé)", en="off (its power was cut)")
    if killed := out_of_memory(machine):
        return Text(
            fr=f"éteinte : mémoire épuisée ({killed} processus tués par le noyau)",
            en=f"off: out of memory ({killed} processes killed by the kernel)",
        )
    try:
        code, when = (machine.folder / ENDED).read_text().split()
        number = int(code)
    except (OSError, ValueError):
        if (machine.folder / "pid").exists():
            return Text(
                fr="éteinte sans trace : cette machine a sans doute redémarré",
                en="off without a word: this machine was rebooted, most likely",
            )
        return Text(fr="jamais démarrée", en="never started")
    if number > 128:  # noqa: PLR2004 - how a shell tells of a signal
        name = signal.Signals(number - 128).name
        return Text(
            fr=f"éteinte : tuée par {name} à {when}",
            en=f"off: killed by {name} at {when}",
        )
    return Text(
        fr=f"éteinte : terminée avec le code {number} à {when}",
        en=f"off: ended with code {number} at {when}",
    )


def out_of_memory(machine: Machine) -> int:
    """Return how many processes of a machine the kernel killed for want of memory."""
    found = 0
    for group in cgroups.machine_groups(machine.site, machine.name):
        # One name a version: memory.events, memory.oom_control.
        for name in ("memory.events", "memory.oom_control"):
            for file in group.rglob(name) if group.is_dir() else ():
                with contextlib.suppress(OSError):
                    match = re.search(
                        r"^oom_kill (\d+)", file.read_text(), re.MULTILINE
                    )
                    found += int(match[1]) if match else 0
                # On version 2 a group's count holds those below it.
                if name == "memory.events":
                    break
    return found


def looping(machine: Machine) -> dict[str, Text]:
    """Return the services that end again and again, with the last words of each."""
    found = {}
    for service in machine.services:
        log = machine.folder / "log" / f"{service.name}.log"
        now = datetime.datetime.now(datetime.UTC)
        ends = [
            (when, code)
            for when, code in _END.findall(_text_of(log))
            if (now - datetime.datetime.fromisoformat(when)).total_seconds() < _WITHIN_S
        ]
        if len(ends) >= _LOOP:
            when, code = ends[-1]
            said = " | ".join(last_words(log))
            found[service.name] = Text(
                fr=f"se termine en boucle (code {code}, dernière fois à {when}) : {said}",
                en=f"ends again and again (code {code}, last at {when}): {said}",
            )
    return found


def last_words(log: Path) -> list[str]:
    """Return the last lines of a log that say something, shortened."""
    lines = [line.strip() for line in _text_of(log).splitlines()]
    telling = [line for line in lines if line and not _END.match(line)]
    return [line[:200] for line in telling[-_LAST_LINES:]]


def _text_of(log: Path) -> str:
    try:
        return end_of(log, _TAIL_BYTES).decode(errors="replace")
    except OSError:
        return ""
