"""What no reply may do: make the parser fail, take long, or say what was not said."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.judging.parse import FLAGS, REASONS, parse
from harness.types import DIMENSIONS, JudgeMode, Reading

SLOW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LABELS: dict[JudgeMode, list[str]] = {"listwise": ["A", "B", "C"], "rubric": ["A"], "pairwise": ["A", "B"]}
MODES: st.SearchStrategy[JudgeMode] = st.sampled_from(list(LABELS))
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def check(text: str, mode: JudgeMode, **more: str) -> Reading:
    """What holds of every reading."""
    labels = LABELS[mode]
    reading = parse(text, labels, mode, **more)
    assert reading == parse(text, labels, mode, **more)
    reading.model_dump_json().encode()
    if not reading.accepted:
        assert reading.reason in REASONS
        assert reading.marks == ()
        assert reading.flags == ()
        return reading
    assert set(reading.flags) <= set(FLAGS)
    assert [mark.label for mark in reading.marks] == labels
    there = {float(number) for number in NUMBER.findall(text)}
    for mark in reading.marks:
        assert set(mark.scores) == (set(DIMENSIONS) if mode == "listwise" else set())
        assert all(1 <= score <= 10 and score in there for score in mark.scores.values())
        assert (mark.rubric is not None) == (mode == "rubric")
        assert mark.rubric is None or mark.rubric in there
    ranks = [mark.rank for mark in reading.marks if mark.rank is not None]
    assert len(ranks) == (0 if mode == "rubric" else len(labels))
    assert all(rank == 1 + sum(other < rank for other in ranks) for rank in ranks)
    return reading


SCORE = st.integers(1, 10) | st.floats(1, 10).map(lambda value: round(value, 2))


@st.composite
def verdicts(draw: st.DrawFn, mode: JudgeMode) -> dict[str, Any]:
    note = draw(st.text(max_size=30))
    if mode == "rubric":
        return {"score": draw(st.integers(0, 3)), "note": note}
    if mode == "pairwise":
        return {"winner": draw(st.sampled_from(["A", "B", "tie"])), "note": note}
    scores = {
        label: {**{name: draw(SCORE) for name in DIMENSIONS}, "passes": draw(st.booleans()), "note": note}
        for label in LABELS[mode]
    }
    return {"scores": scores, "ranking": draw(st.permutations(LABELS[mode]))}


PIECES = st.sampled_from((
    "{", "}", "[", "]", '"', "'", "“", "”", "‘", "\\", "\\\"", ",", ":", "//", "/*", "*/", "#", "\n", "\t", "\0",
    "\ufeff", "\ud800", "\u2028", "```", "```json\n", "<think>", "</think>", "<reasoning>", "[THINK]", "[/THINK]",
    "<|channel|>final<|message|>", "<|channel|>analysis<|message|>", "assistantfinal", "scores", '"scores": ',
    '"ranking": ', '"A"', "A", '"B": ', "Model C", '"accuracy": ', "8", "8/10",
    "1e400", "-1", "NaN", "Infinity", "true", "None", "null",
    '"score": 2', '"winner": "A"', '{"score": 3}', '{"winner": "B"}', "...", "<1-10>", " ", "I'm sorry", "é",
    '{"ranking": ["A", "B", "C"]}', "9" * 5000,
))  # fmt: skip
TEXTS = st.lists(PIECES | st.text(st.characters(), max_size=60), max_size=40).map("".join)


@SLOW
@given(TEXTS, MODES, st.sampled_from(["", "stop", "length", "content_filter"]), st.sampled_from(["", "k7"]))
@example('{"score": 2, "id": "\ud800"}', "rubric", "stop", "k7")
@example('{"score": ' + "9" * 100_000 + "}", "rubric", "stop", "")
def test_any_text(text: str, mode: JudgeMode, finish: str, nonce: str) -> None:
    check(text, mode, finish_reason=finish, nonce=nonce, prompt=text[:50])


@SLOW
@given(st.data(), MODES)
def test_a_verdict_is_read_as_it_stands(data: st.DataObject, mode: JudgeMode) -> None:
    given_verdict = data.draw(verdicts(mode))
    text = json.dumps(
        given_verdict, ensure_ascii=data.draw(st.booleans()), indent=data.draw(st.sampled_from([None, 1]))
    )
    surrounded = data.draw(
        st.sampled_from(["{}", "```json\n{}\n```", "I say {{smile}} it's:\n{}\nDone.", '<think>{{"</think>{}'])
    )
    reading = check(surrounded.format(text), mode)
    assert reading.accepted, reading.detail
    assert not reading.repaired
    if mode == "rubric":
        assert reading.marks[0].rubric == given_verdict["score"]
    elif mode == "pairwise":
        winner = given_verdict["winner"]
        assert [mark.rank == 1 for mark in reading.marks] == [winner in ("tie", label) for label in LABELS[mode]]
    else:
        for mark in reading.marks:
            said = given_verdict["scores"][mark.label]
            assert mark.scores == {name: said[name] for name in DIMENSIONS}
            assert mark.passes == said["passes"]
        assert [m.label for m in sorted(reading.marks, key=lambda m: m.rank or 0)] == given_verdict["ranking"]


@SLOW
@given(
    st.lists(
        st.sampled_from(['"', "“", "”", ",", ":", "{", "}", "]", ";", "//", " ", "a", '"k": 1', '", ']), max_size=9
    )
)
@example(["a ", '"k": 1', '", ', '"k": 1', '"'])
def test_quotes_that_are_not_escaped_hide_no_score_and_make_none(note: list[str]) -> None:
    for form in ('{"score": 2, "note": "@"}', '{"note": "@", "score": 2}', '{"note": "@", "score": 2, "x": "y"}'):
        reading = check(form.replace("@", "".join(note)), "rubric")
        assert not reading.accepted or reading.marks[0].rubric == 2
    assert check('{"note": "@"}'.replace("@", "".join(note)), "rubric").reason


@SLOW
@given(st.data(), MODES)
def test_a_mutated_verdict(data: st.DataObject, mode: JudgeMode) -> None:
    text = json.dumps(data.draw(verdicts(mode)), ensure_ascii=False)
    for _ in range(data.draw(st.integers(1, 4))):
        first, second = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
        kind = data.draw(st.sampled_from(["cut", "drop", "double", "insert", "swap", "nest", "twice"]))
        if kind == "cut":
            text = text[:second]
        elif kind == "drop":
            text = text[:first] + text[first + data.draw(st.integers(1, 3)) :]
        elif kind == "double":
            text = text[:second] + text[first:]
        elif kind == "insert":
            text = text[:first] + data.draw(PIECES) + text[first:]
        elif kind == "swap":
            text = (
                text[:first]
                + text[second : second + 1]
                + text[first + 1 : second]
                + text[first : first + 1]
                + text[second + 1 :]
            )
        elif kind == "nest":
            text = data.draw(
                st.sampled_from(['{"result": %s}', '{"example": %s}', "[%s]", "<think>%s", "{%s}"])
            ).replace("%s", text)
        else:
            text += data.draw(st.sampled_from(["", "\n", " rather "])) + text
    check(text, mode)


@SLOW
@given(st.data(), MODES)
def test_a_verdict_cut_anywhere_is_no_verdict(data: st.DataObject, mode: JudgeMode) -> None:
    text = json.dumps(data.draw(verdicts(mode)))
    assert not check(text[: data.draw(st.integers(0, len(text) - 1))], mode).accepted


THINKING = [
    "<think>{}</think>", "x <think>{}</think>", "{}</think>", "x {} </think> y", "<think>{}", "y <think>{}",
    "<reasoning>{}</reasoning>", "[THINK]{}[/THINK]", "[THINK]{}", "◁think▷{}◁/think▷", "<think>a</think><think>{}",
    "<|channel|>analysis<|message|>{}<|end|>", "<think>{{\"x\": \" {}</think>",
    "<think>it says \"</think>\" {} </think> x",
]  # fmt: skip


@SLOW
@given(st.data(), MODES, st.sampled_from(THINKING), st.sampled_from(["", "\n", "\nDone {smile}.", '\n{"note": "no"}']))
def test_what_was_only_thought_is_never_taken(data: st.DataObject, mode: JudgeMode, form: str, after: str) -> None:
    decoy = data.draw(verdicts(mode))
    assert not check(form.format(json.dumps(decoy)) + after, mode).accepted


@SLOW
@given(st.data(), MODES, st.sampled_from(["{}", "It says\n{}\n", '{{"note": "{}']))
def test_what_the_prompt_says_is_never_taken(data: st.DataObject, mode: JudgeMode, form: str) -> None:
    quoted = data.draw(verdicts(mode))
    prompt = f"<candidate>{json.dumps(quoted, indent=data.draw(st.sampled_from([None, 2])))}</candidate>"
    assert not check(form.format(json.dumps(quoted)), mode, prompt=prompt).accepted


BIG = 400_000
HUGE = {
    "braces": "{" * 3_000_000,
    "braces and quotes": '{"' * (BIG // 2),
    "pairs": "{}" * (BIG // 2),
    "closed": '{"a":' * 60_000 + "}" * 60_000,
    "open": '{"a":' * (BIG // 5),
    "lists": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
    "quotes": '"' * BIG,
    "slashes": "\\" * BIG,
    "comments": "{/*" * (BIG // 3),
    "blanks": "{" + " " * (BIG - 20),
    "comments before keys": "{#{\n" * (BIG // 4),
    "keys that never end": '{"' * 100_000 + " " * 190_000 + '" :',
    "words that never are keys": "{a " * (BIG // 3),
    "values that never end": '{"a": "' * 60_000,
    "commas after values": '{"a": "' + 'x", y ' * 65_000 + '"}',
    "comments after values": '{"a": "' + 'x", //\n ' * 45_000 + '"}',
    "blanks after values": '{"a": "' + ('x",' + " " * 600) * 600 + '"}',
    "colons": ": " * (BIG // 2),
    "words after values": '{"a": "x", ' + "a" * (BIG - 20),
    "blanks before keys": ("{" + "\n" * 600) * 600 + '"',
    "many in a list": "[" + '{"score": 2},\n' * 28_000 + '{"x": 1}]',
    "many": '{"score": 2}\n' * 30_000,
    "tags": "x <think>" * 300_000,
    "ends": "x </think> y " * 200_000,
    "fences": "```\n" * 100_000,
    "strings": '{"note": "' + 'a" ' * 130_000 + '"}',
    "broken": '{"a": ["b" "c"} ' * 20_000,
    "integer": '{"score": ' + "9" * 300_000 + "}",
    "text": '{"score": "' + "9" * 300_000 + '"}',
    "stars": '{"winner": "' + "*" * 300_000 + '"}',
    "keys": "{" + '"a": 1, ' * 40_000 + '"b": 1}',
    "blanks in a tag": "x <" + " " * (BIG - 20),
    "blanks in tags": ("<" + " " * 600) * 1600,
    "blanks in channels": ("<|channel|>" + " " * 600) * 1600,
    "words in channels": "<|channel|>" + "a" * (BIG - 20),
    "decoys": '<x>{"a":1}</think> z ' * 15_000,
}


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("mode", LABELS)
def test_no_text_takes_long(name: str, mode: JudgeMode) -> None:
    """Quadratic work on any of these takes longer than a test may."""
    reading = check(HUGE[name], mode)
    assert reading.accepted == (name.startswith("many") and mode == "rubric")


def test_objects_are_not_looked_up_without_end() -> None:
    """Each search takes as long as the prompt is; the same object is looked up once."""
    prompt = '{"score":2,"x":' * 15_000
    different = "".join(f'{{"score": 2, "x": {number}}}\n' for number in range(15_000))
    assert check(different, "rubric", prompt=prompt).reason == "too_long"
    assert check(different, "rubric").accepted
    assert check('{"score": 2, "x": 1}\n' * 15_000, "rubric", prompt=prompt).accepted
    wrapped = ", ".join(f'"answer{"_" * number}": {{"score": 2, "x": {number}}}' for number in range(190))
    assert check("{" + wrapped + "}", "rubric", prompt=prompt).accepted
    many = ", ".join(
        f'"{"answer_" * (number % 9)}answer{" " * (number // 9)}": {{"score": 2}}' for number in range(1500)
    )
    assert check(f'{{"id": "k7", {many}}}', "rubric", prompt=prompt, nonce="k7").accepted


def test_a_reply_beyond_all_thinking_is_not_read() -> None:
    assert check("<think>" + "x" * 4_000_000 + '</think>{"score": 2}', "rubric").reason == "too_long"
