"""Images unpacked once into a containerd store, which every node then begins with.

Unpacking half a gigabyte on every node took most of a minute. Layers are only ever read,
so the nodes share the files of one prepared store by hard links; its databases, which
are written, are copied.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from reprise_platform import content, paths
from reprise_platform.command import TIED, run
from reprise_platform.embedded.images import Image

_SCRIPT = paths.PLATFORM / "machines" / "import-images.sh"


def prepared(root: Path, images: Sequence[Image]) -> Path:
    """Return a containerd store that holds the images, made the first time."""
    made_from = content.key(
        [_SCRIPT, str(root), *(image.reference for image in images)]
    )

    def make(out: Path) -> None:
        work = out / "work"
        work.mkdir()
        run(
            [
                *TIED,
                *("bash", _SCRIPT, root, work, out / "store"),
                *(image.archive for image in images),
            ],
            within_s=600,
        )
        shutil.rmtree(work)

    return content.made("stores", "images", made_from, make) / "store"


def give(store: Path, target: Path) -> None:
    """Give a node its own store, with the prepared layers in it. Idempotent.

    Falls back to copying where the cache and the state lie on two file systems.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shared = store.stat().st_dev == target.parent.stat().st_dev
    run(["cp", "-a", *(["-l"] if shared else []), store, partial], within_s=300)
    for database in [*store.rglob("*.db"), *store.rglob("*.json")]:
        if not {"snapshots", "blobs"} & set(database.relative_to(store).parts[1:2]):
            own = partial / database.relative_to(store)
            own.unlink()
            shutil.copy2(database, own)
    partial.rename(target)
