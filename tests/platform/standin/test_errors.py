"""Refusals have OpenMRS's status and body, but for where in its code they were thrown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprise_platform.standin import body as bodies
from reprise_platform.standin import errors
from reprise_platform.standin.jsonvalues import Json

_NO_CONCEPT = (
    "obs on class org.openmrs.Encounter => value on class org.openmrs.Obs => Cannot invoke "
    '"org.openmrs.Concept.getDatatype()" because the return value of '
    '"org.openmrs.Obs.getConcept()" is null'
)
_DUPLICATE = (
    "(conn=32) Duplicate entry '096373fb-3fa6-4e8a-b6a2-a1605c1871e7' for key 'uuid'"
)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (errors.not_found(), "get-person-after-anon-post"),
        (errors.unsupported(), "list-patient-no-q"),
        (errors.missing("identifiers"), "post-patient-missing-identifiers"),
        (errors.not_allowed("uuid"), "post-patient-top-level-uuid-only"),
        (errors.integrity(_DUPLICATE), "post-encounter-dup-uuid-new-obs"),
        (errors.forbidden("Get Patients", logged_in=False), "patient-bad-basic"),
        (errors.forbidden("Get Patients", logged_in=True), "clerk-get-patient"),
        (
            errors.failure(
                "If you specify a number of results to return, it must be >0 and not null",
                code="",
            ),
            "list-limit-zero",
        ),
    ],
)
def test_thrown(
    error: errors.ApiError, name: str, recorded: Callable[[str], tuple[int, Json]]
) -> None:
    """The same status, message and keys as recorded."""
    status, expected = recorded(name)
    assert error.status == status
    ours, theirs = _inner(error.body), _inner(expected)
    for told in ("message", "rawMessage", "translatedMessage"):
        assert ours[told] == theirs[told]
    assert set(theirs) | {"detail"} == set(ours)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (
            errors.invalid({"gender": "Person.gender.required"}),
            "post-patient-missing-gender",
        ),
        (
            errors.invalid({"valueNumeric": "error.value.outOfRange.high"}),
            "post-encounter-obs-out-of-range",
        ),
        (
            errors.invalid({"valueNumeric": "error.null"}, everywhere="error.noValue"),
            "post-obs-missing-value",
        ),
    ],
)
def test_invalid(
    error: errors.ApiError, name: str, recorded: Callable[[str], tuple[int, Json]]
) -> None:
    """A validation's body is the recorded one, whole."""
    assert (error.status, error.body) == recorded(name)


def test_conversion(recorded: Callable[[str], tuple[int, Json]]) -> None:
    """A body that cannot become an object: the chain of reasons, in brackets."""
    _, expected = recorded("post-encounter-unknown-concept")
    error = errors.conversion(_NO_CONCEPT)
    assert error.status == 400
    assert _inner(error.body)["message"] == _inner(expected)["message"]


@pytest.mark.parametrize("data", [b"[]", b"{", b"NaN", b'{"a": NaN}', b"\xff", b'"x"'])
def test_body_that_is_no_object(data: bytes) -> None:
    """Whatever bytes come, the answer is a refusal, not a failure."""
    with pytest.raises(errors.ApiError) as caught:
        bodies.parse(data, "patient")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (72, 72.0),
        ("72.5", 72.5),
        (True, None),
        ("x", None),
        ("nan", None),
        (10**400, None),
    ],
)
def test_numbers(value: Json, number: float | None) -> None:
    """Only finite numbers are numbers, written as one or as text."""
    assert bodies.to_number(value) == number


def _inner(body: Json) -> dict[str, Json]:
    assert isinstance(body, dict)
    inner = body["error"]
    assert isinstance(inner, dict)
    return inner
