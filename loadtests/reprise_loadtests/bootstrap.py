"""Before a load: is everything it needs there, and are there patients to look for?

`python -m reprise_loadtests.bootstrap --host URL --history DIR --profile NAME` checks the
login and every object of OpenMRS the journeys name, then registers patients until the
profile's number is known. With `--create` it first makes what is missing (`metadata`).
Run again, it does what is missing, which is nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from reprise_loadtests import metadata, outcome
from reprise_loadtests.care import register_patient
from reprise_loadtests.credentials import Credentials, find_authority, find_credentials
from reprise_loadtests.desk import Desk, JourneyOverError
from reprise_loadtests.errors import LoadError
from reprise_loadtests.known import KnownPatient
from reprise_loadtests.profile import Profile, load_profile
from reprise_loadtests.recording import (
    BASELINE_JOURNEY,
    open_recorder,
    patients_on_record,
)
from reprise_loadtests.wire import Wire
from reprise_platform import openmrs
from reprise_pra.history import Recorder


class NoPause:
    """The pacing of a preparation: no think time, nobody who stops it."""

    def think_ns(self) -> int:
        """Return no think time."""
        return 0

    def wait_until(self, at_ns: int) -> bool:
        """Go on at once."""
        del at_ns
        return False


def check_login(wire: Wire, credentials: Credentials) -> None:
    """Open a session.

    Raises:
        LoadError: the server does not answer as OpenMRS, or knows no such user.
    """
    answer = wire.request(
        "GET", f"{openmrs.REST_PATH}/session", credentials=credentials
    )
    if answer.status is None:
        msg = f"login: no answer ({answer.broken}): is the URL right, is OpenMRS up?"
        raise LoadError(msg)
    body = answer.body
    if answer.status != outcome.OK or not isinstance(body, dict):
        msg = f"login: status {answer.status}, which is not OpenMRS' answer to a login"
        raise LoadError(msg)
    if body.get("authenticated") is not True:
        msg = (
            f"login: OpenMRS does not accept user {credentials.username!r} with this"
            " password; check the credentials before trying again, since OpenMRS locks"
            " an account after some failures"
        )
        raise LoadError(msg)


def register_known_patients(
    *,
    wire: Wire,
    credentials: Credentials,
    recorder: Recorder,
    count: int,
    seed: int,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[KnownPatient, ...]:
    """Register `count` patients one after another, as ordinary recorded writes.

    Raises:
        LoadError: a registration did not succeed.
    """
    desk = Desk(
        wire=wire,
        recorder=recorder,
        credentials=credentials,
        journey=BASELINE_JOURNEY,
        instance=0,
        intended_ns=time.monotonic_ns(),
        pacing=NoPause(),
    )
    rng = random.Random(f"{seed}/{recorder.process}/known patients")
    registered: list[KnownPatient] = []
    try:
        desk.login()
        for number in range(count):
            patient, _ = register_patient(desk, rng)
            registered.append(patient)
            progress(number + 1)
    except JourneyOverError as error:
        msg = f"could not register known patient {len(registered) + 1}: {error}"
        raise LoadError(msg) from error
    return tuple(registered)


def prepare(
    *,
    base_url: str,
    credentials: Credentials,
    history: Path,
    profile: Profile,
    seed: int,
    creates: bool = False,
    authority: Path | None = None,
    progress: Callable[[int], None] = lambda _: None,
    told: Callable[[str], object] = lambda _: None,
) -> int:
    """Check the site and bring the known patients of `history` up to the profile's.

    `creates` makes what OpenMRS lacks, and tells it.

    Returns:
        How many patients are known.

    Raises:
        LoadError: something is missing, or a registration did not succeed.
    """
    count = profile.known_patients
    wire = Wire(base_url, timeout_s=profile.client.timeout_s, authority=authority)
    try:
        check_login(wire, credentials)
        if creates:
            for made in metadata.create(wire, profile):
                told(f"made: {made}")
        metadata.check(wire, profile)
        known = len(patients_on_record(history))
        if known < count:
            with open_recorder(history, first=0) as recorder:
                register_known_patients(
                    wire=wire,
                    credentials=credentials,
                    recorder=recorder,
                    count=count - known,
                    seed=seed,
                    progress=progress,
                )
        return max(known, count)
    finally:
        wire.close()


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 0 when the load can start, 1 with the reasons."""
    parser = argparse.ArgumentParser(prog="python -m reprise_loadtests.bootstrap")
    parser.add_argument("--host", required=True, help="http(s)://HOST:PORT")
    parser.add_argument("--history", required=True, type=Path, help="history folder")
    parser.add_argument("--profile", default="quick", help="load profile")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--create", action="store_true", help="make the metadata that is missing"
    )
    given = parser.parse_args(arguments)
    try:
        profile = load_profile(given.profile)
        known = prepare(
            base_url=given.host,
            credentials=find_credentials(),
            history=given.history,
            profile=profile,
            seed=given.seed,
            creates=given.create,
            authority=find_authority(),
            told=lambda line: sys.stdout.write(f"{line}\n"),
        )
    except (LoadError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"the clinics can open: {known} known patients\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
