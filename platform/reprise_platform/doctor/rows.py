"""What a look at a machine means for a site: pure, one row a need."""

from __future__ import annotations

import dataclasses
import enum

from reprise_pra.analysis.results import Text


class State(enum.Enum):
    """What became of one need."""

    FOUND = "found"
    DEGRADED = "degraded"
    LACKING = "lacking"
    UNTRIED = "untried"


STATES = {
    State.FOUND: Text(fr="présent", en="found"),
    State.DEGRADED: Text(fr="dégradé", en="degraded"),
    State.LACKING: Text(fr="absent", en="lacking"),
    State.UNTRIED: Text(fr="non essayé", en="not tried"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One need: what was found, why it matters, what to do; LACKING stops `up`."""

    key: str
    what: Text
    state: State
    found: Text
    why: Text
    remedy: Text | None = None

    def as_json(self) -> dict[str, object]:
        """Return the row for programs, its sentences in both languages."""
        return {
            "key": self.key,
            "state": self.state.value,
            **{
                name: None if text is None else {"fr": text.fr, "en": text.en}
                for name, text in (
                    ("what", self.what),
                    ("found", self.found),
                    ("why", self.why),
                    ("remedy", self.remedy),
                )
            },
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing a site needs: its name, why, and what to do where it lacks."""

    key: str
    what: Text
    why: Text
    remedy: Text

    def found(self, detail: Text) -> Row:
        """Return the row of a need that is met."""
        return self.judged(State.FOUND, detail)

    def judged(self, state: State, detail: Text) -> Row:
        """Return the row in some state, with the remedy unless the need is met."""
        return Row(
            key=self.key,
            what=self.what,
            state=state,
            found=detail,
            why=self.why,
            remedy=None if state is State.FOUND else self.remedy,
        )


def same(text: object) -> Text:
    """Return what is the same in both languages."""
    return Text(fr=str(text), en=str(text))
