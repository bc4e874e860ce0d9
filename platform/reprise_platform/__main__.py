"""`python -m reprise_platform up | status | down | doctor | logs`: a site by hand."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
import typing
from collections.abc import Callable, Sequence
from pathlib import Path

import rich.console
import rich.table
import rich.text

from reprise_platform import (
    caching,
    failures,
    operate,
    paths,
    provider,
    redaction,
    words,
)
from reprise_platform.doctor.preflight import examine
from reprise_platform.doctor.rows import State
from reprise_platform.doctor.table import print_table
from reprise_platform.embedded.progress import Progress
from reprise_platform.errors import PlatformError, Refused, SiteError
from reprise_platform.language import Language, preferred, spoken
from reprise_platform.logs.gather import gather
from reprise_platform.sites import default_file, parse_embedded, parse_site
from reprise_platform.status import status
from reprise_platform.telling import text_of
from reprise_pra.analysis.results import Text

# Their messages are whole: nothing was under way.
_WHOLE = (Refused, SiteError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser(_language(arguments)).parse_args(arguments)
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "up": _up,
        "status": _status,
        "down": _down,
        "doctor": _doctor,
        "logs": _logs,
        caching.COMMAND: caching.run,
        **dict.fromkeys(operate.HANDLERS, operate.run),
    }
    try:
        return commands[chosen.command](chosen)
    except PlatformError as error:
        print(f"reprise: {spoken(text_of(error), chosen.lang)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"reprise: {spoken(words.INTERRUPTED, chosen.lang)}", file=sys.stderr)
        return 1


def _language(arguments: Sequence[str] | None) -> Language:
    """Return the language asked for: the help is written in it too."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--lang", default=preferred())
    told: str = early.parse_known_args(arguments)[0].lang
    return "fr" if told == "fr" else "en"


def _parser(language: Language) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reprise_platform",
        description=spoken(words.DESCRIPTION, language),
        epilog=spoken(words.EPILOG, language),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in words.COMMANDS:
        what = spoken(words.COMMANDS[name], language)
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument(
            "--site",
            type=Path,
            default=default_file(),
            help=spoken(words.SITE_FILE, language),
        )
        command.add_argument("--name", help=spoken(words.NAME, language))
        command.add_argument(
            "--lang",
            choices=typing.get_args(Language.__value__),
            default=language,
            help=spoken(words.LANGUAGE, language),
        )
        if name in {"status", "doctor"}:
            help_json = spoken(words.JSON, language)
            command.add_argument("--json", action="store_true", help=help_json)
        if name == "logs":
            output = spoken(words.OUTPUT, language)
            command.add_argument(
                "-o", "--output", type=Path, metavar="FILE", help=output
            )
    caching.add_command(commands, language)
    operate.add_commands(commands, language)
    return parser


def _up(chosen: argparse.Namespace) -> int:
    progress = Progress(provider.STEPS_UP, chosen.lang)
    return _told(chosen, progress, lambda _: _brought_up(chosen, progress))


def _brought_up(chosen: argparse.Namespace, progress: Progress) -> None:
    access = provider.provision(chosen.site, chosen.name, progress)
    door = f"{access.front_door}/openmrs/ws/rest/v1/session"
    print(f"{spoken(words.FRONT_DOOR, chosen.lang)}: {door}")
    print(f"{spoken(words.LOGIN, chosen.lang)}: {access.clinic_credentials}")
    for cluster in (access.primary, access.recovery):
        print(f"{cluster.name}: export KUBECONFIG={cluster.kubeconfig}")


def _down(chosen: argparse.Namespace) -> int:
    progress = Progress(provider.STEPS_DOWN, chosen.lang)
    return _told(chosen, progress, lambda name: provider.destroy(name, progress))


def _told(
    chosen: argparse.Namespace, progress: Progress, work: Callable[[str], None]
) -> int:
    """Do something to a site in steps; when it fails, tell all that helps to go on."""
    name = parse_site(chosen.site, name=chosen.name).name
    # `down` takes the files away that say what is secret, `up` makes them.
    secrets = redaction.secrets_in(paths.site_state(name))
    try:
        work(name)
    except _WHOLE:
        raise
    # The process' boundary: whatever went wrong, a person must be able to go on.
    except Exception as error:  # noqa: BLE001
        if not isinstance(error, PlatformError | OSError):
            traceback.print_exc()
        secrets |= redaction.secrets_in(paths.site_state(name))
        steps = [step for step, raised in progress.failed if raised is error]
        said = failures.told(
            error,
            chosen.lang,
            site=name,
            command=chosen.command,
            steps=steps,
            redactor=redaction.Redactor(secrets),
        )
        print(f"\nreprise:\n{said}", file=sys.stderr)
        return 1
    return 0


def _status(chosen: argparse.Namespace) -> int:
    name = parse_site(chosen.site, name=chosen.name).name
    found = status(name)
    if chosen.json:
        print(json.dumps([check.as_json() for check in found], indent=1))
    else:
        table = rich.table.Table("", box=None, show_header=False, pad_edge=False)
        for check in found:
            # No markup: a reason may hold brackets.
            mark = rich.text.Text(*(("ok", "green") if check.works else ("NO", "red")))
            detail = rich.text.Text(check.detail, overflow="fold")
            table.add_row(mark, rich.text.Text(check.what, overflow="fold"), detail)
        rich.console.Console().print(table)
    return 0 if all(check.works for check in found) else 1


def _doctor(chosen: argparse.Namespace) -> int:
    rows = examine(parse_embedded(chosen.site, name=chosen.name))
    if chosen.json:
        print(json.dumps([row.as_json() for row in rows], indent=1, ensure_ascii=False))
    else:
        print_table(rows, chosen.lang, rich.console.Console())
    return 1 if any(row.state is State.LACKING for row in rows) else 0


def _logs(chosen: argparse.Namespace) -> int:
    site = parse_embedded(chosen.site, name=chosen.name)

    def say(part: Text) -> None:
        print(f"{spoken(part, chosen.lang)} ...", file=sys.stderr)

    file = gather(site, chosen.output, say)
    size = file.stat().st_size / (1 << 20)
    print(spoken(words.WRITTEN, chosen.lang).format(file, size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
