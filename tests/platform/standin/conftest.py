"""What a real OpenMRS answered, by the name of the exchange."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import pytest

from reprise_platform.standin.jsonvalues import Json

_RECORDINGS = pathlib.Path(__file__).parent / "recordings"


@pytest.fixture
def recorded() -> Callable[[str], tuple[int, Json]]:
    """Return what reads the status and the body of a recorded answer."""

    def read(name: str) -> tuple[int, Json]:
        text = (_RECORDINGS / f"{name}.json").read_text(encoding="utf-8")
        response = json.loads(text)["response"]
        return response["status"], response["body"]

    return read


@pytest.fixture
def recorded_text() -> Callable[[str], str]:
    """Return what reads the page of a recorded answer, as far as it was kept."""

    def read(name: str) -> str:
        text = (_RECORDINGS / f"{name}.json").read_text(encoding="utf-8")
        return str(json.loads(text)["response"]["text"])

    return read
