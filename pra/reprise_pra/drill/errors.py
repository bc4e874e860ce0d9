"""Why a drill cannot go on. An objective missed is a verdict, never one of these."""

from __future__ import annotations


class DrillError(Exception):
    """A phase cannot go on; the message says what was seen and what to look at."""
