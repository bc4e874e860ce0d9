"""Logging in and out, and where one works."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin.access import current_session
from reprise_platform.standin.answers import base_url, reply
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_metadata import LOCATION, PROVIDER, ROLE, USER
from reprise_platform.standin.rendering import render
from reprise_platform.standin.representations import REF, Form, Representation, fields
from reprise_platform.standin.sessions import HttpSession
from reprise_platform.standin.store import metadata

_LOCALES = ("en", "en-GB", "es", "fr", "it", "pt")
_USER = Representation(
    form=Form.CUSTOM,
    fields=fields("uuid,display,username,systemId,person:(uuid,display),links"),
)
_ROLE = Representation(form=Form.CUSTOM, fields=fields("uuid,display,name"))


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/session`."""
    routes = Blueprint("session", __name__)

    @routes.get("/session")
    def read() -> Response:
        session = current_session()
        return reply(context.database.read(lambda reader: _describe(reader, session)))

    @routes.post("/session")
    def change() -> Response:
        session = current_session()
        body = bodies.parse(request.get_data(), "session")
        locale = body.text("locale")
        if locale in _LOCALES:
            session.locale = locale
        if "sessionLocation" in body:
            session.location = body.reference("sessionLocation")
        return reply(context.database.read(lambda reader: _describe(reader, session)))

    @routes.delete("/session")
    def end() -> Response:
        context.sessions.end(current_session().key)
        return Response(status=HTTPStatus.NO_CONTENT)

    return routes


def _describe(reader: Session, session: HttpSession) -> Json:
    """Return what `/session` tells; it reads the database even for no one, as OpenMRS."""
    user = metadata.find_user(reader, session.username or "")
    known: dict[str, Json] = {
        "authenticated": user is not None,
        "locale": session.locale,
        "allowedLocales": list(_LOCALES),
    }
    if user is None:
        return known
    base = base_url()
    shown = render(USER.of(user), _USER, base)
    roles = metadata.roles_of(reader, user.id)
    tail = {name: shown.pop(name) for name in ("links", "resourceVersion")}
    person = {"person": shown.pop("person")}
    properties: dict[str, Json] = {
        "userProperties": {
            "defaultLocale": session.locale,
            "lastLoginTimestamp": str(session.logged_in_ms),
            "loginAttempts": "0",
            "lockoutTimestamp": "",
        }
    }
    rights: dict[str, Json] = {
        "privileges": [],
        "roles": [render(ROLE.of(role), _ROLE, base) for role in roles],
    }
    place = metadata.find(reader, "location", session.location or "")
    provider = metadata.provider_of_person(reader, user.person_uuid)
    return known | {
        "user": shown | properties | person | rights | tail,
        "sessionLocation": render(LOCATION.of(place), REF, base) if place else None,
        "currentProvider": render(PROVIDER.of(provider), REF, base)
        if provider
        else None,
    }
