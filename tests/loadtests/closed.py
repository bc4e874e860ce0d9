"""A planted defect for Locust: clinics that go through one journey after another."""

from collections.abc import Callable

from reprise_loadtests import clinics
from reprise_loadtests.dealer import Due
from reprise_loadtests.users import Clinic

__all__ = ["Clinic"]


class _OneAtATime:
    """What a group of greenlets is, without the greenlets."""

    def __len__(self) -> int:
        return 0

    def spawn(self, journey: Callable[[Due], None], due: Due) -> None:
        journey(due)

    def join(self, timeout: float | None = None) -> None:
        pass

    def kill(self) -> None:
        pass


vars(clinics)["Group"] = _OneAtATime
