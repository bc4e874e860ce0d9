"""A clean Debian 13 root, and how a command runs in it as on a machine of its own.

Its programs have mounts, processes and a file system of their own; the kernel, the network
and the devices are this machine's. Standard library only, Python 3.9.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SUITE = "trixie"
TREE = "root/reprise"
_AUTHORITIES = "root/authorities.crt"
_HOST_TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "pivot_root": "util-linux",
}
# What this machine says of its registries: a newcomer's machine has its own way to them.
_PASSED = (
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "PIP_INDEX_URL",
    "GOPROXY",
    "GOSUMDB",
)
_TRUSTING = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
# Mounts are the new mount namespace's alone; the root's own name is where we go.
_ENTER = """\
set -eu
cd "$1"
shift
mount --bind . .
cd "$PWD"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p .old
pivot_root . .old
umount --lazy /.old
rmdir /.old
cd /root
exec "$@"
"""


class FreshError(Exception):
    """It cannot be tried here, or was not as promised; says what to do."""


def need(tools: dict[str, str]) -> None:
    """Install the tools that are missing where apt is there, each said in one line.

    Raises:
        FreshError: no root, or no apt: names the packages.
    """
    if os.geteuid() != 0:
        msg = "namespaces and mounts need root: run this again as root (sudo)"
        raise FreshError(msg)
    wanted = {**_HOST_TOOLS, **tools}
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    lacking = {
        package: tool
        for tool, package in wanted.items()
        if not shutil.which(tool, path=path)
    }
    if not lacking:
        return
    if not shutil.which("apt-get"):
        msg = f"install these first (the names are Debian's): {', '.join(lacking)}"
        raise FreshError(msg)
    for package, tool in lacking.items():
        print(f"installing on this machine: {package} (for {tool})", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ran(["apt-get", "update", "-qq"], env=env)
    ran(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *lacking],
        env=env,
    )


def bootstrap(root: Path, packages: Sequence[str]) -> None:
    """Make a Debian root in a folder that does not exist, with these packages added."""
    ran(
        [
            *("setpriv", "--pdeathsig", "KILL", "mmdebstrap", "--quiet"),
            *("--variant=minbase", f"--include={','.join(packages)}"),
            *(SUITE, str(root)),
        ],
        env={**os.environ, "LC_ALL": "C", "TMPDIR": str(root.parent)},
    )


def furnish(root: Path, tree: Path) -> dict[str, str]:
    """Put a copy of the tree in a root, and this machine's way to the registries.

    Returns:
        the environment of a newcomer's shell there.
    """
    copy(tree, root / TREE)
    for file in ("etc/resolv.conf", "etc/hosts", "etc/pip.conf"):
        if Path("/", file).is_file():
            (root / file).unlink(missing_ok=True)
            shutil.copyfile(f"/{file}", root / file)
    # Authorities of a mirror or proxy: Debian's own package adds these to its list.
    own = Path("/usr/local/share/ca-certificates")
    if own.is_dir():
        shutil.copytree(own, root / str(own)[1:], dirs_exist_ok=True)
    variables = {
        "HOME": "/root",
        "USER": "root",
        "TERM": os.environ.get("TERM", "dumb"),
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    variables.update({name: os.environ[name] for name in _PASSED if name in os.environ})
    for name in _TRUSTING:
        if Path(os.environ.get(name) or "/").is_file():
            shutil.copyfile(os.environ[name], root / _AUTHORITIES)
            variables[name] = f"/{_AUTHORITIES}"
    return variables


def copy(tree: Path, target: Path) -> None:
    """Copy what git knows of a tree, and what it would add; not what it ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=tree,
        check=True,
        stdout=subprocess.PIPE,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        source = tree / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def inside(root: Path, command: str, variables: dict[str, str], within_s: float) -> int:
    """Run a shell's line in the root, in its copy of the tree; return the exit code.

    All that it started ends with it, or with us.

    Raises:
        FreshError: it took longer than `within_s` seconds.
    """
    words = [
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc"),
        *("sh", "-c", _ENTER, "enter", str(root)),
        *("env", "-i", *(f"{name}={value}" for name, value in variables.items())),
        *("sh", "-c", f"cd /{TREE} && {command}"),
    ]
    try:
        done = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", *words],
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=within_s,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"not done within {within_s / 60:.0f} min: {command}"
        raise FreshError(msg) from error
    return done.returncode


def ran(words: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Run a program, its output shown.

    Raises:
        FreshError: it failed; has the line.
    """
    try:
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL, env=env)
    except (OSError, subprocess.CalledProcessError) as error:
        msg = f"{' '.join(words)}: {error}"
        raise FreshError(msg) from error


def remove(folder: Path) -> None:
    """Remove a folder of ours; what could not be is said."""

    def tell(_: object, path: str, error: object) -> None:
        print(f"left behind: {path}: {error}", file=sys.stderr)

    # Nothing is mounted below: mounts were the ended namespace's alone.
    shutil.rmtree(folder, onerror=tell)
