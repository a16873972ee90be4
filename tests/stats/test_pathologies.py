"""Flags: what they find, and what they must not."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.stats.pathologies import (
    ATTEMPT_FLAGS,
    Sampled,
    bimodal,
    counted,
    echoes,
    flags,
    forbids_fences,
    levels,
    looping,
    of_samples,
    repeated,
)
from harness.stats.summary import summarise
from harness.types import Outcome, Reply, Usage, Verdict
from tests.stats.compare.made import attempt

SAID = {"usage": Usage(completion_tokens=5), "seconds": 1.0}
WRONG = Verdict(outcome=Outcome.wrong_answer, max_points=1)
CIRCLES = (
    "* Maybe the loader reads the table first, so I should check `open_table`.\n* No, it does not.\n"
    "* Then I will use `open_table`.\n* Maybe the loader reads the table last, so I should check `close_table`.\n"
    "* No, it does not.\n* Then I will use `close_table`.\n"
)
PROMPT = (
    "Write a function that takes the name of a month and returns how many days it has in a year that is no leap year. "
    "Raise ValueError for a name that is none. Names may be in any case and may have spaces around them. Do not import "
    "anything, and do not print anything: what the function returns is all that counts in the end. "
)


def ask(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def test_a_plain_answer_has_none() -> None:
    assert flags(attempt("m", "s/t", request=ask(PROMPT))) == ()


def test_thinking_without_an_answer() -> None:
    reply = Reply(text="\n", thinking="Let me see. " * 30, finish_reason="stop", **SAID)
    assert flags(attempt("m", "s/t", verdict=WRONG).model_copy(update={"reply": reply})) == (
        "empty_reply",
        "thinking_only",
    )


def test_thinking_in_circles() -> None:
    reply = Reply(text="", thinking=CIRCLES * 40, finish_reason="length", **SAID)
    found = flags(attempt("m", "s/t", verdict=WRONG).model_copy(update={"reply": reply}))
    assert found == ("empty_reply", "thinking_only", "cut_by_length", "repetition")


@pytest.mark.parametrize(
    "text",
    [
        CIRCLES * 10,
        "the answer is the answer is " * 100,
        "ha" * 2000,
        "def f():\n    return 1\n\n" * 60,
        "A fine beginning, all in order. " * 2 + "0, " * 1500,
    ],
)
def test_loops(text: str) -> None:
    assert looping(text)
    assert "repetition" in flags(attempt("m", "s/t", score=0, reply=text))
    # What passes every case has come to an end.
    assert "repetition" not in flags(attempt("m", "s/t", reply=text))


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"    assert parse('PT{n}M') == {n * 60}\n" for n in range(200)),
        "".join(f"    if code == {n}:\n        return 'name of {n * 7}'\n" for n in range(150)),
        "TABLE = [\n" + "".join(f"    ({n}, {n * n}, {n**3}),\n" for n in range(200)) + "]\n",
        "ha" * 200,
        "",
    ],
)
def test_repetitive_code_is_no_loop(text: str) -> None:
    assert not looping(text)


def test_no_file_of_this_project_is_a_loop(root: Path) -> None:
    files = [*(root / "harness").rglob("*.py"), *(root / "docs").glob("*.md"), *(root / "fixtures").rglob("*.py")]
    assert len(files) > 100
    assert [path.name for path in files if looping(path.read_text(encoding="utf-8"))] == []


def test_echo_of_the_prompt() -> None:
    assert echoes("Sure! " + PROMPT.replace(" ", "\n  "), PROMPT)
    assert flags(attempt("m", "s/t", request=ask(PROMPT), reply=f"You asked: {PROMPT}\n")) == ("prompt_echo",)
    assert not echoes(PROMPT[:150] + " and then something else " * 9, PROMPT)


def test_code_of_the_prompt_may_be_given_back() -> None:
    code = "".join(f"def part_{n}(value):\n    return value * {n}\n" for n in range(20))
    prompt = f"Mend this file.\n\n```python\n{code}```\n\nGive the whole file back.\n"
    assert not echoes(f"```python\n{code}```\n", prompt)


@pytest.mark.parametrize(
    ("prompt", "forbidden"),
    [
        ("Reply with code only, no markdown fences.", True),
        ("Do not use Markdown.", True),
        ("Return the code without code fences or any preamble.", True),
        ("Don't wrap it in backticks.", True),
        ("Give the file in one fenced code block.", False),
        ("Use no imports. Put the code into a fenced block.", False),
        ("Write a function that strips Markdown.", False),
        ("No explanation, comments or markdown.", True),
        ("Do not explain; return the code in a fenced block.", False),
        ("Do not explain, give the code in a fenced block.", False),
        ("Not a word of explanation but a code block.", False),
        ("Don't forget to use code blocks.", False),
        ("Do not omit the code fences.", False),
        ("Never leave out the fences.", False),
        ("Omit the code fences.", True),
        ("Avoid Markdown.", True),
    ],
)
def test_fences_against_the_instruction(prompt: str, forbidden: bool) -> None:
    assert forbids_fences(prompt) == forbidden
    fenced = attempt("m", "s/t", request=ask(prompt), reply="```python\nx = 1\n```")
    assert ("fences_unwanted" in flags(fenced)) == forbidden
    assert flags(attempt("m", "s/t", request=ask(prompt), reply="x = 1")) == ()


def conversation(*texts: str, thinking: str = "") -> tuple[str, ...]:
    """The flags of a conversation with these replies, as its solver keeps them."""
    turns = [Reply(text=text, thinking=thinking, finish_reason="stop", **SAID) for text in texts]
    whole = turns[-1].model_copy(update={"raw": {"turns": [turn.model_dump(mode="json") for turn in turns]}})
    request = ask(PROMPT + "No Markdown, please.")
    return flags(
        attempt("m", "s/t", kind="conversation", verdict=WRONG, request=request).model_copy(update={"reply": whole})
    )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_reply_of_a_conversation_is_looked_at(place: int) -> None:
    for text, flag in (
        (CIRCLES * 20, "repetition"),
        (f"You said: {PROMPT}", "prompt_echo"),
        ("```\nx\n```\n", "fences_unwanted"),
    ):
        texts = ["It is 5.", "Then 6.", "You are welcome."]
        texts[place] = text
        assert conversation(*texts) == (flag,)
    assert conversation("It is 5.", "Then 6.") == ()
    assert conversation("It is 5.", "Then 6.", thinking=CIRCLES * 20) == ("repetition",)
    # Nobody but the solver of conversations keeps turns there.
    other = attempt("m", "s/t", verdict=WRONG).reply
    assert other is not None
    odd = other.model_copy(update={"raw": {"turns": [{"text": CIRCLES * 20}, {"text": 5}, "x"]}})
    assert flags(attempt("m", "s/t", verdict=WRONG).model_copy(update={"reply": odd})) == ()
    assert flags(attempt("m", "s/t", kind="conversation", verdict=WRONG).model_copy(update={"reply": odd})) == (
        "repetition",
    )


def talk(roles: str, *texts: str) -> dict[str, Any]:
    """A request: `u` the user's, `a` the model's own."""
    names = {"u": "user", "a": "assistant"}
    return {"messages": [{"role": names[r], "content": text} for r, text in zip(roles, texts, strict=True)]}


def held(request: dict[str, Any], *texts: str) -> tuple[str, ...]:
    """The flags of a conversation with this last request."""
    turns = [Reply(text=text, finish_reason="stop", **SAID) for text in texts]
    whole = turns[-1].model_copy(update={"raw": {"turns": [turn.model_dump(mode="json") for turn in turns]}})
    made = attempt("m", "s/t", kind="conversation", verdict=WRONG, request=request)
    return flags(made.model_copy(update={"reply": whole}))


def test_a_reply_keeps_to_what_was_said_before_it() -> None:
    fenced = "```\nx = 1\n```"
    later = talk("uau", "Write it.", fenced, "Again, with no Markdown.")
    assert held(later, fenced, "x = 1") == ()
    assert held(later, "x = 1", fenced) == ("fences_unwanted",)
    first = talk("uau", "Write it, with no Markdown.", fenced, "Again.")
    assert held(first, fenced, "x = 1") == ("fences_unwanted",)
    # The user gives the model's own words back.
    assert held(talk("uau", "Tell me.", PROMPT, f"You said: {PROMPT}"), PROMPT, "I did.") == ()
    assert held(talk("uau", PROMPT, PROMPT, "Thanks."), PROMPT, "Bye.") == ("prompt_echo",)
    # A task's own turn of the assistant before the first reply is none of the model's.
    given = talk("uauau", "Hello", "I am Pip.", "Write it.", fenced, "Again, with no Markdown.")
    assert held(given, fenced, "x = 1") == ()


def test_an_earlier_reply_without_text() -> None:
    assert held(talk("uau", "a", "", "b"), "", "Bye.") == ("empty_reply",)


def test_no_speed() -> None:
    for usage, seconds in ((Usage(), 1.0), (Usage(completion_tokens=5), 0.0)):
        reply = Reply(text="x = 1", usage=usage, seconds=seconds)
        assert flags(attempt("m", "s/t").model_copy(update={"reply": reply})) == ("no_speed",)


def test_a_failed_call_has_no_flags() -> None:
    assert flags(attempt("m", "s/t", verdict=None, error="503").model_copy(update={"reply": None})) == ()


def test_odd_requests_are_no_crash() -> None:
    for request in (
        {"messages": [None, {"role": "user"}, {"role": "user", "content": [1]}]},
        {"prompt": 3},
        {"messages": None},
    ):
        assert flags(attempt("m", "s/t", request=request)) == ()


def test_the_same_again() -> None:
    same = [Sampled(1, "a", seed) for seed in range(3)]
    assert of_samples(same) == ("identical_samples",)
    assert of_samples(same[:2]) == ("duplicates",)
    assert of_samples([*same, Sampled(1, "b", 9)]) == ("duplicates",)
    assert of_samples([*same, Sampled(0, "", 9)]) == ("duplicates", "bimodal")
    assert repeated(same) == 2
    # The same seed gives the same answer, and says nothing.
    assert of_samples([Sampled(1, "a", 1)] * 3) == ()
    # Without one the server draws its own.
    assert of_samples([Sampled(1, "a")] * 3) == ("identical_samples",)


def test_levels() -> None:
    assert levels([0.5, 0.1, 0.15, 0.6]) == [[0.1, 0.15], [0.5, 0.6]]
    assert bimodal([0.1, 0.15, 0.5])
    assert not bimodal([0.1, 0.35, 0.35])
    assert not bimodal([0, 0.5, 1])
    assert not bimodal([0, 1])


def test_in_the_summary() -> None:
    rows = [attempt("m", "s/t", index=i, code="same") for i in range(3)]
    rows.append(attempt("m", "s/u", score=0, reply="ha" * 2000))
    (model,) = summarise(rows).models
    assert model.pathologies == {"repetition": 1, "identical_samples": 1}
    assert counted(Counter(), []) == {}
    assert set(flags(rows[-1])) <= set(ATTEMPT_FLAGS)


@pytest.mark.parametrize("period", [30, 300, 900, 1500, 2500, 4000])
def test_loops_of_paragraphs(period: int) -> None:
    rng = random.Random(period)
    words = [f"w{rng.randrange(400)}" for _ in range(period)]
    once = "".join(word + rng.choice("     \n") for word in words)[:period]
    assert looping(once * (24_000 // period + 1))
    assert not looping(once * 2)
    several = "\n".join(f"{rng.choice(words)} = check({i}, {rng.random():.3f})" for i in range(900))
    assert not looping(several)
