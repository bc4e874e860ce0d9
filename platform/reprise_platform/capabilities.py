"""What the generic path cannot do to a site: each provider does it in its own way."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal, Protocol

from reprise_platform.access import Access
from reprise_platform.errors import SiteError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One machine of the front door.

    Attributes:
        holds: whether the clinics' address is its own now.
        leads_to: the site it sends them to; empty when it does not answer.
    """

    name: str
    holds: bool
    leads_to: str


class Capabilities(Protocol):
    """Cut power, links and keys; switch the front door; make volumes anew.

    Every call returns when it was carried out; whether it took effect is observed
    elsewhere, by another path. All are idempotent.
    """

    def power_off(self, machines: Sequence[str]) -> None:
        """Cut the power of machines."""

    def power_on(self, machines: Sequence[str]) -> None:
        """Give machines power again."""

    def isolate_zone(self, zone: str) -> None:
        """Cut a zone off from all others."""

    def restore_zone(self, zone: str) -> None:
        """Undo `isolate_zone`."""

    def power_off_primary(self) -> None:
        """Cut the power of the whole primary site."""

    def fence_primary(self) -> None:
        """Keep the primary from serving or writing backups again."""

    def switch(self, to: Literal["primary", "recovery"]) -> None:
        """Send the clinics to a site."""

    def doors(self) -> tuple[Door, ...]:
        """Return the front door's machines that are on; none where they cannot be seen."""

    def prepare_recovery_volumes(self, namespace: str | None = None) -> tuple[str, ...]:
        """Make the recovery site's volumes anew, empty; return their names."""

    def drop_recovery_volumes(self, names: Sequence[str]) -> None:
        """Delete volumes made by `prepare_recovery_volumes`."""

    def links(self) -> dict[str, bool]:
        """Return every link and whether it is plugged in."""

    def machines_on(self) -> dict[str, bool]:
        """Return every machine and whether it is on."""


def capabilities(access: Access) -> Capabilities:
    """Return the capabilities of a site's provider.

    Raises:
        SiteError: the provider has none here.
    """
    if access.provider == "embedded":
        # Imported here: the embedded provider is of no use to a remote site.
        from reprise_platform.embedded.faculties import Embedded  # noqa: PLC0415

        return Embedded(access)
    if access.provider == "remote":
        from reprise_platform.remote.faculties import Remote  # noqa: PLC0415

        return Remote(access)
    msg = f"site {access.site}: provider {access.provider} is not known"
    raise SiteError(msg)
