"""HTTP sessions of this process. As in OpenMRS, they die with it and are not shared."""

from __future__ import annotations

import collections
import dataclasses
import secrets
import threading
import time

_MOST = 50_000
_IDLE_S = 30 * 60.0


@dataclasses.dataclass(slots=True, kw_only=True)
class HttpSession:
    """What one JSESSIONID stands for."""

    key: str
    username: str | None = None
    user_id: int | None = None
    may_all: bool = False
    location: str | None = None
    locale: str = "en"
    logged_in_ms: int = 0
    used_at_s: float = 0.0


class Sessions:
    """The sessions, oldest use first, bounded in age and number.

    Every call without a cookie makes one, as in Tomcat: a prober that never sends its
    cookie back makes thousands an hour.
    """

    def __init__(self, most: int = _MOST, idle_s: float = _IDLE_S) -> None:
        self._most = most
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._by_key: collections.OrderedDict[str, HttpSession] = (
            collections.OrderedDict()
        )

    def __len__(self) -> int:
        return len(self._by_key)

    def create(self) -> HttpSession:
        """Open a session, at the cost of those too old or too many."""
        session = HttpSession(
            key=secrets.token_hex(16).upper(), used_at_s=time.monotonic()
        )
        with self._lock:
            self._by_key[session.key] = session
            while self._by_key:
                oldest = next(iter(self._by_key.values()))
                if len(self._by_key) <= self._most and not self._is_over(oldest):
                    break
                del self._by_key[oldest.key]
        return session

    def find(self, key: str) -> HttpSession | None:
        """Return a live session and count this as a use of it."""
        with self._lock:
            session = self._by_key.get(key)
            if session is None or self._is_over(session):
                return None
            session.used_at_s = time.monotonic()
            self._by_key.move_to_end(key)
        return session

    def end(self, key: str) -> None:
        """Forget a session."""
        with self._lock:
            self._by_key.pop(key, None)

    def _is_over(self, session: HttpSession) -> bool:
        return time.monotonic() - session.used_at_s > self._idle_s
