"""The searches whose further pages may still be asked for: in this process, a hundred.

A page's link says nothing of the search; on another replica, after a restart or after a
hundred newer searches it is gone (410), as in OpenMRS.
"""

from __future__ import annotations

import collections
import dataclasses
import secrets
import threading

from reprise_platform.standin.fhir import outcomes
from reprise_platform.standin.fhir.searches import Arguments

_MOST = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was asked for, and the size of a page."""

    kind: str
    given: Arguments
    count: int


class Pages:
    """The newest searches."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: collections.OrderedDict[str, Search] = collections.OrderedDict()

    def keep(self, search: Search) -> str:
        """Keep a search and return the name of its pages."""
        name = secrets.token_hex(16)
        with self._lock:
            self._kept[name] = search
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return name

    def find(self, name: str) -> Search:
        """Return a search.

        Raises:
            FhirError: it is not kept, or not any more.
        """
        with self._lock:
            found = self._kept.get(name)
        if found is None:
            raise outcomes.expired(name)
        return found
