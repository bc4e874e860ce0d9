"""Whether a site can come up on this machine: every problem at once, nothing touched."""

from __future__ import annotations

import ipaddress
import json
import shutil
import socket

from reprise_platform import paths
from reprise_platform.command import run
from reprise_platform.doctor.facts import Facts, look
from reprise_platform.doctor.kernel import kernel_rows
from reprise_platform.doctor.room import room_rows
from reprise_platform.doctor.rows import Row, State
from reprise_platform.embedded import addresses, layout, network
from reprise_platform.errors import Refused, SiteError
from reprise_platform.sites import Site
from reprise_pra.analysis.results import Text


def examine(site: Site, facts: Facts | None = None) -> tuple[Row, ...]:
    """Return a row for everything a site needs of this machine."""
    seen = facts or look()
    return (*kernel_rows(seen), *room_rows(seen, site, is_laid=_is_laid(site.name)))


def preflight(site: Site, facts: Facts | None = None) -> None:
    """Refuse a site that cannot come up here, before anything of it is made.

    Raises:
        Refused: every problem at once, each with its remedy.
        SiteError: the record of this site, or of another one, is damaged.
    """
    known = layout.load(site.name)
    problems = [
        Text(
            fr=f"{row.what.fr} : {row.found.fr} ({row.why.fr}) ; {row.remedy.fr}",
            en=f"{row.what.en}: {row.found.en} ({row.why.en}); {row.remedy.en}",
        )
        for row in examine(site, facts)
        # The site's own block is looked at below.
        if row.state is State.LACKING and row.remedy and row.key != "addresses"
    ]
    problems += _of_addresses(site, known)
    if known is not None and known.site != site:
        down = f"python -m reprise_platform down --name {site.name}"
        problems.append(
            Text(
                fr=f"le site {site.name} a été monté d'un autre fichier ; essayer : {down}",
                en=f"site {site.name} is up with another site file; try: {down}",
            )
        )
    if problems:
        raise Refused(problems)


def _of_addresses(site: Site, known: layout.Layout | None) -> list[Text]:
    if known is None:
        found = []
        try:
            addresses.free_block(site)
        except SiteError as error:
            found.append(Text(fr=str(error), en=str(error)))
    else:
        block = ipaddress.IPv4Network(known.topology.block)
        who = addresses.holders(but=site.name).get(block)
        down = f"python -m reprise_platform down --name {site.name}"
        found = [
            Text(
                fr=f"le bloc du site, {known.topology.block}, est pris : {who} ; ôter cette"
                f" route, ou `{down}` puis `up` ailleurs",
                en=f"the site's block, {known.topology.block}, is taken: {who}; take that"
                f" route away, or `{down}`, then `up` elsewhere",
            )
            for _ in ([who] if who else [])
        ]
    return [*found, *_of_link(site.name, is_laid=known is not None)]


def _of_link(name: str, *, is_laid: bool) -> list[Text]:
    link = network.host_link(name)
    if link not in {each for _, each in socket.if_nameindex()}:
        return []
    if is_laid and _kind(link) in {"veth", ""}:
        return []
    return [
        Text(
            fr=f"un lien {link} est là, qui n'est pas de ce site ; le renommer, l'ôter "
            f"(`ip link del {link}`) ou donner un autre nom au site (--name)",
            en=f"a link {link} is there that is not this site's; rename it, remove it "
            f"(`ip link del {link}`) or give the site another name (--name)",
        )
    ]


def _kind(link: str) -> str:
    if not shutil.which("ip"):
        return ""
    (told,) = json.loads(run(["ip", "-j", "-d", "link", "show", link]))
    return str(told.get("linkinfo", {}).get("info_kind", "none"))


def _is_laid(name: str) -> bool:
    return (paths.site_state(name) / "machines").is_dir()
