"""Appointments: the module's own controllers, which are not of the REST module's kind.

They answer 200 where it answers 201, bare lists where it answers `results`, and 400 to
whatever goes wrong while an appointment is made.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, request

from reprise_platform.standin import body as bodies
from reprise_platform.standin import dates, errors
from reprise_platform.standin.access import require
from reprise_platform.standin.actions import agenda as acts
from reprise_platform.standin.answers import reply
from reprise_platform.standin.context import Context
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_agenda import (
    show,
    show_all,
    show_service,
    show_services,
    show_summaries,
)
from reprise_platform.standin.parameters import moment
from reprise_platform.standin.store import agenda

_SEE = "View Appointments"
_MANAGE = "Manage Appointments"


def blueprint(context: Context) -> Blueprint:
    """Return the routes of `/appointment`, `/appointments` and `/appointmentService`."""
    routes = Blueprint("agenda", __name__)
    _add_writes(routes, context)
    _add_reads(routes, context)
    _add_searches(routes, context)
    _add_services(routes, context)
    return routes


def _add_writes(routes: Blueprint, context: Context) -> None:
    def save(*, anew: bool) -> Response:
        user_id = require(_MANAGE)
        body = bodies.parse(request.get_data(), "appointment")
        if anew:
            body = body.without("uuid")
        return reply(
            context.database.write(
                lambda session: show(acts.save(session, body, user_id))
            )
        )

    @routes.post("/appointment")
    def save_or_change() -> Response:
        return save(anew=False)

    @routes.post("/appointments")
    def save_anew() -> Response:
        return save(anew=True)

    @routes.post("/appointments/<uuid>/status-change")
    @routes.post("/appointment/<uuid>/changeStatus")
    def change_status(uuid: str) -> Response:
        user_id = require(_MANAGE)
        body = bodies.parse(request.get_data(), "appointment")
        return reply(
            context.database.write(
                lambda session: show(acts.change_status(session, uuid, body, user_id))
            )
        )

    @routes.post("/appointments/conflicts")
    def conflicts() -> Response:
        require(_SEE)
        body = bodies.parse(request.get_data(), "appointment")
        found = context.database.read(
            lambda reader: show_all(acts.conflicts(reader, body))
        )
        if not found:
            return Response(status=HTTPStatus.NO_CONTENT)
        return reply({"PATIENT_DOUBLE_BOOKING": found})


def _add_reads(routes: Blueprint, context: Context) -> None:
    def read_one(uuid: str, missing: Callable[[], Response]) -> Response:
        require(_SEE)

        def work(reader: Session) -> Json:
            found = agenda.find(reader, uuid)
            return None if found is None else show(found)

        found = context.database.read(work)
        return missing() if found is None else reply(found)

    @routes.get("/appointments/<uuid>")
    def read(uuid: str) -> Response:
        return read_one(uuid, lambda: Response(status=HTTPStatus.NOT_FOUND))

    @routes.get("/appointment")
    def read_named() -> Response:
        def missing() -> Response:
            code = (
                "org.openmrs.module.appointments.web.controller.AppointmentController"
            )
            msg = "Appointment does not exist"
            raise errors.failure(msg, code=f"{code}:173")

        return read_one(request.args.get("uuid", ""), missing)

    @routes.get("/appointment/all")
    @routes.get("/appointments")
    def of_day() -> Response:
        require(_SEE)
        day = moment("forDate")
        chosen = agenda.AgendaFilter()
        if day is not None:
            chosen = agenda.AgendaFilter(since=day, until=day + dates.ALMOST_A_DAY)
        return reply(
            context.database.read(
                lambda reader: show_all(agenda.search(reader, chosen))
            )
        )


def _add_searches(routes: Blueprint, context: Context) -> None:
    @routes.get("/appointment/appointmentSummary")
    def summary() -> Response:
        require(_SEE)
        since, until = moment("startDate"), moment("endDate")
        if since is None or until is None:
            reason = "Required String parameter 'startDate' or 'endDate' is not present"
            raise errors.illegal(reason)
        chosen = agenda.AgendaFilter(since=since, until=until)
        return reply(
            context.database.read(
                lambda reader: show_summaries(
                    agenda.services(reader), agenda.search(reader, chosen)
                )
            )
        )

    @routes.post("/appointments/search")
    @routes.post("/appointment/search")
    def search() -> Response:
        require(_SEE)
        body = bodies.parse(request.get_data(), "appointment")
        chosen = agenda.AgendaFilter(
            patient=body.text("patientUuid"),
            service=body.text("serviceUuid"),
            location=body.text("locationUuid"),
            provider=body.text("providerUuid"),
            status=body.text("status"),
            since=body.moment("startDate"),
            until=body.moment("endDate"),
        )
        return reply(
            context.database.read(
                lambda reader: show_all(agenda.search(reader, chosen))
            )
        )


def _add_services(routes: Blueprint, context: Context) -> None:
    @routes.get("/appointmentService/all/<way>")
    def all_services(way: str) -> Response:
        require("View Appointment Services")
        if way not in {"full", "default"}:
            msg = f"appointmentService/all/{way}"
            raise errors.unknown_resource(msg)
        return reply(
            context.database.read(
                lambda reader: show_services(
                    agenda.services(reader), full=way == "full"
                )
            )
        )

    @routes.get("/appointmentService")
    def read_service() -> Response:
        require("View Appointment Services")
        uuid = request.args.get("uuid", "")

        def work(reader: Session) -> Json:
            found = agenda.find_service(reader, uuid)
            if found is None:
                reason = "Appointment Service does not exist"
                raise errors.failure(reason, code="AppointmentServiceController:60")
            return show_service(found, full=True)

        return reply(context.database.read(work))

    @routes.post("/appointmentService")
    def describe() -> Response:
        user_id = require("Manage Appointment Services")
        body = bodies.parse(request.get_data(), "appointmentService")
        return reply(
            context.database.write(
                lambda session: show_service(
                    acts.describe_service(session, body, user_id), full=True
                )
            )
        )
