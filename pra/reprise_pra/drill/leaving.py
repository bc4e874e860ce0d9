"""The end of a drill for its site: taken down when the drill made it, else left and told."""

from __future__ import annotations

from reprise_platform import paths, provider
from reprise_platform.sites import RemoteSite
from reprise_platform.telling import text_of
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.drill.context import Drill
from reprise_pra.drill.errors import DrillError


def leave_site(drill: Drill) -> None:
    """Take the drill's own site down; say of any other how it is left.

    Raises:
        DrillError: something of it is still there.
    """
    name = drill.prepared.site.name
    if is_remote(drill) or drill.keep_site or not drill.site_is_ours:
        kept = _kept(drill, name)
        drill.console.say(f"  {drill.console.spoken(kept)}")
        drill.journal.check("site_kept", holds=True, detail=kept)
        return
    try:
        with drill.console.aside():
            provider.destroy(name, language=drill.console.language)
        _see_nothing_left(name)
    except Exception as error:
        left = say.sentence(
            "le site n'est pas entièrement supprimé : {error}",
            "the site is not wholly taken down: {error}",
            error=text_of(error),
        )
        drill.journal.check("residue", holds=False, detail=left)
        raise
    gone = Text(fr="il ne reste rien du site", en="nothing of the site is left")
    drill.journal.check("residue", holds=True, detail=gone)
    if drill.loss is not None:
        normal = Text(
            fr="le site est supprimé, la machine est comme avant",
            en="the site is taken down, the machine is as before",
        )
        drill.journal.mark("t9", normal)


def _kept(drill: Drill, site: str) -> Text:
    """Say that the site stays, why, and what is left of it."""
    if is_remote(drill):
        return _left_to_its_team(drill, site)
    asked = Text(fr="conservé, comme demandé", en="kept, as asked")
    found = Text(
        fr="conservé : il existait avant l'exercice",
        en="kept: it was there before the drill",
    )
    kept = say.sentence(
        "site {site} {why}",
        "site {site} {why}",
        site=site,
        why=asked if drill.site_is_ours else found,
    )
    if drill.losing is None:
        return kept
    return say.sentence(
        "{kept} ; son site principal est perdu, aucun exercice ne peut plus y commencer :"
        " le supprimer avec `python -m reprise_platform down --name {site}`",
        "{kept}; its primary site is lost, no drill can start from it any more:"
        " take it down with `python -m reprise_platform down --name {site}`",
        kept=kept,
        site=site,
    )


def is_remote(drill: Drill) -> bool:
    """Whether the site was there before Reprise and stays after it."""
    return isinstance(drill.prepared.site, RemoteSite)


def _left_to_its_team(drill: Drill, site: str) -> Text:
    if drill.losing is None:
        return say.sentence(
            "site {site} laissé à son équipe, tel qu'il était",
            "site {site} left to its team, as it was",
            site=site,
        )
    return say.sentence(
        "site {site} laissé à son équipe : son site principal est perdu et mis à l'écart ;"
        " une fois le retour fait, `python -m reprise_experiments recover --site {site}`"
        " le constate, puis `python -m reprise_platform down --name {site}` l'oublie",
        "site {site} left to its team: its primary site is lost and fenced; once they have"
        " brought it back, `python -m reprise_experiments recover --site {site}` sees so,"
        " then `python -m reprise_platform down --name {site}` forgets it",
        site=site,
    )


def _see_nothing_left(name: str) -> None:
    """Check the provider's word that all is gone."""
    if paths.site_state(name).exists():
        raise DrillError(
            say.sentence(
                "{path} est toujours là",
                "{path} is still there",
                path=str(paths.site_state(name)),
            )
        )
