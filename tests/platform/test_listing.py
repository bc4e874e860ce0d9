"""What a machine is like, before a site and after it: what counts as a change."""

from __future__ import annotations

import subprocess
import sys

import listing
import pytest

from reprise_platform import paths

_BEFORE = frozenset({"sysctl kernel/panic=0", "module ext4", "link eth0"})


@pytest.mark.parametrize(
    "line",
    [
        "sysctl kernel/panic=10",
        "link rp-small",
        "firewall nft table inet left",
        "module unheard_of",
        "controllers /sys/fs/cgroup/cgroup.subtree_control=cpu hugetlb",
    ],
)
def test_what_came_without_a_reason_is_a_difference(line: str) -> None:
    """A line that is new and has no known reason is told as a difference."""
    wrong, explained = listing.differences(_BEFORE, _BEFORE | {line})

    assert wrong == [f"+ {line}"]
    assert explained == []


def test_what_changed_is_told_as_it_was_and_as_it_is() -> None:
    """A changed sysctl shows both its values, also one that a module brings."""
    old = {"sysctl net/netfilter/nf_conntrack_max=1"}
    new = {"sysctl net/netfilter/nf_conntrack_max=2"}

    wrong, explained = listing.differences(old, new)

    assert wrong == [f"- {old.pop()}", f"+ {new.pop()}"]
    assert explained == []


def test_a_module_a_site_needs_comes_with_its_reason_and_its_sysctls() -> None:
    """Modules stay loaded: each is told with what it is for, and so is what it brought."""
    came = {"module overlay", "sysctl net/netfilter/nf_conntrack_max=2"}

    wrong, explained = listing.differences(_BEFORE, _BEFORE | came)

    assert wrong == []
    assert explained == [
        "+ module overlay (roots of machines and pods)",
        "+ sysctl net/netfilter/nf_conntrack_max=2 (came with nf_conntrack)",
    ]
    assert all(listing.MODULES.values())


def test_what_is_gone_is_a_difference() -> None:
    """Nothing of the machine's may be missing afterwards."""
    wrong, _ = listing.differences(_BEFORE, _BEFORE - {"link eth0"})

    assert wrong == ["- link eth0"]


def test_it_runs_where_nothing_is_installed() -> None:
    """As a program, with the standard library alone, it prints one line a thing."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", paths.PLATFORM / "fresh" / "listing.py"],
        check=True,
        capture_output=True,
        text=True,
    )

    kinds = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"sysctl", "controllers", "mount"} <= kinds
