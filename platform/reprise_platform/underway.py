"""One recovery under way: what was asked, what was found so far, what is told of it."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Callable
from pathlib import Path

from reprise_platform import manifests, reindexing, velero, workloads
from reprise_platform.access import Access
from reprise_platform.backups import Backup, judge, newest_counting
from reprise_platform.errors import PlatformError
from reprise_platform.restoring import ATTACHMENTS, target_problems
from reprise_platform.telling import told
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.history import JsonValue, Kind, Recorder

AGAIN = Text(
    fr="restauration sans fin : volumes refaits, nouvelle tentative",
    en="the restore hung: volumes made anew, another try",
)
"""Told when a restore that hung is made once more."""


class RecoveryError(PlatformError):
    """A step of the recovery failed; the message says which, and what was seen."""

    def __init__(self, text: Text) -> None:
        """Say it in both languages."""
        super().__init__(text.en)
        self.text = text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each wait of the recovery may last, in seconds."""

    location_s: float = 180
    restore_s: float = 240
    database_s: float = 180
    load_s: float = 600
    attachments_s: float = 120
    openmrs_s: float = 300
    reindex_s: float = 120


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be recovered.

    Attributes:
        lost_at: the instant of the loss; nothing newer can be in the store.
        rank: 1 restores the newest backup that counts, 2 the second newest.
        age_min_s: restore none begun later than this before the loss, in seconds.
        evidence: folder for what the objects and the load job said.
    """

    access: Access
    lost_at: datetime.datetime
    expected_volumes: tuple[str, ...]
    rank: int = 1
    age_min_s: float = 0.0
    limits: Limits = Limits()
    evidence: Path


class Recovery:
    """One recovery under way: what was asked, and what its steps found so far."""

    def __init__(
        self,
        request: Request,
        *,
        recorder: Recorder,
        tell: Callable[[Text], None],
    ) -> None:
        """Prepare; `tell` hears what is being waited for, in a few words."""
        self.request = request
        self.recorder = recorder
        self.tell = tell
        self.backup: Backup | None = None
        self.volumes: tuple[str, ...] = ()
        self.stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime())

    def see_target_empty(self) -> None:
        """Look again, last of all before anything is put there: the key's proof ran since.

        Raises:
            RecoveryError: it is not; what is there would pass for restored.
        """
        found = target_problems(self.request.access)
        detail = Text(fr="rien n'y tourne", en="nothing runs there")
        if found:
            detail = say.sentence(
                "le site de secours n'est pas vide : {found}",
                "the recovery site is not empty: {found}",
                found=", ".join(found),
            )
        check = "recovery_target_empty"
        value: dict[str, JsonValue] = {
            "check": check,
            "holds": not found,
            "detail": told(detail),
        }
        self.recorder.record(Kind.OK, "check", check, value)
        if found:
            raise RecoveryError(detail)

    def see_attachments_served(self) -> None:
        """Wait for the attachments' server, which came out of the backup with its volume.

        Raises:
            WaitTimeout: it does not serve in its time.
        """
        request = self.request
        if ATTACHMENTS in request.expected_volumes:
            workloads.wait_ready(
                request.access.recovery,
                manifests.restored_attachments(request.access),
                within_s=request.limits.attachments_s,
                what="the attachments' server of the recovery site",
            )

    def reindex(self) -> None:
        """Make the index anew: OpenMRS' own lies outside the database just restored.

        Raises:
            WaitTimeout: it was not made in its time.
        """
        limit_s = self.request.limits.reindex_s
        reindexing.rebuild(self.request.access, within_s=limit_s)

    def chosen(self) -> Backup:
        """Return the backup that was picked; before that, a programmer's error."""
        assert self.backup is not None, "the backup is picked in the phase `prepare`"
        return self.backup

    def find(self, *, rank: int) -> Backup | None:
        """Return a backup that counts and is old enough; rank 1 is the newest."""
        request = self.request
        age = datetime.timedelta(seconds=request.age_min_s)
        return newest_counting(
            velero.backups(request.access.recovery),
            request.expected_volumes,
            rank=rank,
            started_by=request.lost_at - age,
        )

    def known_backups(self) -> str:
        """Name every backup that the recovery site knows, and what each is worth."""
        expected = self.request.expected_volumes
        return "; ".join(
            f"{one.name}: {judge(one, expected).text}"
            for one in velero.backups(self.request.access.recovery)
        )

    def choose(self, backup: Backup) -> None:
        """Settle on a backup, and say so; an earlier choice is given up."""
        self.backup = backup
        value: dict[str, JsonValue] = {"name": backup.name}
        self.recorder.record(Kind.OK, "backup_chosen", backup.name, value)

    def mark(self, mark: str, detail: Text, *, at_ns: int | None = None) -> None:
        """Record one mark of the recovery, now or at `at_ns`."""
        value: dict[str, JsonValue] = {"mark": mark, "detail": told(detail)}
        self.recorder.record(Kind.OK, "mark", mark, value, at_ns=at_ns)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: the drill's phase it belongs to, what it does in a few words, the act."""

    phase: str
    title: Text
    act: Callable[[Recovery], None]


def step(phase: str, act: Callable[[Recovery], None], *, fr: str, en: str) -> Step:
    """Return a step with its title in both languages."""
    return Step(phase=phase, title=Text(fr=fr, en=en), act=act)
