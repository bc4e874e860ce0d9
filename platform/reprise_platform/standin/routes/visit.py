"""Visits: opened, closed, read."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import visiting
from reprise_platform.standin.answers import Page, listing, page, reply, show
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_care import VISIT
from reprise_platform.standin.parameters import moment
from reprise_platform.standin.rendering import Item
from reprise_platform.standin.store import care, patients, searches

_SEE = "Get Visits"


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/visit`."""
    routes = Blueprint("visit", __name__)

    @routes.get("/visit")
    def find() -> Response:
        require(_SEE)
        wanted = page()
        return reply(context.database.read(lambda reader: _find(reader, wanted)))

    @routes.post("/visit")
    def start() -> Response:
        user_id = require("Add Visits")
        body = bodies.parse(request.get_data(), "visit")
        return reply(
            context.database.write(
                lambda session: show(
                    VISIT.of(visiting.open_visit(session, body, user_id))
                )
            ),
            HTTPStatus.CREATED,
        )

    @routes.get("/visit/<uuid>")
    def read(uuid: str) -> Response:
        require(_SEE)
        return reply(
            context.database.read(
                lambda reader: show(VISIT.maybe(care.find_visit(reader, uuid)))
            )
        )

    @routes.post("/visit/<uuid>")
    def change(uuid: str) -> Response:
        user_id = require("Edit Visits")
        body = bodies.parse(request.get_data(), "visit")
        return reply(
            context.database.write(
                lambda session: show(
                    VISIT.of(visiting.change_visit(session, uuid, body, user_id))
                )
            )
        )

    return routes


def _find(reader: Session, wanted: Page) -> Json:
    patient = request.args.get("patient")
    if patient is not None and patients.find(reader, patient) is None:
        raise errors.not_found()
    chosen = searches.VisitFilter(
        patient=patient,
        location=request.args.get("location"),
        visit_type=request.args.get("visitType"),
        started_from=moment("fromStartDate"),
        started_to=moment("toStartDate"),
        active_only=request.args.get("includeInactive") == "false",
    )

    def load(keys: Sequence[int]) -> Sequence[Item]:
        found = care.load_visits(reader, keys)
        return VISIT.all([found[key] for key in keys])

    return listing(wanted, searches.visits(reader, chosen, wanted.slice), load)
