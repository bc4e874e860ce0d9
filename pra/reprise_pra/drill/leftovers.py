"""What a drill that was killed, or kept its site, leaves for the next one to meet."""

from __future__ import annotations

from reprise_experiments.ledger import Ledger
from reprise_platform import paths
from reprise_platform.spent import spent
from reprise_pra.analysis import say
from reprise_pra.analysis.words import fault_name
from reprise_pra.drill.errors import DrillError


def refuse_leftovers(site: str) -> None:
    """Refuse a site from which no drill can start; say what is wrong and the remedy.

    A site that is half up is none of them: it is completed. Nor is a fault that went away
    with an earlier boot of this machine.

    Raises:
        DrillError: the site is fenced, switched, lost, or a fault is still open.
    """
    problems = list(spent(site))
    recoverable = lost_elsewhere = False
    found = Ledger(paths.site_state(site)).read()
    problems += [
        say.sentence(
            "main courante des pannes illisible : {line}",
            "the fault ledger cannot be read: {line}",
            line=line,
        )
        for line in found.unreadable
    ]
    must_go = bool(problems)
    for entry in found.open:
        problems.append(
            say.sentence(
                "{fault} sur {targets}, en cours depuis {utc}",
                "{fault} on {targets}, open since {utc}",
                fault=fault_name(entry.fault),
                targets=", ".join(entry.target_names),
                utc=entry.utc,
            )
        )
        # The loss of a site is undone by nobody: its machines' data is behind the backup's.
        must_go = must_go or not entry.leased
        recoverable = True
        lost_elsewhere = lost_elsewhere or not (entry.leased or entry.expires_with_boot)
    if not problems:
        return
    if lost_elsewhere:
        remedy = say.sentence(
            "une fois le site principal remis en service par son équipe,"
            " `python -m reprise_experiments recover --site {site}`, puis"
            " `python -m reprise_platform down --name {site}`",
            "once its team has brought the primary site back,"
            " `python -m reprise_experiments recover --site {site}`, then"
            " `python -m reprise_platform down --name {site}`",
            site=site,
        )
    elif recoverable and not must_go:
        remedy = say.sentence(
            "l'annuler avec `python -m reprise_experiments recover --site {site}`",
            "undo it with `python -m reprise_experiments recover --site {site}`",
            site=site,
        )
    else:
        remedy = say.sentence(
            "supprimer le site avec `python -m reprise_platform down --name {site}`",
            "take the site down with `python -m reprise_platform down --name {site}`",
            site=site,
        )
    raise DrillError(
        say.sentence(
            "le site {site} est tel qu'un exercice précédent l'a laissé : {problems}."
            " Remède : {remedy}, puis recommencer.",
            "site {site} is as an earlier drill left it: {problems}."
            " Remedy: {remedy}, then begin again.",
            site=site,
            problems=say.join(problems),
            remedy=remedy,
        )
    )
