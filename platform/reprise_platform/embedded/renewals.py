"""Keys made anew reach what holds the old ones: its services start again, its pods stay.

HAProxy, versitygw and the kubelet as it is set here never read a renewed certificate by
themselves. A control plane does, within a minute, and is left alone: Velero never ends a
backup during which its API server went away, and makes none after it.
"""

from __future__ import annotations

from reprise_platform import content
from reprise_platform.command import run
from reprise_platform.embedded.machine import (
    HELD,
    Machine,
    first_process,
    inside,
    kill,
    start,
)

# Who waits for its clients to leave has two seconds. One that is between two lives reads
# the new keys anyway.
_START_AGAIN = """
running=$(cat /run/*.service) && kill $running || exit 0
for _ in {1..20}; do kill -0 $running || exit 0; sleep 0.1; done
kill -KILL $running || true
"""


def take_up(machine: Machine, *, copied: bool = False) -> bool:
    """Start a machine's services again if they hold other keys than lie there now.

    A machine that is off reads them when it starts. A kill at any moment is made good by
    the next call: the digest is written last.

    Args:
        copied: its services read copies, made when the machine starts: it starts again.

    Returns:
        Whether they were started again: they serve a second or two later.
    """
    note = machine.folder / HELD
    wanted = machine.held
    if first_process(machine) is None or note.read_text() == wanted:
        return False
    if copied:
        kill(machine)
        start(machine)
        return True
    with content.locked(machine.folder / ".lock"):
        run([*inside(machine), "bash", "-c", _START_AGAIN])
        note.write_text(wanted)
    return True
