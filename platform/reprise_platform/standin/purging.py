"""The `purge` parameter of a DELETE: OpenMRS takes `purge=true`, or none at all.

Anything else answers 200 with an exception written into the body and changes nothing: a
status alone acknowledges nothing.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import request

from reprise_platform.standin.errors import ApiError
from reprise_platform.standin.jsonvalues import Json


class NotMatchedError(ApiError):
    """The parameter is neither; the answer is 200, and holds the exception."""

    def __init__(self, given: str) -> None:
        super().__init__(HTTPStatus.OK, {})
        message = (
            'Parameter conditions "purge=true" OR "!purge" not met for actual request '
            f"parameters: purge={{{given}}}"
        )
        self.body: Json = {
            "cause": None,
            "stackTrace": [],
            "paramConditions": ["purge=true"],
            "actualParams": {"purge": [given]},
            "message": message,
            "paramConditionGroups": [["purge=true"], ["!purge"]],
            "rootCause": None,
            "suppressed": [],
            "localizedMessage": message,
        }


def wants_purge() -> bool:
    """Tell whether the request under way is to delete for good.

    Raises:
        NotMatchedError: `purge` is there with another value than "true".
    """
    given = request.args.get("purge")
    if given is None:
        return False
    if given != "true":
        raise NotMatchedError(given)
    return True
