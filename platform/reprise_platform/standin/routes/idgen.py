"""Patient numbers, from the module idgen."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform import openmrs
from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.answers import base_url, reply
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_metadata import IDENTIFIER_SOURCE, IDENTIFIER_TYPE
from reprise_platform.standin.rendering import render
from reprise_platform.standin.representations import REF
from reprise_platform.standin.store import identifiers, metadata

_SOURCES = "idgen_identifier_source"
_OPTION = "2be74f07-a4a0-4bfc-a943-8555d0074a74"


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/idgen`; its list of sources is with the metadata."""
    routes = Blueprint("idgen", __name__)

    def take(source_id: int, user_id: int, comment: str | None) -> str:
        def work(session: Session) -> str:
            locked = context.idgen.locked
            return identifiers.generate(
                session, source_id, user_id, comment, locked=locked
            )

        if context.idgen.locked:
            return context.database.write(work)
        with context.idgen.alone:
            return context.database.write(work)

    @routes.post("/idgen/identifiersource/<uuid>/identifier")
    def generate(uuid: str) -> Response:
        user_id = require("Edit Patient Identifiers")
        comment = bodies.parse(request.get_data(), "identifier").text("comment")

        source = context.database.read(
            lambda reader: metadata.find(reader, _SOURCES, uuid)
        )
        if source is None:
            raise errors.not_found()
        identifier = take(source.id, user_id, comment)
        return reply({"identifier": identifier}, HTTPStatus.CREATED)

    @routes.get("/idgen/nextIdentifier")
    def next_identifier() -> Response:
        user_id = require("Edit Patient Identifiers")
        wanted = request.args.get("source", "")
        sources = context.database.read(
            lambda reader: metadata.load_all(reader, _SOURCES)
        )
        if wanted not in {str(source.id) for source in sources}:
            raise errors.not_found()
        identifier = take(int(wanted), user_id, None)
        return reply({"results": [{"identifierValue": identifier}]})

    @routes.get("/idgen/autogenerationoption")
    def options() -> Response:
        require("Get Identifier Types")

        def work(reader: Session) -> Json:
            base = base_url()
            kind = metadata.find(
                reader, "patient_identifier_type", openmrs.IDENTIFIER_TYPE
            )
            source = metadata.find(reader, _SOURCES, openmrs.IDENTIFIER_SOURCE)
            assert kind is not None
            assert source is not None
            option: Json = {
                "uuid": _OPTION,
                "identifierType": render(IDENTIFIER_TYPE.of(kind), REF, base),
                "location": None,
                "source": render(IDENTIFIER_SOURCE.of(source), REF, base),
                "manualEntryEnabled": False,
                "automaticGenerationEnabled": True,
            }
            return {"results": [option]}

        return reply(context.database.read(work))

    return routes
