"""What everyone reads, and a bootstrap makes where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import describing
from reprise_platform.standin.answers import listing, page, reply, show
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_metadata import (
    ATTRIBUTE_TYPE,
    CONCEPT,
    CONCEPT_CLASS,
    DATATYPE,
    ENCOUNTER_ROLE,
    ENCOUNTER_TYPE,
    IDENTIFIER_SOURCE,
    IDENTIFIER_TYPE,
    LOCATION,
    PROVIDER,
    VISIT_TYPE,
)
from reprise_platform.standin.model import Metadata
from reprise_platform.standin.rendering import Kind
from reprise_platform.standin.store import concepts, metadata

_TABLES: Mapping[str, tuple[str, Kind[Metadata]]] = MappingProxyType(
    {
        "location": ("location", LOCATION),
        "visittype": ("visit_type", VISIT_TYPE),
        "encountertype": ("encounter_type", ENCOUNTER_TYPE),
        "encounterrole": ("encounter_role", ENCOUNTER_ROLE),
        "patientidentifiertype": ("patient_identifier_type", IDENTIFIER_TYPE),
        "personattributetype": ("person_attribute_type", ATTRIBUTE_TYPE),
        "conceptclass": ("concept_class", CONCEPT_CLASS),
        "conceptdatatype": ("concept_datatype", DATATYPE),
        "idgen/identifiersource": ("idgen_identifier_source", IDENTIFIER_SOURCE),
    }
)
_SEE = "Get {}s"


def blueprint(context: Context) -> Blueprint:
    """Return the routes of all the metadata."""
    routes = Blueprint("metadata", __name__)
    for name, (table, kind) in _TABLES.items():
        _add_named(routes, context, name, table, kind)
    _add_providers(routes, context)
    _add_concepts(routes, context)
    return routes


def _add_named(
    routes: Blueprint, context: Context, name: str, table: str, kind: Kind[Metadata]
) -> None:
    privilege = _SEE.format(table.replace("_", " ").title())

    def find() -> Response:
        require(privilege)
        text = request.args.get("q", "").lower()

        def work(reader: Session) -> Json:
            things = metadata.load_all(reader, table)
            chosen = [thing for thing in things if text in thing.name.lower()]
            return listing(page(), chosen, kind.all)

        return reply(context.database.read(work))

    def read(uuid: str) -> Response:
        require(privilege)
        return reply(
            context.database.read(
                lambda reader: show(kind.maybe(metadata.find(reader, table, uuid)))
            )
        )

    def describe() -> Response:
        user_id = require(f"Manage {name.title()}s")
        body = bodies.parse(request.get_data(), name)
        return reply(
            context.database.write(
                lambda session: show(
                    kind.of(describing.name(session, table, body, user_id))
                )
            ),
            HTTPStatus.CREATED,
        )

    def retire(uuid: str) -> Response:
        user_id = require(f"Manage {name.title()}s")
        reason = request.args.get("reason", "web service call")
        context.database.write(
            lambda session: describing.retire(session, table, uuid, reason, user_id)
        )
        return Response(status=HTTPStatus.NO_CONTENT)

    if table in describing.REQUIRED:
        routes.add_url_rule(f"/{name}", f"add_{table}", describe, methods=["POST"])
        path = f"/{name}/<uuid>"
        routes.add_url_rule(path, f"retire_{table}", retire, methods=["DELETE"])
    routes.add_url_rule(f"/{name}", f"find_{table}", find)
    routes.add_url_rule(f"/{name}/<uuid>", f"read_{table}", read)


def _add_providers(routes: Blueprint, context: Context) -> None:
    @routes.get("/provider")
    def find_provider() -> Response:
        require("Get Providers")
        text = request.args.get("q", "").lower()

        def work(reader: Session) -> Json:
            providers = metadata.load_providers(reader)
            chosen = [it for it in providers if text in it.display.lower()]
            return listing(page(), chosen, PROVIDER.all)

        return reply(context.database.read(work))

    @routes.post("/provider")
    def provide() -> Response:
        user_id = require("Manage Providers")
        body = bodies.parse(request.get_data(), "provider")
        return reply(
            context.database.write(
                lambda session: show(
                    PROVIDER.of(describing.provide(session, body, user_id))
                )
            ),
            HTTPStatus.CREATED,
        )

    @routes.get("/provider/<uuid>")
    def read_provider(uuid: str) -> Response:
        require("Get Providers")
        return reply(
            context.database.read(
                lambda reader: show(
                    PROVIDER.maybe(metadata.find_provider(reader, uuid))
                )
            )
        )


def _add_concepts(routes: Blueprint, context: Context) -> None:
    @routes.get("/concept")
    def find_concepts() -> Response:
        require("Get Concepts")
        text = request.args.get("q") or request.args.get("name")
        references = request.args.get("references")

        def work(reader: Session) -> Json:
            if references:
                uuids = references.split(",")
                known = concepts.load_by_uuid(reader, uuids)
                found = [known[uuid] for uuid in uuids if uuid in known]
            else:
                found = list(concepts.search(reader, text))
            return listing(page(), found, CONCEPT.all)

        return reply(context.database.read(work))

    @routes.post("/concept")
    def define() -> Response:
        user_id = require("Manage Concepts")
        body = bodies.parse(request.get_data(), "concept")
        return reply(
            context.database.write(
                lambda session: show(
                    CONCEPT.of(describing.define(session, body, user_id))
                )
            ),
            HTTPStatus.CREATED,
        )

    @routes.get("/concept/<uuid>")
    def read_concept(uuid: str) -> Response:
        require("Get Concepts")

        def work(reader: Session) -> Json:
            found = concepts.load_by_uuid(reader, [uuid])
            if uuid not in found:
                raise errors.not_found()
            return show(CONCEPT.of(found[uuid]))

        return reply(context.database.read(work))
