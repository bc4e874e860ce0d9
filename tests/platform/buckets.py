"""The backup store, spoken to with one account's keys."""

from __future__ import annotations

import json
from pathlib import Path

import minio
import urllib3

from reprise_platform.access import BackupStore
from reprise_platform.embedded import credentials


def client(store: BackupStore, state: Path, account: str) -> minio.Minio:
    """Return a client with an account's keys, which tries once."""
    accounts = json.loads(credentials.account_file(state).read_text())["accessAccounts"]
    return minio.Minio(
        store.endpoint.removeprefix("http://"),
        access_key=account,
        secret_key=accounts[account]["secret"],
        region=store.region,
        secure=False,
        http_client=urllib3.PoolManager(timeout=5, retries=False),
    )


def put(account: minio.Minio, bucket: str, name: str) -> None:
    """Write an empty object."""
    with Path("/dev/null").open("rb") as nothing:
        account.put_object(bucket, name, nothing, 0)
