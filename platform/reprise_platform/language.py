"""Which of the two languages a person is spoken to in."""

from __future__ import annotations

import locale
import os
from typing import Literal

from reprise_pra.analysis.results import Text

type Language = Literal["fr", "en"]


def preferred() -> Language:
    """Return the language of this terminal's locale, English when it is neither."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "fr" if value.startswith("fr") else "en"
    return "fr" if (locale.getlocale()[0] or "").startswith("fr") else "en"


def spoken(text: Text | str, language: Language) -> str:
    """Return a sentence in one language; a string is the same in both."""
    if isinstance(text, str):
        return text
    return text.fr if language == "fr" else text.en
