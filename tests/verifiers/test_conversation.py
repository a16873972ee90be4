"""The verifier of conversations: which reply each criterion is about, and that nothing in one is ever run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.grading.admission import admit
from harness.grading.grade import grade
from harness.grading.verifier import open_verifier
from harness.sandbox.nothing import sandbox_for
from harness.sandbox.pool import Pool
from harness.tasks import load
from harness.tasks.criteria import READERS
from harness.tasks.turns import reply_files
from harness.types import Candidate, Evidence, Extraction, Task, TextCase, Verdict


def task(*cases: TextCase) -> Task:
    return Task(id="s/t", suite="s", name="t", kind="conversation", instruction="", cases=cases)


def case(check: str, want: Any, turn: int | None = None) -> TextCase:
    return TextCase(id=f"{'' if turn is None else f'turn{turn + 1}.'}{check}", check=check, want=want, turn=turn)


@pytest.fixture
def pool() -> Pool:
    """A pool that has no sandbox to give."""
    return Pool(sandbox_for([task()], "docker", print, None), size=1)


def verdict(pool: Pool, asked: Task, *replies: str) -> Verdict:
    extraction = Extraction(candidate=Candidate(files=reply_files(replies)), choice="given")
    return grade(asked, extraction, pool)[0]


def seen(found: Verdict) -> dict[str, tuple[str, str, str]]:
    return {item.id: (item.outcome.value, item.expected, item.got) for item in found.cases}


def test_every_criterion_is_about_its_own_reply(pool: Pool) -> None:
    asked = task(
        case("must_include", "one", 0), case("must_include", "two", 1), case("must_include", "three"),
        case("max_words", 1, 2), case("equals", "one"),
    )  # fmt: skip
    found = verdict(pool, asked, "one", "twofold", "three")
    assert seen(found) == {
        "turn1.must_include": ("passed", "must include: one", "'one'"),
        "turn2.must_include": ("wrong_answer", "must include: two", "not there"),
        "must_include": ("passed", "must include: three", "'three'"),
        "turn3.max_words": ("passed", "max words: 1", "1 words"),
        "equals": ("wrong_answer", "equals: one", "'three'"),
    }
    assert (found.outcome.value, found.points, found.max_points) == ("wrong_answer", 3, 5)
    assert (found.backend, found.assurance, found.layers) == ("none", "proof", {})


def test_a_reply_that_was_never_given_meets_nothing(pool: Pool) -> None:
    asked = task(case("must_not_include", "x", 1), case("must_not_include", "x"))
    found = verdict(pool, asked, "only this")
    assert seen(found)["turn2.must_not_include"][::2] == ("wrong_answer", "the model gave no such reply")
    assert seen(found)["must_not_include"][0] == "passed"
    verifier = open_verifier("conversation")
    for files in ({}, {"else.md": "x"}, {"turn0.md.md": "x"}):
        plan = verifier.plan(asked, Candidate(files=files))
        results = verifier.verify(asked, plan, Evidence(cases=(), backend="none"))
        assert [item.outcome.value for item in results] == ["wrong_answer"] * 2, files


def test_all_criteria_make_a_pass_and_none_make_no_verdict(pool: Pool) -> None:
    assert verdict(pool, task(case("number", {"value": 5, "tolerance": 0.0})), "It is 5.").passed
    nothing = verdict(pool, task(), "It is 5.")
    assert (nothing.outcome.value, nothing.max_points, nothing.cases) == ("unscored", 0, ())
    assert grade(task(), Extraction(candidate=None, choice="an empty reply"), pool)[0].outcome.value == "no_candidate"


def test_ten_replies_are_in_their_order(pool: Pool) -> None:
    replies = [f"reply {number}" for number in range(1, 13)]
    asked = task(*(case("number", {"value": number, "tolerance": 0.0}, number - 1) for number in range(1, 13)))
    assert verdict(pool, asked, *replies).passed


@pytest.mark.parametrize(
    "reply",
    ["__import__('os')._exit(3)", "def f(:\n", "\ud800\x00", "x" * 2_500_000, "(" * 100_000, "a" * 50_000 + "!"],
    ids=["code", "broken", "surrogate", "long", "deep", "slow"],
)
def test_no_reply_breaks_the_verifier(pool: Pool, reply: str) -> None:
    asked = task(
        case("regex", r"(a+)+$"), case("python_compiles", want=True), case("plain_text", want=True),
        case("json_keys", ["a"]), case("number", {"value": 1, "tolerance": 0.0}), case("no_emoji", want=True),
    )  # fmt: skip
    found = verdict(pool, asked, reply)
    assert len(found.cases) == 6
    assert {item.outcome.value for item in found.cases} <= {"passed", "wrong_answer"}
    found.model_dump_json()


def test_the_example_of_the_documentation_is_admitted(pool: Pool, root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "tasks.md").read_text()
    section = text[text.index("## Conversations") :]
    (tmp_path / "pip.yaml").write_text(section.partition("```yaml\n")[2].partition("```")[0])
    (found,) = load(tmp_path).tasks
    assert admit(found, pool).problems == ()
    assert {item.id for item in found.cases} == {
        "turn1.max_sentences", "must_not_include:1", "plain_text", "no_emoji", "must_include:1", "max_words",
    }  # fmt: skip
    for name in READERS:
        assert f"`{name}" in section, f"{name} is not documented"


def test_the_shipped_questions_need_no_sandbox(pool: Pool, root: Path) -> None:
    suite = load(root / "fixtures" / "rubric")
    chosen = [item for item in suite.tasks if item.cases][:10]
    assert len(chosen) == 10
    assert {item.task: item.problems for item in (admit(one, pool, rounds=1) for one in chosen) if item.problems} == {}
