"""Why a load cannot start. What goes wrong once it runs is recorded, never raised."""

from __future__ import annotations


class LoadError(Exception):
    """The load cannot start as asked; the message says what, where and what to try."""
