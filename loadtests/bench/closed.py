"""Locust as it is usually written: ten users who ask, wait a second, and ask again.

No time-out, as `HttpUser` has none of its own. Each request goes to the file that
REPRISE_BENCH_LOG names, a JSON line with its start and end (wall clock) and its outcome.
"""

import json
import os
from pathlib import Path

from locust import HttpUser, constant, events, task

PATH = "/openmrs/ws/rest/v1/location/44c3efb0-2583-4c80-a79e-1f756a03c0a1"
LOG = Path(os.environ["REPRISE_BENCH_LOG"]).open("a", encoding="utf-8")  # noqa: SIM115


@events.request.add_listener
def record(start_time, response_time, exception, **_):
    """Write one request down."""
    line = {
        "start_s": start_time,
        "end_s": start_time + response_time / 1000,
        "ok": exception is None,
    }
    LOG.write(json.dumps(line) + "\n")
    LOG.flush()


class Clerk(HttpUser):
    """One of them."""

    wait_time = constant(1)

    @task
    def look(self):
        """Ask."""
        self.client.get(PATH)
