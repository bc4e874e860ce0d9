"""Run a program; when it ends badly, say so with the line to paste and what it printed."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from reprise_platform.errors import CommandError
from reprise_platform.waiting import patience

_SHOWN_CHARACTERS = 4000
# Words before a program that must go with whoever runs it (the thread that waits for it,
# which `run` is), even by SIGKILL.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")
# Words before a program that makes much and long: in namespaces of its own, so that its
# mounts and all its children go with it.
TIED = (
    *DIES_WITH_US,
    *("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"),
)


def run(
    command: Sequence[str | Path],
    *,
    within_s: float = 60,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> str:
    """Run a program to its end and return what it wrote on standard output.

    Args:
        command: the program and its arguments; no shell is involved.
        within_s: killed after that many seconds (see `waiting.patience`).
        env: added to this process' environment; secrets go here, never in `command`.
        stdin: text handed to the program; it has no standard input otherwise.

    Raises:
        CommandError: not found, too long, or an exit code other than 0.
    """
    within_s *= patience()
    words = [str(word) for word in command]
    line = shlex.join(words)
    try:
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=within_s,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            **(
                {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
            ),
        )
    except FileNotFoundError as error:
        msg = f"no such program: {words[0]}\n  $ {line}"
        raise CommandError(msg, command=line) from error
    except subprocess.TimeoutExpired as error:
        msg = f"not finished after {within_s:g} s, killed:\n  $ {line}"
        output = _end_of(_decoded(error.stdout) + _decoded(error.stderr))
        raise CommandError(msg, command=line, output=output) from error
    if done.returncode != 0:
        output = _end_of(done.stdout + done.stderr)
        msg = f"exit code {done.returncode}:\n  $ {line}\n{output}"
        raise CommandError(msg, command=line, output=output)
    return done.stdout


def _end_of(output: str) -> str:
    return output.strip()[-_SHOWN_CHARACTERS:]


def _decoded(output: str | bytes | None) -> str:
    # What a killed program had written comes as bytes, whatever was asked for.
    return (
        output.decode(errors="replace") if isinstance(output, bytes) else output or ""
    )
