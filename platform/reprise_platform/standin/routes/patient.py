"""Patients: registered, found, read."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import people, registration
from reprise_platform.standin.answers import (
    Page,
    base_url,
    listing,
    page,
    reply,
    show,
)
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_people import PATIENT
from reprise_platform.standin.patientsearch import Search
from reprise_platform.standin.rendering import Item, render
from reprise_platform.standin.representations import DEFAULT
from reprise_platform.standin.store import patients

_SEE = "Get Patients"


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/patient`."""
    routes = Blueprint("patient", __name__)

    @routes.get("/patient")
    def find() -> Response:
        require(_SEE)
        wanted = page()
        return reply(
            context.database.read(lambda reader: _find(reader, context.search, wanted))
        )

    @routes.post("/patient")
    def register() -> Response:
        user_id = require("Add Patients")
        body = bodies.parse(request.get_data(), "patient")

        def work(session: Session) -> Json:
            patient = registration.register(session, body, user_id)
            context.search.note(session, patient.id)
            return render(PATIENT.of(patient), DEFAULT, base_url())

        return reply(context.database.write(work), HTTPStatus.CREATED)

    @routes.get("/patient/<uuid>")
    def read(uuid: str) -> Response:
        require(_SEE)
        return reply(
            context.database.read(
                lambda reader: show(PATIENT.maybe(patients.find(reader, uuid)))
            )
        )

    @routes.post("/patient/<uuid>")
    def change(uuid: str) -> Response:
        user_id = require("Edit Patients")
        body = bodies.parse(request.get_data(), "patient")

        def work(session: Session) -> Json:
            patient = people.change_patient(session, uuid, body, user_id)
            context.search.note(session, patient.id)
            return show(PATIENT.of(patient))

        return reply(context.database.write(work))

    return routes


def _find(reader: Session, search: Search, wanted: Page) -> Json:
    text, number = request.args.get("q"), request.args.get("identifier")
    if text is None and number is None:
        if "lastviewed" in request.args:
            return {"results": []}
        raise errors.unsupported()
    part = wanted.slice
    if number is not None:
        keys = patients.with_identifier(reader, number)
    else:
        keys = search.find(reader, text or "", part.first, part.most)

    def load(chosen: Sequence[int]) -> Sequence[Item]:
        found = patients.load(reader, chosen)
        # An index may name who is not there any more.
        there = [found[key] for key in chosen if key in found]
        return PATIENT.all([patient for patient in there if not patient.voided])

    return listing(wanted, keys, load)
