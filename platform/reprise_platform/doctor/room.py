"""The room and the tools that a site needs of a machine: pure."""

from __future__ import annotations

from collections.abc import Iterator

from reprise_platform.doctor.facts import Disk, Facts
from reprise_platform.doctor.rows import Need, Row, State, same
from reprise_platform.embedded.topology import BLOCKS
from reprise_platform.sites import Site
from reprise_pra.analysis.results import Text

_GB = 1 << 30
# Measured: a control plane with its outside machines, and one node with its pods.
_MEMORY_SITE, _MEMORY_NODE = 1.5 * _GB, 0.6 * _GB
_STATE_SITE, _STATE_NODE = 0.5 * _GB, 0.6 * _GB
# From an empty cache: what is kept, and what the compiler keeps beside.
_CACHE_COLD, _COMPILER_COLD = 8 * _GB, 9 * _GB
_CACHE_WARM = 0.2 * _GB
_FILES_SITE = 50_000
_PROCESSORS = 2
_PYTHON = (3, 12)
# Counted on sites that run: a kubelet with its pods; both control planes and the rest.
_INOTIFY_NODE, _INOTIFY_SITE = 7, 30
_INOTIFY_WATCHES = 8192
# Containers' layers are overlays whose upper folder must lie on an ordinary file system.
_NO_OVERLAY_UPON = ("overlay", "nfs", "nfs4", "vfat", "fuse", "9p", "squashfs", "cifs")


def room_rows(facts: Facts, site: Site, *, is_laid: bool) -> Iterator[Row]:
    """Yield a row for each resource and tool.

    Args:
        is_laid: the site was laid here before, so that most of its disk is already used.
    """
    nodes = sum(len(each) for each in site.primary.zones.values())
    nodes += len(site.recovery.nodes)
    yield _memory(facts, nodes, is_laid=is_laid)
    yield from _disks(facts, nodes, is_laid=is_laid)
    yield _processors(facts)
    yield _inotify(facts, nodes, is_laid=is_laid)
    yield _tools(facts)
    yield _python(facts)
    yield _addresses(facts)
    yield _clock(facts)


def _memory(facts: Facts, nodes: int, *, is_laid: bool) -> Row:
    need = _MEMORY_SITE + nodes * _MEMORY_NODE
    row = Need(
        key="memory",
        what=Text(fr="mémoire", en="memory"),
        why=Text(
            fr=f"un site de {nodes} nœuds en prend {_gb(need)} Go",
            en=f"a site of {nodes} nodes takes {_gb(need)} GB",
        ),
        remedy=Text(
            fr="libérer de la mémoire, ou moins de nœuds dans le fichier du site",
            en="free memory, or fewer nodes in the site's file",
        ),
    )
    free, total = _gb(facts.memory_available_bytes), _gb(facts.memory_bytes)
    told = Text(fr=f"{free} Go libres sur {total}", en=f"{free} GB free of {total}")
    if facts.memory_available_bytes >= need or is_laid:
        return row.found(told)
    scarce = facts.memory_available_bytes < need / 2
    return row.judged(State.LACKING if scarce else State.DEGRADED, told)


def _disks(facts: Facts, nodes: int, *, is_laid: bool) -> Iterator[Row]:
    state = _CACHE_WARM if is_laid else _STATE_SITE + nodes * _STATE_NODE
    wanted = [
        ("state", facts.state_disk, state, "REPRISE_STATE"),
        *(
            []
            if facts.cached
            else [("compiler", facts.compiler_disk, _COMPILER_COLD, "GOCACHE")]
        ),
        (
            "cache",
            facts.cache_disk,
            _CACHE_WARM if facts.cached else _CACHE_COLD,
            "REPRISE_CACHE",
        ),
    ]
    for key, disk, own, variable in wanted:
        others = sum(need for _, each, need, _ in wanted if each.device == disk.device)
        yield _disk(key, disk, own, others, variable)


def _disk(key: str, disk: Disk, own: float, all_needs: float, variable: str) -> Row:
    purpose = {
        "state": Text(fr="les fichiers du site", en="the site's files"),
        "cache": Text(fr="ce qui est construit", en="what is built"),
        "compiler": Text(fr="le compilateur", en="the compiler"),
    }[key]
    row = Need(
        key=f"disk {key}",
        what=Text(fr=f"disque : {purpose.fr}", en=f"disk: {purpose.en}"),
        why=Text(
            fr=f"il y faut {_gb(own)} Go"
            + (f", {_gb(all_needs)} Go avec le reste" if all_needs > own else ""),
            en=f"{_gb(own)} GB are needed"
            + (f", {_gb(all_needs)} GB with the rest" if all_needs > own else ""),
        ),
        remedy=Text(
            fr=f"libérer de la place, ou désigner un autre disque par {variable}",
            en=f"free some space, or name another disk by {variable}",
        ),
    )
    free = _gb(disk.free_bytes)
    told = Text(
        fr=f"{free} Go libres ({disk.folder}, {disk.kind})",
        en=f"{free} GB free ({disk.folder}, {disk.kind})",
    )
    if not disk.writable:
        told = Text(
            fr=f"{disk.folder} n'est pas inscriptible",
            en=f"{disk.folder} cannot be written",
        )
        return row.judged(State.LACKING, told)
    if disk.free_bytes < all_needs:
        return row.judged(State.LACKING, told)
    if disk.free_files < _FILES_SITE:
        told = Text(
            fr=f"{disk.free_files} fichiers libres ({disk.folder})",
            en=f"{disk.free_files} free inodes ({disk.folder})",
        )
        return row.judged(State.LACKING, told)
    if key == "state" and disk.kind.partition(".")[0] in _NO_OVERLAY_UPON:
        return row.judged(State.LACKING, told)
    # Memory with the name of a disk: it works, and takes memory.
    return row.judged(
        State.DEGRADED if disk.kind == "tmpfs" and key == "state" else State.FOUND, told
    )


def _processors(facts: Facts) -> Row:
    row = Need(
        key="processors",
        what=Text(fr="processeurs", en="processors"),
        why=Text(
            fr="sur un seul, les délais de détection sont dépassés",
            en="on one, detection times are overrun",
        ),
        remedy=Text(fr="en donner deux à la machine", en="give the machine two"),
    )
    enough = facts.processors >= _PROCESSORS
    return row.judged(State.FOUND if enough else State.DEGRADED, same(facts.processors))


def _inotify(facts: Facts, nodes: int, *, is_laid: bool) -> Row:
    need = _INOTIFY_SITE + nodes * _INOTIFY_NODE
    row = Need(
        key="inotify",
        what=same("inotify"),
        why=Text(
            fr=f"les kubelets surveillent leurs fichiers : {need} instances pour un site ;"
            " sans elles, aucun nœud n'est prêt",
            en=f"kubelets watch their files: {need} instances a site;"
            " without them no node is ever Ready",
        ),
        remedy=Text(
            fr="`sysctl fs.inotify.max_user_instances=512`",
            en="`sysctl fs.inotify.max_user_instances=512`",
        ),
    )
    free = max(0, facts.inotify_instances - facts.inotify_used)
    told = Text(
        fr=f"{free} instances libres sur {facts.inotify_instances}",
        en=f"{free} instances free of {facts.inotify_instances}",
    )
    if free < need and not is_laid:
        # The last to come do without some; with half of them no containerd starts.
        return row.judged(State.LACKING if free < need / 2 else State.DEGRADED, told)
    enough = facts.inotify_watches >= _INOTIFY_WATCHES
    return row.judged(State.FOUND if enough else State.DEGRADED, told)


def _tools(facts: Facts) -> Row:
    packages = ", ".join(dict.fromkeys(package for package, _ in facts.lacking))
    row = Need(
        key="tools",
        what=Text(fr="outils", en="tools"),
        why=same("; ".join(f"{name}: {why}" for name, why in facts.lacking))
        if facts.lacking
        else Text(
            fr="espaces de noms, racines Debian, couches",
            en="namespaces, Debian roots, layers",
        ),
        remedy=Text(
            fr="`up` les installe par apt-get"
            if facts.apt
            else f"les installer (noms de Debian) : {packages}",
            en="`up` installs them by apt-get"
            if facts.apt
            else f"install them (Debian's names): {packages}",
        ),
    )
    if not facts.lacking:
        return row.found(Text(fr="tous", en="all"))
    told = Text(fr=f"manquent : {packages}", en=f"missing: {packages}")
    return row.judged(State.DEGRADED if facts.apt else State.LACKING, told)


def _python(facts: Facts) -> Row:
    row = Need(
        key="python",
        what=same("Python"),
        why=Text(fr="ce programme est écrit pour 3.12", en="this program is for 3.12"),
        remedy=Text(
            fr="lancer par nox, qui en trouve ou en prépare un",
            en="run it by nox, which finds or prepares one",
        ),
    )
    state = State.FOUND if facts.python >= _PYTHON else State.LACKING
    return row.judged(state, same(".".join(map(str, facts.python))))


def _addresses(facts: Facts) -> Row:
    row = Need(
        key="addresses",
        what=Text(fr="adresses libres", en="free addresses"),
        why=Text(
            fr="chaque site prend un /18 de 198.18.0.0/15",
            en="each site takes a /18 of 198.18.0.0/15",
        ),
        remedy=Text(
            fr="`python -m reprise_platform down --name` d'un autre site, ou ôter la route",
            en="`python -m reprise_platform down --name` another, or take the route away",
        ),
    )
    if facts.blocks_error:
        return row.judged(State.DEGRADED, same(facts.blocks_error))
    free = len(BLOCKS) - len(facts.blocks_taken)
    held = "; ".join(f"{block}: {who}" for block, who in facts.blocks_taken.items())
    told = Text(
        fr=f"{free} blocs sur {len(BLOCKS)}" + (f" ({held})" if held else ""),
        en=f"{free} blocks of {len(BLOCKS)}" + (f" ({held})" if held else ""),
    )
    return row.judged(State.FOUND if free else State.LACKING, told)


def _clock(facts: Facts) -> Row:
    row = Need(
        key="clock",
        what=Text(fr="horloge", en="clock"),
        why=Text(
            fr="les certificats et les signatures des paquets ont des dates",
            en="certificates and the packages' signatures have dates",
        ),
        remedy=Text(
            fr="mettre l'horloge à l'heure", en="set the clock (timedatectl, date)"
        ),
    )
    behind_s = facts.newest_source_s - facts.now_s
    if behind_s <= 0:
        return row.found(Text(fr="plausible", en="plausible"))
    days = behind_s / 86400
    return row.judged(
        State.LACKING if days > 1 else State.DEGRADED,
        Text(
            fr=f"en retard d'au moins {days:.1f} jours sur les fichiers du programme",
            en=f"at least {days:.1f} days behind the program's own files",
        ),
    )


def _gb(size: float) -> str:
    return f"{size / _GB:.1f}"
