"""DELETE, the same for every resource: void, or purge if `purge=true`.

Voiding what is voided, and purging what is not there, are answered like success (204).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from http import HTTPStatus

import pymysql
from flask import Blueprint, Response, request

from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import purging, voiding
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.purging import wants_purge

_BY_UUID = "SELECT {key} FROM {table} WHERE uuid = %s"
_PATIENT = (
    "SELECT pa.patient_id FROM patient pa JOIN person pe "
    "ON pe.person_id = pa.patient_id WHERE pe.uuid = %s"
)
_PERSON = "SELECT person_id FROM person WHERE uuid = %s"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Removal:
    """How a resource is found and removed.

    Attributes:
        batched: how OpenMRS' error words a purge that the database refuses.
        searched: patients are found by it.
    """

    key_of: str
    privilege: str
    void: Callable[[Session, int, str, int], None]
    purge: Callable[[Session, int], None]
    batched: str | None = None
    searched: bool = False


_REMOVALS = {
    "obs": _Removal(
        key_of=_BY_UUID.format(key="obs_id", table="obs"),
        privilege="Delete Observations",
        void=voiding.void_obs,
        purge=purging.purge_obs,
        batched="delete from obs where obs_id=?",
    ),
    "encounter": _Removal(
        key_of=_BY_UUID.format(key="encounter_id", table="encounter"),
        privilege="Delete Encounters",
        void=voiding.void_encounter,
        purge=purging.purge_encounter,
    ),
    "visit": _Removal(
        key_of=_BY_UUID.format(key="visit_id", table="visit"),
        privilege="Delete Visits",
        void=voiding.void_visit,
        purge=purging.purge_visit,
    ),
    "patient": _Removal(
        key_of=_PATIENT,
        privilege="Delete Patients",
        void=voiding.void_patient,
        purge=purging.purge_patient,
        searched=True,
    ),
    "person": _Removal(
        key_of=_PERSON,
        privilege="Delete People",
        void=voiding.void_person,
        purge=purging.purge_person,
        searched=True,
    ),
}


def blueprint(context: Context) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("removing", __name__)
    for name, removal in _REMOVALS.items():
        _add(routes, context, name, removal)
    return routes


def _add(routes: Blueprint, context: Context, name: str, removal: _Removal) -> None:
    def remove(uuid: str) -> Response:
        user_id = require(removal.privilege)
        purge = wants_purge()
        # Without a reason OpenMRS gives its own.
        reason = request.args.get("reason", "web service call")

        def work(session: Session) -> None:
            row = session.row(removal.key_of, uuid)
            if row is not None and removal.searched:
                context.search.note(session, row[0])
            if row is None:
                if not purge:
                    raise errors.not_found_to_void()
            elif purge:
                removal.purge(session, row[0])
            else:
                removal.void(session, row[0], reason, user_id)

        try:
            context.database.write(work)
        except pymysql.err.IntegrityError as error:
            raise errors.constrained(str(error.args[-1]), removal.batched) from error
        return Response(
            status=HTTPStatus.NO_CONTENT, content_type="application/json;charset=UTF-8"
        )

    routes.add_url_rule(f"/{name}/<uuid>", f"remove_{name}", remove, methods=["DELETE"])
