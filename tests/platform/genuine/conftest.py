"""Fixtures of the genuine-Kubernetes tests: a namespace a test, all gone in the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reprise_platform.access import Access
from tests.platform.genuine.sandbox import Sandbox, sandboxed, wait_all_gone


@pytest.fixture(scope="session")
def tidy_site(site_access: Access) -> Iterator[Access]:
    """Return the site, and see in the end that no namespace of these tests is left."""
    yield site_access
    wait_all_gone(site_access)


@pytest.fixture
def sandbox(tidy_site: Access) -> Iterator[Sandbox]:
    """Return a namespace of the test's own."""
    with sandboxed(tidy_site) as made:
        yield made


@pytest.fixture(scope="module")
def commons(tidy_site: Access) -> Iterator[Sandbox]:
    """Return a namespace that the tests of one module share."""
    with sandboxed(tidy_site) as made:
        yield made
