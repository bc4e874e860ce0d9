"""A planted defect for Locust: clinics that go through one journey after another."""

from reprise_loadtests.clinics import Clinics
from reprise_loadtests.schedule import Arrival
from reprise_loadtests.users import Clinic

__all__ = ["Clinic"]


def _one_at_a_time(self: Clinics, arrival: Arrival, intended_ns: int) -> None:
    self._go_through(arrival, self.last_instance, intended_ns)


Clinics._start = _one_at_a_time  # type: ignore[method-assign]
