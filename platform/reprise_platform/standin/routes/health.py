"""Health: OpenMRS's own two answers, which say nothing of the database, and ours."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response

from reprise_platform import openmrs
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import DatabaseUnavailableError


def blueprint(context: Context) -> Blueprint:
    """Return the routes; OpenMRS has no readiness, so ours is outside its base path."""
    routes = Blueprint("health", __name__)

    @routes.get(f"{openmrs.BASE_PATH}/health/alive")
    def alive() -> Response:
        return Response()

    @routes.get(f"{openmrs.BASE_PATH}/health/started")
    def started() -> Response:
        return Response()

    @routes.get("/-/ready")
    def ready() -> Response:
        if context.stopping.is_set():
            return Response("stopping\n", HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            context.database.read(
                lambda reader: reader.row("SELECT user_id FROM users LIMIT 1")
            )
        except DatabaseUnavailableError:
            return Response("no database\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return Response("ready\n")

    return routes
