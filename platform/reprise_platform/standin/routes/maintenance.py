"""What operators do to a running OpenMRS: forget what is cached, make the index anew."""

from __future__ import annotations

import threading
from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin.access import require
from reprise_platform.standin.context import Context


def blueprint(context: Context) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("maintenance", __name__)

    @routes.post("/cleardbcache")
    def forget() -> Response:
        require("Clear Database Cache")
        bodies.parse(request.get_data(), "cleardbcache")
        # Nothing is cached between requests.
        return Response(status=HTTPStatus.NO_CONTENT)

    @routes.post("/searchindexupdate")
    def rebuild() -> Response:
        require("Manage Search Index")
        body = bodies.parse(request.get_data(), "searchindexupdate")
        if body.flag("async"):
            target = context.search.rebuild
            threading.Thread(target=target, args=(context.database,)).start()
        else:
            context.search.rebuild(context.database)
        return Response(status=HTTPStatus.NO_CONTENT)

    return routes
