"""What the drill says on the console, in English and in French."""

from __future__ import annotations

import locale
import os
from typing import Literal

from reprise_pra.analysis.words import phase_name

type Language = Literal["fr", "en"]

_WORDS = {
    "waiting for": ("waiting for", "en attente de"),
    "operations/s": ("operations/s", "opérations/s"),
    "errors": ("errors", "erreurs"),
    "over the last": ("over the last", "sur les dernières"),
    "no operation": ("no operation", "aucune opération"),
    "done": ("done", "terminé"),
    "failed": ("failed", "échec"),
    "interrupted": ("interrupted", "interrompu"),
    "report": ("report", "rapport"),
    "verdict": ("verdict", "verdict"),
    "MET": ("met", "conforme"),
    "MISSED": ("missed", "non conforme"),
    "UNKNOWN": ("unknown", "non concluant"),
    "undo": ("undoing faults and cleaning", "annulation des pannes et nettoyage"),
    "again": (
        "press Ctrl-C again to leave at once, without cleaning",
        "Ctrl-C de nouveau : sortie immédiate, sans nettoyage",
    ),
}


def preferred() -> Language:
    """Return the language of this terminal's locale, English when it is neither."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "fr" if value.startswith("fr") else "en"
    return "fr" if (locale.getlocale()[0] or "").startswith("fr") else "en"


def say(word: str, language: Language) -> str:
    """Return one of this module's expressions; one that is unknown is said as it is."""
    english, french = _WORDS.get(word, (word, word))
    return french if language == "fr" else english


def phase(name: str, language: Language) -> str:
    """Return the name of a phase for people: the report's own."""
    text = phase_name(name)
    return text.fr if language == "fr" else text.en
