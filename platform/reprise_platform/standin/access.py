"""Who calls: session cookie and Basic credentials, with OpenMRS's order and trap.

A live, logged-in session wins over any Basic header. A session id that this process does
not know answers 401 in HTML, *and the request is executed all the same* with the Basic
credentials it brought: a 401 does not prove that a write was refused.

FHIR is laxer and stricter: an unknown session id is forgotten and Basic credentials count,
but whatever keeps a login from being looked up, a dead database included, is a 401.
"""

from __future__ import annotations

import base64
import binascii
import time
from http import HTTPStatus

from flask import Flask, Response, g, request

from reprise_platform import openmrs
from reprise_platform.standin import errors, pages, passwords
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import DatabaseUnavailableError, Session
from reprise_platform.standin.model import User
from reprise_platform.standin.sessions import HttpSession
from reprise_platform.standin.store import metadata

_COOKIE = "JSESSIONID"


class NotAuthenticatedError(Exception):
    """FHIR is asked by no one."""


def install(app: Flask, context: Context) -> None:
    """Put the filter around every request of the REST module."""

    @app.before_request
    def enter() -> None:
        is_fhir = request.path.startswith(openmrs.FHIR_PATH)
        if is_fhir or request.path.startswith(openmrs.REST_PATH):
            _enter(context, is_fhir=is_fhir)

    @app.after_request
    def leave(response: Response) -> Response:
        session: HttpSession | None = g.get("http_session")
        if session is None:
            return response
        if g.timed_out:
            message = pages.page(HTTPStatus.UNAUTHORIZED, "Session timed out")
            response = Response(message, HTTPStatus.UNAUTHORIZED)
            response.content_type = "text/html;charset=utf-8"
        elif (
            response.status_code == HTTPStatus.UNAUTHORIZED
            and request.path.startswith(openmrs.REST_PATH)
            and request.headers.get("Disable-WWW-Authenticate") != "true"
        ):
            realm = f"OpenMRS at {request.host_url}openmrs/ws/rest/"
            response.headers["WWW-Authenticate"] = f'Basic realm="{realm}"'
        if g.new_session:
            cookie = f"{_COOKIE}={session.key}; Path={openmrs.BASE_PATH}; HttpOnly"
            response.headers["Set-Cookie"] = cookie
        return response


def _enter(context: Context, *, is_fhir: bool) -> None:
    """Find the request's session, or make it one; log it in as far as that can be."""
    key = request.cookies.get(_COOKIE)
    session = context.sessions.find(key) if key else None
    g.timed_out = key is not None and session is None and not is_fhir
    g.new_session = session is None
    g.http_session = session or context.sessions.create()
    if g.http_session.username is None:
        try:
            _log_in(context, g.http_session)
        except DatabaseUnavailableError:
            if not is_fhir:
                raise


def current_session() -> HttpSession:
    """Return the session of the request under way."""
    session: HttpSession = g.http_session
    return session


def require(privilege: str) -> int:
    """Return the key of the user who calls.

    Raises:
        ApiError: no one is logged in, or one without rights: here whoever is no
            system developer has none.
    """
    session = current_session()
    if session.user_id is None or not session.may_all:
        raise errors.forbidden(privilege, logged_in=session.user_id is not None)
    return session.user_id


def require_fhir() -> int:
    """Return the key of the user who asks FHIR.

    Raises:
        NotAuthenticatedError: no one is logged in.
    """
    user_id = current_session().user_id
    if user_id is None:
        raise NotAuthenticatedError
    return user_id


def _log_in(context: Context, session: HttpSession) -> None:
    """Log the session in if Basic credentials are there and right."""
    credentials = _basic(request.headers.get("Authorization", ""))
    if credentials is None:
        return
    name, password = credentials

    def look(reader: Session) -> tuple[User | None, bool]:
        found = metadata.find_user(reader, name)
        return found, found is not None and metadata.may_all(reader, found.id)

    user, may_all = context.database.read(look)
    if user and passwords.matches(password, user.salt, user.password):
        session.username = name
        session.user_id = user.id
        session.logged_in_ms = time.time_ns() // 1_000_000
        session.may_all = may_all


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    name, colon, password = decoded.partition(":")
    return (name, password) if colon and name else None
