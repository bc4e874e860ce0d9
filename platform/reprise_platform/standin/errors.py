"""OpenMRS's refusals: status, and the body the REST module makes of an exception.

The `code` of a body is where OpenMRS threw it (class:line); clients compare messages and
field codes, so only the class is kept faithful.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from reprise_platform.standin.jsonvalues import Json

_RESOURCES = "org.openmrs.module.webservices.rest.web.resource.impl"
_CONVERSION = f"{_RESOURCES}.BaseDelegatingResource:643"
_CRUD = f"{_RESOURCES}.DelegatingCrudResource"
# A code that OpenMRS has no translation for is its own message.
_MESSAGES = {
    "Person.gender.required": "Please select a gender",
    "error.null": "Cannot be empty or null",
}


class ApiError(Exception):
    """A request refused: its status, and its body but for the envelope."""

    def __init__(self, status: int, error: Mapping[str, Json]) -> None:
        super().__init__(str(status))
        self.status = status
        self.body: Json = {"error": dict(error)}


def _thrown(status: int, message: str, *, code: str, raw: str | None) -> ApiError:
    return ApiError(
        status,
        {
            "message": message,
            "code": code,
            "detail": message,
            "rawMessage": raw,
            "translatedMessage": raw or "",
        },
    )


def not_found() -> ApiError:
    """No object has the uuid of the path."""
    message = "Object with given uuid doesn't exist [null]"
    return _thrown(HTTPStatus.NOT_FOUND, message, code=f"{_CRUD}:53", raw=None)


def not_found_to_void() -> ApiError:
    """No object has the uuid of the path of a DELETE."""
    message = "Object with given uuid doesn't exist [null]"
    return _thrown(HTTPStatus.NOT_FOUND, message, code=f"{_CRUD}:158", raw=None)


def no_instance() -> ApiError:
    """OpenMRS takes an update's object for granted, and fails where there is none."""
    reason = 'Cannot invoke "Object.getClass()" because "instance" is null'
    return failure(reason, code=f"{_RESOURCES}.BaseDelegatingResource:705")


def constrained(reason: str, batched: str | None) -> ApiError:
    """The database refused to delete what others refer to.

    Args:
        batched: the statement, where OpenMRS sends it in a batch and names it.
    """
    what = "could not execute batch" if batched else "could not execute statement"
    raw = (
        f"{what}; SQL [{batched or 'n/a'}]; constraint [null]; nested exception is "
        f"org.hibernate.exception.ConstraintViolationException: {what}"
    )
    message = f"[{raw} => {what} => {reason}{f' => {reason}' if batched else ''}]"
    code = "org.springframework.orm.hibernate5.SessionFactoryUtils:212"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _thrown(status, message, code=code, raw=raw)


def unknown_resource(name: str) -> ApiError:
    """No resource has the name of the path."""
    raw = f"Unknown resource: v1/{name}"
    code = "org.openmrs.module.webservices.rest.web.api.impl.RestServiceImpl:300"
    return _thrown(HTTPStatus.NOT_FOUND, f"[{raw}]", code=code, raw=raw)


def conversion(reason: str) -> ApiError:
    """The body cannot be turned into an object."""
    raw = reason.partition(" => ")[0]
    return _thrown(HTTPStatus.BAD_REQUEST, f"[{reason}]", code=_CONVERSION, raw=raw)


def unreadable(kind: str, token: str) -> ApiError:
    """The body is no JSON object, but something else."""
    what = (
        "Cannot deserialize value of type "
        "`org.openmrs.module.webservices.rest.SimpleObject` "
        f"from {kind} value (token `JsonToken.{token}`)"
    )
    raw = (
        f"JSON parse error: {what}; nested exception is "
        f"com.fasterxml.jackson.databind.exc.MismatchedInputException: {what}"
    )
    code = "org.springframework.http.converter.json"
    status = HTTPStatus.BAD_REQUEST
    where = f"{code}.AbstractJackson2HttpMessageConverter:391"
    return _thrown(status, f"[{raw} => {what}]", code=where, raw=raw)


def missing(*properties: str) -> ApiError:
    """Required properties are not there."""
    return conversion(f"Some required properties are missing: {', '.join(properties)}")


def not_allowed(*properties: str) -> ApiError:
    """Properties may not be set."""
    return conversion(
        f"Some properties are not allowed to be set: {', '.join(properties)}"
    )


def unsupported() -> ApiError:
    """The resource has no such operation (an unfiltered list, for instance)."""
    message = "The Resource Does not Support the Requested Operation [null]"
    return _thrown(HTTPStatus.BAD_REQUEST, message, code=f"{_CRUD}:237", raw=None)


def failure(reason: str, *, code: str) -> ApiError:
    """OpenMRS failed: the exception was of no kind it answers otherwise."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _thrown(status, f"[{reason}]", code=code, raw=reason)


def illegal(reason: str) -> ApiError:
    """A parameter is not what it must be."""
    code = "org.openmrs.module.webservices.rest.web.response.IllegalRequestException:1"
    return _thrown(HTTPStatus.BAD_REQUEST, f"[{reason}]", code=code, raw=reason)


def agenda(reason: str, status: int = HTTPStatus.BAD_REQUEST) -> ApiError:
    """The module of appointments says no, or failed: it answers 400 to both."""
    code = "org.openmrs.module.appointments.service.impl.AppointmentsServiceImpl:98"
    return _thrown(status, f"{reason} [{reason}]", code=code, raw=reason)


def empty_representation() -> ApiError:
    """`v=` without a word makes OpenMRS fail."""
    code = "org.openmrs.module.webservices.rest.web.RestUtil:700"
    return failure("Empty representation", code=code)


def integrity(reason: str) -> ApiError:
    """The database refused a row, most often for a uuid that exists."""
    raw = "could not execute statement"
    return _thrown(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"[{raw} => {reason}]",
        code="org.hibernate.exception.internal.SQLExceptionTypeDelegate:59",
        raw=raw,
    )


def forbidden(privilege: str, *, logged_in: bool) -> ApiError:
    """The user lacks a privilege, or is no one."""
    raw = f"Privileges required: {privilege}"
    who = "User is not logged in"
    if logged_in:
        who = "User is logged in but doesn't have the relevant privilege"
    status = HTTPStatus.FORBIDDEN if logged_in else HTTPStatus.UNAUTHORIZED
    code = "org.openmrs.aop.AuthorizationAdvice:120"
    return _thrown(status, f"{who} [{raw}]", code=code, raw=raw)


def invalid(
    fields: Mapping[str, str] | None = None,
    *,
    everywhere: str | None = None,
) -> ApiError:
    """The object was read and is not valid.

    Args:
        fields: property to the code of what is wrong with it.
        everywhere: the code of what is wrong with the whole.
    """

    def entry(code: str) -> Json:
        return {"code": code, "message": _MESSAGES.get(code, code)}

    field_errors: dict[str, Json] = {
        name: [entry(code)] for name, code in (fields or {}).items()
    }
    return ApiError(
        HTTPStatus.BAD_REQUEST,
        {
            "message": "Invalid Submission",
            "code": "webservices.rest.error.invalid.submission",
            "globalErrors": [entry(everywhere)] if everywhere else [],
            "fieldErrors": field_errors,
        },
    )
