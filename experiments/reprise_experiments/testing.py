"""A fake site for tests, made of files, so that several processes share one world.

`world(folder)` makes it; it is reached as `test:reprise_experiments.testing:FOLDER`, and
only with `REPRISE_TESTING=1`. A machine without power is a file `off/NAME`, a zone cut off
a file `cut/ZONE`, and every command is a line of `calls`. Files of `mood/` make it
misbehave: see `Mood`.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from reprise_experiments.observe import NodeSeen, WorkloadSeen
from reprise_platform.access import Access, BackupStore, Cluster
from reprise_platform.errors import PlatformError

_ZONES = {"a": ("a1", "a2"), "b": ("b1",), "c": ("c1",)}


class Mood(enum.StrEnum):
    """How a fake world misbehaves."""

    DEAF = "deaf"  # injections do nothing
    STUCK = "stuck"  # undos do nothing
    BROKEN = "broken"  # the injector fails
    UNDO_BROKEN = "undo-broken"  # undoing fails
    WIDE = "wide"  # an injection hits a1 as well
    MESSY = "messy"  # an undo leaves a network policy behind
    BLIND = "blind"  # the cluster's API does not answer
    LETHAL = "lethal"  # whoever injects is killed in the middle of it


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A fake site on disk; it is its own injector and its own observer."""

    folder: Path

    @property
    def site_name(self) -> str:
        """The name by which any process reaches it."""
        return f"test:{__name__}:{self.folder}"

    @property
    def path(self) -> str:
        """Say by which path it is seen."""
        return "fake world, by its files"

    def feel(self, mood: Mood) -> None:
        """Make it misbehave."""
        (self.folder / "mood" / mood).touch()

    def recover_mood(self, mood: Mood) -> None:
        """Make it behave again."""
        (self.folder / "mood" / mood).unlink(missing_ok=True)

    def feels(self, mood: Mood) -> bool:
        """Tell whether it misbehaves so."""
        return (self.folder / "mood" / mood).exists()

    def calls(self) -> list[str]:
        """Return every command it was given, oldest first."""
        file = self.folder / "calls"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def broken(self) -> set[str]:
        """Return what is off or cut."""
        return {
            f"{kind}/{entry.name}"
            for kind in ("off", "cut")
            for entry in (self.folder / kind).iterdir()
        }

    def _call(self, words: str) -> None:
        with (self.folder / "calls").open("a", encoding="utf-8") as file:
            file.write(f"{words}\n")

    def _break(self, marker: str) -> None:
        if self.feels(Mood.BROKEN):
            msg = "the fake injector is broken"
            raise PlatformError(msg)
        if not self.feels(Mood.DEAF):
            (self.folder / marker).touch()
        if self.feels(Mood.WIDE):
            (self.folder / "off" / "a1").touch()
        if self.feels(Mood.LETHAL):
            self.recover_mood(Mood.LETHAL)
            os.kill(os.getpid(), signal.SIGKILL)

    def _mend(self, marker: str) -> None:
        if self.feels(Mood.UNDO_BROKEN):
            msg = "an error that nobody expected"
            raise RuntimeError(msg)
        if not self.feels(Mood.STUCK):
            (self.folder / marker).unlink(missing_ok=True)

    def power_off(self, machines: Sequence[str]) -> None:
        """Power machines off."""
        self._call(f"power_off {' '.join(machines)}")
        for machine in machines:
            self._break(f"off/{machine}")

    def power_on(self, machines: Sequence[str]) -> None:
        """Power machines on."""
        self._call(f"power_on {' '.join(machines)}")
        for machine in machines:
            self._mend(f"off/{machine}")

    def isolate_zone(self, zone: str) -> None:
        """Cut a zone off."""
        self._call(f"isolate_zone {zone}")
        self._break(f"cut/{zone}")

    def restore_zone(self, zone: str) -> None:
        """Join a zone again."""
        self._call(f"restore_zone {zone}")
        self._mend(f"cut/{zone}")

    def power_off_primary(self) -> None:
        """Power the whole site off."""
        self._call("power_off_primary")
        for machine in (
            "control",
            *(name for zone in _ZONES.values() for name in zone),
        ):
            self._break(f"off/{machine}")

    def cluster_uid(self) -> str:
        """Return the UID in `uid`."""
        return (self.folder / "uid").read_text(encoding="utf-8")

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes: Ready unless off or cut."""
        if self.feels(Mood.BLIND) or not self.api_reachable():
            msg = "the fake API does not answer"
            raise PlatformError(msg)
        return tuple(
            NodeSeen(
                name=name,
                zone=zone,
                uid=f"uid-{name}",
                address=name,
                ready=self._is_up(name),
                unschedulable=False,
                taints=() if self._is_up(name) else ("unreachable=:NoExecute",),
            )
            for zone, names in _ZONES.items()
            for name in names
        )

    def workloads(self) -> tuple[WorkloadSeen, ...]:
        """Return OpenMRS and Galera, one replica a zone, on its last node that is up."""
        zones = {node.zone: node.name for node in self.nodes() if node.ready}
        bearers = tuple(sorted(zones.values()))
        return (
            WorkloadSeen(
                kind="Deployment",
                namespace="openmrs",
                name="openmrs",
                wanted=len(_ZONES),
                ready=len(zones),
                bearers=bearers,
            ),
            WorkloadSeen(
                kind="StatefulSet",
                namespace="openmrs",
                name="galera",
                wanted=len(_ZONES),
                ready=len(zones),
                bearers=bearers,
            ),
        )

    def policies(self) -> tuple[str, ...]:
        """Return a policy that a messy undo left."""
        undone = any(call.startswith(("power_on", "restore")) for call in self.calls())
        return ("openmrs/left-over 0123",) if undone and self.feels(Mood.MESSY) else ()

    def volumes(self) -> tuple[str, ...]:
        """Return one volume."""
        return ("database-0 Bound openmrs/data-galera-0",)

    def api_reachable(self) -> bool:
        """Tell whether the control plane is up."""
        return not (self.folder / "off" / "control").exists()

    def answers(self, address: str) -> bool:
        """Tell whether a node is up and not cut off."""
        return self._is_up(address)

    def _is_up(self, name: str) -> bool:
        zone = next(zone for zone, names in _ZONES.items() if name in names)
        off, cut = self.folder / "off" / name, self.folder / "cut" / zone
        return not off.exists() and not cut.exists()


def world(folder: Path) -> World:
    """Make a fake site with zones a (two nodes), b and c."""
    for name in ("off", "cut", "mood", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "uid").write_text("uid-of-the-fake", encoding="utf-8")
    (folder / "clinic.json").write_text(
        json.dumps({"username": "clinic", "password": "clinic"}), encoding="utf-8"
    )
    return World(folder=folder)


def access(argument: str) -> Access:
    """Describe the fake site in the folder `argument`; its door is in `front_door`."""
    folder = Path(argument)
    door = folder / "front_door"
    cluster = Cluster(
        name="fake",
        kubeconfig=folder / "kubeconfig",
        observer_kubeconfig=folder / "observer",
        context="fake",
        uid="uid-of-the-fake",
    )
    return Access(
        site=World(folder=folder).site_name,
        provider=f"test:{__name__}",
        front_door=door.read_text() if door.exists() else "http://127.0.0.1:9",
        primary=cluster,
        recovery=cluster,
        backup_store=BackupStore(endpoint="", bucket="", region=""),
        clinic_credentials=folder / "clinic.json",
        velero=folder / "velero",
        escrow=folder / "escrow",
        state=folder / "state",
        zones=_ZONES,
        recovery_nodes=("r1",),
        namespace="openmrs",
        probe_rates_per_s={},
        production=(folder / "production").exists(),
    )


def capabilities(access: Access) -> World:
    """Return the fake site as its injector."""
    return World(folder=access.state.parent)


def observer(access: Access) -> World:
    """Return the fake site as its observer."""
    return World(folder=access.state.parent)
