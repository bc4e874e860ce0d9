"""What a person is told of a failure: step, line to paste, output, log, what to try."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from reprise_platform.embedded.progress import StepTime
from reprise_platform.errors import PlatformError
from reprise_platform.language import Language, spoken
from reprise_platform.redaction import Redactor
from reprise_platform.tails import end_of
from reprise_platform.telling import text_of
from reprise_pra.analysis.results import Text

_LINES = 15
_READ_BYTES = 64 << 10
_STEP = Text(fr="étape", en="step")
_AFTER = Text(fr="échouée après {:.1f} s", en="failed after {:.1f} s")
_WHAT = Text(fr="erreur", en="error")
_COMMAND = Text(fr="commande", en="command")
_LOG = Text(fr="journal", en="log")
_EMPTY = Text(fr="(vide ou absent)", en="(empty or not there)")
_NEXT = Text(fr="ensuite", en="next")
_UP_AGAIN = Text(
    fr="corriger, puis `{up}` (complète ce qui est là) ; `{status}` dit ce qui manque ;"
    " `{logs}` rassemble tout dans une archive ; `{down}` efface tout",
    en="mend it, then `{up}` (completes what is there); `{status}` says what lacks;"
    " `{logs}` gathers everything into one archive; `{down}` clears all",
)
_DOWN_AGAIN = Text(
    fr="`{down}` encore ; `{logs}` rassemble tout dans une archive",
    en="`{down}` again; `{logs}` gathers everything into one archive",
)
_ROOM = Text(
    fr="le disque est plein : libérer de la place (`python -m reprise_platform doctor`)",
    en="the disk is full: free some space (`python -m reprise_platform doctor`)",
)
_OURS = Text(
    fr="un défaut de ce programme, sans doute : le signaler avec `{logs}`",
    en="a defect of this program, most likely: report it with `{logs}`",
)


def told(
    error: BaseException,
    language: Language,
    *,
    site: str,
    command: str,
    steps: Sequence[StepTime] = (),
    redactor: Redactor | None = None,
) -> str:
    """Return everything a person needs to go on after a failure, without secrets.

    Args:
        command: `up` or `down`, whose step failed.
        steps: the steps that were under way, the innermost first.
        redactor: hides the site's secrets, wherever they may stand.
    """
    lines = [
        *_of_steps(steps, language),
        *_of_error(error, language),
        *_of_logs(error, language),
        f"{spoken(_NEXT, language)}: {spoken(_next(error, site, command), language)}",
    ]
    text = "\n".join(lines)
    return (redactor or Redactor(())).clean_text(text)


def _of_steps(steps: Sequence[StepTime], language: Language) -> Iterator[str]:
    if steps:
        names = " > ".join(each.step for each in reversed(steps))
        after = spoken(_AFTER, language).format(steps[0].seconds)
        yield f"{spoken(_STEP, language)}: {names}, {after}"


def _of_error(error: BaseException, language: Language) -> Iterator[str]:
    what = spoken(text_of(error), language)
    if not isinstance(error, PlatformError):
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
        yield f"{spoken(_WHAT, language)}: {type(error).__name__}: {what}{where}"
        return
    if error.command:
        # The line and its output come below, each in its place.
        what = what.partition("\n  $ ")[0].rstrip(":")
    yield f"{spoken(_WHAT, language)}: {what}"
    if error.command:
        yield f"{spoken(_COMMAND, language)}:\n  $ {error.command}"
        yield from (f"  | {line}" for line in error.output.splitlines()[-_LINES:])


def _of_logs(error: BaseException, language: Language) -> Iterator[str]:
    for file in error.logs if isinstance(error, PlatformError) else ():
        yield f"{spoken(_LOG, language)}: {file}"
        lines = tail(file)
        yield from (f"  | {line}" for line in lines or [spoken(_EMPTY, language)])


def tail(file: Path, lines: int = _LINES) -> list[str]:
    """Return the last lines of a log; none where it cannot be read."""
    try:
        data = end_of(file, _READ_BYTES)
    except OSError:
        return []
    return data.decode(errors="replace").splitlines()[-lines:]


def _next(error: BaseException, site: str, command: str) -> Text:
    if isinstance(error, PlatformError) and error.remedy is not None:
        return error.remedy
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    if full or "No space left on device" in str(error):
        return _ROOM
    words = {
        name: f"python -m reprise_platform {name} --name {site}"
        for name in ("up", "status", "logs", "down")
    }
    chosen = _UP_AGAIN if command == "up" else _DOWN_AGAIN
    if not isinstance(error, PlatformError | OSError):
        chosen = _OURS
    return Text(fr=chosen.fr.format(**words), en=chosen.en.format(**words))
