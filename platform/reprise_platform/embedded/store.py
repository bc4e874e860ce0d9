"""The backup store's buckets and who may do what in them."""

from __future__ import annotations

import json
from pathlib import Path

import minio
import urllib3
from minio.error import MinioException

from reprise_platform import tls
from reprise_platform.embedded import sitekeys
from reprise_platform.embedded.credentials import BUCKETS
from reprise_platform.embedded.topology import STORE_PORT, Topology
from reprise_platform.waiting import patience, until

REGION = "us-east-1"


def endpoint(topology: Topology) -> str:
    """Return the store's URL."""
    return f"https://{topology.store}:{STORE_PORT}"


def prepare(topology: Topology, folder: Path) -> None:
    """Make each site's bucket and grant the least each needs. Idempotent.

    The primary writes its own bucket. The recovery site reads all of the primary's and
    writes only what Velero writes there of a restore; its own backups have a bucket
    apart, because a prefix in one bucket makes the other's location invalid.
    """
    keys = json.loads((folder / "store" / "root.json").read_text())
    client = minio.Minio(
        f"{topology.store}:{STORE_PORT}",
        access_key=keys["access"],
        secret_key=keys["secret"],
        region=REGION,
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=2 * patience(), read=5 * patience()),
            retries=urllib3.Retry(total=0),
            ssl_context=tls.context(sitekeys.authority_file(folder)),
        ),
    )

    def answers() -> bool:
        try:
            client.list_buckets()
        except (MinioException, urllib3.exceptions.HTTPError):
            return False
        return True

    until(answers, within_s=30, every_s=0.2, what="answer of the backup store")
    for name in sorted(BUCKETS.values()):
        if not client.bucket_exists(name):
            client.make_bucket(name)
        client.set_bucket_policy(name, json.dumps(_policy(name)))


def _policy(bucket: str) -> dict[str, object]:
    every = f"arn:aws:s3:::{bucket}"

    def allow(who: str, actions: list[str], *resources: str) -> dict[str, object]:
        return {
            "Effect": "Allow",
            "Principal": {"AWS": [who]},
            "Action": actions,
            "Resource": list(resources),
        }

    if bucket == BUCKETS["recovery"]:
        statements = [allow("recovery", ["s3:*"], every, f"{every}/*")]
    else:
        statements = [
            allow("primary", ["s3:*"], every, f"{every}/*"),
            allow("recovery", ["s3:ListBucket", "s3:GetBucketLocation"], every),
            allow("recovery", ["s3:GetObject"], f"{every}/*"),
            # Velero writes a restore's log and results, even where it may only read.
            allow("recovery", ["s3:PutObject"], f"{every}/restores/*"),
        ]
    return {"Version": "2012-10-17", "Statement": statements}
