"""A child process that ends when its parent does, however the parent died.

`python -m reprise_loadtests.leash FD MODULE [ARGUMENT...]` runs a module as `-m` would,
after asking the kernel for a SIGTERM when the last writer of the pipe FD is gone. The
parent keeps the pipe's other end, which closes with it. (PR_SET_PDEATHSIG would follow
the parent's *thread* that started the child, and a drill starts its load from any.)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import runpy
import select
import signal
import sys

_PRIORITY = -10
_F_SETSIG = 10
"""Linux' fcntl command: which signal announces that a descriptor is ready."""


def tie(descriptor: int) -> None:
    """Send this process SIGTERM when the pipe's writers are gone."""
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGTERM)
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    # Died before the leash was tied: no signal comes for what is already so.
    poll = select.poll()
    poll.register(descriptor, select.POLLHUP)
    if poll.poll(0):
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Tie the leash and become the module asked for."""
    descriptor, module, *arguments = sys.argv[1:]
    tie(int(descriptor))
    # Instruments must not queue for the processor behind what they measure; who may not
    # have it so still measures, and says how late it was.
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
