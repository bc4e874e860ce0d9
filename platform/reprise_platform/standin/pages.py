"""The HTML that Tomcat answers where a request does not reach a module."""

from __future__ import annotations

import html
from http import HTTPStatus

_STYLE = (
    "body {font-family:Tahoma,Arial,sans-serif;} "
    "h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} "
    "h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} "
    ".line {height:1px;background-color:#525D76;border:none;}"
)
_DESCRIPTIONS = {
    HTTPStatus.UNAUTHORIZED: (
        "The request has not been applied to the target resource because it lacks valid "
        "authentication credentials for that resource."
    ),
    HTTPStatus.NOT_FOUND: (
        "The origin server did not find a current representation for the target resource "
        "or is not willing to disclose that one exists."
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "The server encountered an unexpected condition that prevented it from "
        "fulfilling the request."
    ),
}


def page(status: HTTPStatus, message: str, *, exception: str = "") -> str:
    """Return the page of a status; the message is shown, escaped.

    Args:
        exception: the class of what was thrown, for a report of one.
    """
    title = f"HTTP Status {status.value} – {status.phrase}"
    kind = "Exception Report" if exception else "Status Report"
    shown = html.escape(message, quote=False)
    parts = [
        f"<p><b>Type</b> {kind}</p>",
        f"<p><b>Message</b> {shown}</p>",
        f"<p><b>Description</b> {_DESCRIPTIONS.get(status, status.description)}</p>",
    ]
    if exception:
        parts.append(f"<p><b>Exception</b></p><pre>{exception}: {shown}\n</pre>")
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>'
        f'<style type="text/css">{_STYLE}</style></head><body><h1>{title}</h1>'
        f'<hr class="line" />{"".join(parts)}<hr class="line" />'
        "<h3>Apache Tomcat/9.0.98</h3></body></html>"
    )
