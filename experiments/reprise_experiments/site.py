"""A site as the experiments need it: how to reach it, break it and watch it.

The injector (`capabilities`) and the observer are two paths with two credentials. Tests
put a fake world in their place: a site named `test:MODULE:ARGUMENT` is made by
`MODULE.access(ARGUMENT)`, `MODULE.capabilities(access)`, `MODULE.observer(access)`, and
is refused unless `REPRISE_TESTING=1`, so that nobody drills a fake by mistake.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections.abc import Sequence
from typing import Protocol, cast

from reprise_experiments.errors import Refused
from reprise_experiments.ledger import Ledger
from reprise_experiments.observe import Observer
from reprise_platform.access import Access

_TEST = "test:"


class Breaker(Protocol):
    """The part of a provider's capabilities that faults use; each call is idempotent.

    A call returns when the command was carried out; whether it took is the observer's.
    """

    def power_off(self, machines: Sequence[str]) -> None:
        """Kill every process of the machines at once and take their links down."""

    def power_on(self, machines: Sequence[str]) -> None:
        """Start the machines again."""

    def isolate_zone(self, zone: str) -> None:
        """Cut everything into and out of a zone."""

    def restore_zone(self, zone: str) -> None:
        """Let a zone be reached again."""

    def power_off_primary(self) -> None:
        """Kill the whole primary site, its control plane included."""


class TestProvider(Protocol):
    """What a module named by a `test:` site offers."""

    def access(self, argument: str) -> Access:
        """Describe the fake site."""

    def capabilities(self, access: Access) -> Breaker:
        """Break the fake site."""

    def observer(self, access: Access) -> Observer:
        """Watch the fake site."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site, its injector, its observer, its ledger."""

    access: Access
    breaker: Breaker
    observer: Observer
    ledger: Ledger


def reach(name: str) -> Site:
    """Return the site called `name` (or described by that file).

    Raises:
        PlatformError: it is not there; the message says what to do.
        Refused: it is a fake one and this is no test.
    """
    if name.startswith(_TEST):
        argument = name.split(":", maxsplit=2)[-1]
        return site_of(_test_provider(name).access(argument))
    from reprise_platform.access import load_access  # noqa: PLC0415 - see below

    return site_of(load_access(name))


def site_of(access: Access) -> Site:
    """Return the site an access record describes.

    Raises:
        Refused: it is a fake one and this is no test.
    """
    if access.provider.startswith(_TEST):
        module = _test_provider(access.provider)
        breaker, observer = module.capabilities(access), module.observer(access)
    else:
        # The Kubernetes client takes a second to import, which `chaos validate` and
        # `status` need not pay.
        from reprise_experiments.kube_observer import KubeObserver  # noqa: PLC0415
        from reprise_platform.capabilities import capabilities  # noqa: PLC0415

        breaker, observer = capabilities(access), KubeObserver(access=access)
    return Site(
        access=access, breaker=breaker, observer=observer, ledger=Ledger(access.state)
    )


def _test_provider(name: str) -> TestProvider:
    if os.environ.get("REPRISE_TESTING") != "1":
        msg = f"{name}: a fake site, refused outside tests (REPRISE_TESTING=1)"
        raise Refused(msg)
    return cast("TestProvider", importlib.import_module(name.split(":")[1]))
