"""FHIR R4: patients, encounters, observations and locations, read, searched, written."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from reprise_platform import openmrs
from reprise_platform.standin.access import require_fhir
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.fhir import (
    bundles,
    capabilities,
    moments,
    outcomes,
    store,
    writing,
)
from reprise_platform.standin.fhir.pages import Pages, Search
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.fhir.searches import TABLES, find

_USUAL = 10
_MOST = 100
_KINDS = f"any({', '.join(TABLES)})"
_SERVER = "HAPI FHIR 5.7.9 OpenMRS FHIR Server (FHIR Server; FHIR 4.0.1/R4)"


def blueprint(context: Context) -> Blueprint:
    """Return the routes below `/ws/fhir2/R4`."""
    routes = Blueprint("fhir", __name__)
    pages = Pages()

    @routes.errorhandler(outcomes.FhirError)
    def refused(error: outcomes.FhirError) -> Response:
        return _reply(error.body, error.status)

    @routes.get("/metadata")
    def describe() -> Response:
        return _reply(capabilities.statement(_base()))

    @routes.get(f"/<{_KINDS}:kind>/<uuid>")
    def read(kind: str, uuid: str) -> Response:
        require_fhir()
        shown = context.database.read(lambda reader: store.read(reader, kind, uuid))
        return _reply_resource(bundles.reduced(shown, request.args.get("_summary", "")))

    @routes.get(f"/<{_KINDS}:kind>")
    def search(kind: str) -> Response:
        require_fhir()
        given = tuple(request.args.items(multi=True))
        wanted = Search(kind=kind, given=given, count=_count())
        shown = context.database.read(
            lambda reader: _page(reader, pages, wanted, 0, "")
        )
        return _reply(shown)

    _add_writes(routes, context)

    @routes.get("/")
    @routes.get("")
    def turn() -> Response:
        require_fhir()
        name = request.args.get("_getpages", "")
        wanted, first = pages.find(name), _number("_getpagesoffset", 0)
        shown = context.database.read(
            lambda reader: _page(reader, pages, wanted, first, name)
        )
        return _reply(shown)

    return routes


def _add_writes(routes: Blueprint, context: Context) -> None:
    @routes.post("/Patient")
    def create_patient() -> Response:
        user_id, sent = require_fhir(), request.get_json(force=True)

        def work(session: Session) -> Shown:
            key, shown = writing.create_patient(session, sent, user_id)
            context.search.note(session, key)
            return shown

        return _created(context.database.write(work))

    @routes.put("/Patient/<uuid>")
    def update_patient(uuid: str) -> Response:
        user_id, sent = require_fhir(), request.get_json(force=True)

        def work(session: Session) -> Shown:
            key, shown = writing.update_patient(session, uuid, sent, user_id)
            context.search.note(session, key)
            return shown

        return _reply_resource(context.database.write(work))

    @routes.post("/Observation")
    def observe() -> Response:
        user_id, sent = require_fhir(), request.get_json(force=True)
        return _created(
            context.database.write(
                lambda session: writing.create_observation(session, sent, user_id)
            )
        )

    @routes.delete("/<any(Patient, Observation, Encounter):kind>/<uuid>")
    def delete(kind: str, uuid: str) -> Response:
        user_id = require_fhir()

        def work(session: Session) -> None:
            key = writing.delete(session, kind, uuid, user_id)
            if kind == "Patient":
                context.search.note(session, key)

        context.database.write(work)
        issue: Shown = {
            "severity": "information",
            "code": "informational",
            "diagnostics": "This resource has been voided",
        }
        return _reply({"resourceType": "OperationOutcome", "issue": [issue]})


def _created(resource: Shown) -> Response:
    response = _reply_resource(resource, HTTPStatus.CREATED)
    response.headers["Location"] = response.headers["Content-Location"]
    return response


def _page(
    reader: Session, pages: Pages, wanted: Search, first: int, name: str
) -> Shown:
    """Return a page of a search; a name is that of a search already kept."""
    summary = dict(wanted.given).get("_summary", "")
    count = 0 if summary == bundles.COUNT else wanted.count
    total, found = find(reader, wanted.kind, wanted.given, first, count)
    resources = store.load(reader, wanted.kind, found)
    links = [("self", request.url)]
    if first + wanted.count < total and count:
        name = name or pages.keep(wanted)
        query = {
            "_getpages": name,
            "_getpagesoffset": first + wanted.count,
            "_count": wanted.count,
            "_bundletype": "searchset",
        }
        links.append(("next", f"{_base()}?{urlencode(query)}"))
    return bundles.searchset(total, resources, links, _base(), summary)


def _count() -> int:
    """Return the size of a page: ten if nothing is said, a hundred at most."""
    return max(0, min(_MOST, _number("_count", _USUAL)))


def _number(name: str, otherwise: int) -> int:
    given = request.args.get(name)
    if given is None:
        return otherwise
    try:
        return int(given)
    except ValueError:
        raise outcomes.bad_parameter(name, given) from None


def _base() -> str:
    return f"{request.host_url.rstrip('/')}{openmrs.FHIR_PATH}"


def _reply_resource(resource: Shown, status: HTTPStatus = HTTPStatus.OK) -> Response:
    response = _reply(resource, status)
    meta = resource["meta"]
    assert isinstance(meta, dict)
    changed = dt.datetime.fromisoformat(str(meta["lastUpdated"]))
    response.headers["ETag"] = f'W/"{meta["versionId"]}"'
    where = f"{_base()}/{resource['resourceType']}/{resource['id']}"
    response.headers["Content-Location"] = where
    response.headers["Last-Modified"] = moments.http_date(changed)
    return response


def _reply(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    response = Response(
        text, status, content_type="application/fhir+json;charset=UTF-8"
    )
    response.headers["X-Powered-By"] = _SERVER
    response.headers["X-Request-ID"] = secrets.token_urlsafe(12)
    if status == HTTPStatus.OK:
        response.headers["Cache-Control"] = "no-store"
    return response
