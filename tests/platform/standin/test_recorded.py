"""Every recorded exchange, played on the stand-in, has an answer of the same likeness."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterator

import pytest

from reprise_platform.alone.clinic import Clinic
from tests.platform.standin.plays import PLAYS
from tests.platform.standin.replay import World, likeness

_RECORDINGS = pathlib.Path(__file__).parent / "recordings"
# The database is down: `test_app` plays these.
_ELSEWHERE = {"dbdown-session-cookie", "dbdown-session-basic"}
_TAGS = re.compile(r"<[^>]*>")


@pytest.fixture(scope="module")
def world(alone: Clinic) -> Iterator[World]:
    """Return a stand-in with one of each thing."""
    made = World(alone.url, (alone.username, alone.password))
    yield made
    made.close()


def test_every_recording_is_played() -> None:
    """A recording that no one plays shows nothing."""
    names = {path.stem for path in _RECORDINGS.glob("*.json")}
    assert names - _ELSEWHERE == set(PLAYS)


@pytest.mark.parametrize("name", sorted(PLAYS))
def test_answer_has_the_likeness_of_the_recorded_one(world: World, name: str) -> None:
    """Status, keys and their order, kinds of values, and the words that are set."""
    text = (_RECORDINGS / f"{name}.json").read_text(encoding="utf-8")
    recorded = json.loads(text)["response"]
    answer = PLAYS[name](world)
    assert answer.status_code == recorded["status"], answer.text
    if recorded["body"] is None:
        tags = _TAGS.findall(recorded.get("text", ""))
        assert [tag for tag in _TAGS.findall(answer.text) if tag in tags] == tags
        return
    shown = answer.json()
    for each in (shown, recorded["body"]):
        _leave_out_what_is_empty_there(each, recorded["body"])
    assert likeness(shown) == likeness(recorded["body"])


def _leave_out_what_is_empty_there(shown: object, recorded: object) -> None:
    """Where the recorded list is empty, ours may hold what that server had not."""
    if not isinstance(shown, dict) or not isinstance(recorded, dict):
        return
    if recorded.get("results") == []:
        shown["results"] = []
    if "error" in shown and isinstance(shown["error"], dict):
        shown["error"].pop("detail", None)
    shown.pop("stackTrace", None)
    # That server's administrator was no provider yet.
    shown.pop("currentProvider", None)
    # Places have no place above them here.
    if isinstance(place := shown.get("location"), dict):
        place.pop("parentLocation", None)


def test_likeness_sees_what_differs() -> None:
    """A key, its place, a kind, a set word: each alone makes two answers differ."""
    one = {"uuid": "a", "voided": False, "links": [{"rel": "self"}], "value": 1}
    for other in (
        {"voided": False, "uuid": "a", "links": [{"rel": "self"}], "value": 1},
        {"uuid": "a", "voided": True, "links": [{"rel": "self"}], "value": 1},
        {"uuid": "a", "voided": False, "links": [{"rel": "full"}], "value": 1},
        {"uuid": "a", "voided": False, "links": [{"rel": "self"}], "value": "1"},
        {"uuid": "a", "voided": False, "links": [], "value": 1},
        {"uuid": "a", "voided": False, "value": 1},
    ):
        assert likeness(other) != likeness(one)  # type: ignore[arg-type]
    assert likeness(one | {"uuid": "b", "value": 2}) == likeness(one)  # type: ignore[arg-type]
