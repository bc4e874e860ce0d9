"""Assumption on the recovery: what users met had been restored from a backup."""

from __future__ import annotations

from reprise_pra.analysis import say
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.recorded import Restore
from reprise_pra.analysis.results import Assumption, Text
from reprise_pra.history import Kind

_NAME = "restored_from_backup"
_COMPLETED = "Completed"
_RECOVERY = "recovery"


def restored_from_backup(measured: Measured) -> Assumption:
    """A backup that counts was chosen and restored after t0, then the front door turned.

    Otherwise the recovery site's data may be older, or may never have left it.
    """
    title = Text(fr="Reprise à partir d'une sauvegarde", en="Restored from a backup")
    if measured.t0_ns is None:
        return Assumption(
            name=_NAME,
            title=title,
            holds=None,
            reason=Text(fr="pas de sinistre (t0)", en="no disaster (t0)"),
        )
    chosen = measured.timeline.chosen_backup
    problem = (
        _chosen_flaw(measured) or _restore_flaw(measured) or _switch_flaw(measured)
    )
    return Assumption(
        name=_NAME,
        title=title,
        holds=problem is None,
        reason=problem
        or say.sentence(
            "{backup} restaurée après le sinistre, puis bascule vers le site de secours",
            "{backup} restored after the disaster, then the switch to the recovery site",
            backup=chosen or "?",
        ),
    )


def _chosen_flaw(measured: Measured) -> Text | None:
    chosen = measured.timeline.chosen_backup
    if chosen is None:
        return Text(fr="aucune sauvegarde retenue", en="no backup was chosen")
    if chosen not in {backup.name for backup in measured.counting}:
        return say.sentence(
            "{backup} : retenue, sans être une sauvegarde valable antérieure au sinistre",
            "{backup}: chosen, but no backup that counts before the disaster",
            backup=chosen,
        )
    return None


def _restore_flaw(measured: Measured) -> Text | None:
    chosen, t0_ns = measured.timeline.chosen_backup, measured.t0_ns
    assert t0_ns is not None, "asked only after a disaster"
    since = [one for one in measured.timeline.restores if one.start_ns >= t0_ns]
    if other := [one for one in since if one.backup != chosen]:
        return say.sentence(
            "{restore} : restaure {backup}, qui n'est pas la sauvegarde retenue",
            "{restore}: restores {backup}, which is not the backup chosen",
            restore=other[0].name,
            backup=other[0].backup,
        )
    given_back = {
        volume.volume
        for one in since
        if _is_whole(one)
        for volume in one.volumes
        if volume.size_bytes > 0
    }
    missing = sorted(set(measured.run.plan.expected_volumes) - given_back)
    if not since or missing or not given_back:
        return say.sentence(
            "aucune restauration achevée depuis le sinistre : {missing}",
            "not restored to the end since the disaster: {missing}",
            missing=", ".join(missing) or chosen or "?",
        )
    return None


def _switch_flaw(measured: Measured) -> Text | None:
    turned = [
        switch
        for switch in measured.timeline.switches
        if switch.to == _RECOVERY
        and switch.ended is Kind.OK
        and measured.t0_ns is not None
        and switch.start_ns >= measured.t0_ns
    ]
    if turned:
        return None
    return Text(
        fr="bascule vers le site de secours non constatée",
        en="the switch to the recovery site was not seen to end well",
    )


def _is_whole(restore: Restore) -> bool:
    return restore.ended is Kind.OK and restore.phase in {None, _COMPLETED}
