"""Attachments: kept in the primary's own S3, saved with the dump, and brought back whole."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import re
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import minio
import pytest
import urllib3
from minio.error import S3Error

from reprise_platform import kube, manifests, proof, velero, workloads
from reprise_platform.access import Access, Cluster
from reprise_platform.backups import Backup, judge
from reprise_platform.kube_rest import Json, text
from reprise_platform.waiting import until
from reprise_pra.history import Recorder
from tests.platform.genuine.sandbox import kubectl_line

pytestmark = pytest.mark.cluster

BUCKET = "attachments"
VOLUMES = ("dump", "attachments")
# More than one block, and nothing that compresses.
CONTENT = os.urandom(300_000)


@contextlib.contextmanager
def _bucket(cluster: Cluster, namespace: str) -> Iterator[minio.Minio]:
    """Yield a client of the attachments' server, by a port of the loopback."""
    secret = kube.get_object(
        cluster, "v1", "Secret", "attachments", namespace=namespace
    )
    assert secret is not None

    def key(name: str) -> str:
        return base64.b64decode(text(secret or {}, "data", name)).decode()

    line = [*kubectl_line(cluster), "-n", namespace]
    with subprocess.Popen(
        [*line, "port-forward", "deploy/attachments", ":9000"],
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            port = re.findall(r"127.0.0.1:(\d+)", running.stdout.readline())[0]
            yield minio.Minio(
                f"127.0.0.1:{port}",
                access_key=key("access"),
                secret_key=key("secret"),
                secure=False,
                region="us-east-1",
                http_client=urllib3.PoolManager(timeout=10, retries=False),
            )
        finally:
            running.terminate()


def _backup_of(access: Access, name: str) -> Backup:
    """Save now; return the backup once it counts and the recovery site knows it."""
    velero.create_backup(
        access.velero, access.primary, name, schedule=_schedule(access)
    )

    def known() -> Backup | None:
        found = [one for one in velero.backups(access.recovery) if one.name == name]
        return next((one for one in found if judge(one, VOLUMES).counts), None)

    return until(
        workloads.patient(known),
        within_s=240,
        every_s=1,
        what=f"backup {name} to count on the recovery site",
    )


def _schedule(access: Access) -> str:
    found = kube.list_objects(
        access.primary, "velero.io/v1", "Schedule", namespace="velero"
    )
    return text(found[0], "metadata", "name")


@pytest.fixture
def kept(site_access: Access) -> Iterator[str]:
    """Keep an attachment on the primary site; return its name."""
    name = f"{uuid.uuid4()}/audiogram.pdf"
    with _bucket(site_access.primary, site_access.namespace) as bucket:
        bucket.put_object(
            BUCKET,
            name,
            io.BytesIO(CONTENT),
            len(CONTENT),
            content_type="application/pdf",
            metadata={"sha-1": "of-the-content"},
        )
        yield name
        bucket.remove_object(BUCKET, name)


@pytest.mark.timeout(480)
def test_an_attachment_comes_back_as_it_was(
    site_access: Access, kept: str, tmp_path: Path
) -> None:
    """Bytes, type and metadata of an attachment are restored on the recovery site."""
    backup = _backup_of(site_access, f"attachments-{int(time.time())}")
    with (
        Recorder(tmp_path / "history.jsonl", process="test") as recorder,
        proof.restored_beside(
            site_access,
            backup,
            expected_volumes=VOLUMES,
            within_s=180,
            recorder=recorder,
            evidence=tmp_path,
        ) as restored,
    ):
        assert {copy.volume for copy in restored.volumes} == set(VOLUMES)
        (server,) = manifests.restored_attachments(site_access)
        elsewhere: Json = {"name": "attachments", "namespace": proof.NAMESPACE}
        workloads.wait_ready(
            site_access.recovery,
            [{**server, "metadata": elsewhere}],
            within_s=120,
            what="the restored server of the attachments",
        )
        with _bucket(site_access.recovery, proof.NAMESPACE) as bucket:
            answer = bucket.get_object(BUCKET, kept)
            assert answer.read() == CONTENT
            assert answer.headers["content-type"] == "application/pdf"
            assert answer.headers["x-amz-meta-sha-1"] == "of-the-content"


def test_the_bucket_is_nobody_elses(site_access: Access) -> None:
    """Without the key that only the service has, nothing is listed, read or written."""
    with _bucket(site_access.primary, site_access.namespace) as bucket:
        endpoint = bucket._base_url.host
        for stranger in (
            minio.Minio(endpoint, secure=False, region="us-east-1"),
            minio.Minio(
                endpoint,
                access_key="openmrs",
                secret_key="openmrs",
                secure=False,
                region="us-east-1",
            ),
        ):
            with pytest.raises(S3Error):
                list(stranger.list_objects(BUCKET))
            with pytest.raises(S3Error):
                stranger.put_object(BUCKET, "planted", io.BytesIO(b"x"), 1)
