"""One drill a site: a second would take the site from under the first."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from reprise_pra.analysis import say
from reprise_pra.drill.errors import DrillError


@contextlib.contextmanager
def sole_drill(site: str) -> Iterator[None]:
    """Hold a site for one drill of this machine.

    An abstract socket's name is a lock that no file outlives: the kernel lets go of it
    when its holder dies, however it dies.

    Raises:
        DrillError: another drill has the site.
    """
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(f"\0reprise-drill-{site}")
        except OSError as error:
            raise DrillError(
                say.sentence(
                    "un autre exercice est en cours sur le site {site} : attendre sa fin,"
                    " ou choisir un autre nom avec --name",
                    "another drill runs on site {site}: wait for it, or use --name",
                    site=site,
                )
            ) from error
        yield
