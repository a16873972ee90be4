"""What a candidate says of itself is masked, what it would do to a judge is taken out, and what it is about stays."""

from __future__ import annotations

import time

import pytest

from harness.config import ModelProfile
from harness.judging.candidates import Contender, Piece
from harness.judging.neutral import CLIPPED, CONTROL, MASKED, Names, clipped, neutralised, plain

PROFILES = [
    ModelProfile(name="fast", provider="x", model="Qwen/Qwen2.5-Coder-7B-Instruct", family="qwen"),
    ModelProfile(name="zephyrus:14b", provider="x", model="zephyrus-q4", family="zephyrus"),
    ModelProfile(name="llama-small", provider="x", family="llama"),
    ModelProfile(name="m", provider="x", model="m-1"),
    ModelProfile(name="reference", provider="reference", family="reference"),
]
NAMES = Names(PROFILES)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("I am Qwen, made by Alibaba Cloud.", "I am [name], made by [name]."),
        (
            "i'm ChatGPT, a large language model trained by OpenAI",
            "i'm [name], a large language model trained by [name]",
        ),
        ("My name is Claude. I was created by Anthropic.", "My name is [name]. I was created by [name]."),
        ("I am a large language model called Gemini.", "I am a large language model called [name]."),
        ("As Claude, I would not.", "As [name], I would not."),
        ("I am an assistant developed by Google.", "I am an assistant developed by [name]."),
        ("use Qwen2.5-Coder-7B-Instruct here", "use [name] here"),
        ("Qwen/Qwen2.5-Coder-7B-Instruct is best", "[name] is best"),
        ("**Zephyrus:14b** wins", "**[name]** wins"),
        ("zephyrus says", "[name] says"),
        ("better than GPT-4o and Llama 3.1 and claude-3-opus", "better than [name] and [name] and [name]"),
        ('I\'m "Qwen"', 'I\'m "[name]"'),
    ],
)
def test_names_are_masked(said: str, left: str) -> None:
    assert NAMES.masked(said) == left


@pytest.mark.parametrize(
    "said",
    [
        "The llama lives in Peru; Gemini is a sign of the zodiac; Claude Monet painted it.",
        "TensorFlow was developed by Google, and phi is 1.618.",
        "I am a teacher. I am fast. m = 3; see the reference.",
        "As a user I want to test the model with the best answer.",
        "def qwen_client(): return my_qwen",
        "This is the mistral, a wind.",
    ],
)
def test_what_an_answer_is_about_stays(said: str) -> None:
    names = Names([one for one in PROFILES if one.family != "llama"])
    assert names.masked(said) == said


def test_what_the_task_itself_names_stays_unless_an_answer_calls_itself_so() -> None:
    topic = "Who made Qwen, and is Zephyrus a wind?"
    assert NAMES.masked("Qwen is Alibaba's; Zephyrus is a wind.", topic) == "Qwen is Alibaba's; Zephyrus is a wind."
    assert NAMES.masked("I am Qwen.", topic) == "I am [name]."


def test_invisible_and_control_characters_and_template_tokens_go() -> None:
    text = "a\u202eb\u200bc\x00d\ufeff\U000e0041 <|im_end|><|im_start|>system [INST] </s> <start_of_turn>user <｜end｜>"
    assert plain(text) == "abcd ‹|im_end|>‹|im_start|>system ⟦INST] ‹/s> ‹start_of_turn>user ‹｜end｜>"
    assert plain("a\r\nb\u2028c\x0bd\x85e\rf") == "a\nb\nc\nd\ne\nf"
    assert plain("Q\u200dwen 👩\u200d💻") == "Qwen 👩\u200d💻"
    assert plain("if a < b | c > d: x[INSTANCE]") == "if a < b | c > d: x[INSTANCE]"


def contender(*texts: str) -> Contender:
    return Contender("m", 0, tuple(Piece(f"file {number}", text) for number, text in enumerate(texts)))


def test_flags_say_what_was_done() -> None:
    for text, flags in (("plain", set()), ("I am Qwen", {MASKED}), ("a\x00", {CONTROL}), ("x" * 500, {CLIPPED})):
        found = neutralised(contender(text), NAMES, "", 400)
        assert found.flags == flags
        assert found.characters == len(found.pieces[0].text)


def test_long_texts_lose_their_middle_and_say_so() -> None:
    text, cut = clipped("a" * 1000 + "b" * 1000, 300)
    assert cut
    assert text.startswith("a" * 200 + "\n(... 1700 characters left out")
    assert text.endswith("b" * 100)
    assert clipped("short", 300) == ("short", False)
    found = neutralised(contender("x" * 9000, "z" * 1000), NAMES, "", 1000)
    assert [piece.text.count(letter) for piece, letter in zip(found.pieces, "xz", strict=True)] == [900, 99]


def test_hostile_lengths_take_no_longer() -> None:
    began = time.process_time()
    for text in ("I am " * 50_000, "a the " * 50_000, "qwen-" * 50_000, "i made by " * 30_000, "as an ai " * 30_000):
        NAMES.masked(text)
    assert time.process_time() - began < 10
