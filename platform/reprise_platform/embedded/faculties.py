"""What only this provider can do to a site: cut power, links and keys; switch the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from reprise_platform import kube
from reprise_platform.access import Access
from reprise_platform.capabilities import Door
from reprise_platform.embedded import credentials, machine, network, switching, volumes
from reprise_platform.embedded.layout import FENCE, Layout, load
from reprise_platform.embedded.progress import side_by_side
from reprise_platform.errors import PlatformError, SiteError


class Embedded:
    """The embedded provider's capabilities. Each returns when carried out, not observed."""

    def __init__(self, access: Access) -> None:
        """Take hold of a site that is up.

        Raises:
            SiteError: it is not up here.
        """
        layout = load(access.site)
        if layout is None:
            msg = f"site {access.site} is not up here"
            raise SiteError(msg)
        self._layout: Layout = layout
        self._access = access

    def power_off(self, machines: Sequence[str]) -> None:
        """Unplug machines and kill every process of them. Idempotent."""
        chosen = [self._layout.machine(name) for name in machines]
        for each in chosen:
            network.set_link(
                self._layout.folder, network.machine_link(each.name), up=False
            )
        side_by_side(*(lambda each=each: machine.kill(each) for each in chosen))
        switching.forget_address(self._layout, set(machines))

    def power_on(self, machines: Sequence[str]) -> None:
        """Plug machines in and start them. Idempotent.

        Raises:
            PlatformError: the primary is fenced and one of them belongs to it.
        """
        if self._is_fenced():
            primary = {each.name for each in self._layout.primary_machines()}
            refused = sorted(primary & set(machines))
            if refused:
                msg = (
                    f"the primary site is fenced: {', '.join(refused)} stay off; two sites "
                    "never serve at once. Take the site down and bring it up again."
                )
                raise PlatformError(msg)
        for name in machines:
            each = self._layout.machine(name)
            machine.start(each)
            network.set_link(self._layout.folder, network.machine_link(name), up=True)

    def isolate_zone(self, zone: str) -> None:
        """Cut a zone's uplink: its machines run on, alone. Idempotent."""
        self._known_zone(zone)
        network.set_link(self._layout.folder, network.zone_uplink(zone), up=False)

    def restore_zone(self, zone: str) -> None:
        """Plug a zone's uplink in again. Idempotent."""
        self._known_zone(zone)
        network.set_link(self._layout.folder, network.zone_uplink(zone), up=True)

    def power_off_primary(self) -> None:
        """Cut the power of the whole primary site, its control plane included."""
        self.power_off([each.name for each in self._layout.primary_machines()])

    def fence_primary(self) -> None:
        """Keep the primary from serving or writing backups again. Idempotent.

        Its links stay unplugged, its machines stay off and its key to the backup store
        is taken away: a primary that wakes up would resume its schedule.
        """
        (self._layout.folder / FENCE).touch()
        for each in self._layout.primary_machines():
            network.set_link(
                self._layout.folder, network.machine_link(each.name), up=False
            )
        credentials.disable_account(self._layout.folder, "primary")

    def switch(self, to: Literal["primary", "recovery"]) -> None:
        """Send the clinics to a site: takes effect with the next request.

        Raises:
            PlatformError: a machine of the front door did not take the order.
        """
        switching.switch(self._layout, to)

    def doors(self) -> tuple[Door, ...]:
        """Return the front door's machines that are on."""
        return switching.seen(self._layout)

    def prepare_recovery_volumes(self, namespace: str | None = None) -> tuple[str, ...]:
        """Make the recovery site's volumes anew: empty, each kept for one claim.

        Returns:
            The names of the PersistentVolumes.
        """
        made = volumes.recovery_volumes(
            self._layout, namespace or self._access.namespace
        )
        kube.apply(self._access.recovery, made)
        return tuple(kube.text(item, "metadata", "name") for item in made)

    def drop_recovery_volumes(self, names: Sequence[str]) -> None:
        """Delete volumes made by `prepare_recovery_volumes`, data included."""
        for name in names:
            kube.delete(self._access.recovery, "v1", "PersistentVolume", name)
            volumes.drop(self._layout, name)

    def links(self) -> dict[str, bool]:
        """Return every link of the site and whether it is plugged in."""
        return network.link_states(self._layout.folder)

    def machines_on(self) -> dict[str, bool]:
        """Return every machine and whether it is on."""
        return {
            each.name: machine.first_process(each) is not None
            for each in self._layout.machines()
        }

    def _is_fenced(self) -> bool:
        return (self._layout.folder / FENCE).exists()

    def _known_zone(self, zone: str) -> None:
        if zone not in self._layout.topology.zones():
            known = ", ".join(self._layout.topology.zones())
            msg = f"site {self._access.site} has no zone {zone}; it has: {known}"
            raise SiteError(msg)
