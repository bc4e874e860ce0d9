"""Kubeconfigs: who a client of a cluster is, and how it knows the cluster's server."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from reprise_platform.embedded.pki import keep_secret


def kubeconfig(
    base: Path, authority: Path, server: str, context: str, *, linked: bool = False
) -> None:
    """Write `<base>.conf`, mode 0600, for the client whose `<base>.crt` and `.key` are there.

    Args:
        authority: the certificate that the server is checked with.
        linked: name the files beside it, which a component then reads again when they
            are renewed, instead of carrying their content.
    """

    def entry(name: str, path: Path) -> dict[str, str]:
        if linked:
            return {name: path.name}
        return {f"{name}-data": base64.b64encode(path.read_bytes()).decode()}

    crt, key = (base.with_name(f"{base.name}.{ending}") for ending in ("crt", "key"))
    trusted = entry("certificate-authority", authority)
    user = entry("client-certificate", crt) | entry("client-key", key)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": {"server": server, **trusted}}],
        "users": [{"name": base.name, "user": user}],
        "contexts": [
            {"name": context, "context": {"cluster": context, "user": base.name}}
        ],
        "current-context": context,
    }
    keep_secret(
        base.with_name(f"{base.name}.conf"), json.dumps(config, indent=1).encode()
    )
