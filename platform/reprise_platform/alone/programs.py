"""MariaDB's programs, out of the archive of our image, run where nothing is installed."""

from __future__ import annotations

import dataclasses
import tarfile
from pathlib import Path

from reprise_platform import content
from reprise_platform.embedded import images
from reprise_platform.errors import CommandError, SiteError

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_KEPT = (
    f"{_LIBRARIES}/",
    "usr/bin/mariadb",
    "usr/sbin/mariadbd",
    "usr/share/mysql/",
)
_LOADER = "ld-linux-x86-64.so.2"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The folder that holds them."""

    root: Path

    @property
    def share(self) -> Path:
        """Where the server's messages, character sets and system tables are."""
        return self.root / "usr/share/mysql"

    def command(self, name: str, *arguments: str | Path) -> list[str]:
        """Return the command that runs one, with the image's own C library."""
        libraries = self.root / _LIBRARIES
        folder = "sbin" if name == "mariadbd" else "bin"
        return [
            str(libraries / _LOADER),
            "--library-path",
            str(libraries),
            str(self.root / "usr" / folder / name),
            *map(str, arguments),
        ]


def programs() -> Programs:
    """Return MariaDB's programs; the image is made where it is not there yet.

    Raises:
        SiteError: the image is not there and could not be made; says what to do.
    """
    try:
        image = images.mariadb()
    except (CommandError, OSError) as error:
        msg = (
            "MariaDB's image is not in the cache and could not be made. Run once as root, "
            "on a machine that has mmdebstrap and reaches a Debian mirror: "
            "python -c 'from reprise_platform.embedded import images; images.mariadb()' "
            f"(REPRISE_CACHE names the cache).\n{error}"
        )
        raise SiteError(msg) from error

    def make(out: Path) -> None:
        _unpack(image.archive, out / "root")

    key = content.key([image.reference, *_KEPT])
    return Programs(root=content.made("programs", "mariadb", key, make) / "root")


def _unpack(archive: Path, root: Path) -> None:
    """Take the server, its libraries and its data out of an image's first layer."""
    with tarfile.open(archive) as image:
        layer = image.extractfile("0.tar")
        assert layer is not None
        with tarfile.open(fileobj=layer) as tar:
            for member in tar:
                member.name = member.name.removeprefix("./")
                is_ours = member.name.startswith(_KEPT)
                if is_ours and not member.linkname.startswith("/"):
                    tar.extract(member, root, filter="tar")
