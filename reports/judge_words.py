"""Numbers about judges as sentences that a reader can act on. Plain text: templates escape it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from harness.judging.analysis.bias import FamilyGap, JudgeBias, SlotBias, Swap
from harness.judging.analysis.coverage import Coverage
from harness.judging.analysis.length import Slope
from harness.judging.analysis.standings import Standings
from harness.judging.analysis.whole import Judged
from harness.judging.parse import FLAGS, REASONS
from harness.stats.score import Score
from harness.types import JudgeMode

from . import text

FLAGGED = 0.05
"""A p below this is marked; one in twenty fair judges is, in each line."""

FEW = 20
"""Questions below which no line is called fair: they could not have shown anything."""

FEW_TASKS = 6
"""The same of tasks, where signs of tasks are flipped: of five no p is below .05."""

SCALE: dict[JudgeMode, tuple[str, float, float]] = {
    "listwise": ("of 50", 5, 50), "rubric": ("of 3", 0, 3), "pairwise": ("of pairs won", 0, 1),
}  # fmt: skip
"""Mode -> what its leading score is told in, least and greatest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line about one judge."""

    judge: str
    topic: str
    status: str
    """`found`, `no sign`, or `too few`."""
    words: str


def reason(code: str) -> str:
    """A reason code in plain words."""
    return text.one_line(REASONS.get(code, code.replace("_", " ")))


def flag(code: str) -> str:
    """A flag of an accepted reading in plain words."""
    return text.one_line(FLAGS.get(code, code.replace("_", " ")))


def figure(value: float | None, digits: int = 1) -> str:
    """A number with a fixed count of decimals; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}"


def probability(p: float | None) -> str:
    """`p = .03`, `p < .001`; empty for None."""
    if p is None:
        return ""
    if p < 0.001:
        return "p\u00a0<\u00a0.001"
    shown = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    return f"p\u00a0=\u00a0{shown.removeprefix('0')}" if p < 0.995 else "p\u00a0=\u00a01"


def bounds(score: Score, digits: int = 1) -> str:
    """`27.1 to 33.0` in the score's own unit; empty without bounds."""
    if score.low is None or score.high is None:
        return ""
    return f"{score.low:z.{digits}f} to {score.high:z.{digits}f}"


def lead(table: Standings, score: Score) -> tuple[str, str]:
    """(value, interval) of what leads a mode: points, or a share for pairs."""
    if table.mode == "pairwise":
        return text.percent(score.value), text.interval(score)
    digits = 2 if table.mode == "rubric" else 1
    return figure(score.value, digits), bounds(score, digits)


def rate(score: Score) -> str:
    """`mean over tasks 25%, interval 8–58%`, for use in brackets behind counts: it need not be their quotient."""
    between = text.interval(score)
    mean = f"mean over tasks {text.percent(score.value)}"
    return f"{mean}, interval {between}" if between else mean


def wins(number: float) -> str:
    """Wins, which ties share: at most one decimal."""
    return text.number(number)


def findings(judged: Judged) -> list[Finding]:
    """Every line about every judge, judges in order."""
    lines = [line for bias in judged.bias for line in _of_bias(bias)]
    lines += [_family(gap) for gap in judged.families]
    lines += [_reading(cover) for cover in judged.coverage if cover.purpose == "compare"]
    order = {name: place for place, name in enumerate(sorted({line.judge for line in lines}))}
    return sorted(lines, key=lambda line: order[line.judge])


def by_judge(lines: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """Judge -> its lines, in their order."""
    return [(judge, list(group)) for judge, group in groupby(lines, key=lambda line: line.judge)]


def _of_bias(bias: JudgeBias) -> list[Finding]:
    lines = []
    if bias.slots is not None and bias.slots.questions:
        lines.append(_slots(bias.judge, bias.slots))
    if bias.swap is not None:
        lines.append(_swap(bias.judge, bias.swap))
    lines.append(_length(bias))
    if bias.rankings:
        share = f"{bias.contradictions:,} of {text.plural(bias.rankings, 'ranking')}"
        words = f"{share} put a reply above one to which the same judge gave more points."
        lines.append(Finding(bias.judge, "ranking against own points", "", words))
    return lines


def _status(p: float | None, questions: int) -> str:
    if p is not None and p < FLAGGED:
        return "found"
    return "no sign" if p is not None and questions >= FEW else "too few"


def _slots(judge: str, slots: SlotBias) -> Finding:
    most = slots.most
    assert most is not None
    share, expected = most.wins / most.shown, most.expected / most.shown
    words = (
        f"Slot {most.slot} wins {text.percent(share)} of {most.shown:,} where {text.percent(expected)} is expected"
        f" ({probability(slots.p)} over all {len(slots.slots)} slots)."
    )
    status = _status(slots.p, slots.questions)
    if status == "found":
        words += " Its wins depend on the order of replies: trust means over many shuffled tests, not single ones."
    return Finding(judge, "place in the order", status, words)


def _swap(judge: str, swap: Swap) -> Finding:
    if not swap.pairs:
        return Finding(judge, "swapped order", "too few", "No pair was read in both orders.")
    words = f"Swapping two replies changes the winner in {swap.flips:,} of {text.plural(swap.pairs, 'pair')}"
    words += f" ({rate(swap.rate)})"
    if swap.flips:
        side, number = ("first", swap.first) if swap.first >= swap.second else ("second", swap.second)
        words += f"; in {number:,} of these the one shown {side} wins both times ({probability(swap.p)})"
    words += ". Such pairs count as ties."
    if swap.half:
        words += f" Of {text.plural(swap.half, 'pair')} only one order could be read: in no number."
    tasks = swap.rate.n
    return Finding(judge, "swapped order", _status(swap.p, swap.pairs if tasks >= FEW_TASKS else 0), words)


def _length(bias: JudgeBias) -> Finding:
    slope, within = bias.length, bias.length_within
    topic = f"length, {bias.mode}"
    if slope.value is None:
        return Finding(bias.judge, topic, "too few", slope.note)
    words = f"Twice the length multiplies the odds of winning by {_odds(slope)}."
    status = _status(slope.p, slope.questions)
    if within.value is not None:
        words += f" With the usual length of each model taken off: by {_odds(within)}."
        if status == "found" and _status(within.p, within.questions) != "found":
            words += " The first may be no bias: models that write longer may also be better."
    return Finding(bias.judge, topic, status, words)


def _odds(slope: Slope) -> str:
    assert slope.value is not None
    if slope.low is None or slope.high is None:
        return f"{_power(slope.value)} ({text.plural(slope.questions, 'question')}, one task)"
    return f"{_power(slope.value)} ({_power(slope.low)} to {_power(slope.high)}, {probability(slope.p)})"


def _power(slope: float) -> str:
    """Of two; beyond what can be told apart from everything or nothing it is not spelled out."""
    return f"{2**slope:.2f}" if abs(slope) < 10 else ("0.00" if slope < 0 else "over 1,000")


def _family(gap: FamilyGap) -> Finding:
    topic = f"own family, {gap.mode}"
    whose = ", ".join(text.one_line(name, 60) for name in gap.own[:5])
    against = text.one_line(gap.other, 60)
    if gap.gap.value is None:
        return Finding(gap.judge, topic, "too few", f"Against {against}: {gap.gap.note}")
    more = "more" if gap.gap.value >= 0 else "fewer"
    interval = bounds(gap.gap)
    detail = f"{interval}, {probability(gap.p)}, " if interval else ""
    words = (
        f"Gives {whose}, its own, {abs(gap.gap.value):.1f} points {more} over the others than {against} does"
        f" ({detail}scale {gap.scale}, {text.plural(gap.gap.n, 'task')}). {gap.note}"
    )
    return Finding(gap.judge, topic, _status(gap.p, gap.gap.n), words.strip())


def _reading(cover: Coverage) -> Finding:
    """Of its replies; what failed before there was one is the server's."""
    replies = cover.asked - cover.failed
    rejected = sum(cover.rejected.values())
    if not cover.asked:
        return Finding(cover.judge, f"readable, {cover.mode}", "too few", "It was not asked.")
    if not replies:
        return Finding(cover.judge, f"readable, {cover.mode}", "too few", "It never replied.")
    words = f"{rejected:,} of {replies:,} replies ({rate(cover.unreadable)}) could not be read"
    if rejected:
        words += ": " + ", ".join(f"{n:,} {code.replace('_', ' ')}" for code, n in list(cover.rejected.items())[:6])
    return Finding(cover.judge, f"readable, {cover.mode}", "", f"{text.one_line(words, 400)}.")
