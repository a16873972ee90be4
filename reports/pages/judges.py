"""Judges: what they were asked and what of it could be read, how models stand, and how far to trust that."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from harness.judging.analysis.conflicts import Conflict
from harness.judging.analysis.coverage import Coverage
from harness.judging.analysis.standings import Ranking, Standing, Standings
from harness.judging.analysis.whole import Judged
from harness.types import DIMENSIONS

from .. import charts, text
from ..agreements import agreements
from ..clipper import Clipper
from ..judge_words import SCALE, Finding, by_judge, figure, findings, flag, lead, probability, reason, wins
from ..marks_view import unread
from ..page import Page, Report, table

MAX_CONFLICTS = 60
"""Conflicts listed; scores.json has them all."""

MAX_LETTERS = 6
"""Where a model has more letters than this, no model shows any: the places left to each are easier to read."""

MAX_JUDGES = 8
"""Judges with a column of their own in the table by judge."""

MODE_WORDS = {
    "listwise": "all candidates at once: five dimensions of 1 to 10, and a ranking",
    "rubric": "one candidate at a time, 0 to 3 against the reference",
    "pairwise": "two candidates in both orders; orders that contradict each other are a tie",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One model in a table of standings."""

    model: str
    own: bool
    letters: str
    places: str
    plot: Markup
    value: str
    interval: str
    wins: str
    share: str
    share_interval: str
    chance: str
    rank: str
    passes: str
    dimensions: list[str]
    scored: str
    unscored: str


@dataclass(frozen=True, slots=True)
class Block:
    """Everything about one mode."""

    mode: str
    what: str
    scale: str
    axis: Markup
    judges: list[str]
    rows: list[Row]
    by_judge: list[tuple[str, list[tuple[str, str, bool]]]]
    """(model, one (value, wins, own family) a judge, and one without partial judges where there is such a table)."""
    columns: list[str]
    more_judges: int
    partial: list[str]
    independent: bool
    letters: bool
    passes: bool
    dimensions: bool


def _judged(report: Report) -> Judged:
    assert report.judged is not None
    return report.judged


def _lead(judged: Judged, told: Callable[[str], str] = str) -> str:
    """Who judged what, and how much of it could be read, in a sentence or two. `told` makes a name text of the page."""
    compare = [cover for cover in judged.coverage if cover.purpose == "compare"]
    asked, scored = sum(c.asked for c in compare), sum(c.scored for c in compare)
    rejected, failed = sum(sum(c.rejected.values()) for c in compare), sum(c.failed for c in compare)
    names = sorted({c.judge for c in compare})
    who = ", ".join(told(text.one_line(name, 60)) for name in names[:6]) + (" and others" if len(names) > 6 else "")
    words = (
        f"{text.plural(len(names), 'judge')} ({who}), {text.plural(asked, 'question')}: {scored:,} answered readably"
    )
    if rejected or failed:
        words += f", {rejected:,} not readable, {failed:,} without a reply"
    words += "."
    left: Counter[str] = Counter()
    for cover in compare:
        left[cover.judge] += cover.not_asked
    if each := [f"{told(text.one_line(name, 60))} {number:,}" for name, number in left.items() if number]:
        words += f" Questions that were not asked: {', '.join(each)}; they are in no other number."
    if rejected + failed:
        words += " What is missing is in no number below: no zero, no tie, no pass."
    mute = sorted({c.mode for c in compare} - {ranking.mode for ranking in judged.rankings})
    if mute and judged.rankings:
        words += f" In mode {' and '.join(mute)} nothing could be read: it has no table."
    if not compare:
        return "No judge was asked to compare models."
    return words


def _row(table_: Standings, one: Standing) -> Row:
    score = table_.lead(one)
    value, interval = lead(table_, score)
    _, low, high = SCALE[table_.mode]
    pairs = table_.mode == "pairwise"
    return Row(
        model=one.model, own=one.own_family, letters=one.letters,
        places=_places(one), plot=charts.span(score, low, high, f"{one.model}: {value} ({interval})"),
        value=value, interval=interval,
        wins=f"{wins(one.wins)} of {one.comparisons:,}" if one.comparisons else "–",
        share="" if pairs else text.percent(one.win.value) if one.comparisons else "",
        share_interval="" if pairs else text.interval(one.win),
        chance=text.percent(one.chance) if one.comparisons else "",
        rank=figure(one.rank.value, 2), passes=text.spoken(one.passes),
        dimensions=[figure(one.dimensions[name].value) for name in DIMENSIONS],
        scored=text.count(one.scored), unscored=text.count(one.unscored),
    )  # fmt: skip


def _places(one: Standing) -> str:
    if not one.best_rank:
        return "–"
    return str(one.best_rank) if one.best_rank == one.worst_rank else f"{one.best_rank}–{one.worst_rank}"


def _block(ranking: Ranking) -> Block:
    scale, low, high = SCALE[ranking.mode]
    tables = list(ranking.judges[:MAX_JUDGES])
    columns = [text.one_line(one.judges[0], 60) for one in tables]
    if ranking.independent is not None:
        tables.append(ranking.independent)
        columns.append("without partial judges")
    found = [{one.model: one for one in each.models} for each in tables]
    by_judge = [
        (model.model, [_cell(each, by_model.get(model.model)) for each, by_model in zip(tables, found, strict=True)])
        for model in ranking.panel.models
    ]
    several = len(ranking.judges) > 1
    return Block(
        mode=ranking.mode, what=MODE_WORDS[ranking.mode], scale=scale, axis=charts.scale(low, high),
        judges=list(ranking.panel.judges), rows=[_row(ranking.panel, one) for one in ranking.panel.models],
        by_judge=by_judge if several or ranking.independent else [], columns=columns,
        more_judges=max(0, len(ranking.judges) - MAX_JUDGES), partial=list(ranking.partial),
        independent=ranking.independent is not None, letters=_lettered(ranking.panel),
        passes=any(one.passes.value is not None for one in ranking.panel.models),
        dimensions=ranking.mode == "listwise",
    )  # fmt: skip


def _lettered(table_: Standings) -> bool:
    return 0 < max((len(one.letters) for one in table_.models), default=0) <= MAX_LETTERS


def _cell(each: Standings, one: Standing | None) -> tuple[str, str, bool]:
    if one is None or each.lead(one).value is None:
        return "–", "", False
    won = f"{wins(one.wins)} of {one.comparisons:,} wins" if one.comparisons and each.mode != "rubric" else ""
    return lead(each, each.lead(one))[0], won, one.own_family


def _coverage(judged: Judged) -> list[tuple[Coverage, list[tuple[str, int]], list[tuple[str, int]]]]:
    """(coverage, reasons in words, flags in words)."""
    return [
        (cover, [(reason(c), n) for c, n in cover.rejected.items()], [(flag(c), n) for c, n in cover.flags.items()])
        for cover in judged.coverage
    ]


def _conflicts(report: Report) -> tuple[list[Conflict], int]:
    """The first of every judge in turn, and how many are left out."""
    rows = [(place, row) for each in _judged(report).conflicts for place, row in enumerate(each.rows)]
    rows.sort(key=lambda item: (not item[1].criteria, item[0], item[1].judge))
    return [row for _, row in rows[:MAX_CONFLICTS]], max(0, len(rows) - MAX_CONFLICTS)


def context(report: Report) -> Mapping[str, object]:
    """Lead, a block a mode, findings, agreement, conflicts, what could not be read."""
    judged = _judged(report)
    rows, more = _conflicts(report)
    anchors = {}
    for place, (name, _) in enumerate(groupby(report.drill.attempts, key=lambda key: key.task), 1):
        anchors[name] = f"task-{place}"
    return {
        "lead": _lead(judged),
        "blocks": [_block(ranking) for ranking in judged.rankings],
        "judged": judged,
        "coverage": _coverage(judged),
        "left_over": any(cover.not_asked for cover in judged.coverage),
        "findings": by_judge(findings(judged)),
        "agreement": list(agreements(judged)),
        "conflicts": rows,
        "more_conflicts": more,
        "anchors": anchors,
        "unread": unread(report.run.judgments, Clipper(), show_hidden=report.show_hidden),
        "level": f"{100 * judged.level:.0f}%",
        "probability": probability,
        "figure": figure,
    }


def markdown(report: Report) -> str:
    """Standings, findings, agreement and conflicts; no texts of judges."""
    judged = _judged(report)
    parts = [_lead(judged, text.markdown) + "\n", *map(_markdown_standings, judged.rankings)]
    parts.append(table(
        ["Judge", "Mode", "Asked", "Readable", "Not readable", "No reply", "Not asked", "Repaired"],
        [
            [text.markdown(c.judge), c.mode + (" to pick one" if c.purpose == "select" else ""), text.count(c.asked),
             *map(text.count, (c.scored, sum(c.rejected.values()), c.failed, c.not_asked, c.repaired))]
            for c in judged.coverage
        ],
    ))  # fmt: skip
    parts.append("".join(_markdown_finding(line) for line in findings(judged)))
    parts.append(table(
        ["Judges", "Mode", "Cells", "n", "2 points apart", "by chance", "Kappa", "Alpha", "ICC", "First − second",
         "Ranks", "Same winner"],
        [[text.markdown(a.pair) or "″", a.mode, a.what, a.cells, a.apart, a.chance, a.kappa, a.alpha, a.icc,
          a.difference, a.correlation or "–", a.winner or "–"] for a in agreements(judged)],
    ))  # fmt: skip
    rows, more = _conflicts(report)
    parts.append(table(
        ["Judge against mechanics", "Judge", "Says", "Criteria that fail"],
        [[text.markdown(f"{row.task}, {row.model}, repeat {row.repeat + 1}, attempt {row.attempt + 1}"),
          f"{text.markdown(row.judge)}, {row.mode}", " and ".join(row.says),
          text.markdown(", ".join(row.criteria) or "none")]
         for row in rows],
    ))  # fmt: skip
    if more:
        parts.append(f"{text.plural(more, 'more conflict')}: scores.json has them all.\n")
    return "\n".join(part for part in parts if part)


def _markdown_finding(line: Finding) -> str:
    mark = {"found": "**found**: ", "no sign": "no sign: ", "too few": "too few to say: "}.get(line.status, "")
    return f"- {text.markdown(line.judge)}, {line.topic}: {mark}{text.markdown(line.words)}\n"


def _markdown_standings(ranking: Ranking) -> str:
    scale, lettered = SCALE[ranking.mode][0], _lettered(ranking.panel)
    rows = [_row(ranking.panel, one) for one in ranking.panel.models]
    head = ["Model", f"Mean, {scale}", "Letters", "Places", "Wins", "Share", "Equal models", "Mean rank", "Not judged"]
    body = [
        [text.markdown(row.model) + (" (own family of a judge)" if row.own else ""),
         f"{row.value} ({row.interval})" if row.interval else row.value, (row.letters if lettered else "") or "–",
         row.places, row.wins,
         f"{row.share} ({row.share_interval})" if row.share_interval else row.share or "–", row.chance or "–", row.rank,
         row.unscored]
        for row in rows
    ]  # fmt: skip
    return table(head, body)


page = Page("judges", "Judges", context, markdown, lambda report: report.judged is not None)
