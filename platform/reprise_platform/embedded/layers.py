"""Images unpacked once into a containerd store, which every node then begins with.

Unpacking half a gigabyte on every node took most of a minute. Layers are only ever read:
nodes mount those of one prepared store, read-only, into containerd stores of their own,
and copy its databases, which are written.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from reprise_platform import content, paths
from reprise_platform.command import TIED, run
from reprise_platform.embedded.images import Image

_IMPORT = paths.PLATFORM / "machines" / "import-images.sh"
# Runs on a node, which has the prepared store at `INSIDE`, before its containerd.
SHARE = paths.PLATFORM / "machines" / "share-layers.sh"
INSIDE = "opt/store"


def store(root: Path, images: Sequence[Image]) -> Path:
    """Return where the containerd store that holds the images lies, once it is made."""
    return content.place("stores", "images", _made_from(root, images)) / "store"


def prepare(root: Path, images: Sequence[Image]) -> None:
    """Make the containerd store that holds the images, the first time."""

    def make(out: Path) -> None:
        work = out / "work"
        work.mkdir()
        run(
            [
                *TIED,
                *("bash", _IMPORT, root, work, out / "store"),
                *(image.archive for image in images),
            ],
            within_s=600,
        )
        shutil.rmtree(work)

    content.made("stores", "images", _made_from(root, images), make)


def _made_from(root: Path, images: Sequence[Image]) -> str:
    return content.key([_IMPORT, str(root), *(image.reference for image in images)])
