"""Rows that belong to several objects, fetched once, when one of them is first asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Batch(Generic[K, V]):
    """What belongs to each of a set of objects, by the object's key.

    Fifty patients of a search need fifty names: one query, not fifty, and none at all
    if the representation does not show them.
    """

    def __init__(self, fetch: Callable[[], Mapping[K, V]]) -> None:
        self._fetch = fetch
        self._fetched: Mapping[K, V] | None = None

    def find(self, key: K) -> V | None:
        """Return what belongs to a key, if anything."""
        if self._fetched is None:
            self._fetched = self._fetch()
        return self._fetched.get(key)

    def get(self, key: K) -> V:
        """Return what belongs to a key that a foreign key vouches for."""
        found = self.find(key)
        assert found is not None
        return found

    def one(self, key: K) -> Callable[[], V]:
        """Promise the thing of a key."""
        return lambda: self.get(key)

    def maybe(self, key: K | None) -> Callable[[], V | None]:
        """Promise the thing of a key, or nothing where there is no key."""
        return lambda: None if key is None else self.find(key)


def many(batch: Batch[K, list[V]], key: K) -> Callable[[], Sequence[V]]:
    """Promise the several things of a key, none of them included."""
    return lambda: batch.find(key) or ()
