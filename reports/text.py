"""Text for people. Candidate text is hostile: it is clipped, and what would act or deceive is made visible.

Escaping for HTML is not done here: the templates' autoescape does it, for everything.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from harness.stats.score import Score
from harness.words import plural as plural

ELSEWHERE = "raw.jsonl"
"""The file of a run directory that has every text whole."""

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Controls (but tab and newline), bidirectional overrides, invisible characters, lone surrogates, tag characters."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$])")


def visible(text: str) -> str:
    """`text` with every character that would act on a terminal, hide, or reorder its neighbours made visible.

    C0 controls become their pictures (ESC is U+241B), all others a `<U+202E>` with angle brackets that are no markup.
    """
    return _CONTROL.sub(_show, text.replace("\r\n", "\n"))


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, made visible, with a sentence about the rest."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit])}\n[clipped here: {len(text) - limit:,} more characters are in {ELSEWHERE}]"


def one_line(text: object, limit: int = 200) -> str:
    """`text` on one line of at most `limit` characters."""
    line = " ".join(visible(str(text)[: 4 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def markdown(text: object) -> str:
    """`text` for a cell of a Markdown table: one line, nothing of it is markup."""
    return _MARKDOWN.sub(r"\\\1", one_line(text, 400))


def pieces(name: str) -> list[str]:
    """`name` in parts between which a line may break: behind `/` and `::`."""
    return re.split(r"(?<=/)(?=.)|(?<=::)(?=.)", name)


def percent(share: float | None) -> str:
    """A share as a percentage. 0% and 100% are kept for exactly that; a dash stands for no value."""
    if share is None:
        return "–"
    text = f"{100 * share:.0f}%"
    if (text == "100%" and share < 1) or (text in ("0%", "-0%") and share != 0):
        return f"{100 * share:.1f}%" if 0.0005 <= share < 0.9995 else ("<0.1%" if share < 0.5 else ">99.9%")
    return text


def interval(score: Score) -> str:
    """The bounds of a score, e.g. `21–87%`; empty without bounds."""
    if score.low is None or score.high is None:
        return ""
    return f"{percent(score.low).removesuffix('%')}–{percent(score.high)}"


def spoken(score: Score) -> str:
    """Value and interval in one phrase."""
    bounds = interval(score)
    return f"{percent(score.value)} ({bounds})" if bounds else percent(score.value)


def seconds(value: float | None) -> str:
    """A duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.1f}\u00a0s" if value >= 0.1 or value == 0 else f"{1000 * value:.0f}\u00a0ms"
    if value < 120:
        return f"{value:.0f}\u00a0s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 120:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def moment(stamp: str) -> str:
    """An ISO 8601 time as `2025-11-21 04:00 UTC`; as it is when it is none."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return one_line(stamp, 40)
    return f"{when.astimezone(UTC) if when.tzinfo else when:%Y-%m-%d %H:%M} UTC"


def dollars(value: float | None) -> str:
    """US dollars, with as many digits as small sums need; `unknown` for None."""
    if value is None:
        return "unknown"
    if value == 0:
        return "$0"
    return f"${value:,.2f}" if value >= 1 else f"${value:.2g}" if value >= 0.0001 else "<$0.0001"


def count(value: int | None) -> str:
    """A number with thousands separated; a dash for None."""
    return "–" if value is None else f"{value:,}"


def number(value: float | None) -> str:
    """At most one decimal; a dash for None."""
    return "–" if value is None else f"{value:,.1f}".removesuffix(".0")


def _show(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"⟨U+{code:04X}⟩"
