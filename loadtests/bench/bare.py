"""A taped day sent again by Locust's FastHttpUser, and nothing else done about it."""

import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from locust import FastHttpUser, task
from locust.exception import StopUser

TAPE = json.loads(Path(os.environ["REPRISE_BENCH_TAPE"]).read_text(encoding="utf-8"))
ROUNDS = int(os.environ["REPRISE_BENCH_ROUNDS"])
LOGIN = (TAPE["username"], TAPE["password"])
JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class Replay(FastHttpUser):
    """One user: its tape, so many times."""

    users = 0

    def on_start(self):
        """Take the next tape."""
        self.tape = TAPE["tapes"][Replay.users % len(TAPE["tapes"])]
        Replay.users += 1
        self.left = ROUNDS

    @task
    def play(self):
        """Send the tape once."""
        if self.left == 0:
            Replay.users -= 1
            if Replay.users == 0:
                self.environment.runner.quit()
            raise StopUser
        self.left -= 1
        fresh, number = "", ""

        def fill(text):
            text = text.replace("@@@@@@@@", fresh).replace("########", number)
            return text.replace("~now~", now)

        for each in self.tape:
            if each["logs_in"]:
                fresh = uuid.uuid4().hex[:8]
                self.client.cookiejar.clear()
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"
            path, body = fill(each["path"]), each["body"]
            if body is not None:
                body = fill(body).encode()
            auth = LOGIN if each["logs_in"] else None
            answer = self.client.request(
                each["method"], path, data=body, headers=JSON, auth=auth, name="any"
            )
            if each["gives_number"]:
                number = answer.json()["identifier"]
