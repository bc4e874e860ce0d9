"""One `up` or `down` of a site at a time: a second is refused, and told which is first."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from reprise_platform import paths
from reprise_platform.errors import Refused
from reprise_pra.analysis.results import Text

_DOING = {
    "up": Text(fr="monté", en="brought up"),
    "down": Text(fr="démonté", en="taken down"),
}


@contextlib.contextmanager
def held(site: str, doing: Literal["up", "down"]) -> Iterator[None]:
    """Hold a site for one command; the kernel lets it go if this process dies.

    The file lies beside the site's folder, and goes with it, as do empty folders above.

    Raises:
        Refused: another process holds it (says which), or nothing can be written there.
    """
    file = paths.state() / "sites" / f".{site}.lock"
    try:
        handle = _locked(file, site)
    except OSError as error:
        raise Refused([_unwritable(file, error)]) from error
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {doing}\n".encode(), 0)
        yield
    finally:
        if not paths.site_state(site).exists():
            file.unlink(missing_ok=True)
            for empty in (file.parent, file.parent.parent):
                with contextlib.suppress(OSError):
                    empty.rmdir()
        os.close(handle)


def _locked(file: Path, site: str) -> int:
    while True:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
        except FileNotFoundError:
            # Another one that ended took the empty folder away meanwhile.
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.pread(handle, 64, 0).decode().split()
            os.close(handle)
            raise Refused([_busy(site, *said)]) from None
        # Locked, but perhaps a file that its holder has removed since.
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(handle).st_ino == file.stat().st_ino:
                return handle
        os.close(handle)


def _busy(site: str, pid: str = "?", doing: str = "up") -> Text:
    what = _DOING.get(doing, _DOING["up"])
    return Text(
        fr=f"le site {site} est en train d'être {what.fr} par le processus {pid} ;"
        f" attendre sa fin, ou l'interrompre (`kill -INT {pid}`)",
        en=f"site {site} is being {what.en} by process {pid};"
        f" wait for its end, or interrupt it (`kill -INT {pid}`)",
    )


def _unwritable(file: Path, error: OSError) -> Text:
    said = error.strerror or str(error)
    return Text(
        fr=f"{file} : {said} ; désigner un autre dossier par REPRISE_STATE",
        en=f"{file}: {said}; name another folder by REPRISE_STATE",
    )
