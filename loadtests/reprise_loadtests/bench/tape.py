"""The requests of journeys as they were sent, to be sent again by other programs.

What a client makes up anew each time is a place to fill: `@@@@@@@@` is the head of the uuids
it chose, `########` the patient number that the server gave it in the same journey, `~now~`
the present instant.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reprise_loadtests.bootstrap import NoPause, register_known_patients
from reprise_loadtests.credentials import Credentials
from reprise_loadtests.desk import Desk
from reprise_loadtests.journeys import JOURNEYS
from reprise_loadtests.known import KnownPatients
from reprise_loadtests.profile import JourneyName
from reprise_loadtests.wire import Answer, Wire
from reprise_platform import openmrs
from reprise_pra.history import JsonValue, Kind, Recorder, read_history

JOURNEYS_TAPED: tuple[JourneyName, ...] = ("register", "consult", "audiogram")
FRESH, NUMBER, NOW = "@@@@@@@@", "########", "~now~"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+0000|\+00:00)")
_UUID = re.compile(r'"uuid": ?"([0-9a-f]{8}-[0-9a-f-]{27})"')
_TIMEOUT_S = 30.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Taped:
    """One request; `logs_in` sends the credentials, `gives_number` is answered with one."""

    method: str
    path: str
    body: str | None
    logs_in: bool
    gives_number: bool


class _TapeWire(Wire):
    """Sends and takes down."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, timeout_s=_TIMEOUT_S)
        self.taken: list[Taped] = []
        self.numbers: list[str] = []

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, JsonValue] | None = None,
        form: tuple[str, bytes] | None = None,
        credentials: Credentials | None = None,
    ) -> Answer:
        answer = super().request(
            method, path, body=body, form=form, credentials=credentials
        )
        gives_number = "/idgen/" in path
        if gives_number and isinstance(answer.body, Mapping):
            self.numbers.append(str(answer.body["identifier"]))
        self.taken.append(
            Taped(
                method=method,
                path=path,
                body=None if body is None else json.dumps(body, ensure_ascii=False),
                logs_in=credentials is not None,
                gives_number=gives_number,
            )
        )
        return answer


def record(
    base_url: str, credentials: Credentials, folder: Path, *, users: int, seed: int
) -> tuple[tuple[Taped, ...], ...]:
    """Play each journey once for each user, and return what each sent.

    Each user has a patient of its own, so that several may replay at the same time.

    Raises:
        LoadError: no patient could be registered.
        JourneyOverError: a journey did not succeed.
    """
    with Recorder(folder / "tape", "load-0") as recorder:
        wire = Wire(base_url, timeout_s=_TIMEOUT_S)
        known = register_known_patients(
            wire=wire,
            credentials=credentials,
            recorder=recorder,
            count=users,
            seed=seed,
        )
        wire.close()
        tapes = []
        for number, patient in enumerate(known):
            taken: list[Taped] = []
            for place, journey in enumerate(JOURNEYS_TAPED):
                taping = _TapeWire(base_url)
                desk = Desk(
                    wire=taping,
                    recorder=recorder,
                    credentials=credentials,
                    journey=journey,
                    instance=1 + number * len(JOURNEYS_TAPED) + place,
                    intended_ns=0,
                    pacing=NoPause(),
                )
                rng = random.Random(f"{seed}/{number}/{journey}")
                JOURNEYS[journey](desk, KnownPatients((patient,)), rng)
                taping.close()
                taken += _blanked(taping)
            tapes.append(tuple(taken))
    return tuple(tapes)


def operations(folder: Path) -> int:
    """Return how many operations the taped journeys were, in all."""
    events = read_history((folder / "tape").glob("*.jsonl")).events
    return sum(
        event.kind is Kind.INVOKE and event.value.get("journey") in JOURNEYS_TAPED
        for event in events
    )


def write(
    file: Path, tapes: Sequence[Sequence[Taped]], credentials: Credentials
) -> None:
    """Write what the other programs read; readable by this user alone."""
    file.touch(0o600)
    content = {
        "username": credentials.username,
        "password": credentials.password,
        "tapes": [[dataclasses.asdict(each) for each in tape] for tape in tapes],
    }
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _blanked(taping: _TapeWire) -> list[Taped]:
    """Return the requests with places for what is new each time."""
    chosen = {
        uuid
        for each in taping.taken
        if each.body and each.method == "POST"
        for uuid in _UUID.findall(each.body)
    }
    chosen -= {openmrs.OUTPATIENT_CLINIC}

    def blank(text: str) -> str:
        for uuid in chosen:
            text = text.replace(uuid, FRESH + uuid[len(FRESH) :])
        for number in taping.numbers:
            text = text.replace(number, NUMBER)
        return _INSTANT.sub(NOW, text)

    return [
        dataclasses.replace(
            each,
            path=blank(each.path),
            body=None if each.body is None else blank(each.body),
        )
        for each in taping.taken
    ]
