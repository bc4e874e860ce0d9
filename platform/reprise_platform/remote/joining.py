"""How a remote site comes to be known here, and is forgotten: it is never made or unmade.

`up` looks at everything the file names and tells all that is wrong at once; only when
nothing is does it write the record. `down` takes that record away and touches nothing of
the site; what an open fault left (the ledger) stays until it is undone.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from reprise_platform import content, kube, manifests, paths
from reprise_platform.access import (
    REMOTE,
    Access,
    BackupStore,
    Cluster,
    save_access,
)
from reprise_platform.errors import SiteError
from reprise_platform.remote.clusters import Problem, cluster_problems
from reprise_platform.remote.kubeconfigs import NoContextError, one_context
from reprise_platform.remote.local import local_problems, tool
from reprise_platform.remote.nodes import (
    by_name,
    machine_problems,
    sight_problems,
    zones,
)
from reprise_platform.remote.servers import CHECKS, authority_problems
from reprise_platform.remote.sitefile import Reached, RemoteSite

DECLARED = "remote.json"
_KEYS = "kubeconfigs"
_RECORD = ("access.json", DECLARED, _KEYS, "helm", "fenced", "front", ".lock")
_CLUSTERS = ("primary", "recovery")


def join(site: RemoteSite, file: Path) -> Access:
    """Look at everything a site file names, then write the site's record.

    Raises:
        SiteError: every problem at once, as `FILE: KEY: what is wrong; what to do`.
    """
    folder = paths.site_state(site.name)
    with tempfile.TemporaryDirectory(prefix="reprise-") as scratch:
        clusters, problems = _cut_out(site, Path(scratch))
        problems += [*_approval_problems(site), *local_problems(site)]
        problems += _looked_at(site, clusters)
        if not problems:
            try:
                nodes = by_name(clusters[0])
                known = zones(site, nodes)
                problems += machine_problems(site, known)
                problems += sight_problems(nodes, known)
                recovery_nodes = sorted(node.name for node in kube.nodes(clusters[1]))
            except SiteError as error:
                problems.append(("zones", str(error)))
        if problems:
            raise SiteError(_by_key(file, problems))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with content.locked(folder / ".lock"):
        (folder / _KEYS).mkdir(mode=0o700, exist_ok=True)
        clusters, _ = _cut_out(site, folder / _KEYS)
        access = _access(site, clusters, folder, known, tuple(recovery_nodes))
        values = manifests.values_file(access)
        values.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(site.recovery_values, values)
        _write(folder / DECLARED, site.model_dump_json(indent=1))
        # Last: where it is, all the rest is too.
        save_access(access)
    return access


def _by_key(file: Path, problems: Sequence[Problem]) -> str:
    """Return a line for each value that is wrong, whoever found it so."""
    lines: dict[str, list[str]] = {}
    for key, said in problems:
        lines.setdefault(key, []).append(said)
    return "\n".join(
        f"{file}: {key}: {'; '.join(dict.fromkeys(said))}"
        for key, said in lines.items()
    )


def leave(name: str) -> None:
    """Forget a site: its record and the credentials cut out for it. Idempotent."""
    folder = paths.site_state(name)
    for each in _RECORD:
        path = folder / each
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    # Kept where a ledger or a list of acts is left.
    with contextlib.suppress(OSError):
        folder.rmdir()


def declared(folder: Path) -> RemoteSite:
    """Return the file of a site that was joined, as it was then.

    Raises:
        SiteError: the record is damaged; says the remedy.
    """
    file = folder / DECLARED
    try:
        return RemoteSite.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{file}: damaged; try: python -m reprise_platform up --site YOUR_FILE"
        raise SiteError(msg) from error


def _approval_problems(site: RemoteSite) -> Iterator[Problem]:
    now = datetime.datetime.now(datetime.UTC)
    if site.production and site.approval and not site.approval.is_valid(now):
        told = (
            f"holds from {site.approval.begins} to {site.approval.expires}, and it is"
            f" {now:%Y-%m-%d %H:%M}Z: ask {site.approval.who} for another"
        )
        yield ("approval", told)


def _cut_out(site: RemoteSite, folder: Path) -> tuple[list[Cluster], list[Problem]]:
    """Write the kubeconfigs of the contexts named; return clusters and what is wrong."""
    clusters, problems = [], []
    for name in _CLUSTERS:
        reached: Reached = getattr(site, name)
        files = {}
        for role, path, context in (
            ("", reached.kubeconfig, reached.context),
            ("observer_", reached.observer_kubeconfig, reached.observer_context),
        ):
            try:
                config = one_context(path, context)
            except NoContextError as error:
                problems.append((f"{name}.{role}context", str(error)))
                continue
            except SiteError as error:
                problems.append((f"{name}.{role}kubeconfig", str(error)))
                continue
            files[role] = folder / f"{name}-{'observer' if role else 'injector'}.conf"
            _write(files[role], json.dumps(config, indent=1))
        if len(files) == len(("injector", "observer")):
            clusters.append(
                Cluster(
                    name=name,
                    kubeconfig=files[""],
                    observer_kubeconfig=files["observer_"],
                    context=reached.context,
                    uid=reached.uid,
                )
            )
    return clusters, problems


def _looked_at(site: RemoteSite, clusters: Sequence[Cluster]) -> list[Problem]:
    """Look at everything that answers from elsewhere, side by side."""
    untrusted = list(authority_problems(site))
    looks: list[Callable[[], Iterator[Problem]]] = [
        *(partial(cluster_problems, site, each) for each in clusters),
        *(partial(check, site) for check in (() if untrusted else CHECKS)),
    ]
    with concurrent.futures.ThreadPoolExecutor(len(looks)) as pool:
        return untrusted + [
            problem
            for found in pool.map(lambda look: list(look()), looks)
            for problem in found
        ]


def _access(
    site: RemoteSite,
    clusters: Sequence[Cluster],
    folder: Path,
    known: dict[str, tuple[str, ...]],
    recovery_nodes: tuple[str, ...],
) -> Access:
    primary, recovery = clusters
    return Access(
        site=site.name,
        provider=REMOTE,
        front_door=site.front_door.url,
        primary=primary,
        recovery=recovery,
        backup_store=BackupStore(
            endpoint=site.backup_store.endpoint,
            bucket=site.backup_store.bucket,
            region=site.backup_store.region,
        ),
        clinic_credentials=site.clinic_credentials,
        velero=tool("velero", site.velero),
        helm=tool("helm", site.helm),
        escrow=site.escrow,
        state=folder,
        zones=known,
        recovery_nodes=recovery_nodes,
        namespace=site.namespace,
        probe_rates_per_s={"read": site.probes.read, "write": site.probes.write},
        production=site.production,
        authority=site.authority,
        prometheus=site.observability.prometheus or "",
        alertmanager=site.observability.alertmanager or "",
        observability_credentials=site.observability.credentials,
        alert_webhook=site.observability.webhook or "",
        alert_webhook_token=site.observability.webhook_token,
        ways={name: way.kind for name, way in site.capabilities.each().items()},
    )


def _write(path: Path, text: str) -> None:
    partial_file = path.with_name(f".{path.name}.new")
    partial_file.touch(mode=0o600)
    partial_file.write_text(text, encoding="utf-8")
    partial_file.rename(path)
