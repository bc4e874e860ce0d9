"""A user's own shape for Locust: two stages, then the end."""

from locust import LoadTestShape

from reprise_loadtests.users import Clinic

__all__ = ["Clinic", "Stages"]


class Stages(LoadTestShape):
    """Sixty a minute for two seconds, then six hundred for two."""

    def tick(self) -> tuple[int, float] | None:
        """Return users and spawn rate, by the time alone."""
        at_s: float = self.get_run_time()  # type: ignore[no-untyped-call]
        if at_s < 2:
            return 60, 1
        return (600, 1) if at_s < 4 else None
