"""What Alertmanager tells becomes alerts and a watch, told once, and never from silence."""

from __future__ import annotations

import dataclasses
import datetime
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reprise_platform import prometheus, sentinel
from reprise_platform.hearing import LOST_AFTER_NS, Hearing, Told
from reprise_platform.sentinel import Listener, Sentinel
from reprise_pra.history import Event, Recorder, read_history

_ALERT = "FrontDoorDown"
_S = 1_000_000_000


def _told(name: str, status: str = "firing", about: str = "1", **labels: str) -> Told:
    return Told.model_validate(
        {
            "status": status,
            "labels": {"alertname": name, "severity": "critical", **labels},
            "fingerprint": about,
        }
    )


def _beat(status: str = "firing", watches: str = _ALERT) -> Told:
    return _told("Watched", status, severity="none", watches=watches)


class _Ear:
    """A hearing whose events are told as short words."""

    def __init__(self) -> None:
        self._hearing = Hearing(_ALERT)

    def hears(self, at_s: float, *alerts: Told) -> list[tuple[str, object]]:
        heard = self._hearing.heard(alerts, at_ns=round(at_s * _S))
        return [(one.alert, one.state or one.kept) for one in heard]

    def waits(self, at_s: float) -> list[tuple[str, object]]:
        passed = self._hearing.passed(at_ns=round(at_s * _S))
        return [(one.alert, one.state or one.kept) for one in passed]


def test_an_alert_is_told_when_it_changes() -> None:
    """However often it is repeated, it fires once and resolves once."""
    ear = _Ear()
    assert ear.hears(1, _told("A")) == [("A", "firing")]
    assert ear.hears(2, _told("A")) == []
    assert ear.hears(3, _told("A", "resolved")) == [("A", "resolved")]
    assert ear.hears(4, _told("A", "resolved")) == []
    assert ear.hears(5, _told("A")) == [("A", "firing")]


def test_an_alert_about_several_things_ends_with_the_last() -> None:
    """Two nodes down are one alert, until both are back."""
    ear = _Ear()
    both = (_told("A", about="a1"), _told("A", about="a2"))
    assert ear.hears(1, *both) == [("A", "firing")]
    assert ear.hears(2, _told("A", "resolved", about="a1")) == []
    assert ear.hears(3, _told("A", "resolved", about="a2")) == [("A", "resolved")]


def test_the_watch_is_kept_by_its_own_heartbeat() -> None:
    """It begins with the first beat, and ends with silence, or when the beat resolves."""
    ear = _Ear()
    lost_s = LOST_AFTER_NS / _S
    assert ear.hears(0, _beat(watches="Other")) == []
    assert ear.hears(1, _beat()) == [(_ALERT, True)]
    assert ear.hears(6, _beat()) == []
    assert ear.waits(6 + lost_s) == []
    assert ear.waits(6.1 + lost_s) == [(_ALERT, False)]
    assert ear.waits(7 + lost_s) == []
    assert ear.hears(40, _beat()) == [(_ALERT, True)]
    assert ear.hears(41, _beat("resolved")) == [(_ALERT, False)]


def test_other_alerts_do_not_keep_the_watch() -> None:
    """Alerts that arrive prove nothing of what the watched one would say."""
    ear = _Ear()
    ear.hears(1, _beat())
    ear.hears(20, _told("A"))
    assert ear.waits(22) == [(_ALERT, False)]


def test_an_alert_that_falls_silent_has_not_resolved() -> None:
    """A larger one may include it; when nothing is told at all, nobody knows."""
    ear = _Ear()
    ear.hears(1, _beat(), _told("A"))
    assert ear.waits(21.5) == [(_ALERT, False)]
    assert ear.waits(60) == []
    assert ear.hears(61, _beat(), _told("A")) == [(_ALERT, True)]
    assert ear.hears(75, _beat()) == []
    assert ear.waits(82) == [("A", "silent")]
    assert ear.waits(83) == []
    assert ear.hears(84, _beat(), _told("A")) == [("A", "firing")]
    ear.hears(100, _beat())
    assert ear.waits(105) == [("A", "silent")]
    assert ear.hears(106, _told("A", "resolved")) == [("A", "resolved")]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Webhook:
    """A sentinel that listens, and its history."""

    url: str
    history: Path

    def post(self, body: str, *, shown: str = "right", path: str = "") -> int:
        return httpx.post(
            f"{self.url}{path}",
            content=body,
            headers={"Authorization": f"Bearer {shown}"},
            trust_env=False,
        ).status_code

    def events(self) -> list[Event]:
        return list(read_history([self.history / "sentinel.jsonl"]).events)


@pytest.fixture
def webhook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Webhook]:
    """Listen on a free port; Prometheus says that everything began at the epoch."""
    began = datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC)
    monkeypatch.setattr(prometheus, "active_since", lambda _: {_ALERT: began})
    asked = prometheus.Reached(
        prometheus="https://x", alertmanager="", credentials=None, authority=None
    )
    with Recorder(tmp_path, "sentinel") as recorder:
        made = Sentinel(recorder, asked, alert=_ALERT)
        with Listener("http://127.0.0.1:0/alerts", "right", made) as listener:
            thread = threading.Thread(target=listener.serve_forever, daemon=True)
            thread.start()
            port = listener.server_address[1]
            yield _Webhook(url=f"http://127.0.0.1:{port}/alerts", history=tmp_path)
            listener.shutdown()


def _notification(*alerts: Told, version: str = "4") -> str:
    told = [one.model_dump(mode="json") for one in alerts]
    return json.dumps({"version": version, "status": "firing", "alerts": told})


def test_what_is_posted_is_written(webhook: _Webhook) -> None:
    """The watch, then the alert with the instant since when Prometheus held it true."""
    assert webhook.post(_notification(_beat())) == 200
    assert webhook.post(_notification(_told(_ALERT))) == 200
    watch, alert = webhook.events()
    assert (watch.operation, watch.value) == ("watch", {"alert": _ALERT, "kept": True})
    assert (alert.operation, alert.value["state"]) == ("alert", "firing")
    since_ns = alert.value["since_ns"]
    assert isinstance(since_ns, int)
    assert since_ns < alert.at_ns


def test_only_alertmanager_is_heard(webhook: _Webhook) -> None:
    """Without the token, elsewhere, or in another form: refused, and nothing written."""
    body = _notification(_told(_ALERT))
    assert webhook.post(body, shown="wrong") == 401
    assert webhook.post(body, path="/other") == 404
    for wrong in ("", "[]", "{", _notification(_told(_ALERT), version="5")):
        assert webhook.post(wrong) == 400
    assert webhook.post("x" * (sentinel._BODY_MOST + 1)) == 400
    assert webhook.events() == []
