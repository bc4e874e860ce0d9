"""What the drill says on the console, in English and in French."""

from __future__ import annotations

from typing import Final

from reprise_pra.analysis.results import Outcome, Text

WAITING_FOR: Final = Text(fr="en attente de", en="waiting for")
OPERATIONS_PER_S: Final = Text(fr="opérations/s", en="operations/s")
ERRORS: Final = Text(fr="erreurs", en="errors")
OVER_THE_LAST: Final = Text(fr="sur les dernières", en="over the last")
NO_OPERATION: Final = Text(fr="aucune opération", en="no operation")
DONE: Final = Text(fr="terminé", en="done")
FAILED: Final = Text(fr="échec", en="failed")
REPORT: Final = Text(fr="rapport", en="report")
VERDICT: Final = Text(fr="verdict", en="verdict")
SWITCH: Final = Text(fr="bascule vers", en="switch to")
SITES: Final = {
    "primary": Text(fr="le site principal", en="the primary site"),
    "recovery": Text(fr="le site de secours", en="the recovery site"),
}
BACKUP_CHOSEN: Final = Text(fr="sauvegarde retenue", en="backup picked")
BY: Final = {"drill": Text(fr="par l'exercice, selon le plan", en="by the plan")}
INTERRUPTED: Final = Text(
    fr="interrompu : annulation des pannes et nettoyage",
    en="interrupted: undoing faults and cleaning",
)
AGAIN: Final = Text(
    fr="Ctrl-C de nouveau : sortie immédiate, sans nettoyage",
    en="press Ctrl-C again to leave at once, without cleaning",
)
OUTCOMES: Final = {
    Outcome.MET: Text(fr="conforme", en="met"),
    Outcome.MISSED: Text(fr="non conforme", en="missed"),
    Outcome.UNKNOWN: Text(fr="non concluant", en="unknown"),
}
