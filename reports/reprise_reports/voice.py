"""How the report speaks: one language, its typography, its numbers, durations and dates.

Every number of the report passes here, so that a figure, a table and a sentence cannot
round the same value in two ways.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import re
import unicodedata
from decimal import ROUND_DOWN, Context, Decimal
from zoneinfo import ZoneInfo

from reprise_pra.analysis.results import Text

NO_BREAK_SPACE = "\u00a0"
PARIS = ZoneInfo("Europe/Paris")
MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
LARGEST = 1e15
ALL_PERCENT = 100
FIRST_YEAR, LAST_YEAR = 1970, 9000

# Precise enough for any number a history can hold.
_EXACT = Context(prec=800)

_MONTHS = (
    Text(fr="janvier", en="January"),
    Text(fr="février", en="February"),
    Text(fr="mars", en="March"),
    Text(fr="avril", en="April"),
    Text(fr="mai", en="May"),
    Text(fr="juin", en="June"),
    Text(fr="juillet", en="July"),
    Text(fr="août", en="August"),
    Text(fr="septembre", en="September"),
    Text(fr="octobre", en="October"),
    Text(fr="novembre", en="November"),
    Text(fr="décembre", en="December"),
)
# Unicode's non-characters end in FFFE or FFFF, in each of its planes.
_NON_CHARACTER = 0xFFFE


class Language(enum.StrEnum):
    """The languages of a report."""

    FR = "fr"
    EN = "en"


def printable(text: str) -> str:
    """Replace what XML and fonts cannot carry: controls, surrogates, non-characters."""
    if text.isprintable():
        return text
    return "".join(_printable(char) for char in text)


def _printable(char: str) -> str:
    if char in "\t\n\r":
        return " "
    is_odd = unicodedata.category(char) in {"Cc", "Cs"}
    if is_odd or ord(char) & _NON_CHARACTER == _NON_CHARACTER:
        return "\ufffd"
    return char


def measured(value: float | None) -> float | None:
    """Return the value if it is a number: nothing else may be printed as measured.

    A number no run can give (a duration of a million years) is none either: sums and
    differences of what is left stay numbers.
    """
    if value is None or not math.isfinite(value) or abs(value) > LARGEST:
        return None
    return value


def parse_utc(utc: str | None) -> datetime.datetime | None:
    """Return the instant, None if it is absent or is not one."""
    try:
        instant = datetime.datetime.fromisoformat(utc or "")
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=datetime.UTC)
        instant = instant.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    # Outside of these a conversion to another zone may overflow.
    return instant if FIRST_YEAR <= instant.year <= LAST_YEAR else None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One language: `voice("fr", "en")` says a sentence, the methods say numbers."""

    language: Language

    @property
    def is_french(self) -> bool:
        """Tell whether the report is in French."""
        return self.language is Language.FR

    def __call__(self, fr: str, en: str) -> str:
        """Return the sentence of this language, with its typography."""
        return self._typeset(fr if self.is_french else en)

    def of(self, text: Text) -> str:
        """Return the side of a text that is in this language."""
        return self(text.fr, text.en)

    def sentence(self, text: Text | None) -> str:
        """Return a text with a capital and a full stop; nothing when there is none."""
        said = self.of(text).strip() if text else ""
        if not said:
            return ""
        # A name keeps its letters: t7 is no T7, which would be a tier.
        first = said[0] if re.match(r"\S*\d", said) else said[0].upper()
        return f"{first}{said[1:]}{'' if said[-1] in '.!?…' else '.'}"

    def colon(self, left: str, right: str) -> str:
        """Join two parts by a colon."""
        return f"{left}{NO_BREAK_SPACE if self.is_french else ''}: {right}"

    def listing(self, items: list[str]) -> str:
        """Return "a, b and c"."""
        if len(items) < 2:  # noqa: PLR2004 - two make a list
            return "".join(items)
        last = self("et", "and")
        return f"{', '.join(items[:-1])} {last} {items[-1]}"

    def count(self, amount: int, fr: tuple[str, str], en: tuple[str, str]) -> str:
        """Return "1 panne", "2 pannes": the amount with its singular or plural."""
        one, many = fr if self.is_french else en
        # French is singular up to two, English is not at zero.
        is_one = abs(amount) <= 1 if self.is_french else amount == 1
        return f"{self.number(amount)}{NO_BREAK_SPACE}{one if is_one else many}"

    def most(self, items: list[str], limit: int) -> str:
        """Return the first of a list, and how many more there are."""
        more = len(items) - limit
        if more <= 0:
            return self.listing(items)
        others = self.count(more, ("autre", "autres"), ("other", "others"))
        return self.listing([*items[:limit], others])

    def missing(self, reason: str = "") -> str:
        """Return "not measured", with the reason if there is one."""
        words = self("non mesuré", "not measured")
        return self.colon(words, reason) if reason else words

    # Numbers

    def number(self, value: float, decimals: int = 0) -> str:
        """Return the number, rounded as the analysis rounds, trailing zeros removed."""
        return self._decimal(_rounded(value, decimals))

    def percent(self, ratio: float) -> str:
        """Return a percentage to the hundredth; only the whole is 100 %."""
        value = _rounded(ratio * 100, 2)
        if ratio < 1 and value == ALL_PERCENT:
            value = _rounded(ratio * 100, 9)
        text = self._decimal(value, cut_to=2)
        return f"{text}{NO_BREAK_SPACE}%" if self.is_french else f"{text}%"

    def milliseconds(self, value_ms: float) -> str:
        """Return a latency."""
        decimals = 0 if abs(value_ms) >= 10 else 1  # noqa: PLR2004 - two digits
        return f"{self.number(value_ms, decimals)}{NO_BREAK_SPACE}ms"

    def size(self, size_bytes: int) -> str:
        """Return a size in powers of a thousand (Mo, MB)."""
        units = "o ko Mo Go To Po" if self.is_french else "B kB MB GB TB PB"
        *smaller, largest = units.split()
        value = Decimal(size_bytes)
        for unit in smaller:
            if abs(value) < 1000:  # noqa: PLR2004 - the next unit
                return f"{self._decimal(value, cut_to=1)}{NO_BREAK_SPACE}{unit}"
            value /= 1000
        return f"{self._decimal(value, cut_to=1)}{NO_BREAK_SPACE}{largest}"

    # Durations

    def seconds(self, value_s: float) -> str:
        """Return the exact duration in seconds, to the millisecond."""
        exact = _rounded(value_s, 3)
        whole = exact == exact.to_integral_value(context=_EXACT)
        text = self._decimal(exact) if whole else self._decimal(exact, places=3)
        return f"{text}{NO_BREAK_SPACE}s"

    def duration(self, value_s: float) -> str:
        """Return the duration as people say it: "2 min 35 s", "42.3 s", "0.041 s"."""
        if abs(value_s) < 1:
            return self.seconds(value_s)
        if abs(value_s) < MINUTE_S:
            return f"{self.number(value_s, 1)}{NO_BREAK_SPACE}s"
        total = int(_rounded(abs(value_s), 0))
        days, rest = divmod(total, DAY_S)
        hours, rest = divmod(rest, HOUR_S)
        minutes, seconds = divmod(rest, MINUTE_S)
        parts = [
            f"{amount}{NO_BREAK_SPACE}{unit}"
            for amount, unit in (
                (days, self("j", "d")),
                (hours, "h"),
                (minutes, "min"),
                (seconds, "s"),
            )
            if amount
        ]
        return ("−" if value_s < 0 else "") + NO_BREAK_SPACE.join(parts)

    def exact_duration(self, value_s: float) -> str:
        """Return "2 min 35 s (155.234 s)"; under a minute the seconds alone."""
        if abs(value_s) < MINUTE_S:
            return self.seconds(value_s)
        return f"{self.duration(value_s)} ({self.seconds(value_s)})"

    def offset(self, value_s: float) -> str:
        """Return a signed duration, for instants counted from t0."""
        tenth = float(_rounded(abs(value_s), 1))
        if not tenth:
            return self.seconds(0)
        sign = "+" if value_s >= 0 else "−"
        text = (
            f"{self.number(tenth, 1)}{NO_BREAK_SPACE}s"
            if tenth < MINUTE_S
            else self.duration(tenth)
        )
        return f"{sign}{NO_BREAK_SPACE}{text}"

    # Instants

    def date(self, instant: datetime.datetime) -> str:
        """Return "12 mars 2026"."""
        month = self.of(_MONTHS[instant.month - 1])
        day = "1er" if self.is_french and instant.day == 1 else str(instant.day)
        return NO_BREAK_SPACE.join((day, month, f"{instant.year:04d}"))

    def clock(self, instant: datetime.datetime) -> str:
        """Return "14:05:33", in the instant's own zone."""
        return f"{instant:%H:%M:%S}"

    def utc_instant(self, utc: str | None) -> str | None:
        """Return date, UTC time and the time in Paris; None if it is not an instant."""
        instant = parse_utc(utc)
        if instant is None:
            return None
        paris = instant.astimezone(PARIS)
        where = self("heure de Paris", "Paris time")
        return (
            f"{self.date(instant)}, {self.clock(instant)}{NO_BREAK_SPACE}UTC "
            f"({self.clock(paris)}, {where})"
        )

    # Inside

    def _decimal(
        self, value: Decimal, *, cut_to: int | None = None, places: int | None = None
    ) -> str:
        if cut_to is not None:
            value = value.quantize(Decimal(1).scaleb(-cut_to), ROUND_DOWN, _EXACT)
        text = f"{abs(value):,f}" if places is None else f"{abs(value):,.{places}f}"
        if "." in text and places is None:
            text = text.rstrip("0").rstrip(".")
        if self.is_french:
            text = text.replace(",", NO_BREAK_SPACE).replace(".", ",")
        return f"−{text}" if value < 0 and text.strip("0,.") else text

    def _typeset(self, text: str) -> str:
        # Few fonts have the narrow space, every one has the other.
        text = text.replace("\u202f", NO_BREAK_SPACE)
        text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
        if not self.is_french:
            return text
        text = re.sub(r" (?=[:;?!%»])", NO_BREAK_SPACE, text)
        return text.replace("« ", f"«{NO_BREAK_SPACE}")


def _rounded(value: float, decimals: int) -> Decimal:
    if isinstance(value, int):
        return Decimal(value)
    # Python's own formatting, as the analysis uses it: both must print the same digits.
    return Decimal(f"{value:.{decimals}f}")
