"""Persons, and what persons and patients have several of: names, addresses, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import people, purging, voiding
from reprise_platform.standin.answers import (
    listing,
    page,
    reply,
    show,
)
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_people import (
    ADDRESS,
    ATTRIBUTE,
    IDENTIFIER,
    NAME,
    PATIENT,
    PERSON,
)
from reprise_platform.standin.model import Patient
from reprise_platform.standin.rendering import Item
from reprise_platform.standin.representations import DEFAULT
from reprise_platform.standin.store import patients

_PARTS: Mapping[str, Callable[[Patient], Sequence[Item]]] = MappingProxyType(
    {
        "name": lambda it: NAME.all(it.names()),
        "address": lambda it: ADDRESS.all(it.addresses()),
        "attribute": lambda it: ATTRIBUTE.all(it.attributes()),
        "identifier": lambda it: IDENTIFIER.all(it.identifiers()),
    }
)


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/person` and of the sub-resources."""
    routes = Blueprint("person", __name__)
    _add_people(routes, context)
    for part in ("name", "address", "attribute"):
        _add_reads(routes, context, "person", part)
        _add_writes(routes, context, "person", part)
    _add_reads(routes, context, "patient", "identifier")
    _add_writes(routes, context, "patient", "identifier")
    return routes


def _add_people(routes: Blueprint, context: Context) -> None:
    @routes.get("/person")
    def find() -> Response:
        require("Get People")
        wanted, text = page(), request.args.get("q")
        if text is None:
            raise errors.unsupported()

        def work(reader: Session) -> Json:
            part = wanted.slice
            found = patients.search_people(reader, text, part.first, part.most)
            return listing(wanted, found, PERSON.all)

        return reply(context.database.read(work))

    @routes.post("/person")
    def record() -> Response:
        user_id = require("Add People")
        body = bodies.parse(request.get_data(), "person")
        return reply(
            context.database.write(
                lambda session: show(PERSON.of(people.record(session, body, user_id)))
            ),
            HTTPStatus.CREATED,
        )

    @routes.get("/person/<uuid>")
    def read(uuid: str) -> Response:
        require("Get People")
        return reply(
            context.database.read(
                lambda reader: show(PERSON.maybe(patients.find_person(reader, uuid)))
            )
        )

    @routes.post("/person/<uuid>")
    def change(uuid: str) -> Response:
        user_id = require("Edit People")
        body = bodies.parse(request.get_data(), "person")

        def work(session: Session) -> Json:
            changed = people.change(session, uuid, body, user_id)
            context.search.note(session, changed.id)
            # A person who is a patient is shown as one.
            patient = patients.find(session, uuid)
            return show(PERSON.of(changed) if patient is None else PATIENT.of(patient))

        return reply(context.database.write(work))


def _add_reads(routes: Blueprint, context: Context, owner: str, part: str) -> None:
    def find(uuid: str) -> Response:
        require(f"Get {owner.title()}s")
        wanted = page()

        def work(reader: Session) -> Json:
            items = _PARTS[part](_owner(reader, owner, uuid))
            return listing(wanted, items, lambda these: these, DEFAULT)

        return reply(context.database.read(work))

    def read(uuid: str, own: str) -> Response:
        require(f"Get {owner.title()}s")

        def work(reader: Session) -> Json:
            return show(_find(_PARTS[part](_owner(reader, owner, uuid)), own))

        return reply(context.database.read(work))

    routes.add_url_rule(f"/{owner}/<uuid>/{part}", f"find_{part}", find)
    routes.add_url_rule(f"/{owner}/<uuid>/{part}/<own>", f"read_{part}", read)


def _add_writes(routes: Blueprint, context: Context, owner: str, part: str) -> None:
    def put(uuid: str, own: str | None = None) -> Response:
        user_id = require(f"Edit {owner.title()}s")
        body = bodies.parse(request.get_data(), part)

        def work(session: Session) -> Json:
            subject, known = _owner(session, owner, uuid), own
            if own is None:
                known = people.put_part(session, part, subject.id, body, user_id)
            else:
                key = people.find_part(session, part, subject.id, own)
                if key is None:
                    raise errors.not_found()
                people.change_part(session, part, key, body, user_id)
            context.search.note(session, subject.id)
            return show(_find(_PARTS[part](_owner(session, owner, uuid)), known))

        made = HTTPStatus.CREATED if own is None else HTTPStatus.OK
        return reply(context.database.write(work), made)

    def remove(uuid: str, own: str) -> Response:
        user_id = require(f"Edit {owner.title()}s")
        # Sub-resources, unlike resources, take `purge` with any value or none.
        purge = "purge" in request.args
        reason = request.args.get("reason", "web service call")

        def work(session: Session) -> None:
            subject = _owner(session, owner, uuid)
            context.search.note(session, subject.id)
            key = people.find_part(session, part, subject.id, own)
            if key is None:
                if not purge:
                    raise errors.not_found_to_void()
            elif purge:
                purging.purge_part(session, people.PARTS[part], key)
            else:
                voiding.void_part(session, people.PARTS[part], key, reason, user_id)

        context.database.write(work)
        return Response(status=HTTPStatus.NO_CONTENT)

    base = f"/{owner}/<uuid>/{part}"
    routes.add_url_rule(base, f"add_{part}", put, methods=["POST"])
    routes.add_url_rule(f"{base}/<own>", f"change_{part}", put, methods=["POST"])
    routes.add_url_rule(f"{base}/<own>", f"remove_{part}", remove, methods=["DELETE"])


def _owner(reader: Session, owner: str, uuid: str) -> Patient:
    find = patients.find if owner == "patient" else patients.find_person
    found = find(reader, uuid)
    if found is None:
        raise errors.not_found()
    return found


def _find(items: Sequence[Item], uuid: str | None) -> Item | None:
    return next((item for item in items if item.value("uuid") == uuid), None)
