"""Passwords as OpenMRS keeps them: SHA-512 of password and salt, both in hexadecimal."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_salt() -> str:
    """Return a salt of 64 random bytes."""
    return secrets.token_hex(64)


def encode(password: str, salt: str) -> str:
    """Return what the column `users.password` holds."""
    return hashlib.sha512((password + salt).encode()).hexdigest()


def matches(password: str, salt: str, encoded: str) -> bool:
    """Tell whether a password is the stored one, in a time that does not depend on it."""
    return hmac.compare_digest(encode(password, salt), encoded)
