"""Users and roles: who may log in, and with which rights."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import enrolling
from reprise_platform.standin.answers import listing, page, reply, show
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_metadata import ACCOUNT, ROLE
from reprise_platform.standin.store import metadata


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/user` and `/role`."""
    routes = Blueprint("account", __name__)

    @routes.get("/user")
    def find_users() -> Response:
        require("Get Users")

        def work(reader: Session) -> Json:
            text = request.args.get("q", "").lower()
            users = metadata.load_users(reader)
            chosen = [user for user in users if text in user.display.lower()]
            return listing(page(), chosen, ACCOUNT.all)

        return reply(context.database.read(work))

    @routes.get("/user/<uuid>")
    def read_user(uuid: str) -> Response:
        require("Get Users")

        def work(reader: Session) -> Json:
            users = metadata.load_users(reader)
            found = next((user for user in users if user.uuid == uuid), None)
            return show(ACCOUNT.maybe(found))

        return reply(context.database.read(work))

    @routes.post("/user")
    def enrol() -> Response:
        user_id = require("Add Users")
        body = bodies.parse(request.get_data(), "user")
        return reply(
            context.database.write(
                lambda session: show(
                    ACCOUNT.of(enrolling.enrol(session, body, user_id))
                )
            ),
            HTTPStatus.CREATED,
        )

    @routes.get("/role")
    def find_roles() -> Response:
        require("Get Roles")
        return reply(
            context.database.read(
                lambda reader: listing(page(), metadata.load_roles(reader), ROLE.all)
            )
        )

    return routes
