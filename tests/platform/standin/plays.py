"""One play for each recording: its request, in its situation."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import httpx

from reprise_platform import openmrs
from tests.platform.standin.replay import Play, World, unknown

PLAYS: dict[str, Play] = {}
"""By the recording's name."""


def plays(*names: str) -> Callable[[Play], Play]:
    """Let a function play recordings."""

    def add(play: Play) -> Play:
        for name in names:
            assert name not in PLAYS, name
            PLAYS[name] = play
        return play

    return add


def _get(name: str, path: str | Callable[[World], str]) -> None:
    plays(name)(lambda it: it.rest.get(path if isinstance(path, str) else path(it)))


def _post(name: str, path: str, body: Callable[[World], object]) -> None:
    plays(name)(lambda it: it.rest.post(path, json=body(it)))


for _name, _path in {
    "session-good-basic": "session",
    "list-visittype": "visittype",
    "list-encountertype": "encountertype",
    "list-patientidentifiertype": "patientidentifiertype",
    "list-user": "user",
    "list-role": "role",
    "list-limit-zero": "conceptdatatype?limit=0",
    "list-limit-negative": "conceptdatatype?limit=-1",
    "list-limit-nan": "conceptdatatype?limit=abc",
    "search-patient-ref": "patient?q=Betty&v=ref",
    "search-patient-custom": "patient?q=Betty&v=custom:(uuid,display)",
    "search-patient-none": "patient?q=zzzzzz",
    "search-patient-limit1": "patient?q=Betty&limit=1&v=ref",
    "list-patient-no-q": "patient",
    "list-patient-lastviewed": "patient?lastviewed",
    "list-visits-all": "visit?v=ref",
    "list-obs-no-filter": "obs",
    "idgen-list-sources": "idgen/identifiersource",
}.items():
    _get(_name, _path)

for _name, _of in {
    "get-patient-default": lambda it: f"patient/{it.patient}",
    "get-patient-ref": lambda it: f"patient/{it.patient}?v=ref",
    "get-person-of-patient": lambda it: f"person/{it.patient}",
    "get-person-after-anon-post": lambda _: f"person/{unknown()}",
    "patient-get-purged": lambda _: f"patient/{unknown()}",
    "list-encounters-by-visit": lambda it: f"encounter?visit={it.visit}&v=ref",
    "get-obs-nested-1": lambda it: f"obs/{it.obs_of(it.encounter)}",
    "patient-identifiers-limit": lambda it: (
        f"patient/{_of_two_numbers(it)}/identifier?limit=1"
    ),
    "dbback-old-cookie": lambda it: f"patient/{_plain_patient(it)}",
    "list-obs-by-patient-concept": lambda it: (
        f"obs?patient={it.patient}&concept={openmrs.WEIGHT}"
        "&v=custom:(uuid,value,obsDatetime,voided)"
    ),
}.items():
    _get(_name, _of)

for _name, _place, _make in (
    ("post-visittype", "visittype", lambda _: {"name": "V", "description": "x"}),
    (
        "post-visittype-dup-name",
        "visittype",
        lambda _: {"name": "V", "description": "x"},
    ),
    ("post-encountertype-no-description", "encountertype", lambda _: {"name": "C"}),
    ("post-person-missing-name", "person", lambda _: {"gender": "F"}),
    (
        "post-person-unicode",
        "person",
        lambda _: {
            "names": [{"givenName": "Ólafur Č", "familyName": "日本語"}],
            "gender": "M",
        },
    ),
    (
        "post-patient-from-person",
        "patient",
        lambda it: {"person": it.new_person(), "identifiers": [it.identifier()]},
    ),
    (
        "dup-post-patient-by-person-string",
        "patient",
        lambda it: {
            "person": _plain_patient(it),
            "identifiers": [it.identifier()],
        },
    ),
    (
        "post-patient-top-level-uuid-only",
        "patient",
        lambda it: {
            "uuid": unknown(),
            "person": it.person(),
            "identifiers": [it.identifier()],
        },
    ),
    ("post-patient-missing-identifiers", "patient", lambda it: {"person": it.person()}),
    (
        "post-patient-missing-gender",
        "patient",
        lambda it: {
            "person": {"names": [{"givenName": "No", "familyName": "Gender"}]},
            "identifiers": [it.identifier()],
        },
    ),
    (
        "post-patient-bad-idtype",
        "patient",
        lambda it: {
            "person": it.person(),
            "identifiers": [it.identifier(identifierType=unknown())],
        },
    ),
    (
        "post-visit-overlapping",
        "visit",
        lambda it: it.visit_body(it.new_patient(), uuid=unknown()),
    ),
    (
        "post-visit-z-date",
        "visit",
        lambda it: {
            "patient": it.new_patient(),
            "visitType": openmrs.FACILITY_VISIT,
            "startDatetime": "2026-01-14T09:30:00Z",
            "stopDatetime": "2026-01-14T10:30:00Z",
        },
    ),
    (
        "post-encounter-nested-obs",
        "encounter",
        lambda it: it.encounter_body(it.patient, visit=it.visit, uuid=unknown()),
    ),
    (
        "post-encounter-dup-uuid-new-obs",
        "encounter",
        lambda it: it.encounter_body(it.patient, uuid=it.encounter["uuid"]),
    ),
    ("post-encounter-missing-type", "encounter", lambda it: {"patient": it.patient}),
    (
        "post-encounter-missing-patient",
        "encounter",
        lambda _: {"encounterType": openmrs.VITALS},
    ),
    (
        "post-encounter-obs-out-of-range",
        "encounter",
        lambda it: it.encounter_body(
            it.patient, obs=[{"concept": openmrs.WEIGHT, "value": 999}]
        ),
    ),
    (
        "post-encounter-unknown-concept",
        "encounter",
        lambda it: it.encounter_body(
            it.patient, obs=[{"concept": unknown(), "value": 1}]
        ),
    ),
    (
        "post-obs-missing-value",
        "obs",
        lambda it: {
            key: value for key, value in it.obs_body().items() if key != "value"
        },
    ),
    ("obs-create", "obs", lambda it: it.obs_body(uuid=unknown())),
    (
        "obs-repost-same-uuid-after-void",
        "obs",
        lambda it: it.obs_body(uuid=it.new_obs()),
    ),
    (
        "post-user-no-roles",
        "user",
        lambda it: {
            "username": f"clerk-{uuid.uuid4().hex[:6]}",
            "password": "A-password-1",
            "person": it.person(),
        },
    ),
    (
        "post-concept-text",
        "concept",
        lambda _: {
            "names": [
                {
                    "name": "Clinical note",
                    "locale": "en",
                    "conceptNameType": "FULLY_SPECIFIED",
                }
            ],
            "datatype": "8d4a4ab4-c2cc-11de-8d13-0010c6dffd0f",
            "conceptClass": "8d4907b2-c2cc-11de-8d13-0010c6dffd0f",
        },
    ),
):
    _post(_name, _place, _make)


def _plain_patient(world: World) -> str:
    """Register a patient without an address, and return the uuid."""
    patient = str(uuid.uuid4())
    answer = _register(world, patient)
    assert answer.status_code == 201, answer.text
    return patient


def _of_two_numbers(world: World) -> str:
    """Register a patient with two numbers, and return the uuid."""
    patient = world.new_patient()
    world.rest.post(f"patient/{patient}/identifier", json=world.identifier())
    return patient


def _register(world: World, patient: str) -> httpx.Response:
    names = [{"givenName": "Dana", "familyName": "Okafor"}]
    person = {"uuid": patient, "names": names, "gender": "F", "birthdate": "1990-01-01"}
    numbers = [world.identifier()]
    body = {"uuid": patient, "person": person, "identifiers": numbers}
    return world.rest.post("patient", json=body)


plays("dup-first-post-patient", "post-patient-with-idgen-identifier")(
    lambda it: _register(it, unknown())
)


@plays("session-malformed-auth-header", "basic-empty")
def malformed(world: World) -> httpx.Response:
    """A header that holds no credentials."""
    with world.client(None) as client:
        return client.get("session", headers={"Authorization": "Basic not-base64!!"})


@plays("patient-list-bad-basic-with-valid-cookie")
def bad_basic_with_cookie(world: World) -> httpx.Response:
    """A live session wins."""
    with world.client(world.login) as client:
        client.get("session")
        client.auth = httpx.BasicAuth(world.login[0], "wrong")
        return client.get("patient?q=zzzz")


@plays("patient-bad-basic")
def bad_basic(world: World) -> httpx.Response:
    """Wrong credentials."""
    with world.client((world.login[0], "wrong")) as client:
        return client.get("patient?q=zz")


@plays("patient-after-logout-cookie")
def after_logout(world: World) -> httpx.Response:
    """A session that ended."""
    with world.client(None) as client:
        return client.get("patient?q=zz", headers={"Cookie": world.stale()})


@plays("health-ready")
def health(world: World) -> httpx.Response:
    """There is no such thing."""
    return httpx.get(f"{world.url}/openmrs/health/ready")


@plays("get-person-after-stale-post")
def stale_post(world: World) -> httpx.Response:
    """A 401 to a stale session, and the person is recorded all the same."""
    person = unknown()
    names = [{"givenName": "Stale", "familyName": "Cookie"}]
    body = {"uuid": person, "names": names, "gender": "M"}
    with world.client(world.login) as client:
        answer = client.post("person", json=body, headers={"Cookie": world.stale()})
    assert answer.status_code == 401
    return world.rest.get(f"person/{person}")


@plays("post-person-update-gender")
def person_update(world: World) -> httpx.Response:
    """A person who is no patient."""
    path = f"person/{world.new_person()}"
    return world.rest.post(path, json={"birthdate": "1990-05-18"})


@plays("post-person-update")
def patient_by_person(world: World) -> httpx.Response:
    """A person who is a patient is shown as one."""
    return world.rest.post(f"person/{world.new_patient()}", json={"gender": "M"})


@plays("options-patient")
def options(world: World) -> httpx.Response:
    """What can be done."""
    answer = world.rest.options("patient")
    assert answer.headers["Allow"] == "POST,GET,HEAD,OPTIONS"
    return answer


@plays("post-patient-update-unknown")
def update_unknown(world: World) -> httpx.Response:
    """An update of no one."""
    return world.rest.post(f"patient/{unknown()}", json={"person": {"gender": "M"}})


@plays("post-patient-identifier")
def second_number(world: World) -> httpx.Response:
    """A second number."""
    body = world.identifier(preferred=False)
    return world.rest.post(f"patient/{world.new_patient()}/identifier", json=body)


@plays("search-patient-by-identifier")
def by_number(world: World) -> httpx.Response:
    """A patient by number."""
    shown = world.rest.get(f"patient/{world.patient}/identifier").json()
    number = shown["results"][0]["identifier"]
    return world.rest.get("patient", params={"q": number, "v": "default"})


@plays("search-patient-full")
def changed_in_full(world: World) -> httpx.Response:
    """A patient who was changed, with two numbers, in full."""
    patient = _of_two_numbers(world)
    world.rest.post(f"person/{patient}", json={"gender": "M"})
    shown = world.rest.get(f"patient/{patient}/identifier").json()
    number = shown["results"][0]["identifier"]
    return world.rest.get("patient", params={"q": number, "v": "full"})


@plays("list-encounters-by-patient")
def encounters(world: World) -> httpx.Response:
    """The encounters of a patient."""
    patient = world.new_patient()
    world.new_encounter(patient, world.new_visit(patient))
    return world.rest.get(f"encounter?patient={patient}&v=default")


@plays("concurrent-dup-search")
def by_number_custom(world: World) -> httpx.Response:
    """A patient by number, as one likes."""
    shown = world.rest.get(f"patient/{world.patient}/identifier").json()
    number = shown["results"][0]["identifier"]
    query = {"q": number, "v": "custom:(uuid,display)"}
    return world.rest.get("patient", params=query)


@plays("get-patient-if-none-match")
def not_modified(world: World) -> httpx.Response:
    """The very same body again."""
    path = f"patient/{world.patient}"
    tag = world.rest.get(path).headers["ETag"]
    return world.rest.get(path, headers={"If-None-Match": tag})


@plays("get-patient-accept-xml")
def xml(world: World) -> httpx.Response:
    """The same in XML."""
    path = f"patient/{_of_two_numbers(world)}"
    return world.rest.get(path, headers={"Accept": "application/xml"})


@plays("get-obs-full")
def obs_in_full(world: World) -> httpx.Response:
    """An observation of an encounter, in full."""
    body = world.obs_body(encounter=world.encounter["uuid"], value=62.25)
    made = world.rest.post("obs", json=body).json()["uuid"]
    return world.rest.get(f"obs/{made}?v=full")


@plays("get-obs-after-purge-false")
def voided_in_full(world: World) -> httpx.Response:
    """An observation that was voided, of an encounter that has no other, in full."""
    weight = [{"concept": openmrs.WEIGHT, "value": 62.25}]
    place = {"name": "Clinic", "description": "OPD"}
    where = world.rest.post("location", json=place).json()["uuid"]
    body = world.encounter_body(
        world.patient, visit=world.visit, obs=weight, location=where
    )
    own = world.obs_of(world.rest.post("encounter", json=body).json())
    world.rest.delete(f"obs/{own}?reason=REST web service")
    return world.rest.get(f"obs/{own}?v=full")


@plays("delete-obs-void")
def void_obs(world: World) -> httpx.Response:
    """An observation is voided."""
    return world.rest.delete(f"obs/{world.new_obs()}?reason=entered%20in%20error")


@plays("list-obs-after-void")
def after_void(world: World) -> httpx.Response:
    """What is voided is in no list."""
    patient = world.new_patient()
    gone, _ = world.new_obs(patient), world.new_obs(patient)
    world.rest.delete(f"obs/{gone}")
    shown = world.rest.get(f"obs?patient={patient}&v=custom:(uuid,voided)")
    assert gone not in shown.text
    return shown


@plays("delete-unknown-void")
def void_unknown(world: World) -> httpx.Response:
    """Nothing to void."""
    return world.rest.delete(f"obs/{unknown()}")


@plays("delete-obs-purge")
def purge_old_version(world: World) -> httpx.Response:
    """What a newer version names cannot be deleted."""
    first = world.new_obs()
    world.rest.post(f"obs/{first}", json={"value": 71})
    return world.rest.delete(f"obs/{first}?purge=true")


@plays("get-obs-after-purge")
def voided_text(world: World) -> httpx.Response:
    """A voided observation of an encounter, read by uuid."""
    encounter = world.new_encounter(world.patient, world.visit)
    own = world.obs_of(encounter, 1)
    world.rest.delete(f"obs/{own}")
    return world.rest.get(f"obs/{own}")


@plays("delete-obs-purge-false", "obs-purge-false-clean")
def purge_false(world: World) -> httpx.Response:
    """Neither void nor purge."""
    return world.rest.delete(f"obs/{world.new_obs()}?purge=false")


@plays("delete-obs-purge-novalue")
def purge_without_value(world: World) -> httpx.Response:
    """Neither void nor purge."""
    return world.rest.delete(f"obs/{world.new_obs()}?purge")


@plays("obs-after-purge-false-clean")
def after_purge_false(world: World) -> httpx.Response:
    """Nothing happened."""
    own = world.new_obs()
    world.rest.delete(f"obs/{own}?purge=false")
    return world.rest.get(f"obs/{own}?v=custom:(uuid,voided)")


@plays("obs-purge-again")
def purge_again(world: World) -> httpx.Response:
    """Purged twice."""
    own = f"obs/{world.new_obs()}?purge=true"
    world.rest.delete(own)
    return world.rest.delete(own)


@plays("get-obs-after-stale-delete")
def stale_delete(world: World) -> httpx.Response:
    """A 401 to a stale session, and the observation is voided all the same."""
    own = world.new_obs()
    with world.client(world.login) as client:
        answer = client.delete(f"obs/{own}", headers={"Cookie": world.stale()})
    assert answer.status_code == 401
    return world.rest.get(f"obs/{own}?v=custom:(uuid,voided)")


@plays("obs-unvoid")
def unvoid(world: World) -> httpx.Response:
    """Brought back, as it was."""
    own = world.new_obs()
    world.rest.delete(f"obs/{own}")
    answer = world.rest.post(f"obs/{own}", json={"voided": False})
    assert answer.json()["uuid"] == own
    return answer


@plays("enc-void-reason")
def void_encounter(world: World) -> httpx.Response:
    """An encounter is voided."""
    encounter = world.new_encounter(world.patient, world.visit)
    return world.rest.delete(f"encounter/{encounter['uuid']}?reason=duplicate")


@plays("obs-after-enc-unvoid")
def after_unvoid(world: World) -> httpx.Response:
    """An encounter comes back without its observations."""
    patient = world.new_patient()
    visit = world.new_visit(patient)
    own = world.new_encounter(patient, visit)["uuid"]
    world.rest.delete(f"encounter/{own}")
    world.rest.post(f"encounter/{own}", json={"deleted": "false"})
    return world.rest.get(f"obs?patient={patient}&v=custom:(uuid,voided)")


@plays("delete-visit-purge")
def purge_visit(world: World) -> httpx.Response:
    """A visit with encounters."""
    return world.rest.delete(f"visit/{world.visit}?purge=true")


@plays("delete-patient-purge")
def purge_patient(world: World) -> httpx.Response:
    """A patient with encounters."""
    patient = world.new_patient()
    world.rest.post("encounter", json=world.encounter_body(patient, obs=[]))
    return world.rest.delete(f"patient/{patient}?purge=true")


@plays("delete-patient-void")
def void_patient(world: World) -> httpx.Response:
    """A patient is voided."""
    return world.rest.delete(f"patient/{world.new_patient()}?reason=test")


@plays("visit-close")
def close_visit(world: World) -> httpx.Response:
    """A visit without a place ends."""
    patient = _plain_patient(world)
    visit = world.new_visit(patient, location=None)
    body = world.encounter_body(patient, visit=visit)
    assert world.rest.post("encounter", json=body).status_code == 201
    end = {"stopDatetime": "2026-01-12T18:00:00.000+0000"}
    return world.rest.post(f"visit/{visit}", json=end)


@plays("clerk-get-patient")
def clerk(world: World) -> httpx.Response:
    """Someone with no rights."""
    name, password = f"clerk-{uuid.uuid4().hex[:6]}", "A-password-1"
    body = {"username": name, "password": password, "person": world.person()}
    assert world.rest.post("user", json=body).status_code == 201
    with world.client((name, password)) as client:
        return client.get(f"patient/{world.patient}")


@plays("post-patient-array-body")
def list_for_object(world: World) -> httpx.Response:
    """A list where an object must be."""
    kind = {"Content-Type": "application/json"}
    return world.rest.post("person", content=b"[]", headers=kind)


@plays("idgen-generate-2")
def generate(world: World) -> httpx.Response:
    """A patient number."""
    path = f"idgen/identifiersource/{openmrs.IDENTIFIER_SOURCE}/identifier"
    return world.rest.post(path, json={})


@plays("fhir-patient-anon")
def fhir_nobody(world: World) -> httpx.Response:
    """FHIR, asked by no one."""
    return httpx.get(f"{world.url}{openmrs.FHIR_PATH}/Patient?name=Dana")


@plays("fhir-patient-read")
def fhir_patient(world: World) -> httpx.Response:
    """A patient with two numbers."""
    patient = _plain_patient(world)
    world.rest.post(f"patient/{patient}/identifier", json=world.identifier())
    return world.fhir.get(f"Patient/{patient}")


@plays("fhir-encounter-read-visit")
def fhir_visit(world: World) -> httpx.Response:
    """A visit that ended."""
    end = "2026-01-12T18:00:00.000+0000"
    visit = world.new_visit(_plain_patient(world), location=None, stopDatetime=end)
    return world.fhir.get(f"Encounter/{visit}")


@plays("fhir-observation-total-only")
def fhir_count(world: World) -> httpx.Response:
    """A number of observations."""
    return world.fhir.get("Observation?_summary=count")


@plays("fhir-location")
def fhir_locations(world: World) -> httpx.Response:
    """All places."""
    return world.fhir.get("Location?_count=100")


@plays("fhir-patient-get-refused-id", "fhir-patient-get-client-id")
def fhir_unknown(world: World) -> httpx.Response:
    """A client's id is no one's."""
    return world.fhir.get(f"Patient/{unknown()}")


@plays("fhir-bad-search-param")
def fhir_bad_parameter(world: World) -> httpx.Response:
    """A parameter that is not known."""
    return world.fhir.get("Patient?nosuch=1")


def fhir_body(world: World, *, place: bool = True, given: str = "Post") -> object:
    """Return a patient as FHIR's clients send one."""
    number: dict[str, object] = {
        "use": "official",
        "type": {"coding": [{"code": openmrs.IDENTIFIER_TYPE}], "text": "OpenMRS ID"},
        "value": world.number(),
    }
    if place:
        where = f"Location/{openmrs.UNKNOWN_LOCATION}"
        number["extension"] = [
            {
                "url": "http://fhir.openmrs.org/ext/patient/identifier#location",
                "valueReference": {"reference": where, "type": "Location"},
            }
        ]
    return {
        "resourceType": "Patient",
        "id": unknown(),
        "identifier": [number],
        "name": [{"family": "Fhir", "given": [given]}],
        "gender": "female",
        "birthDate": "1980-02-02",
    }


@plays("fhir-patient-create-without-location")
def fhir_no_place(world: World) -> httpx.Response:
    """A number that comes from nowhere."""
    return world.fhir.post("Patient", json=fhir_body(world, place=False))


@plays("fhir-patient-create-with-id")
def fhir_create(world: World) -> httpx.Response:
    """A patient, whose id is the server's own."""
    return world.fhir.post("Patient", json=fhir_body(world))


@plays("fhir-patient-update")
def fhir_update(world: World) -> httpx.Response:
    """Another name, which does not replace the first."""
    made = world.fhir.post("Patient", json=fhir_body(world)).json()
    changed = made | {"name": [{"family": "Fhir", "given": ["Updated"]}]}
    return world.fhir.put(f"Patient/{made['id']}", json=changed)


@plays("rest-get-fhir-deleted-patient")
def fhir_deleted(world: World) -> httpx.Response:
    """Deleted by FHIR is voided for REST."""
    patient = world.new_patient()
    assert world.fhir.delete(f"Patient/{patient}").status_code in {200, 204}
    return world.rest.get(f"patient/{patient}?v=custom:(uuid,voided)")


@plays("fhir-observation-create")
def fhir_observe(world: World) -> httpx.Response:
    """An observation."""
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"code": openmrs.WEIGHT}]},
        "subject": {"reference": f"Patient/{world.patient}"},
        "effectiveDateTime": "2026-01-12T10:05:00+00:00",
        "valueQuantity": {"value": 66, "unit": "kg"},
    }
    return world.fhir.post("Observation", json=body)
