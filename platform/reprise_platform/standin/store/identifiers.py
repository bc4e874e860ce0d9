"""Patient numbers handed out, each once."""

from __future__ import annotations

from reprise_platform.standin import dates, luhn
from reprise_platform.standin.database import Session

_NEXT = (
    "SELECT g.next_sequence_value, g.min_length FROM idgen_seq_id_gen g WHERE g.id = %s"
)


def generate(
    session: Session, source: int, user_id: int, comment: str | None, *, locked: bool
) -> str:
    """Return the next number of a source and log it.

    OpenMRS reads and writes the sequence under a lock of its own process, so that two
    replicas may hand out the same number.

    Args:
        locked: the row is, which suffices on one member; on two, Galera undoes the one
            that commits second, and it is run again.
    """
    row = session.row(f"{_NEXT} FOR UPDATE" if locked else _NEXT, source)
    assert row is not None
    place, length = row
    sql = "UPDATE idgen_seq_id_gen SET next_sequence_value = %s WHERE id = %s"
    session.execute(sql, place + 1, source)
    identifier = luhn.identifier(place, length - 1)
    session.insert(
        "idgen_log_entry",
        {
            "source": source,
            "identifier": identifier,
            "date_generated": dates.now(),
            "generated_by": user_id,
            "comment": comment,
        },
    )
    return identifier
