"""What the kernel must be able to do for a site, each judged from a trial: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reprise_platform.doctor.facts import CAPABILITIES, RESOURCE_CAPABILITY, Facts
from reprise_platform.doctor.rows import Need, Row, State, same
from reprise_platform.doctor.trial import NAMESPACES, UNTRIED
from reprise_pra.analysis.results import Text

_OLDEST_KERNEL = (5, 8)
_CONTROLLERS = frozenset({"cpu", "cpuset", "memory", "pids"})
_AGAIN_AS_ROOT = Text(fr="relancer en root (sudo)", en="run this again as root (sudo)")
_OUTSIDE = Text(
    fr="lancer sur une machine (ou une VM), ou un conteneur privilégié",
    en="run it on a machine (or a VM), or in a privileged container",
)
_MODULES = Text(
    fr="installer le noyau de la distribution avec ses modules, ou `modprobe {}`",
    en="install the distribution's kernel with its modules, or `modprobe {}`",
)


def kernel_rows(facts: Facts) -> Iterator[Row]:
    """Yield a row for each thing the kernel must do, and for the right to ask it."""
    yield _kernel(facts)
    yield _architecture(facts)
    yield _root(facts)
    yield _capabilities(facts)
    yield _resource(facts)
    yield _namespaces(facts)
    yield _cgroups(facts)
    yield _delegation(facts)
    for need, trials in _TRIED:
        yield _tried(need, [facts.trials.get(name, UNTRIED) for name in trials])


def _kernel(facts: Facts) -> Row:
    need = Need(
        key="kernel",
        what=Text(fr="noyau", en="kernel"),
        why=Text(
            fr="le kubelet veut Linux 5.8 pour les cgroups v2",
            en="the kubelet wants Linux 5.8 for cgroup v2",
        ),
        remedy=Text(fr="mettre le noyau à jour", en="take a newer kernel"),
    )
    digits = re.match(r"(\d+)\.(\d+)", facts.kernel)
    recent = digits and (int(digits[1]), int(digits[2])) >= _OLDEST_KERNEL
    return need.judged(State.FOUND if recent else State.DEGRADED, same(facts.kernel))


def _architecture(facts: Facts) -> Row:
    need = Need(
        key="architecture",
        what=Text(fr="architecture", en="architecture"),
        why=Text(
            fr="serveurs et racines ne sont construits et éprouvés que pour x86_64",
            en="servers and roots are built and proven for x86_64 only",
        ),
        remedy=Text(fr="prendre une machine x86_64", en="take an x86_64 machine"),
    )
    state = State.FOUND if facts.architecture == "x86_64" else State.LACKING
    return need.judged(state, same(facts.architecture))


def _root(facts: Facts) -> Row:
    need = Need(
        key="root",
        what=Text(fr="root", en="root"),
        why=Text(
            fr="espaces de noms, montages et cgroups demandent root",
            en="namespaces, mounts and cgroups need root",
        ),
        remedy=_AGAIN_AS_ROOT,
    )
    if facts.root:
        return need.found(Text(fr="oui", en="yes"))
    return need.judged(State.LACKING, Text(fr="non", en="no"))


def _capabilities(facts: Facts) -> Row:
    need = Need(
        key="capabilities",
        what=Text(fr="droits (capabilities)", en="capabilities"),
        why=Text(
            fr="un root privé de droits ne fait ni montage ni réseau",
            en="a root whose rights were taken away can neither mount nor make links",
        ),
        remedy=_OUTSIDE,
    )
    if not facts.root:
        return need.judged(State.UNTRIED, _not_root())
    lacking = sorted(CAPABILITIES.keys() - facts.capabilities)
    if not lacking:
        return need.found(same(f"{len(CAPABILITIES)}/{len(CAPABILITIES)}"))
    names = ", ".join(lacking)
    return need.judged(State.LACKING, Text(fr=f"sans {names}", en=f"without {names}"))


def _resource(facts: Facts) -> Row:
    need = Need(
        key="resource",
        what=same(RESOURCE_CAPABILITY),
        why=Text(
            fr="sans lui, rien ne protège les serveurs d'un manque de mémoire : "
            "containerd est réglé pour s'en passer",
            en="without it servers are not kept from the out-of-memory killer: "
            "containerd is set to do without",
        ),
        remedy=Text(
            fr="rien à faire ; laisser plus de mémoire libre",
            en="nothing; leave more memory free",
        ),
    )
    if RESOURCE_CAPABILITY in facts.capabilities:
        return need.found(Text(fr="oui", en="yes"))
    state = State.DEGRADED if facts.root else State.UNTRIED
    return need.judged(state, Text(fr="non", en="no"))


def _namespaces(facts: Facts) -> Row:
    need = Need(
        key="namespaces",
        what=Text(fr="espaces de noms", en="namespaces"),
        why=Text(
            fr="chaque machine du site vit dans les siens",
            en="each machine of a site lives in its own",
        ),
        remedy=_OUTSIDE,
    )
    # A cgroup namespace is used on version 2 only.
    used = [
        each for each in NAMESPACES if each != "cgroup" or facts.cgroup_version != 1
    ]
    said = {each: facts.trials.get(f"namespace {each}", UNTRIED) for each in used}
    if not facts.root:
        return need.judged(State.UNTRIED, _not_root())
    failed = [f"{each}: {why}" for each, why in said.items() if why]
    if not failed:
        return need.found(same(" ".join(used)))
    return need.judged(_worst(list(said.values())), same("; ".join(failed)))


def _cgroups(facts: Facts) -> Row:
    need = Need(
        key="cgroups",
        what=Text(fr="cgroups", en="cgroups"),
        why=Text(
            fr="les pods sont comptés et limités par eux, et `down` y retrouve chaque "
            "processus",
            en="pods are counted and limited by them, and `down` finds every process there",
        ),
        remedy=Text(
            fr="monter /sys/fs/cgroup en écriture, avec cpu, cpuset, memory et pids",
            en="mount /sys/fs/cgroup writable, with cpu, cpuset, memory and pids",
        ),
    )
    if facts.cgroup_version == 0:
        return need.judged(State.LACKING, Text(fr="aucun", en="none"))
    lacking = sorted(_CONTROLLERS - facts.cgroup_controllers)
    version = f"v{facts.cgroup_version}"
    if lacking:
        names = ", ".join(lacking)
        told = Text(fr=f"{version}, sans {names}", en=f"{version}, without {names}")
        return need.judged(State.LACKING, told)
    if facts.cgroup_error:
        return need.judged(State.LACKING, same(f"{version}, {facts.cgroup_error}"))
    return need.found(same(f"{version}: {' '.join(sorted(facts.cgroup_controllers))}"))


def _delegation(facts: Facts) -> Row:
    need = Need(
        key="systemd",
        what=Text(fr="délégation par systemd", en="systemd delegation"),
        why=Text(
            fr="les cgroups v2 du site vivent dans une portée déléguée, sans toucher "
            "à ceux de systemd",
            en="a site's v2 cgroups live in a delegated scope, away from systemd's own",
        ),
        remedy=Text(
            fr="`systemd-run --scope -p Delegate=yes true` doit réussir (paquet dbus)",
            en="`systemd-run --scope -p Delegate=yes true` must work (package dbus)",
        ),
    )
    if not facts.root:
        return need.judged(State.UNTRIED, _not_root())
    if facts.delegation_error is None:
        return need.found(
            Text(fr="sans systemd : pas nécessaire", en="no systemd: not needed")
        )
    if facts.delegation_error:
        used = State.LACKING if facts.cgroup_version != 1 else State.DEGRADED
        return need.judged(used, same(facts.delegation_error))
    return need.found(Text(fr="obtenue", en="granted"))


def _tried(need: Need, said: list[str]) -> Row:
    wrong = [each for each in said if each]
    if not wrong:
        return need.found(Text(fr="essayé, fonctionne", en="tried, works"))
    told = "; ".join(dict.fromkeys(each.removeprefix(UNTRIED) for each in wrong))
    if "Operation not permitted" in told:
        need = Need(key=need.key, what=need.what, why=need.why, remedy=_OUTSIDE)
    return need.judged(_worst(said), same(told or "?"))


def _worst(said: list[str]) -> State:
    failed = [each for each in said if each and not each.startswith(UNTRIED)]
    return State.LACKING if failed else State.UNTRIED


def _not_root() -> Text:
    return Text(fr="pas sans root", en="not without root")


def _module(names: str) -> Text:
    return Text(fr=_MODULES.fr.format(names), en=_MODULES.en.format(names))


_TRIED: tuple[tuple[Need, tuple[str, ...]], ...] = (
    (
        Need(
            key="overlay",
            what=same("overlayfs"),
            why=Text(
                fr="machines et conteneurs partagent des couches en lecture seule",
                en="machines and containers share read-only layers",
            ),
            remedy=_module("overlay"),
        ),
        ("overlay",),
    ),
    (
        Need(
            key="loop",
            what=Text(fr="périphériques loop et ext4", en="loop devices and ext4"),
            why=Text(
                fr="chaque volume a sa propre limite de taille",
                en="each volume has a size limit of its own",
            ),
            remedy=_module("loop ext4"),
        ),
        ("loop",),
    ),
    (
        Need(
            key="links",
            what=Text(fr="veth et ponts", en="veth and bridges"),
            why=Text(
                fr="le réseau du site en est fait",
                en="a site's network is made of them",
            ),
            remedy=_module("veth bridge"),
        ),
        ("links",),
    ),
    (
        Need(
            key="nftables",
            what=same("nftables"),
            why=Text(
                fr="pare-feu des machines et coupures de zones",
                en="the machines' firewall, and zones cut off",
            ),
            remedy=_module("nf_tables"),
        ),
        ("nftables",),
    ),
    (
        Need(
            key="iptables",
            what=Text(fr="règles de kube-proxy", en="kube-proxy's rules"),
            why=Text(
                fr="les services de Kubernetes sont des règles iptables",
                en="Kubernetes' services are iptables rules",
            ),
            remedy=_module("nft_compat xt_comment xt_statistic xt_addrtype xt_nat"),
        ),
        ("iptables",),
    ),
    (
        Need(
            key="conntrack",
            what=Text(fr="suivi de connexions", en="connection tracking"),
            why=Text(
                fr="sans lui, pas de traduction d'adresses vers les pods",
                en="without it no address is translated to a pod's",
            ),
            remedy=_module("nf_conntrack"),
        ),
        ("conntrack",),
    ),
)
