"""Container images without a registry: archives that containerd imports as they are.

An image is a few tar layers, a configuration and a manifest (the archive format of
`docker save`). Tags carry the key of what the image is made from, so a changed recipe is
a changed tag, and `imagePullPolicy: Never` keeps every node from looking further.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from reprise_platform import content, paths
from reprise_platform.embedded import builds, roots

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image: its archive and the reference pods use."""

    name: str
    archive: Path
    reference: str


def pause() -> Image:
    """Return the image that holds a pod's namespaces: a small init and nothing else."""
    root = roots.machine_root()
    files = {"bin/catatonit": root / "usr/bin/catatonit"}
    return _of_files("pause", files, ("/bin/catatonit", "-P"), key=[str(root)])


def coredns() -> Image:
    """Return CoreDNS' image."""
    tool = builds.build(_recipe("coredns"))
    files = {"coredns": tool / "coredns"}
    return _of_files("coredns", files, ("/coredns",), key=[str(tool)])


def velero() -> Image:
    """Return Velero's image, its S3 plug-in and a `cp` for the plug-in's init container."""
    tool = builds.build(_recipe("velero"))
    plugin = builds.build(_recipe("velero-plugin-for-aws"))
    root = roots.machine_root()
    files = {name: tool / name for name in _recipe("velero").programs}
    files["plugins/velero-plugin-for-aws"] = plugin / "velero-plugin-for-aws"
    files["bin/busybox"] = root / "bin/busybox"
    links = {f"bin/{name}": "busybox" for name in ("cp", "sh")}
    key = [str(tool), str(plugin), str(root)]
    return _of_files("velero", files, ("/velero",), links=links, key=key)


def attachments() -> Image:
    """Return the image of the attachments' S3 server: the backup store's, and a shell."""
    tool = builds.build(_recipe("versitygw"))
    root = roots.machine_root()
    files = {
        "bin/versitygw": tool / "versitygw",
        "bin/busybox": root / "bin/busybox",
    }
    names = ("mkdir", "rmdir", "sh", "sleep", "test")
    links = {f"bin/{name}": "busybox" for name in names}
    return _of_files("attachments", files, (), links=links, key=[str(tool), str(root)])


def mariadb() -> Image:
    """Return the image of the database, its dump and its loading."""
    recipe = paths.PLATFORM / "images" / "mariadb" / "packages.txt"
    # The package makes a database while it is installed: members make their own.
    hooks = ['rm -rf "$1"/var/lib/mysql "$1"/var/log/mysql', 'mkdir "$1"/var/lib/mysql']
    return _of_root("mariadb", recipe, hooks, {}, {})


def openmrs() -> Image:
    """Return the OpenMRS stand-in's image: a Debian root with the server's own package."""
    recipe = paths.PLATFORM / "images" / "openmrs" / "packages.txt"
    package = paths.PLATFORM / "reprise_platform"
    names = ("__init__.py", "openmrs.py", "standin")
    files = {
        f"opt/reprise/reprise_platform/{path.relative_to(package)}": path
        for name in names
        for path in (
            [package / name] if name.endswith(".py") else _sources(package / name)
        )
    }
    env = {"PYTHONPATH": "/opt/reprise", "PYTHONDONTWRITEBYTECODE": "1"}
    return _of_root("openmrs-standin", recipe, (), files, env)


def all_images() -> tuple[Image, ...]:
    """Return every image of a site, making those that are not there."""
    return (pause(), coredns(), velero(), attachments(), mariadb(), openmrs())


def _sources(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def _recipe(name: str) -> builds.Build:
    return next(item for item in builds.BUILDS if item.name == name)


def _of_files(
    name: str,
    files: Mapping[str, Path],
    entrypoint: Sequence[str],
    *,
    links: Mapping[str, str] | None = None,
    key: Sequence[str],
) -> Image:
    linked = sorted((links or {}).items())
    made_from = content.key([name, *key, *entrypoint, *sorted(files), repr(linked)])

    def make(out: Path) -> None:
        _write_layer(
            out / "0.tar", files, links or {}, folders=("tmp", "etc", "scratch")
        )
        _write_archive(
            out, name, made_from, layers=["0.tar"], entrypoint=entrypoint, env={}
        )

    return _image(name, made_from, content.made("images", name, made_from, make))


def _of_root(
    name: str,
    recipe: Path,
    hooks: Sequence[str],
    files: Mapping[str, Path],
    env: Mapping[str, str],
) -> Image:
    root_key = content.key([recipe, roots.SUITE, *hooks])

    def make_root(out: Path) -> None:
        roots.bootstrap(roots.packages(recipe), out / "root.tar", hooks=hooks)

    root = content.made("roots", name, root_key, make_root)
    made_from = content.key(
        [name, root_key, repr(sorted(env.items())), *sorted(files), *files.values()]
    )

    def make(out: Path) -> None:
        layers = ["0.tar"]
        # Hard-linked: the layer is hundreds of megabytes and stays as it is.
        (out / "0.tar").hardlink_to(root / "root.tar")
        if files:
            _write_layer(out / "1.tar", files, {}, folders=())
            layers.append("1.tar")
        _write_archive(out, name, made_from, layers=layers, entrypoint=(), env=env)

    return _image(name, made_from, content.made("images", name, made_from, make))


def _image(name: str, made_from: str, folder: Path) -> Image:
    return Image(
        name=name, archive=folder / "image.tar", reference=_reference(name, made_from)
    )


def _reference(name: str, made_from: str) -> str:
    return f"localhost/reprise/{name}:{made_from}"


def _write_layer(
    path: Path,
    files: Mapping[str, Path],
    links: Mapping[str, str],
    folders: Sequence[str],
) -> None:
    with tarfile.open(path, "w") as tar:
        for folder in folders:
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(member)
        for target, source in sorted(files.items()):
            data = source.read_bytes()
            member = tarfile.TarInfo(target)
            member.size = len(data)
            member.mode = 0o755 if source.stat().st_mode & 0o100 else 0o644
            tar.addfile(member, io.BytesIO(data))
        for target, to in sorted(links.items()):
            member = tarfile.TarInfo(target)
            member.type, member.linkname = tarfile.SYMTYPE, to
            tar.addfile(member)


def _write_archive(
    out: Path,
    name: str,
    made_from: str,
    *,
    layers: Sequence[str],
    entrypoint: Sequence[str],
    env: Mapping[str, str],
) -> None:
    digests = []
    for layer in layers:
        with (out / layer).open("rb") as file:
            digests.append("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())
    variables = [f"PATH={_PATH}", *(f"{key}={value}" for key, value in env.items())]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": list(entrypoint) or None, "Env": variables},
        "rootfs": {"type": "layers", "diff_ids": digests},
    }
    tag = _reference(name, made_from)
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": list(layers)}]
    with tarfile.open(out / "image.tar", "w") as tar:
        for inner, value in (("config.json", config), ("manifest.json", manifest)):
            data = json.dumps(value).encode()
            member = tarfile.TarInfo(inner)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for layer in layers:
            tar.add(out / layer, arcname=layer)
    for layer in layers:
        (out / layer).unlink()
