"""Someone is given a login."""

from __future__ import annotations

from reprise_platform.standin import errors, luhn, passwords
from reprise_platform.standin.actions import registration
from reprise_platform.standin.actions.rows import made_by, uuid_or_new
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import User
from reprise_platform.standin.store import metadata, patients

_LEAST = 8


def enrol(session: Session, body: Body, user_id: int) -> User:
    """Make a user, with the person or for one that is there.

    Raises:
        ApiError: the body is refused.
    """
    body.allow("uuid", "username", "password", "person", "systemId", "roles", "email")
    body.require("password", "person")
    name, password = body.text("username") or "", body.text("password") or ""
    if len(password) < _LEAST or password.isalpha() or password.isdigit():
        raise errors.invalid({"password": "error.password.length"})
    if metadata.find_user(session, name) is not None:
        raise errors.invalid({"username": "User.error.username.taken"})
    if isinstance(body.raw("person"), dict):
        _, person_id = registration.insert_person(
            session, body.inner("person"), user_id
        )
    else:
        person = patients.find_person(session, body.reference("person") or "")
        if person is None:
            reason = "person on class org.openmrs.User"
            raise errors.conversion(reason)
        person_id = person.id
    row = session.row("SELECT COALESCE(MAX(user_id), 0) + 1 FROM users")
    assert row is not None
    salt = passwords.new_salt()
    account: dict[str, object] = {
        "system_id": body.text("systemId") or f"{row[0]}-{luhn.mod10(str(row[0]))}",
        "username": name,
        "password": passwords.encode(password, salt),
        "salt": salt,
        "person_id": person_id,
        "email": body.text("email"),
        "uuid": uuid_or_new(body.text("uuid")),
    }
    key = session.insert("users", account | made_by(user_id))
    known = {role.uuid: role.name for role in metadata.load_roles(session)}
    for role in body.references("roles"):
        if role not in known:
            reason = "roles on class org.openmrs.User"
            raise errors.conversion(reason)
        session.insert("user_role", {"user_id": key, "role": known[role]})
    made = metadata.find_user_by_uuid(session, str(account["uuid"]))
    assert made is not None
    return made
