"""What the phases of one drill share."""

from __future__ import annotations

import dataclasses
import datetime
import json
import time
from collections.abc import Callable, Sequence

from reprise_experiments.observe import Snapshot
from reprise_platform.access import Access
from reprise_platform.errors import PlatformError, WaitTimeout
from reprise_platform.proof import KeyProof
from reprise_platform.recovery import Recovery
from reprise_platform.waiting import until
from reprise_pra.analysis import say
from reprise_pra.analysis.results import Text
from reprise_pra.drill.background import Background
from reprise_pra.drill.backupwatch import BackupWatch
from reprise_pra.drill.console import Console
from reprise_pra.drill.errors import AwaitedInVainError, DrillError
from reprise_pra.drill.folder import RunFolder
from reprise_pra.drill.journal import Journal
from reprise_pra.drill.plan import DrillPlan
from reprise_pra.drill.prepared import Prepared
from reprise_pra.drill.traffic import Traffic


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The instant of the disaster, on the drill's clock and for the clusters."""

    at_ns: int
    utc: datetime.datetime


class Drill:
    """One drill under way: what was asked, where it is written, what is running.

    Each phase fills what later ones need; `need` says which came too early.
    """

    def __init__(
        self,
        *,
        prepared: Prepared,
        folder: RunFolder,
        journal: Journal,
        console: Console,
        keep_site: bool,
    ) -> None:
        """Begin with nothing running."""
        self.prepared = prepared
        self.folder = folder
        self.journal = journal
        self.console = console
        self.keep_site = keep_site
        self.started_ns = time.monotonic_ns()
        self.traffic = Traffic()
        self.site_is_ours = False
        self.access: Access | None = None
        self.before: Snapshot | None = None
        self.watch: BackupWatch | None = None
        self.proof: Background[KeyProof] | None = None
        self.losing: Background[bool] | None = None
        self.loss: Loss | None = None
        self.recovery: Recovery | None = None

    @property
    def plan(self) -> DrillPlan:
        """The drill's plan."""
        return self.prepared.plan

    @property
    def site(self) -> Access:
        """How the site is reached.

        Raises:
            DrillError: it is not up yet.
        """
        return need(self.access, Text(fr="le site", en="the site"))

    def wait[T](
        self,
        condition: Callable[[], T | None],
        *,
        within_s: float,
        what: Text,
        every_s: float = 0.5,
    ) -> T:
        """Wait as `until` does, say for what, and give up when the traffic dies.

        Raises:
            AwaitedInVainError: the limit passed.
            DrillError: the load, a prober or the sentinel has died.
        """
        inner: list[WaitTimeout] = []

        def attempt() -> T | None:
            self.traffic.check()
            try:
                return condition()
            except WaitTimeout as error:
                # Of something that the condition looks at: not this wait's own limit.
                inner.append(error)
                raise

        self.console.awaiting(what)
        try:
            return until(attempt, within_s=within_s, every_s=every_s, what=what.en)
        except WaitTimeout as error:
            if inner:
                raise
            raise AwaitedInVainError(
                say.sentence(
                    "attendu en vain pendant {limit} : {what}",
                    "waited {limit} in vain for: {what}",
                    limit=say.seconds(within_s),
                    what=what,
                )
            ) from error
        finally:
            self.console.awaiting(None)

    def wait_until_none(
        self,
        problems: Callable[[], Sequence[Text]],
        *,
        within_s: float,
        what: Text,
        every_s: float = 1.0,
    ) -> None:
        """Wait until nothing is found wrong.

        Raises:
            AwaitedInVainError: the limit passed; tells what was still wrong.
            DrillError: the traffic died.
        """
        latest: list[Text] = []

        def fine() -> bool:
            latest[:] = problems()
            return not latest

        try:
            self.wait(fine, within_s=within_s, what=what, every_s=every_s)
        except AwaitedInVainError as error:
            raise AwaitedInVainError(
                say.sentence(
                    "{error}\u00a0; il reste : {latest}",
                    "{error}; still: {latest}",
                    error=error.text,
                    latest=say.join(latest),
                )
            ) from error

    def pause(self, seconds: float, what: Text) -> None:
        """Let time pass, and say for what."""
        ended_s = time.monotonic() + seconds
        self.wait(
            lambda: time.monotonic() >= ended_s,
            within_s=seconds + 60,
            every_s=0.2,
            what=say.sentence(
                "{what} ({length})",
                "{what} ({length})",
                what=what,
                length=say.seconds(seconds),
            ),
        )


def need[T](part: T | None, name: Text) -> T:
    """Return a part of the drill that an earlier phase made.

    Raises:
        DrillError: that phase did not run.
    """
    if part is None:
        raise DrillError(
            say.sentence(
                "il manque {name} : la phase qui l'établit n'a pas eu lieu",
                "{name} is not there: the phase that makes it did not run",
                name=name,
            )
        )
    return part


def credentials(access: Access) -> tuple[str, str]:
    """Return the clinics' user name and password.

    Raises:
        PlatformError: the file does not hold them.
    """
    path = access.clinic_credentials
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return str(raw["username"]), str(raw["password"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: no clinic's credentials: {error!r}"
        raise PlatformError(msg) from error
