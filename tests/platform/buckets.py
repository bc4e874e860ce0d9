"""The backup store, spoken to with one account's keys."""

from __future__ import annotations

import json
from pathlib import Path

import minio
import urllib3

from reprise_platform import tls
from reprise_platform.access import BackupStore
from reprise_platform.embedded import credentials, sitekeys


def client(store: BackupStore, state: Path, account: str) -> minio.Minio:
    """Return a client with an account's keys, which tries once."""
    accounts = json.loads(credentials.account_file(state).read_text())["accessAccounts"]
    return with_keys(store, state, account, accounts[account]["secret"])


def with_keys(store: BackupStore, state: Path, access: str, secret: str) -> minio.Minio:
    """Return a client with any keys, which tries once."""
    return minio.Minio(
        store.endpoint.removeprefix("https://"),
        access_key=access,
        secret_key=secret,
        region=store.region,
        http_client=urllib3.PoolManager(
            timeout=5,
            retries=False,
            ssl_context=tls.context(sitekeys.authority_file(state)),
        ),
    )


def put(account: minio.Minio, bucket: str, name: str) -> None:
    """Write an empty object."""
    with Path("/dev/null").open("rb") as nothing:
        account.put_object(bucket, name, nothing, 0)
