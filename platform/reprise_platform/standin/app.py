"""The WSGI application: the routes, the filter before them, the errors after."""

from __future__ import annotations

import hashlib
import logging
import time
from http import HTTPStatus

import pymysql
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from reprise_platform import openmrs
from reprise_platform.standin import access, errors, pages
from reprise_platform.standin.actions import attaching
from reprise_platform.standin.answers import reply
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import DatabaseUnavailableError
from reprise_platform.standin.routes import (
    account,
    agenda,
    attachment,
    encounter,
    fhir,
    health,
    idgen,
    maintenance,
    metadata,
    patient,
    person,
    removing,
    session,
    visit,
)

_log = logging.getLogger(__name__)
_ROUTES = (
    session,
    idgen,
    patient,
    person,
    visit,
    encounter,
    agenda,
    attachment,
    removing,
    maintenance,
    account,
    metadata,
)
_METHODS = ("POST", "GET", "HEAD", "DELETE", "OPTIONS")
_TAGGED = {"application/json", "application/xml"}
_NO_CONNECTION = (
    "Could not open Hibernate Session for transaction; nested exception is "
    "org.hibernate.exception.JDBCConnectionException: Unable to acquire JDBC Connection"
)
_NOT_CREATED = "org.springframework.transaction.CannotCreateTransactionException"


def create_app(context: Context, *, access_log: bool = False) -> Flask:
    """Return the application."""
    app = Flask("reprise_platform.standin", static_folder=None)
    # What the largest attachment needs as a form, or written in base 64.
    app.config["MAX_CONTENT_LENGTH"] = 2 * attaching.MOST_BYTES
    app.register_blueprint(health.blueprint(context))
    for module in _ROUTES:
        app.register_blueprint(module.blueprint(context), url_prefix=openmrs.REST_PATH)
    app.register_blueprint(fhir.blueprint(context), url_prefix=openmrs.FHIR_PATH)
    if access_log:
        _log_requests(app)
    app.after_request(_add_etag)
    app.after_request(_say_methods)
    access.install(app, context)
    _install_errors(app)
    return app


def _install_errors(app: Flask) -> None:
    @app.errorhandler(errors.ApiError)
    def refused(error: errors.ApiError) -> Response:
        return reply(error.body, error.status)

    @app.errorhandler(DatabaseUnavailableError)
    def unavailable(_: DatabaseUnavailableError) -> Response:
        if request.path.startswith(openmrs.FHIR_PATH):
            return _not_authenticated()
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return _html(status, _NO_CONNECTION, exception=_NOT_CREATED)

    @app.errorhandler(access.NotAuthenticatedError)
    def nobody(_: access.NotAuthenticatedError) -> Response:
        return _not_authenticated()

    @app.errorhandler(pymysql.err.MySQLError)
    def not_stored(error: pymysql.err.MySQLError) -> Response:
        code = error.args[0] if error.args else 0
        _log.warning("statement refused: error %s", code)
        refusal = errors.integrity(str(error.args[-1]) if error.args else "")
        return reply(refusal.body, refusal.status)

    @app.errorhandler(HTTPException)
    def not_routed(error: HTTPException) -> Response:
        return _not_routed(error)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        # The process boundary. The error's text may hold a patient's data: not logged.
        place = error.__traceback__
        while place and place.tb_next:
            place = place.tb_next
        where = (
            f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
        )
        _log.error("%s at %s", type(error).__name__, where)
        refusal = errors.failure(type(error).__name__, code=where)
        return reply(refusal.body, refusal.status)


def _not_routed(error: HTTPException) -> Response:
    """Answer for a path or a method that has no route."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    rest = f"{openmrs.REST_PATH}/"
    if not request.path.startswith(rest):
        return _html(
            status, f"The requested resource [{request.path}] is not available"
        )
    if isinstance(error, MethodNotAllowed):
        if request.method in {"PUT", "PATCH"}:
            return _serialised_exception()
        refusal = errors.unsupported()
    elif isinstance(error, NotFound):
        refusal = errors.unknown_resource(request.path.removeprefix(rest))
    else:
        refusal = errors.conversion(status.phrase)
    return reply(refusal.body, refusal.status)


def _serialised_exception() -> Response:
    """Answer 200 with an exception in the body, as OpenMRS does for these methods."""
    message = f"Request method '{request.method}' not supported"
    return reply(
        {"cause": None, "stackTrace": [], "message": message, "suppressed": []}
    )


def _not_authenticated() -> Response:
    return _html(HTTPStatus.UNAUTHORIZED, "Not authenticated")


def _html(status: HTTPStatus, message: str, *, exception: str = "") -> Response:
    text = pages.page(status, message, exception=exception)
    response = Response(text, status, content_type="text/html;charset=utf-8")
    response.headers["Content-Language"] = "en"
    return response


def _add_etag(response: Response) -> Response:
    """Answer 304 to who has this very body already."""
    if request.method == "GET" and response.mimetype in _TAGGED:
        if response.status_code != HTTPStatus.OK:
            return response
        digest = hashlib.md5(response.get_data(), usedforsecurity=False).hexdigest()
        tag = f'"0{digest}"'
        if request.headers.get("If-None-Match") == tag:
            response = Response(status=HTTPStatus.NOT_MODIFIED)
        response.headers["ETag"] = tag
    return response


def _say_methods(response: Response) -> Response:
    """Name a resource's methods in OpenMRS' order."""
    if request.method == "OPTIONS" and response.allow:
        known = [each for each in _METHODS if each in response.allow]
        response.headers["Allow"] = ",".join(known)
        response.headers["Accept-Patch"] = ""
    return response


def _log_requests(app: Flask) -> None:
    """Log each request's route, never its path or query: they may name a patient."""

    @app.before_request
    def begin() -> None:
        g.begun_at_s = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        took_ms = (time.monotonic() - g.begun_at_s) * 1000
        route = request.url_rule.rule if request.url_rule else "-"
        _log.info(
            "%s %s %d %.1f ms", request.method, route, response.status_code, took_ms
        )
        return response
