"""RPA: the age, at t0, of the newest acknowledged write that all the older ones survive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reprise_pra.analysis import say
from reprise_pra.analysis.backups import ScheduleAchieved
from reprise_pra.analysis.fates import Fate, Witness
from reprise_pra.analysis.reading_load import DATABASE
from reprise_pra.analysis.results import (
    DataLoss,
    LostWrite,
    Text,
    TypeAccount,
    WriteIssue,
)
from reprise_pra.analysis.timeline import duration_s

_BROKEN = frozenset({Fate.LOST, Fate.ALTERED})
_ISSUES = frozenset(
    {
        Fate.ALTERED,
        Fate.DUPLICATED,
        Fate.RECOVERED,
        Fate.UNEXPECTED,
        Fate.LOST_AFTER_T0,
        Fate.UNREAD,
    }
)


def losses_of(
    witnesses: Sequence[Witness], *, t0_ns: int | None, achieved: ScheduleAchieved
) -> tuple[DataLoss, ...]:
    """Account for every store; a run without a single write has its database all the same.

    Args:
        witnesses: every write and its fate.
        t0_ns: the disaster.
        achieved: what the backups' schedule really achieved.
    """
    stores = sorted({one.store for one in witnesses} or {DATABASE})
    return tuple(
        _loss_of(
            store,
            [one for one in witnesses if one.store == store],
            t0_ns=t0_ns,
            achieved=achieved,
        )
        for store in stores
    )


def _loss_of(
    store: str,
    witnesses: Sequence[Witness],
    *,
    t0_ns: int | None,
    achieved: ScheduleAchieved,
) -> DataLoss:
    rpa_s, is_lower_bound, reason = _rpa(witnesses, t0_ns)
    if achieved.extra_age_s > 0:
        reason = say.sentence(
            "{reason} ; sauvegarde restaurée plus ancienne de {extra} que la dernière",
            "{reason}; the backup restored is {extra} older than the newest that counts",
            reason=reason,
            extra=say.seconds(achieved.extra_age_s),
        )
    return DataLoss(
        store=store,
        rpa_s=rpa_s,
        lower_bound_s=_lower_bound(witnesses, t0_ns),
        worst_case_s=achieved.worst_case_s,
        accounts=_accounts(witnesses),
        lost=tuple(
            LostWrite(
                clinical_type=one.clinical_type,
                uuid=one.uuid,
                acknowledged_utc=one.acknowledged_utc or "",
                before_t0_s=duration_s(t0_ns - one.acknowledged_ns),
                is_hole=one.is_hole,
            )
            for one in witnesses
            if one.fate is Fate.LOST
            and one.acknowledged_ns is not None
            and t0_ns is not None
        ),
        rpa_is_lower_bound=is_lower_bound,
        achieved_interval_s=achieved.interval_s,
        capture_s=achieved.capture_s,
        extra_age_s=achieved.extra_age_s,
        reason=reason,
        issues=tuple(
            WriteIssue(
                clinical_type=one.clinical_type,
                uuid=one.uuid,
                fate=one.fate.value,
                acknowledged_utc=one.acknowledged_utc,
                after_switch=one.is_after_switch,
            )
            for one in witnesses
            if one.fate in _ISSUES
        ),
    )


def _before(
    witnesses: Iterable[Witness], t0_ns: int
) -> tuple[tuple[int, Witness], ...]:
    """Return what was acknowledged before t0 with its instant, oldest first."""
    return tuple(
        (one.acknowledged_ns, one)
        for one in witnesses
        if one.acknowledged_ns is not None and one.acknowledged_ns < t0_ns
    )


def _rpa(
    witnesses: Iterable[Witness], t0_ns: int | None
) -> tuple[float | None, bool, Text]:
    """Return the RPA in seconds (or None), whether it is a lower bound, and why.

    The prefix rule: t0 - acknowledgement of the newest write such that it and all
    acknowledged before it survive; 0 when none is lost. An altered write does not survive:
    the version that a user was told of is gone. Only what the final reads leave open
    *before* the first loss makes the RPA unknown; nothing after that loss can move it.
    """
    if t0_ns is None:
        return None, False, Text(fr="pas de sinistre (t0)", en="no disaster (t0)")
    before = _before(witnesses, t0_ns)
    if not before:
        return (
            None,
            False,
            Text(
                fr="aucune écriture acquittée avant le sinistre : rien à mesurer",
                en="no write was acknowledged before the disaster: nothing to measure",
            ),
        )
    newest_ns: int | None = None
    for acknowledged_ns, one in before:
        if one.fate is Fate.UNREAD:
            return None, False, _unread(before)
        if one.fate in _BROKEN:
            break
        newest_ns = acknowledged_ns
    else:
        return (
            0.0,
            False,
            say.sentence(
                "écritures acquittées avant le sinistre, toutes survivantes : {count}",
                "writes acknowledged before the disaster, all surviving: {count}",
                count=len(before),
            ),
        )
    lost = sum(one.fate in _BROKEN for _, one in before)
    counts = {"lost": lost, "count": len(before)}
    if newest_ns is None:
        return (
            duration_s(t0_ns - before[0][0]),
            True,
            say.sentence(
                "écritures perdues ou altérées : {lost} sur {count}, dont la plus "
                "ancienne ; la perte remonte au moins à celle-ci",
                "writes lost or altered: {lost} of {count}, the oldest among them; the "
                "loss reaches back at least to it",
                **counts,
            ),
        )
    return (
        duration_s(t0_ns - newest_ns),
        False,
        say.sentence(
            "écritures perdues ou altérées : {lost} sur {count} acquittées avant le "
            "sinistre",
            "writes lost or altered: {lost} of {count} acknowledged before the disaster",
            **counts,
        ),
    )


def _unread(before: Sequence[tuple[int, Witness]]) -> Text:
    return say.sentence(
        "écritures acquittées non relues : {unread} sur {count}",
        "acknowledged writes not read back: {unread} of {count}",
        unread=sum(one.fate is Fate.UNREAD for _, one in before),
        count=len(before),
    )


def _lower_bound(witnesses: Iterable[Witness], t0_ns: int | None) -> float | None:
    """Return t0 - acknowledgement of the first write known to be lost; 0 when none is."""
    if t0_ns is None:
        return None
    before = _before(witnesses, t0_ns)
    if not before:
        return None
    broken = [acknowledged_ns for acknowledged_ns, one in before if one.fate in _BROKEN]
    return duration_s(t0_ns - broken[0]) if broken else 0.0


def _accounts(witnesses: Sequence[Witness]) -> tuple[TypeAccount, ...]:
    accounts = []
    for clinical_type in sorted({one.clinical_type for one in witnesses}):
        mine = [one for one in witnesses if one.clinical_type == clinical_type]
        count = {fate: sum(one.fate is fate for one in mine) for fate in Fate}
        accounts.append(
            TypeAccount(
                clinical_type=clinical_type,
                acknowledged=sum(one.acknowledged_ns is not None for one in mine),
                survived=count[Fate.SURVIVED],
                lost=count[Fate.LOST],
                holes=sum(one.is_hole for one in mine),
                altered=count[Fate.ALTERED],
                duplicated=count[Fate.DUPLICATED],
                recovered=count[Fate.RECOVERED],
                unknown=count[Fate.UNKNOWN],
                unexpected=count[Fate.UNEXPECTED],
                lost_after_t0=count[Fate.LOST_AFTER_T0],
                unread=count[Fate.UNREAD],
            )
        )
    return tuple(accounts)
