"""Logs: one line an event on standard error, nothing of patients or credentials."""

from __future__ import annotations

import logging


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(super().format(record).splitlines())


def start() -> None:
    """Send the log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # Waitress names the path of who hung up, and each request that waits.
    logging.getLogger("waitress").setLevel(logging.ERROR)
