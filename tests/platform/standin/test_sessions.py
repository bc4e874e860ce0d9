"""Sessions, their bounds, and passwords."""

from __future__ import annotations

import time

import pytest

from reprise_platform.standin import passwords
from reprise_platform.standin.sessions import Sessions


def test_session_is_found_by_its_key() -> None:
    """A session lives until it is ended; other keys find nothing."""
    sessions = Sessions()
    session = sessions.create()
    session.username = "admin"
    found = sessions.find(session.key)
    assert found is not None
    assert found.username == "admin"
    assert sessions.find("0" * 32) is None
    sessions.end(session.key)
    assert sessions.find(session.key) is None


def test_number_of_sessions_is_bounded() -> None:
    """Callers without cookies cannot fill the memory; sessions in use stay."""
    sessions = Sessions(most=10)
    kept = sessions.create()
    for _ in range(100):
        sessions.create()
        assert sessions.find(kept.key) is kept
    assert len(sessions) == 10


def test_idle_session_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session not used for its time is stale, and leaves when others come."""
    sessions = Sessions(idle_s=60)
    session = sessions.create()
    later_s = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later_s)
    assert sessions.find(session.key) is None
    sessions.create()
    assert len(sessions) == 1


def test_password_is_kept_as_openmrs_keeps_it() -> None:
    """SHA-512 of password and salt, which fits the column; another password fails."""
    salt = passwords.new_salt()
    encoded = passwords.encode("Essai-1234", salt)
    assert len(salt) == len(encoded) == 128
    assert passwords.matches("Essai-1234", salt, encoded)
    assert not passwords.matches("essai-1234", salt, encoded)
    # openssl: printf 'Admin123abc' | sha512sum
    assert passwords.encode("Admin123", "abc").startswith(_ADMIN123_ABC)


_ADMIN123_ABC = "32fc9345b63b9b1142687a39640c3fe1"
