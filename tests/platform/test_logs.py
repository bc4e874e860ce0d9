"""The archive has everything of a site, also of a half-dead one, and none of its secrets."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import secrets as secret_words
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform import __main__ as command_line
from reprise_platform import kube, paths
from reprise_platform.access import Access
from reprise_platform.logs.archive import FILE_BYTES, Archive
from reprise_platform.redaction import HIDDEN, Redactor
from tests.platform import examples

_SECRET = b"0123456789abcdef0123456789abcdef01234567"


def _members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        found = {}
        for member in tar.getmembers():
            part = tar.extractfile(member)
            assert part is not None
            found[member.name.partition("/")[2]] = part.read()
        return found


def test_every_member_is_cleaned_and_cut(tmp_path: Path) -> None:
    """Texts, files and names are cleaned; what is long keeps its end, also a cut secret."""
    log = tmp_path / "long.log"
    # The secret lies across the place where the file is cut.
    after = b"y" * (FILE_BYTES - len(_SECRET) // 2)
    log.write_bytes(b"x" * 100_000 + _SECRET + after)
    (tmp_path / "binary").write_bytes(b"\0\1\2" + _SECRET)
    target = tmp_path / "a.tar.gz"
    with Archive(target, Redactor([_SECRET])) as archive:
        archive.add("one.txt", b"login " + base64.b64encode(_SECRET))
        archive.add_file(f"dir/{_SECRET.decode()}.log", log)
        archive.add_file("binary", tmp_path / "binary")
        archive.add_file("none", tmp_path / "none")
    assert target.stat().st_mode & 0o777 == 0o600
    found = _members(target)
    assert found["one.txt"] == b"login " + HIDDEN + b"c=" or HIDDEN in found["one.txt"]
    whole = gzip.decompress(target.read_bytes())
    assert _SECRET[:20] not in whole
    assert _SECRET[-20:] not in whole
    assert base64.b64encode(_SECRET)[:20] not in whole
    assert b"no text" in found["binary"]
    assert b"No such file" in found["none"]
    (cut,) = (data for name, data in found.items() if name.startswith("dir/"))
    assert FILE_BYTES - 100 < len(cut) < FILE_BYTES + 200


def _fail_in(archive: Archive) -> None:
    archive.add("one.txt", "x")
    raise RuntimeError


def test_a_failed_archive_leaves_nothing(tmp_path: Path) -> None:
    """An archive that could not be ended is not there, not even in part."""
    with (
        pytest.raises(RuntimeError),
        Archive(tmp_path / "a.tar.gz", Redactor([])) as made,
    ):
        _fail_in(made)
    assert list(tmp_path.iterdir()) == []


def test_a_dead_site_is_gathered(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of a site of which only files are left, they are gathered, and the rest is told."""
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    own = made.folder / "machines" / "a1"
    (own / "log").mkdir(parents=True)
    (own / "log" / "kubelet.log").write_bytes(b"token " + _SECRET + b" used\n")
    clinic = made.folder / "clinic.json"
    clinic.touch(mode=0o600)
    clinic.write_text(json.dumps({"password": _SECRET.decode()}))
    target = tmp_path / "out.tar.gz"
    arguments = ["logs", "--name", "embedded", "-o", str(target), "--lang", "fr"]
    assert command_line.main(arguments) == 0
    said = capsys.readouterr()
    assert "archive sans secrets" in said.out
    assert "objets et journaux des pods ..." in said.err
    found = _members(target)
    assert found["machines/a1/log/kubelet.log"] == b"token [secret] used\n"
    assert b"is not up here" in found["problems.txt"]
    assert {"doctor.json", "versions.txt", "site/site.json"} <= found.keys()


def test_nothing_to_gather_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of a site that is not here at all there is no archive."""
    examples.state_in(tmp_path, monkeypatch)
    assert command_line.main(["logs", "--name", "nowhere"]) == 1
    assert "nothing of site nowhere is here" in capsys.readouterr().err


@pytest.mark.cluster
def test_no_secret_of_a_site_is_in_its_archive(
    site_access: Access, tmp_path: Path
) -> None:
    """Each of a site's secrets, planted in a log, is not in the archive, in any form.

    Nor is one that somebody else put into the cluster, which is in no file of the site.
    """
    folder = paths.site_state(site_access.site)
    with _foreign_secret(site_access) as foreign:
        secrets = _every_secret(site_access, folder)
        assert len(secrets) > 30
        assert foreign in secrets
        found, whole = _gathered(site_access, folder, secrets, tmp_path)
    assert found["problems.txt"] == b"none"
    assert b"WSREP" in b"".join(
        data for name, data in found.items() if "pods/openmrs/galera-0" in name
    )
    for secret in secrets:
        assert secret not in whole
        assert base64.b64encode(secret) not in whole


@contextlib.contextmanager
def _foreign_secret(access: Access) -> Iterator[bytes]:
    """Keep a Secret in the primary cluster that no file of the site has."""
    word = secret_words.token_hex(20)
    name, space = "foreign", "default"
    made: kube.Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": space},
        "stringData": {"word": word},
    }
    kube.apply(access.primary, [made])
    try:
        yield word.encode()
    finally:
        kube.delete(access.primary, "v1", "Secret", name, namespace=space)


def _gathered(
    access: Access, folder: Path, secrets: set[bytes], tmp_path: Path
) -> tuple[dict[str, bytes], bytes]:
    """Gather a site that logs its secrets; return the members, and the whole as it is."""
    planted = folder / "machines" / "store" / "log" / "planted.log"
    with planted.open("wb") as log:
        for secret in secrets:
            log.write(b"a " + secret + b" b " + base64.b64encode(secret) + b" c\n")
    target = tmp_path / "site.tar.gz"
    try:
        name = ("--name", access.site)
        assert command_line.main(["logs", *name, "-o", str(target)]) == 0
    finally:
        planted.unlink()
    return _members(target), gzip.decompress(target.read_bytes())


def _every_secret(access: Access, folder: Path) -> set[bytes]:
    """Return a site's secrets as the clusters and the keys' files have them."""
    found: set[bytes] = set()
    for cluster in (access.primary, access.recovery):
        # What another test's namespace takes with it is not there to be learnt any more.
        going = {
            kube.text(each, "metadata", "name")
            for each in kube.list_objects(cluster, "v1", "Namespace")
            if kube.text(each, "status", "phase") != "Active"
        }
        for item in kube.list_objects(cluster, "v1", "Secret"):
            if kube.text(item, "metadata", "namespace") in going:
                continue
            data = item.get("data")
            values = data.values() if isinstance(data, dict) else ()
            for value in values:
                plain = base64.b64decode(str(value))
                # Helm keeps its releases in Secrets: charts, no secrets.
                if kube.text(item, "type") != "helm.sh/release.v1" and len(plain) > 12:
                    found.add(plain)
    for path in folder.glob("pki/**/*.key"):
        found.update(path.read_bytes().split(b"\n")[1:-2])
    return {each for each in found if b"CERTIFICATE" not in each}
