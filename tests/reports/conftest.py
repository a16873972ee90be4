"""A run that never was, made of plain data: twelve tasks, two models, five attempts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.stats.inputs import CaseInfo, ReportInput, TaskInfo
from harness.types import (
    AgentEnding,
    AgentRecord,
    Attempt,
    Candidate,
    CaseResult,
    Extraction,
    ModelCall,
    Outcome,
    Reply,
    Selection,
    Try,
    Usage,
    Verdict,
)

HIDDEN = "hidden-value-7f3a"
"""Marks every hidden input, expected value, answer, output and remark of the synthetic run."""

TASKS = [
    ("parse_iso_duration", "Parse an ISO 8601 duration", "parser", 0.10),
    ("flatten", "Flatten nested dictionaries", "recursion", 0.30),
    ("merge_intervals", "Merge overlapping intervals", "intervals", 0.25),
    ("slugify", "Make a URL slug", "text", 0.55),
    ("roman", "Roman numerals, both ways", "parser", 0.35),
    ("lru_cache", "A least-recently-used cache", "stateful", 0.05),
    ("word_count", "Count words", "text", 0.90),
    ("add", "Add two numbers", "arithmetic", 1.0),
    ("weekday", "Weekday of a date", "dates", 0.20),
    ("diff_lines", "Line difference of two texts", "text", 0.02),
    ("is_even", "Is a number even", "arithmetic", 0.95),
    ("balanced", "Balanced brackets", "parser", 0.50),
]
MODELS = {"smollm2": 0.6, "reference": 99.0}
CASES = [("minutes_only", True), ("mixed", True), ("zero", True)] + [(f"case-{n:02d}", False) for n in range(4, 9)]


def case_result(name: str, visible: bool, passed: bool, outcome: Outcome) -> CaseResult:
    secret = "" if visible else f" {HIDDEN}"
    return CaseResult(
        id=name, visible=visible, outcome=Outcome.passed if passed else outcome, points=float(passed), seconds=0.002,
        expected=f"300{secret}", got=f"300{secret}" if passed else f"None{secret}",
        output="" if passed else f"debug: called{secret}\n", detail="" if passed else f"expected 300, got None{secret}",
    )  # fmt: skip


def verdict(rng: random.Random, outcome: Outcome) -> Verdict:
    if outcome in (Outcome.no_candidate, Outcome.infra_error):
        return Verdict(outcome=outcome, max_points=len(CASES), detail="the container was gone before it answered")
    good = outcome is Outcome.passed
    cases = [(name, visible, good or rng.random() < 0.5) for name, visible in CASES]
    if not good:
        cases[-1] = (*cases[-1][:2], False)
    results = tuple(case_result(name, visible, passed, outcome) for name, visible, passed in cases)
    return Verdict(
        outcome=outcome, points=sum(c.points for c in results), max_points=len(results), cases=results,
        backend="docker", layers={"network": "none", "runtime": "runc", "user": "fresh uid"}, seconds=0.31,
        detail="" if good else f"5 of 8 cases {HIDDEN}",
    )  # fmt: skip


def attempt(rng: random.Random, task: tuple[str, str, str, float], model: str, index: int) -> Attempt:
    name, _, category, rate = task
    wrong = rng.choice([Outcome.wrong_answer] * 4 + [Outcome.runtime_error, Outcome.timeout, Outcome.no_candidate])
    outcome = Outcome.passed if rng.random() < rate * MODELS[model] else wrong
    code = f"def {name}(value):\n    # sample {rng.randint(0, 3) if model == 'smollm2' else 0}\n    return value\n"
    candidate = None if outcome is Outcome.no_candidate else Candidate(files={"solution.py": code})
    reply = "" if candidate is None else f"Here is the function:\n\n```python\n{code}```\nIt handles every case."
    return Attempt(
        task=f"single_function/{name}", suite="single_function", category=category, kind="function", model=model,
        repeat=0, attempt=index, seed=1000 + index, solver="single_shot",
        request={"messages": [{"role": "user", "content": f"Write the function `{name}`.\nReply with code only."}]},
        reply=Reply(
            text=reply, thinking="Let me think.\n" * 4 if index == 0 else "", finish_reason="stop", model=model,
            usage=Usage(prompt_tokens=181, completion_tokens=rng.randint(40, 400)), seconds=rng.uniform(0.5, 3),
        ),
        extraction=Extraction(candidate=candidate, choice="the only fenced block", fenced=candidate is not None),
        verdict=verdict(rng, outcome), started=f"2025-11-21T04:{index:02d}:00Z", seconds=3.1,
    )  # fmt: skip


@pytest.fixture
def synthetic() -> Callable[..., ReportInput]:
    """`synthetic(tasks=12, models=..., attempts=5)`: a run with a provider failure and an infrastructure error."""

    def make(tasks: int = 12, models: tuple[str, ...] = ("smollm2", "reference"), attempts: int = 5) -> ReportInput:
        rng = random.Random(5)
        chosen = TASKS[:tasks]
        rows = [attempt(rng, task, model, i) for task in chosen for model in models for i in range(attempts)]
        if len(rows) > 60:
            error = "429 Too Many Requests: the server asks to wait 20 s"
            rows[3] = rows[3].model_copy(update={"verdict": None, "error": error, "reply": None, "extraction": None})
            rows[21] = rows[21].model_copy(update={"verdict": verdict(rng, Outcome.infra_error)})
        infos = {
            f"single_function/{name}": TaskInfo(
                id=f"single_function/{name}", title=title, kind="function", category=category,
                instruction=f"# {title}\n\nWrite `{name}`.\n",
                cases=tuple(CaseInfo(id=c, visible=v, call=f"{name}({c!r})" + ("" if v else HIDDEN),
                                     expected="300" if v else HIDDEN) for c, v in CASES),
            )
            for name, title, category, _ in chosen
        }  # fmt: skip
        return ReportInput(
            name="warmup-best-of-5", attempts=rows, selections=[pick for pick in select(rows) if attempts > 1],
            config={"paths": ["fixtures/single_function"], "models": list(models), "best_of": attempts, "seed": 0},
            manifest={
                "harness": "0.1.0", "python": "3.11.7", "cpu": {"model": "Example CPU", "cores": 2},
                "engine": {"name": "docker", "version": "26.1.5", "runtime": "runc"},
                "images": [{"tag": "harness-python:3f9c", "digest": "sha256:" + "ab" * 32}],
                "models": {"smollm2": {"base_url": "http://user:pass@127.0.0.1:8080/v1", "api_key": "sk-1"}},
            },
            notes={"smollm2": "weak: 135 million parameters", "reference": "the tasks' own solutions: the ceiling"},
            tasks=infos, planned=len(chosen) * attempts,
        )  # fmt: skip

    return make


def select(rows: list[Attempt]) -> list[Selection]:
    """Most points in the visible cases, the first of equals."""
    groups: dict[tuple[str, str], list[Attempt]] = {}
    for row in rows:
        if row.verdict:
            groups.setdefault((row.task, row.model), []).append(row)
    picks = []
    for (task, model), members in groups.items():
        best = max(members, key=lambda row: (row.verdict and row.verdict.visible_score) or 0)
        reason = "most points in the visible cases"
        picks.append(
            Selection(task=task, model=model, repeat=0, attempt=best.attempt, method="verifier", reason=reason)
        )
    return picks


DIFF = """\
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -1,3 +1,3 @@
 def total(prices):
--- counter
-    return 0
++++ counter
+    return sum(prices)
--- /dev/null
+++ b/shop/new.py
@@ -0,0 +1 @@
+VALUE = 1
"""
"""Two files; in the first, lines that look like the head of a file."""


def with_agent(row: Attempt) -> Attempt:
    """`row` made by an agent: attempt 0 was told of hidden tests after a failure, 1 ran out of time, 3 cheated."""
    earlier: tuple[Try, ...] = ()
    if row.attempt == 0:
        failed = verdict(random.Random(1), Outcome.wrong_answer)
        told = f"Hidden tests were run on your files: 7 passed, 1 failed. {HIDDEN}"
        candidate = Candidate(files={"solution.py": "first try"})
        earlier = (Try(candidate=candidate, verdict=failed, told=told, seconds=4.5),)
    record = AgentRecord(
        agent="aider 0.86.2", image="harness-sandbox-aider:fc75", session=f"{row.task} {row.attempt}",
        ending=AgentEnding.timeout if row.attempt == 1 else AgentEnding.finished,
        detail="its time was over" if row.attempt == 1 else "", earlier=earlier, calls=3, refused=row.attempt == 2,
        counts={"turns": 3, "edit_errors": int(row.attempt == 2), "lint_failed": 0, "own_thing": 2}, diff=DIFF,
        transcript=f"Talk of attempt {row.attempt}. {HIDDEN if earlier else ''}",
        left=("conftest.py: new",) if row.attempt == 3 else (), start_s=0.8, first_call_s=2.5, wall_s=30.0,
    )  # fmt: skip
    found = row.extraction.candidate if row.extraction else None
    choice = "1 file changed by the agent: shop/cart.py"
    extraction = Extraction(candidate=found, choice=choice, rejected=record.left, handed_over=True)
    update = {"agent": record, "solver": "aider", "kind": "workspace", "extraction": extraction}
    if row.reply:
        # No solver of ours keeps what an agent said here: a plugin's may.
        said = {"text": record.transcript, "thinking": record.transcript, "finish_reason": record.ending.value}
        update["reply"] = row.reply.model_copy(update=said)
    return row.model_copy(update=update)


def calls_of(session: str) -> list[ModelCall]:
    """Two answers and a refusal; the error quotes what was asked."""
    reply = Reply(text="x", finish_reason="stop", usage=Usage(prompt_tokens=1200, completion_tokens=34))
    quoted = f"budget_exceeded: {HIDDEN if session.endswith(' 0') else 'no more'}"
    return [
        ModelCall(session=session, number=1, asked="gw", reply=reply, cost_usd=0.01, seconds=1.5),
        ModelCall(session=session, number=2, asked="gw", reply=reply, seconds=1.5),
        ModelCall(session=session, number=3, asked="gw", status=400, error=quoted),
    ]


@pytest.fixture
def agents(synthetic: Callable[..., ReportInput]) -> Callable[..., ReportInput]:
    """`synthetic`, with the attempts of `smollm2` made by agents."""

    def make(*arguments: object, **keys: object) -> ReportInput:
        run = synthetic(*arguments, **keys)
        rows = [with_agent(row) if row.model == "smollm2" and row.reply else row for row in run.attempts]
        return replace(run, attempts=rows, calls=calls_of)

    return make


@pytest.fixture
def with_rows() -> Callable[[ReportInput, list[Attempt]], ReportInput]:
    """The same run with other attempts."""
    return lambda run, rows: replace(run, attempts=rows)
