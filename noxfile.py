"""Every command a person or a CI runs. `nox -l` lists them.

All sessions share one environment, `.nox/reprise`, made when `pyproject.toml` or the
pinned versions change: what was checked is what runs, and a machine with two cores
installs once. Nox itself may run under a Python too old for Reprise; a newer one is
found, or made (platform/python/interpreter.py).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import nox

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "platform" / "python"))
import interpreter  # noqa: E402 - found by the line above, as nothing is installed yet

ENVIRONMENT = HERE / ".nox" / "reprise"
CONSTRAINTS = HERE / "platform" / "python" / "constraints.txt"
PLANS = HERE / "pra" / "drills"

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types", "imports", "tests", "packaging"]


@nox.session(venv_backend="none", tags=["check"])
def lint(session: nox.Session) -> None:
    """Style and formatting, by ruff."""
    _run(session, "ruff", "check")
    _run(session, "ruff", "format", "--check")


@nox.session(venv_backend="none", tags=["check"])
def types(session: nox.Session) -> None:
    """Types, by mypy in strict mode."""
    _run(session, "mypy")


@nox.session(venv_backend="none", tags=["check"])
def imports(session: nox.Session) -> None:
    """The layers: who may import whom, by import-linter."""
    _run(session, "lint-imports", "--no-logo")


@nox.session(venv_backend="none", tags=["check"])
def tests(session: nox.Session) -> None:
    """All tests that need no site. Arguments go to pytest."""
    _host_libraries(session)
    _run(session, "pytest", "-m", "not cluster", *session.posargs)


@nox.session(venv_backend="none", tags=["check"])
def packaging(session: nox.Session) -> None:
    """Build the wheel and see that it would install our five packages only."""
    folder = HERE / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder))
    _run(session, "python", *build)
    wheels = [str(wheel) for wheel in folder.glob("*.whl")]
    _run(session, "check-wheel-contents", *wheels)


@nox.session(venv_backend="none", tags=["check"])
def cluster(session: nox.Session) -> None:
    """The tests on an embedded site of their own, `test`. Root; takes minutes.

    REPRISE_KEEP=1 leaves the site up for the next time.
    """
    _host_libraries(session)
    _run(session, "pytest", "-m", "cluster", *session.posargs)


@nox.session(venv_backend="none")
def pra(session: nox.Session) -> None:
    """A drill, from nothing to the report: `nox -s pra`, or `nox -s pra -- quick`.

    The first argument names a plan of pra/drills/ (`quarterly` when none is given); the
    others go to `python -m reprise_pra drill`. The exit code is the drill's own: 0 met,
    1 missed, 2 unknown, 254 a wrong plan or argument, 255 crashed. Name it last: the
    drill takes nox's place, so that its exit code and Ctrl-C are its own.
    """
    python = _environment(session)
    _host_libraries(session)
    words = list(session.posargs)
    name = words.pop(0) if words and not words[0].startswith("-") else "quarterly"
    plan = PLANS / f"{name}.yaml"
    # An unknown name is the drill's to refuse, with its own exit code.
    _become(python, "-m", "reprise_pra", "drill", plan.relative_to(HERE), *words)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """What a site costs this machine: step times, idle CPU and memory, disk. Root.

    Brings a site of its own, `bench`, up and down three times: minutes. Arguments go to
    `python -m reprise_platform.bench`: `nox -s bench -- --rounds 1 --json bench.json`.
    """
    _host_libraries(session)
    _run(session, "python", "-m", "reprise_platform.bench", *session.posargs)


@nox.session(venv_backend="none", name="bench-prober")
def bench_prober(session: nox.Session) -> None:
    """How exactly outages are told: known ones, watched by the probers and by others.

    Five minutes or so of a machine that does nothing else. Arguments go to
    `python -m reprise_loadtests.bench prober`.
    """
    module = ("-m", "reprise_loadtests.bench", "prober")
    _run(session, "python", *module, *session.posargs)


@nox.session(venv_backend="none", name="bench-load")
def bench_load(session: nox.Session) -> None:
    """What the load costs, beside bare FastHttpUser and k6; how late it is. Minutes.

    Compiles k6 the first time. Arguments go to `python -m reprise_loadtests.bench load`.
    """
    module = ("-m", "reprise_loadtests.bench", "load")
    _run(session, "python", *module, *session.posargs)


@nox.session(venv_backend="none")
def fresh(session: nox.Session) -> None:
    """Run the README literally in a clean Debian 13 root. Root; an hour, 25 GB.

    `nox -s fresh -- --only drill --plan quick` is its shortest; `--help` tells more.
    """
    words = [sys.executable, str(HERE / "platform" / "fresh" / "newcomer.py")]
    session.run(*words, *session.posargs, external=True)


@nox.session(venv_backend="none", name="fresh-vm")
def fresh_vm(session: nox.Session) -> None:
    """Bring a small site up in a stock Debian virtual machine. Root; emulated, an hour.

    `nox -s fresh-vm -- --init both` also tries it without systemd.
    """
    python = _environment(session)
    words = [sys.executable, str(HERE / "platform" / "fresh" / "virtual.py")]
    session.run(*words, "--python", str(python), *session.posargs, external=True)


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Renew the pinned versions (platform/python/constraints.txt) from the registry."""
    python = _environment(session, renew=True)
    done = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze", "--exclude-editable"],
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("pip==")]
    head = "# The versions every session installs; `nox -s lock` renews them.\n"
    CONSTRAINTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    session.log("%d versions pinned", len(lines))


def _run(session: nox.Session, program: str, *arguments: str | Path) -> None:
    """Run a program of the environment."""
    python = _environment(session)
    words = [str(python.with_name(program)), *map(str, arguments)]
    session.run(*words, external=True, env=_variables(python))


def _become(program: Path, *arguments: str | Path) -> NoReturn:
    """Let a program take this process' place, with its exit code and its signals."""
    sys.stdout.flush()
    sys.stderr.flush()
    words = [str(program), *map(str, arguments)]
    os.chdir(HERE)
    os.execve(program, words, {**os.environ, **_variables(program)})


def _variables(python: Path) -> dict[str, str]:
    """Return what a program of the environment is given besides our own variables."""
    path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "PYTHONUNBUFFERED": "1"}


def _environment(session: nox.Session, *, renew: bool = False) -> Path:
    """Return the environment's Python; make it when it is missing or out of date."""
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "stamp"
    wanted = _digest(HERE / "pyproject.toml", CONSTRAINTS)
    if not renew and stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return python
    try:
        base = interpreter.find_or_make(_cache())
    except interpreter.NoInterpreterError as error:
        session.error(str(error))
    session.log("making %s with %s (a minute, once)", ENVIRONMENT, base)
    make = ["-m", "virtualenv", "--quiet", "--clear", "--python", base]
    session.run(sys.executable, *make, str(ENVIRONMENT), external=True)
    pins = ["--constraint", str(CONSTRAINTS)] if not renew else []
    install = ["install", "--quiet", "--editable", str(HERE), *pins]
    groups = ["--group", f"{HERE / 'pyproject.toml'}:dev"]
    session.run(str(python), "-m", "pip", *install, *groups, external=True)
    stamp.write_text(_digest(HERE / "pyproject.toml", CONSTRAINTS), encoding="utf-8")
    return python


def _host_libraries(session: nox.Session) -> None:
    """Install what the PDF report needs of this machine, when root; else go without."""
    if os.geteuid() == 0:
        script = (
            "import shutil; from reprise_platform import hostpackages;"
            "from reprise_reports import requirements;"
            "hostpackages.ensure(((one.package, one.why) for one in requirements.missing()"
            " if not one.is_optional or shutil.which('apt-get')), say=print)"
        )
        _run(session, "python", "-c", script)


def _cache() -> Path:
    """Return the folder of what is made once on this machine."""
    home = Path.home() / ".cache"
    default = Path("/var/cache") if os.geteuid() == 0 else home
    return Path(os.environ.get("REPRISE_CACHE") or default / "reprise")


def _digest(*files: Path) -> str:
    """Return a digest of the files, and of where we are: scripts hold that path."""
    digest = hashlib.sha256(bytes(HERE))
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
