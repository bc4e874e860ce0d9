"""Patient numbers, from the module idgen."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.answers import reply
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.store import identifiers, metadata


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/idgen`; its list of sources is with the metadata."""
    routes = Blueprint("idgen", __name__)

    @routes.post("/idgen/identifiersource/<uuid>/identifier")
    def generate(uuid: str) -> Response:
        user_id = require("Edit Patient Identifiers")
        comment = bodies.parse(request.get_data(), "identifier").text("comment")

        def work(session: Session) -> str:
            source = metadata.find(session, "idgen_identifier_source", uuid)
            if source is None:
                raise errors.not_found()
            locked = context.idgen.locked
            return identifiers.generate(
                session, source.id, user_id, comment, locked=locked
            )

        if context.idgen.locked:
            identifier = context.database.write(work)
        else:
            with context.idgen.alone:
                identifier = context.database.write(work)
        return reply({"identifier": identifier}, HTTPStatus.CREATED)

    return routes
