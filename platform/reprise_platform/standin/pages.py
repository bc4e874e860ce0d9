"""The HTML that Tomcat answers where a request does not reach the REST module."""

from __future__ import annotations

import html
from http import HTTPStatus


def page(status: HTTPStatus, message: str) -> str:
    """Return the page of a status; the message is shown, escaped."""
    title = f"HTTP Status {status.value} – {status.phrase}"
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p><b>Message</b> {html.escape(message)}</p>"
        f"<p><b>Description</b> {html.escape(status.description)}</p></body></html>"
    )
