"""Fixtures of the platform's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprise_platform.embedded import builds

_COMPILED_WITHIN_S = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that need Helm the time to compile it, where it is not there yet."""
    for item in items:
        if "helm" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(_COMPILED_WITHIN_S))


@pytest.fixture(scope="session")
def helm() -> Path:
    """Return the pinned Helm."""
    item = next(each for each in builds.BUILDS if each.name == "helm")
    return builds.build(item) / "helm"
