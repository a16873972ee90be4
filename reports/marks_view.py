"""What judges said of one attempt, and replies of judges that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.judging.analysis.sheet import Cell
from harness.judging.analysis.whole import Judged
from harness.stats.inputs import ReportInput
from harness.types import DIMENSIONS, JudgeMode, Judgment, Marked

from . import text
from .clipper import Clipper
from .judge_words import reason

MAX_MARKS = 50
"""Marks shown of one attempt."""

MAX_REPLY = 1_500
"""Characters of such a reply."""

MAX_UNREAD = 12
"""Replies shown that could not be read: a few of every judge and reason."""


@dataclass(frozen=True, slots=True)
class MarkView:
    judge: str
    mode: str
    score: str
    """`38 of 50`, `2 of 3`; empty for pairs."""
    dimensions: list[tuple[str, str]]
    rank: str
    passes: str
    note: str
    unread: str
    """Why there is no mark; empty where there is one."""


@dataclass(frozen=True, slots=True)
class UnreadView:
    judge: str
    mode: str
    task: str
    reason: str
    detail: str
    reply: str
    withheld: bool


Marks = Mapping[Cell, list[MarkView]]


def withheld(mode: JudgeMode, *, show_hidden: bool) -> bool:
    """Whether a judge's words are not shown: a rubric judge knows the reference answer and may repeat it."""
    return mode == "rubric" and not show_hidden


def silenced(judged: Judged, *, show_hidden: bool) -> Judged:
    """`judged` without what judges say that may not be shown."""
    conflicts = [
        each.model_copy(update={"rows": tuple(row.model_copy(update={"note": ""}) for row in each.rows)})
        if withheld(each.mode, show_hidden=show_hidden)
        else each
        for each in judged.conflicts
    ]
    return judged.model_copy(update={"conflicts": tuple(conflicts)})


def marks_of(run: ReportInput, shown: Iterable[Cell], *, show_hidden: bool) -> Marks:
    """Cell -> its marks and the questions about it that came to nothing, for the cells that a report shows."""
    wanted: dict[Cell, list[MarkView]] = {cell: [] for cell in shown}
    if not wanted:
        return {}
    for one in run.marked:
        views = wanted.get(Cell.of(one))
        if views is not None and len(views) < MAX_MARKS:
            views.append(_mark(one, show_hidden=show_hidden))
    for judgment in run.judgments:
        if judgment.scored:
            continue
        for who in run.labels.get(judgment.id, ()):
            views = wanted.get(Cell(judgment.task, judgment.repeat, who.model, who.attempt))
            if views is not None and len(views) < MAX_MARKS:
                views.append(_unread_mark(judgment))
    return {cell: sorted(views, key=lambda view: (view.judge, view.mode)) for cell, views in wanted.items() if views}


def unread(judgments: Iterable[Judgment], clipper: Clipper, *, show_hidden: bool) -> list[UnreadView]:
    """Some replies of every judge and reason, the first of each before the second of any."""
    turns: dict[tuple[str, str], int] = {}
    found: list[tuple[int, str, str, Judgment]] = []
    for judgment in judgments:
        if judgment.reply is None or judgment.reading is None or judgment.reading.accepted:
            continue
        key = (judgment.judge, judgment.reading.reason)
        turns[key] = turns.get(key, 0) + 1
        if turns[key] <= 3:
            found.append((turns[key], *key, judgment))
    found.sort(key=lambda item: item[:3])
    return [
        UnreadView(
            judge=text.one_line(judge),
            mode=judgment.mode,
            task=text.one_line(judgment.task),
            reason=reason(code),
            detail="" if withheld(judgment.mode, show_hidden=show_hidden) else _detail(judgment),
            reply="" if withheld(judgment.mode, show_hidden=show_hidden) else _reply(judgment, clipper),
            withheld=withheld(judgment.mode, show_hidden=show_hidden),
        )
        for _, judge, code, judgment in found[:MAX_UNREAD]
    ]


def _detail(judgment: Judgment) -> str:
    return text.one_line(judgment.reading.detail if judgment.reading else "", 300)


def _reply(judgment: Judgment, clipper: Clipper) -> str:
    """The end counts: that is where a verdict would stand."""
    body = judgment.reply.text if judgment.reply else ""
    if len(body) <= MAX_REPLY:
        return clipper.take(body, MAX_REPLY)
    return f"[{len(body) - MAX_REPLY:,} characters before this are in store.db]\n" + clipper.take(
        body[-MAX_REPLY:], MAX_REPLY
    )


def _mark(one: Marked, *, show_hidden: bool) -> MarkView:
    mark = one.mark
    known = all(name in mark.scores for name in DIMENSIONS)
    score = f"{sum(mark.scores[name] for name in DIMENSIONS):g} of 50" if known else ""
    purpose = " to pick one" if one.purpose == "select" else ""
    return MarkView(
        judge=text.one_line(one.judge),
        mode=one.mode + purpose,
        score=score if mark.rubric is None else f"{mark.rubric} of 3",
        dimensions=[(name, f"{mark.scores[name]:g}") for name in DIMENSIONS if name in mark.scores],
        rank=f"{mark.rank} of {one.of}" if mark.rank is not None and one.of > 1 else "",
        passes={True: "passes", False: "fails", None: ""}[mark.passes],
        note="" if withheld(one.mode, show_hidden=show_hidden) else text.one_line(mark.note, 500),
        unread="",
    )


def _unread_mark(judgment: Judgment) -> MarkView:
    why = reason(judgment.reading.reason) if judgment.reading else text.one_line(judgment.error or "no reply", 200)
    return MarkView(
        judge=text.one_line(judgment.judge), mode=judgment.mode, score="", dimensions=[], rank="", passes="", note="",
        unread=why,
    )  # fmt: skip
