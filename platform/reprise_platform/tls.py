"""How a site's servers are checked: by the site's authority, or by this machine's own."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path


def context(authority: Path | None) -> ssl.SSLContext:
    """Return what checks a server's certificate and name; made once, then shared.

    Args:
        authority: PEM of what signs the servers; None: this machine's authorities.

    Raises:
        OSError: the file is missing, or holds no certificate.
    """
    if authority is None:
        return _context(None, 0, 0)
    told = authority.stat()
    # A site taken down and up again has another authority under the same path.
    return _context(authority, told.st_ino, told.st_mtime_ns)


@functools.cache
def _context(authority: Path | None, _inode: int, _written_ns: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)
