"""Fixtures of the platform's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform.access import Access
from reprise_platform.embedded import builds
from reprise_platform.embedded.layout import Layout, load
from tests.platform.genuine.sandbox import Sandbox, sandboxed

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


@pytest.fixture(scope="module")
def layout(site_access: Access) -> Layout:
    """Return how the site is laid."""
    found = load(site_access.site)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def sandbox(site_access: Access) -> Iterator[Sandbox]:
    """Return a namespace of these tests' own, where no policy of the service holds."""
    with sandboxed(site_access) as made:
        yield made
