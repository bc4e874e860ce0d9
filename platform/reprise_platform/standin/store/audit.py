"""Who made a row and who changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Audit

_CHANGES = {"person": True, "visit": True, "encounter": True, "obs": False}


def load(session: Session, table: str, keys: Sequence[int]) -> Mapping[int, Audit]:
    """Return the trail of rows, by their key. Observations are never changed."""
    key = f"{table}_id"
    changed = "r.date_changed, ch.uuid, COALESCE(NULLIF(ch.username, ''), ch.system_id)"
    join = "LEFT JOIN users ch ON ch.user_id = r.changed_by"
    if not _CHANGES[table]:
        changed, join = "NULL, NULL, NULL", ""
    sql = (
        f"SELECT r.{key}, r.date_created, cr.uuid, "  # noqa: S608 - names are ours
        f"COALESCE(NULLIF(cr.username, ''), cr.system_id), {changed}, r.date_voided, "
        "r.void_reason, vo.uuid, COALESCE(NULLIF(vo.username, ''), vo.system_id) "
        f"FROM {table} r LEFT JOIN users cr ON cr.user_id = r.creator "
        "LEFT JOIN users vo ON vo.user_id = r.voided_by "
        f"{join} WHERE r.{key} IN %s"
    )
    return {
        row[0]: Audit(
            date_created=row[1],
            creator=(row[2], row[3]) if row[2] else None,
            date_changed=row[4],
            changer=(row[5], row[6]) if row[5] else None,
            date_voided=row[7],
            void_reason=row[8],
            voider=(row[9], row[10]) if row[9] else None,
        )
        for row in session.rows(sql, keys)
    }
