"""Traffic and watch of a drill: load, probers, sentinel, started and stopped once."""

from __future__ import annotations

from pathlib import Path

import yaml

from reprise_loadtests import children, launch
from reprise_loadtests.profile import Profile
from reprise_platform.access import Access
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.drill.errors import DrillError


class Traffic:
    """The processes beside the drill, all started or none."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._running: list[children.Process] = []

    def start(
        self, access: Access, *, profile: Path, seed: int, history: Path, alert: str
    ) -> None:
        """Start the sentinel, the probers and the clinics.

        Returns when the clinics' schedule has begun and `alert` is watched.

        Raises:
            LoadError: one of them did not start; the message has the end of its log.
        """
        sentinel = launch.start_sentinel(access, history, alert=alert)
        self._running.append(sentinel)
        self._running += launch.start_probers(access, history)
        self._running.append(launch.start_load(access, profile, seed, history, None))
        launch.await_watch(sentinel, access, history)

    def check(self) -> None:
        """Do nothing while all that was started runs.

        Raises:
            DrillError: one has died, so what it should measure is not measured any more.
        """
        for process in self._running:
            if not process.is_running():
                raise DrillError(
                    say.sentence(
                        "{name} s'est arrêté de lui-même : voir {log}",
                        "{name} ended by itself: see {log}",
                        name=process.name,
                        log=str(process.log),
                    )
                )

    def stop(self) -> tuple[Text, ...]:
        """Stop all; twice is well. Return a sentence for each that did not end cleanly."""
        running, self._running = self._running, []
        codes = children.stop(*running)
        return tuple(
            say.sentence(
                "{name} s'est terminé avec le code {code}",
                "{name} ended with {code}",
                name=name,
                code=str(code),
            )
            for name, code in codes.items()
            if code != 0
        )


def with_rate(profile: Profile, rate_per_s: float | None) -> Profile:
    """Return the profile that a run plays: its rate replaced if the plan says so."""
    if rate_per_s is None:
        return profile
    arrivals = profile.arrivals.model_copy(update={"rate_per_s": rate_per_s})
    return profile.model_copy(update={"arrivals": arrivals})


def write_profile(profile: Profile, path: Path, *, rate_per_s: float | None) -> None:
    """Write the profile that this run plays, for the load to read."""
    raw = with_rate(profile, rate_per_s).model_dump(mode="json")
    path.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
