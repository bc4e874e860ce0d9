"""Typed access to the value of an event; a wrong one is an error that says where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Never

from reprise_pra.analysis.errors import TimelineError
from reprise_pra.analysis.results import Text
from reprise_pra.history import Event, JsonValue


class Fields:
    """The value of one event (or a mapping inside it), read key by key.

    Raises:
        TimelineError: from every method, when the key is missing or of another type.
    """

    def __init__(
        self, event: Event, value: Mapping[str, JsonValue] | None = None
    ) -> None:
        self._event = event
        self._value = event.value if value is None else value

    def text(self, key: str) -> str:
        """Return a string."""
        found = self._value.get(key)
        return found if isinstance(found, str) else self._refuse(key, "a string")

    def text_or_none(self, key: str) -> str | None:
        """Return a string, or None when absent or null."""
        return None if self._value.get(key) is None else self.text(key)

    def told(self, key: str) -> Text | None:
        """Return a sentence for people: a mapping of `fr` and `en`, or one string for both.

        Absent, null or empty is None.
        """
        found = self._value.get(key)
        if isinstance(found, Mapping):
            child = Fields(self._event, found)
            return Text(fr=child.text("fr"), en=child.text("en"))
        text = self.text_or_none(key)
        return Text(fr=text, en=text) if text else None

    def integer(self, key: str) -> int:
        """Return an integer."""
        found = self._value.get(key)
        if type(found) is not int:
            self._refuse(key, "an integer")
        return found

    def integer_or_none(self, key: str) -> int | None:
        """Return an integer, or None when absent or null."""
        return None if self._value.get(key) is None else self.integer(key)

    def number(self, key: str) -> float:
        """Return a number."""
        found = self._value.get(key)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            self._refuse(key, "a number")
        return float(found)

    def flag(self, key: str) -> bool:
        """Return a boolean."""
        found = self._value.get(key)
        return found if isinstance(found, bool) else self._refuse(key, "true or false")

    def flag_or_none(self, key: str) -> bool | None:
        """Return a boolean, or None when absent or null."""
        return None if self._value.get(key) is None else self.flag(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        found = self._value.get(key)
        if isinstance(found, str) or not isinstance(found, Sequence):
            self._refuse(key, "a list of strings")
        texts = tuple(item for item in found if isinstance(item, str))
        return (
            texts
            if len(texts) == len(found)
            else self._refuse(key, "a list of strings")
        )

    def children(self, key: str) -> tuple[Fields, ...]:
        """Return a list of mappings; absent or null is an empty one."""
        found = self._value.get(key)
        if found is None:
            return ()
        if isinstance(found, str) or not isinstance(found, Sequence):
            self._refuse(key, "a list of objects")
        children = tuple(
            Fields(self._event, item) for item in found if isinstance(item, Mapping)
        )
        return (
            children
            if len(children) == len(found)
            else self._refuse(key, "a list of objects")
        )

    def has(self, key: str) -> bool:
        """Say whether the key is there and not null."""
        return self._value.get(key) is not None

    def _refuse(self, key: str, accepted: str) -> Never:
        event = self._event
        msg = (
            f"history/{event.process}.jsonl: {event.operation} {event.op_id} "
            f"({event.kind}): {key}: got {self._value.get(key)!r}; accepted: {accepted}"
        )
        raise TimelineError(msg)
