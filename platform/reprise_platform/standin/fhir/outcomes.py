"""Refusals in FHIR's words: an OperationOutcome with its status."""

from __future__ import annotations

import html
from http import HTTPStatus

from reprise_platform.standin.jsonvalues import Json


class FhirError(Exception):
    """A request refused."""

    def __init__(
        self, status: HTTPStatus, diagnostics: str, code: str = "processing"
    ) -> None:
        super().__init__(diagnostics)
        self.status = status
        shown = html.escape(diagnostics, quote=False)
        self.body: Json = {
            "resourceType": "OperationOutcome",
            "text": {
                "status": "generated",
                "div": (
                    '<div xmlns="http://www.w3.org/1999/xhtml"><h1>Operation Outcome'
                    '</h1><table border="0"><tr><td style="font-weight: bold;">ERROR'
                    f"</td><td>[]</td><td><pre>{shown}</pre></td>\n\t\t\t</tr>"
                    "\n\t\t</table>\n\t</div>"
                ),
            },
            "issue": [{"severity": "error", "code": code, "diagnostics": diagnostics}],
        }


def unknown(kind: str, uuid: str) -> FhirError:
    """No resource has this id."""
    reason = f"Resource of type {kind} with ID {uuid} is not known"
    return FhirError(HTTPStatus.NOT_FOUND, reason)


def gone(kind: str, uuid: str) -> FhirError:
    """The resource was there, and is voided."""
    reason = f"Resource of type {kind} with ID {uuid} is gone/deleted"
    return FhirError(HTTPStatus.GONE, reason)


def not_handled(method: str, kind: str, names: list[str]) -> FhirError:
    """No operation takes these parameters."""
    reason = (
        "Invalid request: The FHIR endpoint on this server does not know how to handle "
        f"{method} operation[{kind}] with parameters [[{', '.join(names)}]]"
    )
    return FhirError(HTTPStatus.BAD_REQUEST, reason, "not-supported")


def bad_parameter(name: str, value: str) -> FhirError:
    """A parameter's value cannot be read."""
    reason = f'Invalid value "{value}" of parameter {name}'
    return FhirError(HTTPStatus.BAD_REQUEST, reason)


def expired(page: str) -> FhirError:
    """The search that a page belongs to is another process's, or too old."""
    reason = f'Search ID "{page}" does not exist and may have expired'
    return FhirError(HTTPStatus.GONE, reason)


def unprocessable(reason: str) -> FhirError:
    """The resource sent is not valid."""
    return FhirError(HTTPStatus.UNPROCESSABLE_ENTITY, reason)
