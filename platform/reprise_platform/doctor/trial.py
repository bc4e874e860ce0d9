"""Try for real what a site needs of the kernel, each in a throw-away child, and print it.

A program of its own, of the standard library alone: it unshares and mounts, which no
process with threads and a life of its own should. Nothing of it outlives it: mounts,
links, rules and loop devices live in namespaces that end with each child.

    python trial.py WORK_FOLDER    prints {"what": "" or why it does not work}
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

NAMESPACES = {
    "mnt": os.CLONE_NEWNS,
    "net": os.CLONE_NEWNET,
    "pid": os.CLONE_NEWPID,
    "uts": os.CLONE_NEWUTS,
    "ipc": os.CLONE_NEWIPC,
    "cgroup": os.CLONE_NEWCGROUP,
}
UNTRIED = "untried: "
_MS_REC_PRIVATE = 0x44000
_NETLINK_NETFILTER = 12
_IMAGE_BYTES = 4 << 20
# A NAT rule as kube-proxy writes them, with every match and target that it uses.
_RULES = (
    ("-p tcp -m comment --comment reprise -m mark ! --mark 1", "MARK --set-mark 1"),
    ("-p tcp -m statistic --mode random --probability 0.5", "MARK --set-mark 1"),
    ("-p tcp -m addrtype --dst-type LOCAL", "DNAT --to-destination 198.18.0.1:1"),
    ("-p tcp -m conntrack --ctstate NEW", "DNAT --to-destination 198.18.0.1:1"),
)


class _TrialError(Exception):
    """The reason why something does not work here."""


def _run(*command: str, text: str | None = None) -> None:
    if not shutil.which(command[0]):
        raise _TrialError(UNTRIED + f"needs the program {command[0]}")
    done = subprocess.run(
        command,
        check=False,
        input=text,
        stdin=None if text is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr + done.stdout).strip() or f"exit code {done.returncode}"
        raise _TrialError(f"{command[0]}: {said}"[-400:])


def _private(*flags: int) -> None:
    os.unshare(os.CLONE_NEWNS)
    for flag in flags:
        os.unshare(flag)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", b"/", None, _MS_REC_PRIVATE, None):
        raise _TrialError(os.strerror(ctypes.get_errno()))
    _run("mount", "-t", "tmpfs", "tmpfs", sys.argv[1])
    os.chdir(sys.argv[1])


def _overlay() -> None:
    _private()
    for name in ("lower", "upper", "work", "root"):
        Path(name).mkdir()
    _run(
        *("mount", "-t", "overlay", "overlay", "-o"),
        "lowerdir=lower,upperdir=upper,workdir=work",
        "root",
    )
    Path("root/file").touch()


def _loop() -> None:
    _private()
    with Path("image").open("wb") as image:
        image.truncate(_IMAGE_BYTES)
    Path("root").mkdir()
    _run("mkfs.ext4", "-q", "-F", "image")
    _run("mount", "-t", "ext4", "-o", "loop", "image", "root")
    Path("root/file").touch()
    # In order, so that the loop device is free again when this ends.
    _run("umount", "root")


def _links() -> None:
    os.unshare(os.CLONE_NEWNET)
    lines = (
        "link add trial0 type bridge",
        "link add trial1 type veth peer name trial2",
        "link set trial1 master trial0 up",
        "addr add 198.18.0.1/24 dev trial0",
    )
    _run("ip", "-batch", "-", text="\n".join(lines) + "\n")


def _nftables() -> None:
    """Make a table by netlink itself: the program `nft` may not be there."""
    os.unshare(os.CLONE_NEWNET)

    def message(
        kind: int, flags: int, family: int, resource: int, rest: bytes
    ) -> bytes:
        body = struct.pack("=BBH", family, 0, socket.htons(resource)) + rest
        head = struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0)
        return head + body

    name = b"reprise\0"
    attribute = struct.pack("=HH", 4 + len(name), 1) + name
    begin, end = message(16, 1, 0, 10, b""), message(17, 1, 0, 10, b"")
    # NFT_MSG_NEWTABLE of subsystem 10: request, acknowledge, create.
    table = message(10 << 8, 0x405, socket.AF_INET, 0, attribute)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as link:
        link.settimeout(5)
        link.send(begin + table + end)
        answer = link.recv(4096)
    (code,) = struct.unpack_from("=i", answer, 16)
    if code:
        raise _TrialError(os.strerror(-code))


def _iptables() -> None:
    os.unshare(os.CLONE_NEWNET)
    _enter_root()
    for match, target in _RULES:
        words = f"-t nat -A OUTPUT {match} -j {target}".split()
        _run("iptables", *words)
    _run("iptables", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")
    _run("iptables", "-A", "OUTPUT", "-j", "REJECT")


def _conntrack() -> None:
    os.unshare(os.CLONE_NEWNET)
    _enter_root()
    _run(
        *[
            "iptables",
            "-t",
            "nat",
            "-A",
            "OUTPUT",
            "-m",
            "conntrack",
            "--ctstate",
            "NEW",
            "-j",
            "ACCEPT",
        ]
    )
    if not Path("/proc/sys/net/netfilter/nf_conntrack_max").exists():
        msg = "the kernel tracks no connections (nf_conntrack)"
        raise _TrialError(msg)


def _enter_root() -> None:
    # A machine's own iptables, as its kube-proxy will use it, where a root was made.
    if len(sys.argv) > 2:  # noqa: PLR2004
        _private()
        _run("mount", "--rbind", "/proc", f"{sys.argv[2]}/proc")
        os.chroot(sys.argv[2])
        os.chdir("/")


def _begun(child: Callable[[], None]) -> tuple[int, int]:
    """Run one trial in a child of its own; return its pid and the pipe it answers by."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = ""
        try:
            child()
        except (OSError, _TrialError) as error:
            said = str(getattr(error, "strerror", None) or error) or "it failed"
        os.write(writer, said.encode()[:1000])
        os._exit(0)
    os.close(writer)
    return pid, reader


def _said_by(pid: int, reader: int) -> str:
    """Return "" or what a trial says went wrong."""
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    return text or (f"the child ended with {status}" if status else "")


def main() -> None:
    """Try everything and print what was found, as one JSON object."""
    trials: dict[str, Callable[[], None]] = {
        **{
            f"namespace {name}": lambda flag=flag: os.unshare(flag)  # type: ignore[misc]
            for name, flag in NAMESPACES.items()
        },
        "overlay": _overlay,
        "loop": _loop,
        "links": _links,
        "nftables": _nftables,
        "iptables": _iptables,
        "conntrack": _conntrack,
    }
    # All at once: each waits for the kernel more than it works.
    begun = {name: _begun(trial) for name, trial in trials.items()}
    found = {name: _said_by(*each) for name, each in begun.items()}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
