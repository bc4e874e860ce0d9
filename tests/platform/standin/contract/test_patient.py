"""Registering patients, finding them, and what is refused."""

from __future__ import annotations

import concurrent.futures
import uuid
from collections.abc import Callable

import httpx
import pytest

from reprise_platform.standin import luhn

pytestmark = pytest.mark.cluster

type Body = dict[str, object]
type MakeBody = Callable[..., Body]


def test_numbers_are_valid_and_unique(new_number: Callable[[], str]) -> None:
    """Each number has its check character and is handed out once, also in parallel."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: new_number(), range(24)))
    assert all(luhn.is_valid(number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_registration_answers_the_patient(
    rest: httpx.Client, patient_body: MakeBody
) -> None:
    """201, with the uuid the client chose and the default representation."""
    body = patient_body()
    answer = rest.post("patient", json=body)
    assert answer.status_code == 201
    patient = answer.json()
    number = _number(body)
    assert patient["uuid"] == body["uuid"]
    assert patient["display"] == f"{number} - Jeanne Essai"
    assert patient["identifiers"][0]["display"] == f"OpenMRS ID = {number}"
    assert patient["person"]["birthdate"] == "1950-03-02T00:00:00.000+0000"
    assert patient["person"]["preferredName"]["display"] == "Jeanne Essai"
    assert patient["voided"] is False


def test_a_last_slash_does_not_matter(
    rest: httpx.Client, patient_body: MakeBody
) -> None:
    """`/patient/` is `/patient`."""
    assert rest.post("patient/", json=patient_body()).status_code == 201


def test_registered_patient_is_read(
    rest: httpx.Client, new_patient: Callable[[], str]
) -> None:
    """A patient is there for the next read, in each representation."""
    uuid_ = new_patient()
    shown = rest.get(f"patient/{uuid_}").json()
    assert shown["uuid"] == uuid_
    short = rest.get(f"patient/{uuid_}", params={"v": "ref"}).json()
    assert set(short) == {"uuid", "display", "links"}
    full = rest.get(f"patient/{uuid_}", params={"v": "full"}).json()
    assert full["person"]["names"][0]["familyName"] == "Essai"
    assert full["identifiers"][0]["identifier"]
    own = "custom:(uuid,person:(gender,age,birthdate),identifiers:(identifier))"
    chosen = rest.get(f"patient/{uuid_}", params={"v": own}).json()
    assert chosen["person"]["gender"] == "F"
    assert set(chosen["identifiers"][0]) <= {"identifier", "resourceVersion"}


def test_unknown_patient(rest: httpx.Client) -> None:
    """404, with OpenMRS's message."""
    answer = rest.get(f"patient/{uuid.uuid4()}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Object with given uuid")


def test_uuid_twice_leaves_the_first(
    rest: httpx.Client, patient_body: MakeBody
) -> None:
    """An existing uuid: 500, and the record is as it was."""
    first = patient_body()
    assert rest.post("patient", json=first).status_code == 201
    second = patient_body(gender="M")
    second["uuid"] = first["uuid"]
    second["person"] = _person(second) | {"uuid": first["uuid"]}
    assert rest.post("patient", json=second).status_code == 500
    assert rest.get(f"person/{first['uuid']}").json()["gender"] == "F"
    found = rest.get("patient", params={"q": _number(second)}).json()
    assert found["results"] == []


def test_number_in_use_is_refused(rest: httpx.Client, patient_body: MakeBody) -> None:
    """Another patient's number is refused, and there is no second patient."""
    first, second = patient_body(), patient_body()
    assert rest.post("patient", json=first).status_code == 201
    second["identifiers"] = first["identifiers"]
    assert rest.post("patient", json=second).status_code >= 400
    assert rest.get(f"patient/{second['uuid']}").status_code == 404


def test_what_is_missing_is_named(rest: httpx.Client, patient_body: MakeBody) -> None:
    """A body without what is required: 400 and the name of it."""
    body = patient_body()
    del body["identifiers"]
    answer = rest.post("patient", json=body)
    assert answer.status_code == 400
    expected = "[Some required properties are missing: identifiers]"
    assert answer.json()["error"]["message"] == expected


def test_uuid_of_patient_alone_is_refused(
    rest: httpx.Client, patient_body: MakeBody
) -> None:
    """A uuid beside a person without one: 400."""
    body = patient_body()
    body["person"] = {k: v for k, v in _person(body).items() if k != "uuid"}
    answer = rest.post("patient", json=body)
    assert answer.status_code == 400
    expected = "[Some properties are not allowed to be set: uuid]"
    assert answer.json()["error"]["message"] == expected


def test_gender_is_validated(rest: httpx.Client, patient_body: MakeBody) -> None:
    """An invalid object: 400, with the field and its code."""
    answer = rest.post("patient", json=patient_body(gender=None))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["message"] == "Invalid Submission"
    assert error["fieldErrors"]["gender"][0]["code"] == "Person.gender.required"


def test_wrong_check_character(rest: httpx.Client, patient_body: MakeBody) -> None:
    """A mistyped number: 400."""
    body = patient_body()
    number = _number(body)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    identifiers = body["identifiers"]
    assert isinstance(identifiers, list)
    identifiers[0]["identifier"] = wrong
    assert rest.post("patient", json=body).status_code == 400


@pytest.mark.parametrize("body", ["[]", "{", '"text"', "NaN"])
def test_no_object_is_refused(rest: httpx.Client, body: str) -> None:
    """A body that is no JSON object: 400."""
    headers = {"Content-Type": "application/json"}
    answer = rest.post("patient", content=body, headers=headers)
    assert answer.status_code == 400


def test_search_by_name_and_number(rest: httpx.Client, patient_body: MakeBody) -> None:
    """The start of each word of the name, or of the number, finds the patient."""
    family = f"Zz{uuid.uuid4().hex[:10]}"
    names = [{"givenName": "Éléonore", "familyName": family, "preferred": True}]
    body = patient_body(names=names)
    assert rest.post("patient", json=body).status_code == 201
    for text in (family, family[:8].lower(), f"Éléo {family}", _number(body)):
        answer = rest.get("patient", params={"q": text, "v": "custom:(uuid,display)"})
        assert [found["uuid"] for found in answer.json()["results"]] == [body["uuid"]]


def test_search_without_result(rest: httpx.Client) -> None:
    """No one: 200 and an empty list, nothing else."""
    answer = rest.get("patient", params={"q": f"Zz{uuid.uuid4().hex}"})
    assert answer.status_code == 200
    assert answer.json() == {"results": []}


def test_search_in_pages(rest: httpx.Client, patient_body: MakeBody) -> None:
    """A page tells where the next one is; the total is told on request."""
    family = f"Zz{uuid.uuid4().hex[:10]}"
    for _ in range(3):
        names = [{"givenName": "Paul", "familyName": family}]
        assert rest.post("patient", json=patient_body(names=names)).status_code == 201
    first = rest.get(
        "patient", params={"q": family, "limit": 2, "totalCount": "true"}
    ).json()
    assert len(first["results"]) == 2
    assert first["totalCount"] == 3
    assert [link["rel"] for link in first["links"]] == ["next"]
    last = rest.get("patient", params={"q": family, "limit": 2, "startIndex": 2}).json()
    assert len(last["results"]) == 1
    assert [link["rel"] for link in last["links"]] == ["prev"]
    uuids = {found["uuid"] for found in first["results"] + last["results"]}
    assert len(uuids) == 3


def test_list_of_all_is_refused(rest: httpx.Client) -> None:
    """Patients without a search: 400."""
    answer = rest.get("patient")
    assert answer.status_code == 400
    assert "Does not Support" in answer.json()["error"]["message"]


@pytest.mark.parametrize("limit", ["0", "-1", "101"])
def test_limit_out_of_bounds(rest: httpx.Client, limit: str) -> None:
    """A limit outside 1 to 100: 500, as OpenMRS fails on it."""
    answer = rest.get("conceptdatatype", params={"limit": limit})
    assert answer.status_code == 500


def test_limit_that_is_no_number(rest: httpx.Client) -> None:
    """It does not count."""
    assert rest.get("conceptdatatype", params={"limit": "abc"}).status_code == 200


def test_unchanged_patient_is_not_sent_again(
    rest: httpx.Client, new_patient: Callable[[], str]
) -> None:
    """The tag of an answer, sent back: 304 as long as nothing changed."""
    path = f"patient/{new_patient()}"
    tag = rest.get(path).headers["ETag"]
    assert rest.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_put_is_no_acknowledgement(
    rest: httpx.Client, new_patient: Callable[[], str]
) -> None:
    """A method OpenMRS has not: 200 with an exception inside, and nothing done."""
    uuid_ = new_patient()
    answer = rest.put(f"patient/{uuid_}", json={"person": {"gender": "M"}})
    assert answer.status_code == 200
    assert "uuid" not in answer.json()
    assert rest.get(f"person/{uuid_}").json()["gender"] == "F"


def _number(body: Body) -> str:
    identifiers = body["identifiers"]
    assert isinstance(identifiers, list)
    return str(identifiers[0]["identifier"])


def _person(body: Body) -> Body:
    person = body["person"]
    assert isinstance(person, dict)
    return person
