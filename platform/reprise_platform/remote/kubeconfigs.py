"""A kubeconfig of one context, cut out of a person's own.

Every client here uses the file's only context, so no later change of the person's current
context can lead elsewhere. Files it names stay where they are, by absolute path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from reprise_platform.errors import SiteError
from reprise_platform.kube_rest import Json

_OTHERS = 0o077
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class NoContextError(SiteError):
    """A kubeconfig is good, and has no context of that name."""


def private_text(path: Path) -> str:
    """Return what a file says that holds a secret, so that is its owner's alone.

    Raises:
        SiteError: not there, not readable, or readable by others; says what to do.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        msg = f"{path} cannot be read: {reason}; give the path of a file of yours"
        raise SiteError(msg) from error
    if mode & _OTHERS:
        msg = f"{path} holds a secret that others may read: chmod 600 {path}"
        raise SiteError(msg)
    return text


def one_context(path: Path, context: str) -> dict[str, Json]:
    """Return the kubeconfig of one context of a file.

    Raises:
        SiteError: the file cannot be used, or has no such context; says which it has.
    """
    text = private_text(path)
    try:
        raw = yaml.safe_load(text)
        contexts = _by_name(raw, "contexts", "context")
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        msg = f"{path} is no kubeconfig: give the file that kubectl uses"
        raise SiteError(msg) from error
    if context not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        msg = f"{path} has no context {context}; it has: {known}"
        raise NoContextError(msg)
    try:
        chosen = contexts[context]
        cluster = _by_name(raw, "clusters", "cluster")[str(chosen["cluster"])]
        user = _by_name(raw, "users", "user")[str(chosen["user"])]
    except (TypeError, KeyError, AttributeError) as error:
        msg = f"{path}: context {context} names a cluster or a user that is not there"
        raise SiteError(msg) from error
    folder = path.resolve().parent
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": _absolute(cluster, folder)}],
        "users": [{"name": "it", "user": _absolute(user, folder)}],
    }


def _by_name(raw: object, kind: str, inner: str) -> dict[str, dict[str, Json]]:
    if not isinstance(raw, dict):
        msg = "no mapping"
        raise TypeError(msg)
    listed: Iterable[Mapping[str, Json]] = raw.get(kind) or []
    found = {}
    for one in listed:
        value = one[inner]
        if isinstance(value, dict):
            found[str(one["name"])] = value
    return found


def _absolute(values: Mapping[str, Json], folder: Path) -> dict[str, Json]:
    return {
        key: str(folder / str(value)) if key in _FILES else value
        for key, value in values.items()
    }
