"""A site that was lost and recovered from is spent: it comes up again only from nothing."""

from __future__ import annotations

from reprise_platform import paths
from reprise_platform.embedded.doors import MAP
from reprise_platform.embedded.layout import FENCE
from reprise_platform.errors import SiteError
from reprise_pra.analysis.results import Text

DOOR = f"front/{MAP}"


def spent(site: str) -> tuple[Text, ...]:
    """Say why a site cannot be brought up, or used, as it is; empty for one that can.

    Told from the site's own files, so of a site that does not run as well.
    """
    folder = paths.site_state(site)
    problems = []
    if (folder / FENCE).exists():
        problems.append(
            Text(
                fr="son site principal est mis à l'écart",
                en="its primary site is fenced",
            )
        )
    door = folder / DOOR
    if door.is_file() and "recovery" in door.read_text(encoding="utf-8").split():
        problems.append(
            Text(
                fr="sa porte d'entrée mène au site de secours",
                en="its front door leads to the recovery site",
            )
        )
    return tuple(problems)


def refuse_spent(site: str) -> None:
    """Refuse to complete a site that is spent: its primary would wait for ever, or serve.

    Raises:
        SiteError: it is; says the remedy.
    """
    problems = spent(site)
    if problems:
        said = " and ".join(problem.en for problem in problems)
        msg = (
            f"site {site}: {said}, as a drill leaves it; two sites never serve at once."
            f" Take it down first: python -m reprise_platform down --name {site}"
        )
        raise SiteError(msg)
