"""A failure says all that helps to go on, and none of a site's secrets."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_platform import __main__ as command_line
from reprise_platform import failures, journal, paths
from reprise_platform.command import run
from reprise_platform.embedded import bringup
from reprise_platform.embedded.progress import Progress, StepTime
from reprise_platform.errors import CommandError, PlatformError, Refused, WaitTimeout
from reprise_platform.redaction import (
    HIDDEN,
    Redactor,
    secrets_in,
    secrets_of_objects,
)
from reprise_platform.sites import Site
from reprise_platform.waiting import until
from reprise_pra.analysis.results import Text
from tests.platform import examples


def _told(error: BaseException, language: str = "en", **options: object) -> str:
    return failures.told(
        error,
        "fr" if language == "fr" else "en",
        site="lyon",
        command="up",
        **options,  # type: ignore[arg-type]
    )


def _caught(*command: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(command, within_s=5)
    return caught.value


def test_a_command_is_told_with_its_line_and_output() -> None:
    """The pasteable line and what it printed stand apart, each once."""
    error = _caught("sh", "-c", "echo 'flag provided but not defined: -x' >&2; exit 2")
    said = _told(error, steps=[StepTime(step="servers", seconds=3.21)])
    assert "step: servers, failed after 3.2 s" in said
    assert said.count("$ sh -c") == 1
    assert said.count("  | flag provided but not defined: -x") == 1
    assert "exit code 2" in said
    assert "python -m reprise_platform logs --name lyon" in said


def test_a_killed_command_tells_what_it_had_said() -> None:
    """A program cut off by its limit still tells how far it came."""
    with pytest.raises(CommandError) as caught:
        run(["sh", "-c", "echo unpacking; exec sleep 60"], within_s=0.5)
    assert "  | unpacking" in _told(caught.value)
    assert "not finished after 0.5 s" in _told(caught.value)


def test_a_wait_in_vain_is_told_with_its_logs(tmp_path: Path) -> None:
    """What was awaited, and the last lines of the logs that say why it did not come."""
    log = tmp_path / "apiserver.log"
    log.write_text("old\n" * 100 + "Error: unknown flag: --tls-max\n")
    with pytest.raises(WaitTimeout) as caught:
        until(
            lambda: None,
            within_s=0,
            every_s=1,
            what="primary's API server",
            command="kubectl get --raw /readyz",
            logs=[log, tmp_path / "none.log"],
        )
    said = _told(caught.value)
    assert "in vain for: primary's API server" in said
    assert f"log: {log}" in said
    assert "  | Error: unknown flag: --tls-max" in said
    assert said.count("  | old") == 14
    assert "  | (empty or not there)" in said
    assert "  $ kubectl get --raw /readyz" in said


def test_a_full_disk_has_its_own_remedy() -> None:
    """Whoever met the full disk, a program or ours, the remedy is room."""
    for error in (OSError(28, "No space left on device"), _full()):
        assert "free some space" in _told(error)
        assert "libérer de la place" in _told(error, "fr")


def _full() -> CommandError:
    return _caught("sh", "-c", "echo 'cp: x: No space left on device' >&2; exit 1")


def test_a_defect_of_ours_is_called_one() -> None:
    """An error nobody foresaw is told as ours, with its place and what to report."""
    try:
        json.loads("{")
    except ValueError as error:
        said = _told(error)
    assert "JSONDecodeError" in said
    assert "decoder.py" in said
    assert "report it with `python -m reprise_platform logs --name lyon`" in said


def test_steps_under_way_are_known_when_one_fails() -> None:
    """Steps within steps: the innermost first, with the times each had run."""
    progress = Progress(2)
    with (
        pytest.raises(CommandError) as caught,
        progress.step("machines"),
        progress.step("  node a1"),
    ):
        run(["false"])
    assert [step.step for step, _ in progress.failed] == ["node a1", "machines"]
    assert {id(error) for _, error in progress.failed} == {id(caught.value)}
    steps = [step for step, _ in progress.failed]
    assert "step: machines > node a1, failed after " in _told(caught.value, steps=steps)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_command_line_tells_a_failed_step(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    """`up` that fails ends with 1, tells step and remedy in the language, and keeps both."""
    examples.state_in(tmp_path, monkeypatch)

    def up(site: Site, progress: Progress) -> None:
        paths.site_state(site.name).mkdir(parents=True)
        with progress.step("network"):
            run(["sh", "-c", "echo 'RTNETLINK answers: File exists' >&2; exit 2"])

    monkeypatch.setattr(bringup, "up", up)
    assert command_line.main(["up", "--lang", language]) == 1
    said = capsys.readouterr().err
    assert "RTNETLINK answers: File exists" in said
    expected = {"fr": "corriger, puis", "en": "mend it, then"}[language]
    assert expected in said
    kept = journal.last(paths.site_state("embedded"))
    assert kept is not None
    assert kept.failed == "network"


def test_step_times_survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last `up`'s table of step times is read back as it was; damage is no crash."""
    examples.state_in(tmp_path, monkeypatch)
    journal.keep("lyon", [], 1)
    assert not paths.state().exists()
    folder = paths.site_state("lyon")
    folder.mkdir(parents=True)
    steps = (StepTime(step="network", seconds=1.5),)
    journal.keep("lyon", steps, 2.5)
    kept = journal.last(folder)
    assert kept is not None
    assert (kept.steps, kept.seconds, kept.failed) == (steps, 2.5, "")
    (folder / journal.FILE).write_text('{"steps": 3}')
    assert journal.last(folder) is None


def test_refusals_are_told_as_they_are(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing was under way: a refusal has no step and no log, only what to do."""
    examples.state_in(tmp_path, monkeypatch)

    def refuse(_site: Site) -> None:
        raise Refused([Text(fr="disque plein ; vider", en="disk full; empty it")])

    monkeypatch.setattr(bringup, "preflight", refuse)
    assert command_line.main(["up", "--lang", "fr"]) == 1
    said = capsys.readouterr().err
    assert said == "reprise: refusé, rien n'a été fait :\n- disque plein ; vider\n"


# Secrets.

_DRAWN = st.binary(min_size=8, max_size=40).map(bytes.hex)


_AROUND = st.text(st.characters(codec="ascii"), max_size=12)


@settings(max_examples=25)
@given(
    secret=_DRAWN,
    before=_AROUND,
    after=_AROUND,
    skipped=st.integers(0, 2),
)
def test_a_secret_is_hidden_wherever_it_stands(
    secret: str, before: str, after: str, skipped: int
) -> None:
    """As it is or in base64, at any alignment, within any text, it is replaced."""
    encoded = base64.b64encode(b"u:" + b"x" * skipped + secret.encode() + b"\n")
    core = base64.b64encode(b"\0" * 3 + secret.encode())[4:-4].decode()
    text = f"{before}{secret}{after} {before}{encoded.decode()}{after}"
    cleaned = Redactor([secret.encode()]).clean_text(text)
    assert secret not in cleaned
    assert secret.encode().hex()[:-16] not in cleaned
    assert core not in cleaned
    found = [word for word in cleaned.split() if len(word) > 40 and word in text]
    assert not any(secret in _decoded(word) for word in found)


def _decoded(word: str) -> str:
    padded = word + "=" * (-len(word) % 4)
    try:
        return base64.b64decode(padded).decode(errors="replace")
    except ValueError:
        return ""


def test_ordinary_text_is_left_alone() -> None:
    """Logs are of use only if what is no secret stays."""
    line = b"I0923 10:00:00 pod galera-0 uid 3f2a4c11-2222-4a4a-9d9d-012345678901 sha256:abc"
    assert Redactor([secrets.token_hex(20).encode()]).clean(line) == line
    assert Redactor([]).clean(line) == line


def test_every_kind_of_secret_of_a_site_is_known(tmp_path: Path) -> None:
    """Drawn words, Kubernetes Secrets, keys, kubeconfigs, environments, tokens: all."""
    planted = _plant(tmp_path)
    known = secrets_in(tmp_path)
    redactor = Redactor(known)
    for name, secret in planted.items():
        assert HIDDEN in redactor.clean(b"log: " + secret), name
        assert secret not in redactor.clean(b"a " + secret + b" b"), name
        encoded = base64.b64encode(secret)
        assert encoded not in redactor.clean(b"a " + encoded + b" b"), name


def _plant(folder: Path) -> dict[str, bytes]:
    words = {name: secrets.token_hex(20) for name in ("clinic", "store", "db", "env")}
    words |= {"repository": secrets.token_hex(20), "webhook": secrets.token_urlsafe(24)}
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    data = base64.b64encode(words["db"].encode()).decode()
    conf = {"users": [{"user": {"client-key-data": base64.b64encode(other).decode()}}]}
    files = {
        "clinic.json": json.dumps({"username": "admin", "password": words["clinic"]}),
        "store/root.json": json.dumps({"access": "root", "secret": words["store"]}),
        "escrow/database.json": json.dumps({"kind": "Secret", "data": {"x": data}}),
        "repository-password": words["repository"],
        "webhook-token": words["webhook"] + "\n",
        "machines/store/etc/s3.env": f"export ROOT_SECRET_KEY='{words['env']}'\n",
        "pki/site/a/tls.pem": key.decode(),
        "pki/primary/admin.conf": json.dumps(conf),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
    bodies = {f"key {i}": line for i, line in enumerate(key.split(b"\n")[1:-2])}
    bodies |= {f"other {i}": line for i, line in enumerate(other.split(b"\n")[1:-2])}
    return {**{name: word.encode() for name, word in words.items()}, **bodies}


def test_what_a_cluster_keeps_secret_is_learnt() -> None:
    """A Secret of a cluster is hidden once learnt; Helm's, certificates, names are not."""
    word, chart = secrets.token_hex(20), base64.b64encode(b"a release, openly").decode()
    public = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    coded = {
        name: base64.b64encode(value.encode()).decode()
        for name, value in (("word", word), ("ca.crt", public), ("user", "admin"))
    }
    line = f"{word} {public} admin {chart}".encode()
    redactor = Redactor([])
    assert redactor.clean(line) == line
    helm = {"type": "helm.sh/release.v1", "data": {"release": chart}}
    redactor.learn(secrets_of_objects([{"type": "Opaque", "data": coded}, helm]))
    assert redactor.clean(line) == line.replace(word.encode(), HIDDEN)
    assert HIDDEN in redactor.clean(coded["word"].encode())


def test_keys_and_tokens_are_known_by_their_form() -> None:
    """A private key or a token that no file of the site has is hidden all the same."""
    body = base64.b64encode(secrets.token_bytes(90)).decode()
    token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrOHMifQ.c2lnbmF0dXJl"
    text = (
        f"-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----\n"
        f"token {token} end\nAuthorization: Bearer abcdef123\n"
        f"-----BEGIN PRIVATE KEY-----\n{body}"
    )
    cleaned = Redactor([]).clean_text(text)
    assert body not in cleaned
    assert token not in cleaned
    assert "abcdef123" not in cleaned
    assert "end" in cleaned


def test_a_failure_shows_no_secret(tmp_path: Path) -> None:
    """The output, the log and the line of a failure are cleaned before they are shown."""
    planted = _plant(tmp_path)
    secret = planted["clinic"].decode()
    log = tmp_path / "x.log"
    log.write_text(f"login admin:{secret}\n")
    error = PlatformError(
        "failed", command="curl x", output=f"got {secret}", logs=[log]
    )
    said = _told(error, redactor=Redactor(secrets_in(tmp_path)))
    assert secret not in said
    assert said.count(HIDDEN.decode()) == 2


def test_redaction_is_fast(tmp_path: Path) -> None:
    """Megabytes of log take seconds at most, not minutes, with hundreds of secrets."""
    log = tmp_path / "log"
    made = subprocess.run(
        ["head", "-c", "1500000", "/dev/urandom"], check=True, capture_output=True
    )
    log.write_bytes(base64.encodebytes(made.stdout))
    redactor = Redactor(secrets.token_hex(20).encode() for _ in range(300))
    cleaned = redactor.clean(log.read_bytes())
    assert cleaned == log.read_bytes()
