"""`harness drift`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cells import results_text, write_whole
from harness.cli.runs import run_directory
from harness.errors import UsageError
from harness.words import plural

if TYPE_CHECKING:
    from harness.stats.drift import Drift, ModelDrift, Moved, Scale
    from harness.stats.inputs import ReportInput

SHOWN = 10
"""Moved items on the terminal; --csv and --json have all."""


@click.command(short_help="compare two judgings of the same replies")
@click.argument("first", type=click.Path(path_type=Path), metavar="A")
@click.argument("second", type=click.Path(path_type=Path), metavar="B")
@click.option("--judge-a", default=None, metavar="NAME", help="The judge of A; needed where A has several.")
@click.option("--judge-b", default=None, metavar="NAME", help="The judge of B; needed where B has several.")
@click.option(
    "--scale",
    type=click.Choice(["auto", "rubric", "dimensions", "verdict", "score"]),
    default="auto",
    show_default=True,
    help="What is compared; auto: the judges' marks where there are judges, else the share of the points.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a line a model to FILE, and a line an item that moved to FILE with `-items` in its name.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def command(
    first: Path,
    second: Path,
    judge_a: str | None,
    judge_b: str | None,
    scale: str,
    csv_file: Path | None,
    as_json: bool,
) -> int:
    """How far the marks of the same replies moved from A to B, in percentage points, model by model.

    A and B are runs, or the same run twice with two judges. Only items that both have are compared: the same task,
    model, repeat, attempt and reply.
    """
    from harness.readback import load_report_input
    from harness.stats.drift import drift, items_of

    places = [run_directory(path) for path in (first, second)]
    one, two = map(load_report_input, places)
    judge_a, judge_b = _judges(one, two, judge_a, judge_b, scale)
    if places[0] == places[1] and judge_a == judge_b:
        raise UsageError("A and B are the same judging", remedy="name two judges, or two runs")
    chosen = _scale(one, two, judge_a, judge_b, scale)
    found = drift(items_of(one, judge_a, chosen), items_of(two, judge_b, chosen), chosen)
    if not any(row.items for row in found.models):
        raise UsageError(
            f"{_named(one, judge_a)} and {_named(two, judge_b)} have no scored item in common", remedy=_reasons(found)
        )
    if csv_file is not None:
        beside = csv_file.with_name(f"{csv_file.stem}-items{csv_file.suffix}")
        write_whole(csv_file, results_text(MODEL_COLUMNS, _model_rows(found)))
        write_whole(beside, results_text(ITEM_COLUMNS, map(_item_row, found.moved)))
    scales = [] if judge_a else _scales_told(one, two)
    if as_json:
        click.echo(json.dumps(document(found, _named(one, judge_a), _named(two, judge_b), scales), indent=2))
    else:
        _show(found, _named(one, judge_a), _named(two, judge_b))
        for line in scales:
            click.echo(line)
    return 0


MODEL_COLUMNS = (
    "model", "items", "tasks", "before_percent", "after_percent", "delta_pp", "low_pp", "high_pp", "p", "adjusted_p",
    "up", "down", "left_out",
)  # fmt: skip
ITEM_COLUMNS = ("task", "model", "repeat", "attempt", "before_percent", "after_percent", "delta_pp")


def _judges(
    one: ReportInput, two: ReportInput, judge_a: str | None, judge_b: str | None, scale: str
) -> tuple[str | None, str | None]:
    """The judges that were meant. Raises UsageError for one that said nothing, and where it is not clear who."""
    if scale in ("verdict", "score"):
        if judge_a or judge_b:
            raise UsageError(f"--scale {scale} is no judge's", remedy="leave --judge-a and --judge-b out")
        return None, None
    there = [_compared_by(report) for report in (one, two)]
    named = [judge_a, judge_b]
    if not any(named) and scale == "auto" and not any(there):
        return None, None
    if not any(named) and scale == "auto" and not all(there):
        judged, other = (one, two) if there[0] else (two, one)
        raise UsageError(
            f"{judged.name} was judged and {other.name} was not: marks and points are two scales",
            remedy=f"`harness judge {other.name}` first, or take --scale score for the points as they stand",
        )
    for place, (report, judges) in enumerate(zip((one, two), there, strict=True)):
        option = f"--judge-{'ab'[place]}"
        wanted = named[place] or (judges[0] if len(judges) == 1 else None)
        if wanted is None:
            what = f"has several judges: {', '.join(judges)}" if judges else "was not judged"
            raise UsageError(f"{report.name} {what}", remedy=f"name one with {option}, or take --scale score")
        if wanted not in judges:
            raise UsageError(
                f"{option} {wanted}: no accepted judgment in {report.name}",
                remedy=f"judges there: {', '.join(judges) or 'none'}",
            )
        named[place] = wanted
    return named[0], named[1]


def _compared_by(report: ReportInput) -> list[str]:
    """Judges that compared the replies of a run. Who only picked the best of N has a part in no verdict."""
    return sorted({item.judge for item in report.marked if item.purpose == "compare"})


def _scales_told(one: ReportInput, two: ReportInput) -> list[str]:
    """A line where verdicts are compared and judges have a part in those of one run only."""
    judged = [report.name for report in (one, two) if _compared_by(report)]
    if len(judged) != 1:
        return []
    return [f"{judged[0]} alone was judged: its conversations have their judges' points, not the tests'"]


def _scale(one: ReportInput, two: ReportInput, judge_a: str | None, judge_b: str | None, scale: str) -> Scale:
    """The scale both judgings have. Raises UsageError where there is none."""
    from harness.stats.drift import BY_JUDGES, SCALES, scales_of

    if judge_a is None or judge_b is None:
        return "score" if scale == "auto" else next(known for known in SCALES if known == scale)
    sides = [(judge_a, scales_of(one.marked, judge_a)), (judge_b, scales_of(two.marked, judge_b))]
    both = [known for known in BY_JUDGES if all(known in has for _, has in sides) and scale in ("auto", known)]
    if not both:
        told = "; ".join(f"{name}: {', '.join(sorted(has)) or 'a ranking only'}" for name, has in sides)
        wanted = "" if scale == "auto" else f", {scale}"
        raise UsageError(
            f"the judges have no scale in common{wanted} ({told})",
            remedy="judge one of the runs again in the other's mode (`harness judge --mode`)",
        )
    return both[0]


def _named(report: ReportInput, judge: str | None) -> str:
    return report.name if judge is None else f"{report.name} by {judge}"


def _reasons(found: Drift) -> str:
    counts: dict[str, int] = {}
    for reasons in found.left_out.values():
        for why, number in reasons.items():
            counts[why] = counts.get(why, 0) + number
    return ", ".join(f"{number} {why}" for why, number in sorted(counts.items())) or "there are no items"


def document(found: Drift, first: str, second: str, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON of `harness drift --json`; its keys are documented in docs/formats.md."""
    return {
        "a": first,
        "b": second,
        "scale": found.scale,
        "overall": _model_document(found.overall, {}),
        "models": [_model_document(row, found.left_out.get(row.model, {})) for row in found.models],
        "other_totals": found.other_totals,
        "moved": [{**item.model_dump(), "delta": item.delta} for item in found.moved],
        "slope": [
            {"model": row.model, "before": row.before, "after": row.after, "items": row.items}
            for row in sorted(found.models, key=lambda row: -(row.before or 0.0))
            if row.items
        ],
        "notes": list(notes),
    }


def _model_document(row: ModelDrift, left_out: dict[str, int]) -> dict[str, Any]:
    return {
        "model": row.model,
        "items": row.items,
        "tasks": row.tasks,
        "before": row.before,
        "after": row.after,
        "delta": row.delta.value,
        "low": row.delta.low,
        "high": row.delta.high,
        "p": row.p,
        "adjusted_p": row.adjusted_p,
        "up": row.up,
        "down": row.down,
        "left_out": left_out,
        "note": row.delta.note,
    }


def _model_rows(found: Drift) -> Iterator[list[object]]:
    keys = ("model", "items", "tasks", "before", "after", "delta", "low", "high", "p", "adjusted_p", "up", "down")
    for row in [*found.models, found.overall]:
        reasons = [found.left_out.get(row.model, {})] if row is not found.overall else found.left_out.values()
        made = _model_document(row, {})
        yield [*(made[key] for key in keys), sum(sum(counts.values()) for counts in reasons)]


def _item_row(item: Moved) -> list[object]:
    return [*item.model_dump().values(), item.delta]


def _show(found: Drift, first: str, second: str) -> None:
    from harness.cli.tables import show, table
    from harness.stats.compare.figures import told_p

    made = table(
        f"{first} -> {second}: {found.scale}, percentage points over identical items",
        "model", "items", "tasks", "before", "after", "delta", "p (Holm)", "up", "down",
    )  # fmt: skip
    for row in [*(row for row in found.models if row.items), found.overall]:
        p = row.p if row is found.overall else row.adjusted_p
        made.add_row(
            row.model,
            str(row.items),
            str(row.tasks),
            _percent(row.before),
            _percent(row.after),
            _delta(row),
            "-" if p is None else told_p(p),
            str(row.up),
            str(row.down),
        )
    show(made)
    for line in _notes(found):
        click.echo(line)
    if found.moved:
        rows = table("items that moved farthest", "item", "model", "before", "after", "delta")
        for item in found.moved[:SHOWN]:
            # People count from 1, as in reports; files and --json have the numbers of the store.
            name = f"{item.task}, repeat {item.repeat + 1}, attempt {item.attempt + 1}"
            rows.add_row(name, item.model, _percent(item.before), _percent(item.after), f"{item.delta:+z.1f}")
        show(rows)


def _notes(found: Drift) -> Iterator[str]:
    absent: Counter[str] = Counter()
    for row in found.models:
        reasons = found.left_out.get(row.model, {})
        if row.items and reasons:
            yield f"{row.model}: left out {', '.join(f'{number} {why}' for why, number in reasons.items())}"
        elif reasons:
            absent.update(dict.fromkeys(reasons, 1))
    for why, number in absent.items():
        yield f"{plural(number, 'model')} without an item in common: {why}"
    if found.other_totals:
        were = f"{plural(found.other_totals, 'item')} {'was' if found.other_totals == 1 else 'were'}"
        yield f"{were} marked out of other totals in B: percentages of different things"
    single = [row.model for row in found.models if row.tasks == 1]
    if single:
        more = f" and {len(single) - SHOWN} more" if len(single) > SHOWN else ""
        yield f"one task only, so nothing can be tested: {', '.join(single[:SHOWN])}{more}"
    if len(found.moved) > SHOWN:
        yield f"{len(found.moved)} items moved; --csv or --json has them all"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}%"


def _delta(row: ModelDrift) -> str:
    if row.delta.value is None:
        return "-"
    bounds = (
        "" if row.delta.low is None or row.delta.high is None else f" [{row.delta.low:+z.1f}, {row.delta.high:+z.1f}]"
    )
    return f"{row.delta.value:+z.1f}{bounds}"
