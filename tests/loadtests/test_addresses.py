"""A probe goes where the front door's name leads now."""

from __future__ import annotations

import socket

import pytest

from reprise_loadtests.addresses import Address
from reprise_loadtests.errors import LoadError
from reprise_platform.waiting import until


def test_a_literal_address_is_asked_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address needs no name service."""
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: pytest.fail("it was asked")
    )
    assert Address("198.18.0.4", 8080).now() == ("198.18.0.4", 8080)


def test_a_switch_by_name_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address changes with the name's, and a silent name service changes nothing."""
    led = ["192.0.2.1"]

    def answer(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if not led:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (led[0], port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    address = Address("openmrs.example", 443, every_s=0.01)
    try:
        assert address.now() == ("192.0.2.1", 443)
        led[0] = "192.0.2.2"
        until(
            lambda: address.now() == ("192.0.2.2", 443),
            within_s=5,
            every_s=0.01,
            what="the new address",
        )
        led.clear()
        assert address.now() == ("192.0.2.2", 443)
    finally:
        address.close()


def test_a_name_that_leads_nowhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is probed where nothing can be."""

    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(LoadError, match=r"openmrs\.example"):
        Address("openmrs.example", 443)
