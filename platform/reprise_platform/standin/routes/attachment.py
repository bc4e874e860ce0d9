"""Attachments: sent as a form, listed by patient, their bytes read by themselves."""

from __future__ import annotations

import base64
import binascii
import logging
import posixpath
from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import dates, errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import attaching
from reprise_platform.standin.answers import Page, listing, page, reply, show
from reprise_platform.standin.blobs import Blobs, BlobsError
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.purging import wants_purge
from reprise_platform.standin.rendering import Item, Kind
from reprise_platform.standin.store import attachments, patients
from reprise_platform.standin.store.attachments import Attachment

_log = logging.getLogger(__name__)
_SHOWN = "uuid,dateTime,filename,comment,bytesMimeType,bytesContentFamily"
ATTACHMENT: Kind[Attachment] = Kind(
    "attachment",
    version="1.8",
    path=lambda it: f"attachment/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.title,
        "dateTime": lambda it: it.moment,
        "filename": lambda it: it.title,
        "comment": lambda it: it.comment,
        "bytesMimeType": lambda it: it.mime_type,
        "bytesContentFamily": lambda it: it.family,
        "voided": lambda it: it.voided,
    },
    default=_SHOWN,
    full=_SHOWN,
)


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/attachment`."""
    routes = Blueprint("attachment", __name__)
    _add_writes(routes, context)
    _add_reads(routes, context)
    return routes


def _add_writes(routes: Blueprint, context: Context) -> None:
    @routes.post("/attachment")
    def upload() -> Response:
        user_id = require("Add Observations")
        given = _upload()
        mime_type, name = attaching.check(given), attaching.name_of(given)
        # Refused before any bytes are kept that no row would name.
        context.database.read(lambda reader: attaching.locate(reader, given))
        _keep(context.blobs, name, given.data)
        made = context.database.write(
            lambda session: attaching.attach(session, given, mime_type, name, user_id)
        )
        shown: Json = {
            "uuid": made.uuid,
            "comment": made.comment,
            "obsDatetime": dates.format_json(made.moment),
        }
        return reply(shown, HTTPStatus.CREATED)

    @routes.delete("/attachment/<uuid>")
    def remove(uuid: str) -> Response:
        user_id = require("Delete Observations")
        purge = wants_purge()

        def work(session: Session) -> Attachment | None:
            found = attachments.find(session, uuid)
            if found is not None:
                attaching.remove(session, found, user_id, purge=purge)
            return found

        removed = context.database.write(work)
        if removed is None:
            raise _no_obs()
        if purge:
            try:
                context.blobs.delete(removed.name)
            except BlobsError as error:
                # The row is gone: as in OpenMRS, bytes that nothing names stay behind.
                _log.warning("bytes of a purged attachment left behind: %s", error)
        return Response(status=HTTPStatus.NO_CONTENT)


def _add_reads(routes: Blueprint, context: Context) -> None:
    @routes.get("/attachment")
    def find() -> Response:
        require("Get Observations")
        wanted = page()
        return reply(context.database.read(lambda reader: _find(reader, wanted)))

    @routes.get("/attachment/<uuid>")
    def read(uuid: str) -> Response:
        require("Get Observations")

        def work(reader: Session) -> Json:
            found = attachments.find(reader, uuid)
            if found is None:
                raise _no_obs()
            return show(ATTACHMENT.of(found))

        return reply(context.database.read(work))

    @routes.get("/attachment/<uuid>/bytes")
    def read_bytes(uuid: str) -> Response:
        require("Get Observations")
        found = context.database.read(lambda reader: attachments.find(reader, uuid))
        if found is None:
            raise _no_obs()
        try:
            data = context.blobs.get(found.name)
        except BlobsError as error:
            _log.warning("bytes of an attachment not read: %s", error)
            reason = "Error trying to read complex obs"
            raise errors.failure(reason, code="org.openmrs.obs.handler:1") from None
        response = Response(data, content_type=found.mime_type)
        response.headers["Content-Family"] = found.family
        response.headers["File-Name"] = found.title
        extension = posixpath.splitext(found.title)[1].removeprefix(".")
        response.headers["File-Ext"] = extension
        return response


def _find(reader: Session, wanted: Page) -> Json:
    patient = request.args.get("patient", "")
    if patients.find(reader, patient) is None:
        reason = "A patient parameter must be provided when searching the attachments."
        raise errors.illegal(reason)
    chosen = attachments.AttachmentFilter(
        patient=patient,
        visit=request.args.get("visit"),
        encounter=request.args.get("encounter"),
        encounterless=request.args.get("includeEncounterless"),
        voided_too=request.args.get("includeVoided") == "true",
    )

    def load(found: Sequence[Attachment]) -> Sequence[Item]:
        return ATTACHMENT.all(found)

    return listing(wanted, attachments.search(reader, chosen), load)


def _upload() -> attaching.Upload:
    """Read the form: a file, or its bytes as a camera's data URL."""
    file, form = request.files.get("file"), request.form
    encoded = form.get("base64Content")
    if encoded is not None:
        title, data = "cameracapture.png", _decode(encoded)
    elif file is not None:
        title, data = file.filename or "", file.read()
    else:
        reason = "Required request part 'file' is not present"
        raise errors.illegal(reason)
    return attaching.Upload(
        title=title,
        data=data,
        patient=form.get("patient", ""),
        visit=form.get("visit"),
        encounter=form.get("encounter"),
        provider=form.get("provider"),
        caption=form.get("fileCaption"),
        instructions=form.get("instructions"),
    )


def _decode(url: str) -> bytes:
    try:
        return base64.b64decode(url.partition(",")[2], validate=True)
    except binascii.Error:
        reason = "The extension is not valid"
        raise errors.illegal(reason) from None


def _keep(blobs: Blobs, name: str, data: bytes) -> None:
    try:
        blobs.put(name, data)
    except BlobsError as error:
        _log.warning("bytes of an attachment not kept: %s", error)
        reason = "Error trying to write complex obs to the file system. "
        raise errors.failure(reason, code="org.openmrs.obs.handler:2") from None


def _no_obs() -> errors.ApiError:
    """The module asks an observation that is not there what it is, and fails."""
    reason = 'Cannot invoke "org.openmrs.Obs.isComplex()" because "obs" is null'
    return errors.failure(reason, code="org.openmrs.module.attachments.rest:1")
