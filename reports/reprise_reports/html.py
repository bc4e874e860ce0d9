"""A document becomes one HTML file that needs nothing else: no script, no network."""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping
from importlib.resources import files

import jinja2
from markupsafe import Markup

from reprise_reports.document import Document
from reprise_reports.voice import printable


def render(document: Document, figures: Mapping[str, bytes]) -> str:
    """Return the page; `figures` are the SVG of the document's figures, by name.

    Every text is escaped: what a site or a plan says cannot become markup.
    """
    environment = _environment()
    return environment.get_template("report.html.j2").render(
        document=document,
        css=Markup(_template("report.css")),  # noqa: S704 - our own file, no input in it
        figures={name: _data_uri(svg) for name, svg in figures.items()},
        blocks=environment.get_template("blocks.html.j2").module,
    )


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _finalize(value: object) -> object:
    # Markup is what the templates made; plain text comes from results.
    if isinstance(value, str) and not isinstance(value, Markup):
        return "\n".join(printable(line) for line in value.split("\n"))
    return value


def _template(name: str) -> str:
    return (files("reprise_reports") / "templates" / name).read_text(encoding="utf-8")


def _data_uri(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
