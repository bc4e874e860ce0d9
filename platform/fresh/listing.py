"""What a machine is like, as lines to compare: a site must change none of them.

Sysctls, cgroup controllers, firewall, modules, mounts, links, routes: listed before a
site comes up and after it went. Runs before anything is installed, also as a program
(`python3 listing.py > before`): standard library only, Python 3.9.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_SYSCTLS = Path("/proc/sys")
_CGROUPS = Path("/sys/fs/cgroup")
# Counters and draws: they differ from one reading to the next, whoever runs.
_VOLATILE = re.compile(
    r"fs/(aio-nr|dentry-state|file-nr|inode-nr|inode-state|quota/.*)"
    r"|kernel/(hung_task_detect_count|ns_last_pid|perf_event_max_sample_rate|pty/nr"
    r"|random/.*|sched_.*)"
    r"|net/netfilter/nf_conntrack_count"
    r"|vm/stat_refresh"
    # Drawn anew for each link.
    r"|net/ipv6/conf/[^/]+/stable_secret"
)
# Modules that the kernel (or `up`, the first) loads for a site and that stay: to unload
# one could take it from a program that came to use it meanwhile. Each with its reason.
MODULES = {
    "nf_conntrack": "kube-proxy follows connections; `up` asks for it",
    "nf_defrag_ipv4": "nf_conntrack needs it",
    "nf_defrag_ipv6": "nf_conntrack needs it",
    "libcrc32c": "nf_conntrack needs it",
    "nf_conntrack_netlink": "kube-proxy clears connections of a pod that is gone",
    "nfnetlink": "nf_tables needs it",
    "nf_tables": "rules of the nodes and doors, and this listing of the firewall",
    "nft_compat": "kube-proxy's rules are iptables' (nf_tables flavour)",
    "nft_chain_nat": "kube-proxy translates a service's address to a pod's",
    "nft_ct": "the machines' own firewall follows connections",
    "nft_counter": "the rules of a machine's firewall count",
    "nft_fib": "kube-proxy asks whether an address is local",
    "nft_fib_inet": "the same",
    "nft_fib_ipv4": "the same",
    "nft_fib_ipv6": "the same",
    "nft_limit": "a machine's firewall limits what it logs",
    "nft_log": "a machine's firewall logs what it refuses",
    "nft_masq": "the same translation",
    "nft_nat": "the same translation",
    "nft_redir": "the same translation",
    "nft_reject": "a machine's firewall refuses aloud",
    "nft_reject_inet": "the same",
    "nft_reject_ipv4": "the same",
    "nft_reject_ipv6": "the same",
    "nf_reject_ipv4": "the same",
    "nf_reject_ipv6": "the same",
    "nf_nat": "the same translation",
    "nf_log_syslog": "a machine's firewall logs what it refuses",
    "x_tables": "nft_compat needs it",
    "ip_tables": "kube-proxy's rules",
    "ip6_tables": "kube-proxy's rules",
    "ip_set": "iptables asks for sets it may match",
    "xt_addrtype": "a rule of kube-proxy's",
    "xt_comment": "a rule of kube-proxy's",
    "xt_conntrack": "a rule of kube-proxy's",
    "xt_mark": "a rule of kube-proxy's",
    "xt_MASQUERADE": "a rule of kube-proxy's",
    "xt_multiport": "a rule of a pod's port",
    "xt_nat": "a rule of kube-proxy's",
    "xt_nfacct": "a rule of kube-proxy's",
    "nfnetlink_acct": "xt_nfacct needs it",
    "xt_recent": "a rule of kube-proxy's (sessions kept to one pod)",
    "xt_set": "iptables asks for sets it may match",
    "xt_statistic": "a rule of kube-proxy's",
    "xt_tcpudp": "a rule of kube-proxy's",
    "veth": "links of the site's machines and pods",
    "bridge": "the site's backbone and zones",
    "stp": "bridge needs it",
    "llc": "bridge needs it",
    "overlay": "roots of machines and pods",
    "loop": "volumes with a size limit of their own",
}
_CAME_WITH_MODULES = (
    (r"sysctl net/(netfilter/nf_conntrack\w*|nf_conntrack_max)=", "nf_conntrack"),
    (r"sysctl net/netfilter/nf_(hooks|log|flowtable)", "nf_tables"),
    (r"sysctl net/netfilter/nf_log", "nf_tables"),
    (r"sysctl net/bridge/", "bridge"),
)


def look(*, firewall: bool = True) -> frozenset[str]:
    """Return what there is, one line each, beginning with its kind."""
    # Modules first: to list a firewall loads some.
    lines = [*modules(), *sysctls(), *controllers(), *mounts(), *network()]
    return frozenset([*lines, *(rules() if firewall else ())])


def sysctls() -> Iterator[str]:
    """Yield every sysctl that can be read and stays as it is by itself."""
    for folder, _, files in os.walk(_SYSCTLS):
        for file in files:
            name = f"{folder}/{file}"[len(f"{_SYSCTLS}/") :]
            if not _VOLATILE.fullmatch(name):
                # Some can only be written, some answer with an error until set.
                with contextlib.suppress(OSError):
                    words = Path(folder, file).read_text(errors="replace").split()
                    yield f"sysctl {name}={' '.join(words)}"


def modules() -> Iterator[str]:
    """Yield the kernel's modules; none where it was built without."""
    for line in _lines(Path("/proc/modules")):
        yield f"module {line.split()[0]}"


def controllers() -> Iterator[str]:
    """Yield what the top cgroups hand down (version 2), what there is (version 1)."""
    for top in sorted({_CGROUPS, *_CGROUPS.glob("*.slice"), *_CGROUPS.glob("*.scope")}):
        for name in ("cgroup.controllers", "cgroup.subtree_control"):
            if (top / name).is_file():
                yield f"controllers {top / name}={_text(top / name)}"
    for line in _lines(Path("/proc/cgroups")):
        name, hierarchy, _, enabled = line.split()
        if not name.startswith("#"):
            yield f"controllers {name} in hierarchy {hierarchy} enabled {enabled}"


def mounts(pid: str = "self") -> Iterator[str]:
    """Yield the mounts that a process sees."""
    for line in _lines(Path("/proc", pid, "mountinfo")):
        words = line.split()
        # The first numbers are drawn anew by each mount namespace.
        yield f"mount {words[3]} on {words[4]} {line.partition(' - ')[2]}"


def network() -> Iterator[str]:
    """Yield links, routes and routing rules."""
    for line in _output("ip", "-o", "link"):
        yield f"link {line.split()[1].rstrip(':').partition('@')[0]}"
    for family in ("-4", "-6"):
        for line in _output("ip", family, "-o", "route", "show", "table", "all"):
            # A route learnt from a router counts the seconds it is good for.
            shown = re.sub(r" (expires|users|used|age) \S+", "", line)
            yield f"route {' '.join(shown.split())}"
        for line in _output("ip", family, "rule"):
            yield f"rule {family} {' '.join(line.split())}"


def rules() -> Iterator[str]:
    """Yield the firewall's rules, without their counters."""
    for words in (
        ("nft", "list", "ruleset"),
        ("iptables-save",),
        ("ip6tables-save",),
    ):
        for line in _output(*words):
            shown = re.sub(r"#.*|\[\d+:\d+\]|packets \d+ bytes \d+", "", line).rstrip()
            if shown:
                yield f"firewall {words[0]} {shown}"


def differences(
    before: Iterable[str], after: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Return (what differs, what differs for a known reason, with that reason).

    Only a module that came, and what came with it, has a reason.
    """
    old, new = frozenset(before), frozenset(after)
    wrong = [f"- {line}" for line in sorted(old - new)]
    explained: list[str] = []
    keys = {line.partition("=")[0] for line in old}
    for line in sorted(new - old):
        reason = "" if line.partition("=")[0] in keys else _reason(line)
        (explained if reason else wrong).append(
            f"+ {line} ({reason})" if reason else f"+ {line}"
        )
    return wrong, explained


def _reason(line: str) -> str:
    if line.startswith("module "):
        return MODULES.get(line.split()[1], "")
    for pattern, module in _CAME_WITH_MODULES:
        if re.match(pattern, line):
            return f"came with {module}"
    return ""


def _output(*words: str) -> list[str]:
    """Return a program's lines; none where it is missing or refuses."""
    try:
        done = subprocess.run(
            words,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.decode(errors="replace").splitlines()


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _text(file: Path) -> str:
    return " ".join(word for line in _lines(file) for word in line.split())


def main(arguments: Sequence[str]) -> int:
    """Print the listing; with `--since FILE`, what differs from an older one of it.

    Returns:
        1 when something differs for no known reason.
    """
    if not arguments:
        print("\n".join(sorted(look())))
        return 0
    before = Path(arguments[-1]).read_text(encoding="utf-8").splitlines()
    wrong, explained = differences(before, look())
    print("\n".join([*wrong, *explained]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
