"""Answers: JSON as OpenMRS sends it, and lists in pages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote
from xml.sax.saxutils import escape

from flask import Response, request

from reprise_platform import openmrs
from reprise_platform.standin import errors
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.rendering import Item, render
from reprise_platform.standin.representations import DEFAULT, REF, Representation, parse
from reprise_platform.standin.store.searches import Slice

K = TypeVar("K")

_USUAL = 50
_MOST = 100
_ALL = 1_000_000
_XML = "application/xml"
_WRITTEN = ("application/json", _XML)
_FAILED = 400
_REQUEST_CONTEXT = "org.openmrs.module.webservices.rest.web.RequestContext:139"
_NOT_POSITIVE = (
    "If you specify a number of results to return, it must be >0 and not null"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The part of a list that a request asks for."""

    start: int
    limit: int
    wants_total: bool

    @property
    def slice(self) -> Slice:
        """What to fetch: one more than asked tells whether there is a next page."""
        if self.wants_total:
            return Slice(first=0, most=_ALL)
        return Slice(first=0, most=self.start + self.limit + 1)


def reply(value: Json, status: int = HTTPStatus.OK) -> Response:
    """Return an answer, in JSON unless XML is preferred."""
    if request.accept_mimetypes.best_match(_WRITTEN) == _XML and status < _FAILED:
        text = f"<object>{to_xml(value)}</object>"
        return Response(text, status, content_type=f"{_XML};charset=UTF-8")
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json;charset=UTF-8")


def to_xml(value: Json, name: str = "object") -> str:
    """Return what is between an element's tags; of links only where they lead."""
    if isinstance(value, dict):
        shown = value.items()
        parts = [_element(key, inner) for key, inner in shown if key != "resourceAlias"]
        return "".join(parts)
    if isinstance(value, list):
        return "".join(_element(name.removesuffix("s"), inner) for inner in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else escape(str(value))


def _element(name: str, value: Json) -> str:
    inner = to_xml(value, name)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def base_url() -> str:
    """Return the REST base as the client wrote it."""
    return f"{request.host_url.rstrip('/')}{openmrs.REST_PATH}"


def representation(otherwise: Representation = DEFAULT) -> Representation:
    """Return the representation asked for.

    Raises:
        ApiError: `v=` is there and empty.
    """
    return parse(request.args.get("v"), otherwise)


def show(item: Item | None) -> Json:
    """Return one object as asked for.

    Raises:
        ApiError: there is none.
    """
    if item is None:
        raise errors.not_found()
    return render(item, representation(), base_url())


def page() -> Page:
    """Read `limit`, `startIndex` and `totalCount`; what is no number does not count.

    Raises:
        ApiError: the limit is out of bounds (500, as in OpenMRS).
    """
    limit = _integer("limit", _USUAL)
    if limit <= 0:
        raise errors.failure(_NOT_POSITIVE, code=_REQUEST_CONTEXT)
    if limit > _MOST:
        reason = f"The request exceeds the maximum number of results: {_MOST}"
        raise errors.failure(reason, code=_REQUEST_CONTEXT)
    return Page(
        start=max(0, _integer("startIndex", 0)),
        limit=limit,
        wants_total=request.args.get("totalCount") == "true",
    )


def listing(
    wanted: Page,
    found: Sequence[K],
    load: Callable[[Sequence[K]], Sequence[Item]],
    otherwise: Representation = REF,
) -> Json:
    """Return a page of a list.

    Args:
        found: keys from the list's beginning, as `wanted.slice` says.
        load: turns the keys of the page into items, in their order.
        otherwise: the representation where none is asked for.

    Raises:
        ApiError: the page starts after the list's end (500, as in OpenMRS).
    """
    end = wanted.start + wanted.limit
    if wanted.start > len(found):
        reason = f"fromIndex({wanted.start}) > toIndex({len(found)})"
        raise errors.failure(reason, code="java.util.AbstractList:480")
    shape, base = representation(otherwise), base_url()
    items = load(found[wanted.start : end])
    answer: dict[str, Json] = {"results": [render(item, shape, base) for item in items]}
    links: list[Json] = []
    if len(found) > end:
        links.append(_page_link("next", end))
    if wanted.start > 0:
        links.append(_page_link("prev", max(0, wanted.start - wanted.limit)))
    if links:
        answer["links"] = links
    if wanted.wants_total:
        answer["totalCount"] = len(found)
    return answer


def _page_link(way: str, start: int) -> Json:
    kept = [
        f"{quote(name)}={quote(value, safe=':(),')}"
        for name, value in request.args.items(multi=True)
        if name != "startIndex"
    ]
    if start > 0:
        kept.append(f"startIndex={start}")
    path = request.path.removeprefix(openmrs.REST_PATH)
    uri = f"{base_url()}{path}?{'&'.join(kept)}"
    return {"rel": way, "uri": uri, "resourceAlias": None}


def _integer(name: str, otherwise: int) -> int:
    try:
        return int(request.args.get(name, otherwise))
    except ValueError:
        return otherwise
