"""Encounters and observations: recorded, read."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import amending, encountering, observing
from reprise_platform.standin.answers import Page, listing, page, reply, show
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_care import ENCOUNTER, OBS
from reprise_platform.standin.parameters import moment
from reprise_platform.standin.rendering import Item
from reprise_platform.standin.store import care, searches


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/encounter` and `/obs`."""
    routes = Blueprint("encounter", __name__)
    _add_encounters(routes, context)
    _add_obs(routes, context)
    return routes


def _add_encounters(routes: Blueprint, context: Context) -> None:
    @routes.get("/encounter")
    def find() -> Response:
        require("Get Encounters")
        wanted = page()
        return reply(context.database.read(lambda reader: _encounters(reader, wanted)))

    @routes.post("/encounter")
    def record() -> Response:
        user_id = require("Add Encounters")
        body = bodies.parse(request.get_data(), "encounter")
        return reply(
            context.database.write(
                lambda session: show(
                    ENCOUNTER.of(encountering.record(session, body, user_id))
                )
            ),
            HTTPStatus.CREATED,
        )

    @routes.get("/encounter/<uuid>")
    def read(uuid: str) -> Response:
        require("Get Encounters")
        return reply(
            context.database.read(
                lambda reader: show(ENCOUNTER.maybe(care.find_encounter(reader, uuid)))
            )
        )

    @routes.post("/encounter/<uuid>")
    def amend(uuid: str) -> Response:
        user_id = require("Edit Encounters")
        body = bodies.parse(request.get_data(), "encounter")
        return reply(
            context.database.write(
                lambda session: show(
                    ENCOUNTER.of(amending.amend_encounter(session, uuid, body, user_id))
                )
            )
        )


def _add_obs(routes: Blueprint, context: Context) -> None:
    @routes.get("/obs")
    def find_obs() -> Response:
        require("Get Observations")
        wanted = page()
        return reply(context.database.read(lambda reader: _obs(reader, wanted)))

    @routes.post("/obs")
    def observe() -> Response:
        user_id = require("Add Observations")
        body = bodies.parse(request.get_data(), "obs")
        return reply(
            context.database.write(
                lambda session: show(OBS.of(observing.observe(session, body, user_id)))
            ),
            HTTPStatus.CREATED,
        )

    @routes.get("/obs/<uuid>")
    def read_obs(uuid: str) -> Response:
        require("Get Observations")
        return reply(
            context.database.read(
                lambda reader: show(OBS.maybe(care.find_obs(reader, uuid)))
            )
        )

    @routes.post("/obs/<uuid>")
    def amend_obs(uuid: str) -> Response:
        user_id = require("Edit Observations")
        body = bodies.parse(request.get_data(), "obs")
        return reply(
            context.database.write(
                lambda session: show(
                    OBS.of(amending.amend_obs(session, uuid, body, user_id))
                )
            )
        )


def _encounters(reader: Session, wanted: Page) -> Json:
    chosen = searches.EncounterFilter(
        patient=request.args.get("patient"),
        visit=request.args.get("visit"),
        encounter_type=request.args.get("encounterType"),
        since=moment("fromdate"),
        until=moment("todate"),
        oldest_first=request.args.get("order") == "asc",
    )
    if chosen.patient is None and chosen.visit is None:
        raise errors.unsupported()

    def load(keys: Sequence[int]) -> Sequence[Item]:
        found = care.load_encounters(reader, keys)
        return ENCOUNTER.all([found[key] for key in keys])

    return listing(wanted, searches.encounters(reader, chosen, wanted.slice), load)


def _obs(reader: Session, wanted: Page) -> Json:
    named = request.args.get("concepts") or request.args.get("concept")
    chosen = searches.ObsFilter(
        patient=request.args.get("patient"),
        encounter=request.args.get("encounter"),
        concepts=tuple(named.split(",")) if named else None,
    )
    if chosen.patient is None and chosen.encounter is None:
        raise errors.unsupported()

    def load(keys: Sequence[int]) -> Sequence[Item]:
        found = care.load_obs(reader, keys)
        return OBS.all([found[key] for key in keys])

    return listing(wanted, searches.observations(reader, chosen, wanted.slice), load)
