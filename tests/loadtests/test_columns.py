"""What Locust counts is on the disk in columns, also when Locust is killed."""

from __future__ import annotations

import signal

from reprise_loadtests.operations import OPERATIONS
from reprise_loadtests.segments import read_requests
from reprise_platform.waiting import until
from tests.loadtests.loads import LIMIT_S, Load


def test_a_killed_load_keeps_its_requests(load: Load) -> None:
    """SIGKILL in mid-load: what was counted is read, none of it is torn or foreign."""
    folder = load.history_dir.parent / "evidence" / "requests"
    load.profile(rate_per_s=25.0)
    process = load.start()
    load.until_begun()
    load.until_stored(20)
    until(
        lambda: read_requests(folder).table.num_rows > 20,
        within_s=LIMIT_S,
        every_s=0.2,
        what="requests in columns",
    )
    before = read_requests(folder).table
    process.send_signal(signal.SIGKILL)
    process.wait(LIMIT_S)
    found = read_requests(folder)
    assert found.table.num_rows >= before.num_rows
    assert len(found.torn) == 1
    assert set(found.table["name"].to_pylist()) <= set(OPERATIONS)
    ended = [event for event in load.history().events if event.op_id.count(".") == 1]
    assert found.table.num_rows <= len(ended)
    assert found.table["end_ns"].to_pylist() == sorted(
        found.table["end_ns"].to_pylist()
    )
