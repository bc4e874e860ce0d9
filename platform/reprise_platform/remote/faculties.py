"""What a remote site's file says can be done to it, done and written down.

Each act leaves two events in `acts.jsonl` of the site's folder: what is about to be done
and by which way, then what came of it. That is the evidence of how power was cut, and a
drill takes it over; whether it took is observed elsewhere.
"""

from __future__ import annotations

import concurrent.futures
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

from reprise_platform.access import Access
from reprise_platform.capabilities import Door
from reprise_platform.command import run
from reprise_platform.embedded.layout import FENCE
from reprise_platform.errors import PlatformError, SiteError
from reprise_platform.remote import ways
from reprise_platform.remote.approximating import cut, give_back
from reprise_platform.remote.asking import ask
from reprise_platform.remote.joining import declared
from reprise_platform.spent import DOOR
from reprise_pra.history import JsonValue, Kind, Recorder

PROCESS, ACT = "acts", "act"
_SHOWN_CHARACTERS = 500


class Remote:
    """The remote provider's capabilities. Each returns when carried out, not observed."""

    def __init__(self, access: Access) -> None:
        """Take hold of a site that was joined.

        Raises:
            SiteError: its record is damaged.
        """
        self._access = access
        site = declared(access.state)
        self._ways: Mapping[str, ways.Way] = site.capabilities.each()
        self._machines = site.machines

    def power_off(self, machines: Sequence[str]) -> None:
        """Cut the power of nodes, all at once."""
        self._on_nodes("power_off", machines, cut)

    def power_on(self, machines: Sequence[str]) -> None:
        """Give nodes power again, all at once."""
        self._on_nodes("power_on", machines, give_back)

    def isolate_zone(self, zone: str) -> None:
        """Cut a zone off from all others."""
        self._do("isolate_zone", zone=zone)

    def restore_zone(self, zone: str) -> None:
        """Undo `isolate_zone`."""
        self._do("restore_zone", zone=zone)

    def power_off_primary(self) -> None:
        """Cut the power of the whole primary site."""
        self._do("power_off_primary")

    def fence_primary(self) -> None:
        """Keep the primary from serving or writing backups again."""
        (self._access.state / FENCE).touch()
        self._do("fence_primary")

    def switch(self, to: Literal["primary", "recovery"]) -> None:
        """Send the clinics to a site, and remember where they were sent."""
        self._do("switch", to=to)
        marker = self._access.state / DOOR
        marker.parent.mkdir(exist_ok=True)
        marker.write_text(f"active {to}\n", encoding="utf-8")

    def doors(self) -> tuple[Door, ...]:
        """Return none: what stands behind the clinics' URL cannot be seen from here."""
        return ()

    def prepare_recovery_volumes(self, namespace: str | None = None) -> tuple[str, ...]:
        """Make the recovery site's volumes anew; return the names that the command told.

        None where the site provisions volumes by itself.
        """
        if self._ways["make_recovery_volumes"].kind is ways.Kind.PROVISIONED:
            return ()
        space = namespace or self._access.namespace
        return tuple(self._do("make_recovery_volumes", namespace=space).split())

    def drop_recovery_volumes(self, names: Sequence[str]) -> None:
        """Delete volumes made by `prepare_recovery_volumes`."""
        for name in names:
            self._do("drop_recovery_volumes", volume=name)

    def links(self) -> dict[str, bool]:
        """Return none: links cannot be seen from here."""
        return {}

    def machines_on(self) -> dict[str, bool]:
        """Return none: a node is known by its cluster, its machine is not."""
        return {}

    def _on_nodes(
        self, name: str, nodes: Sequence[str], by_api: Callable[[Access, str], None]
    ) -> None:
        if not nodes:
            return

        def one(node: str) -> None:
            machine = self._machines.get(node, node)
            act = partial(by_api, self._access, node)
            self._do(name, by_api=act, node=node, machine=machine)

        with concurrent.futures.ThreadPoolExecutor(len(nodes)) as pool:
            for done in [pool.submit(one, node) for node in nodes]:
                done.result()

    def _do(
        self, name: str, *, by_api: Callable[[], None] | None = None, **values: str
    ) -> str:
        """Do one act by its declared way, write it down, return what it said.

        Raises:
            SiteError: the way is none.
            PlatformError: it was not done: the command failed, nobody answered.
        """
        way = self._ways[name]
        words = way.words({"site": self._access.site, **values})
        asked = way.ask or f"{name.replace('_', ' ')} {' '.join(values.values())}"
        value: dict[str, JsonValue] = {
            "capability": name,
            "way": way.kind.value,
            "of": list(dict.fromkeys(values.values())),
            "command": list(words),
        }
        said, kind = "", Kind.INFO
        act = uuid.uuid4().hex
        self._note(Kind.INVOKE, act, value)
        try:
            match way.kind:
                case ways.Kind.COMMAND:
                    said = run(words, within_s=way.within_s)
                case ways.Kind.MANUAL:
                    ask(f"site {self._access.site}: {asked} ({name} {values})")
                case ways.Kind.KUBERNETES if by_api is not None:
                    by_api()
                case _:
                    msg = (
                        f"site {self._access.site} declares capabilities.{name}: {way.kind};"
                        " it cannot be done there"
                    )
                    raise SiteError(msg)
            kind = Kind.OK
        except PlatformError as error:
            said, kind = str(error), Kind.FAIL
            raise
        finally:
            self._note(kind, act, {**value, "said": said[-_SHOWN_CHARACTERS:]})
        return said

    def _note(self, kind: Kind, act: str, value: Mapping[str, JsonValue]) -> None:
        # Opened for each line: a drill, its experiments and their lease all act.
        with Recorder(self._access.state, PROCESS) as recorder:
            recorder.record(kind, ACT, act, value)
