"""Tables on stdout for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from harness.stats.numbers import ModelSummary
from harness.words import percentages, plural

ODD = {
    "empty_reply": "empty",
    "thinking_only": "with thinking only",
    "cut_by_length": "cut by length",
    "repetition": "ending in a loop",
    "prompt_echo": "repeating the prompt",
    "fences_unwanted": "with fences the prompt forbids",
}
"""Flags of replies that explain a low rate -> in words, after a number of attempts."""


class Lines(Table):
    """A table in which what is not ours stays in its cell: a line break in a name begins no new line."""

    def add_row(self, *cells: Any, **keys: Any) -> None:
        super().add_row(*(printable(cell) if isinstance(cell, str) else cell for cell in cells), **keys)


def printable(value: Any) -> Any:
    """`value` with every character that would act on a terminal, or hide, shown as a question mark."""
    if isinstance(value, str):
        return "".join(c if c.isprintable() else "?" for c in value)
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, list | tuple) else value


def table(title: str, *columns: str) -> Table:
    """An empty table whose first column is text and whose others are figures."""
    made = Lines(title=title, title_justify="left", title_style="bold")
    for number, name in enumerate(columns):
        made.add_column(name, justify="left" if number == 0 else "right", overflow="fold")
    return made


def show(made: Table) -> None:
    """Print a table; a pipe gets it wide enough for its content."""
    screen = console()
    if not screen.is_terminal:
        screen.width = 140
    screen.print(made)


def console(**keys: Any) -> Console:
    """Where tables and the lines around them go."""
    # Names of tasks and runs are text: [x] and :x: mean nothing in them.
    return Console(markup=False, emoji=False, **keys)


def show_summary(done: Any) -> None:
    """What a run found, model by model, and where its report is."""
    best_of = max((item.best_of for item in done.summary.models), default=1)
    again = any(item.agents is not None and item.agents.told for item in done.summary.models)
    columns = ["model", "tasks", *(["first try"] if again else []), "pass@1"]
    if best_of > 1:
        columns += [f"best of {best_of}, selected", f"best of {best_of}, oracle", "distinct"]
    judged = done.judged
    columns += (
        [f"judges{SCALES.get(judged.panel.mode, '') if judged.panel else ''}", "wins", "not judged"] if judged else []
    )
    made = table(f"{done.plan.name}: pass rates with 95% intervals over tasks", *columns, "outcomes")
    for item in done.summary.models:
        row = [item.model, str(item.tasks)]
        row += [percent(item.agents.first_try if item.agents else None)] if again else []
        row.append(percent(item.pass_at_1))
        if best_of > 1:
            row += [percent(item.selected), percent(item.oracle), percent(item.distinct, bounds=False)]
        row += said(judged, item.model) if judged else []
        made.add_row(*row, outcomes(item))
    show(made)
    lines = console(soft_wrap=True)
    for name, note in {name: profile.note for name, profile in done.plan.profiles.items() if profile.note}.items():
        lines.print(f"{name}: {note}", highlight=False)
    for item in done.summary.models:
        profile = done.plan.profiles.get(item.model)
        if profile is not None and profile.provider == "reference":
            continue  # rendered by us, in fences, whatever a task forbids
        odd = ", ".join(f"{item.pathologies[flag]} {name}" for flag, name in ODD.items() if flag in item.pathologies)
        if odd:
            lines.print(f"{item.model}: {odd}", highlight=False)
    for item in done.summary.models:
        if item.pass_at_most is not None:
            why = _without_verdict(item, done.left_open.get(item.model, 0))
            lines.print(
                f"{item.model}: pass@1 leans low, as replies that fail their criteria count and those that meet them "
                f"{why}; if all of these passed it would be {item.pass_at_most:.0%}",
                highlight=False,
            )
    if best_of > 1:
        lines.print(
            f"selected: {CHOSEN[done.plan.config.select]}; "
            "oracle: the best attempt by the hidden cases, an upper bound",
            highlight=False,
        )
    if again:
        lines.print(
            "first try: before an agent was told which hidden tests failed; pass@1 is what it had at its last try",
            highlight=False,
        )
    lines.print(f"report: {done.plan.paths.report}", highlight=False)


def _without_verdict(item: ModelSummary, left_open: int) -> str:
    """Why replies are unscored: what judges have marked awaits nobody."""
    if not left_open:
        return "await a judge"
    none = "have no verdict of the judges"
    return none if left_open >= item.coverage.unscored else f"await a judge or {none}"


def outcomes(item: ModelSummary) -> str:
    """What became of all of a model's attempts, those without a verdict too: a rate is of the others."""
    missing = {"failed": item.coverage.provider_failures, "not graded": item.coverage.ungraded}
    return ", ".join(f"{count} {name}" for name, count in {**item.outcomes, **missing}.items() if count)


CHOSEN = {
    "verifier": "chosen on visible cases only",
    "vote": "the largest group with the same outputs",
    "first": "the first attempt",
    "judge": "chosen by judges, who see no verdict; on visible cases only, or by vote, where no judge could be read",
}
"""Method of `--select` -> what its choice rests on."""

SCALES = {"listwise": ", of 50", "rubric": ", of 3", "pairwise": ", share won"}
"""What the mean of judges is told in, by mode."""


def said(judged: Any, model: str) -> list[str]:
    """Mean, wins and unscored replies of a model by all judges together; dashes for what nobody said."""
    unscored = str(judged.unscored.get(model, 0))
    found, score = judged.standing(model), judged.lead(model)
    mean = wins = "-"
    if score is not None and score.value is not None:
        mean = f"{score.value:.2f}" + (f" [{score.low:.2f}, {score.high:.2f}]" if score.low is not None else "")
        few = judged.fewer(model)
        mean += f", {plural(few, 'task')}" if few is not None else ""
    # Judges who only put in order give places and wins without a mean.
    if found is not None and found.comparisons:
        wins = f"{found.wins:.1f}".removesuffix(".0") + f" of {found.comparisons}"
    return [mean, wins, unscored]


def show_judges(done: Any) -> None:
    """What became of the questions to judges, judge by judge; nothing that is missing is a score."""
    if not done.judges:
        return
    left = any(counts.not_asked for counts in done.judges.values())
    made = table(
        f"{done.plan.name}: judges", "judge", "questions", "accepted", "of these repaired", "not readable", "failed",
        *(["not asked"] if left else []), "US dollars", "why not readable",
    )  # fmt: skip
    for name, counts in done.judges.items():
        made.add_row(
            name,
            str(counts.accepted + counts.rejected + counts.failed),
            str(counts.accepted),
            str(counts.repaired),
            str(counts.rejected),
            str(counts.failed),
            *([str(counts.not_asked)] if left else []),
            "-" if counts.cost_usd is None else f"{counts.cost_usd:.4g}",
            ", ".join(f"{number} {reason}" for reason, number in counts.reasons.most_common()) or "-",
        )
    show(made)
    out = console(soft_wrap=True)
    for name, counts in done.judges.items():
        if not counts.accepted + counts.rejected:
            continue  # who has said nothing has favoured nobody
        for model, why in done.conflicts.get(name, {}).items():
            out.print(f"{name} is not impartial to {model}: it {why}", highlight=False)
    for name, number in done.without_flag.items():
        without = plural(number, "reading about conversations has", "readings about conversations have")
        out.print(f"{name}: {without} no pass flag, and no say in whether they pass", highlight=False)
    for model, number in done.left_open.items():
        if number:
            out.print(
                f"{model}: {plural(number, 'judged reply has', 'judged replies have')} no verdict of the judges: "
                "no pass flag, or as many for as against",
                highlight=False,
            )
    if any(counts.rejected or counts.failed for counts in done.judges.values()):
        out.print(
            "what could not be read counts as nothing; "
            f"`harness judge {done.plan.paths.root} --only-errors` asks again",
            highlight=False,
        )


def percent(score: Any, *, bounds: bool = True) -> str:
    """`62% [41, 80]`, or a dash for what there is not."""
    if score is None or score.value is None:
        return "-"
    if not bounds or score.low is None or score.high is None:
        return f"{percentages(score.value)[0]}%"
    value, low, high = percentages(score.value, score.low, score.high)
    return f"{value}% [{low}, {high}]"
