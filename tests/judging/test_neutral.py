"""What a candidate says of itself is masked, what it would do to a judge is taken out, and what it is about stays."""

from __future__ import annotations

import time

import pytest

from harness.config import ModelProfile
from harness.judging.candidates import Contender, Piece
from harness.judging.names import Names
from harness.judging.neutral import CLIPPED, CONTROL, MASKED, clipped, neutralised, plain
from tests.full import FULL

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
        "I am a teacher, and a fast one. m = 3; see the reference.",
        "As a user I want to test the model with the best answer.",
        "def qwen_client(): return my_qwen",
        "This is the mistral, a wind.",
    ],
)
def test_what_an_answer_is_about_stays(said: str) -> None:
    names = Names([one for one in PROFILES if one.family != "llama"])
    assert names.masked(said) == said


IDS = ["o4-mini", "R1", "模型-甲", "o3", "Ünïmodel", "my-model", "judge-x", "glm-5"]
PLAIN = ["=2+3", "m", "a", "good", "fast", "2", "reference", "models"]
SHORT = Names([ModelProfile(name=name, provider="x") for name in [*IDS, *PLAIN, "m-1"]])
WRITTEN = [
    "O4 MINI",
    "o4_mini",
    "o4mini",
    "r1",
    "GLM 5",
    "glm5",
    "Glm:5",
    "ÜNÏMODEL",
    "U\u0308ni\u0308model",
    "My_Model",
    "JUDGE-X",
]


@pytest.mark.parametrize("name", [*IDS, *WRITTEN])
@pytest.mark.parametrize(
    "said",
    [
        "I am {}!",
        "My name is **{}**.",
        "As {}, I",
        "This is {}.",
        "from {} with love",
        "{} is best",
        "_{}_, ({})",
        "我是{}！",
        "`{}`",
    ],
)
def test_ids_are_masked_however_they_are_written(name: str, said: str) -> None:
    assert SHORT.masked(said.replace("{}", name)) == said.replace("{}", "[name]")


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize(
    "said",
    [
        "I am {}!", "I'm **{}**.", "My name is {}, thanks", "As {}, I say", "Greetings from {}!",
        "I am a large language model called {}.", "This is {}, writing to you"
    ],
)  # fmt: skip
def test_plain_names_are_masked_where_a_text_speaks_of_itself(name: str, said: str) -> None:
    assert SHORT.masked(said.replace("{}", name)) == said.replace("{}", "[name]")


@pytest.mark.parametrize(
    "said",
    [
        "I am a good teacher, as good as I can; m = 2, a fast way from 2 to 3 in the reference of models.",
        "I am 2 years old. This is good. This is a list: name them as a, b or m. I'm fast-paced.",
        "AR1, R12, R1x, xo3, o3.5, 1,o3x, demo3, my model and a judge x, r1_total, total_r1",
        "pages 2-3, 2 + 3, =2+3 in a cell",
        "```\nr1 = O3 + 5\nmy_model = r1\nglm = glm -5\nx[m-1]\n```",
        "set `r1 = 5`",
    ],
)
def test_names_inside_of_other_words_and_programs_stay(said: str) -> None:
    assert SHORT.masked(said) == said


def test_in_a_program_ids_are_masked_in_comments_and_strings_and_as_they_are_written() -> None:
    source = "r1 = R1 // o3_x  # r1, o4 mini\ns = 'judge_x' /* glm 5\n r1 */\nmodel = o4-mini\n"
    masked = "r1 = [name] // o3_x  # [name], [name]\ns = '[name]' /* [name]\n [name] */\nmodel = [name]\n"
    assert SHORT.masked(source, program=True) == masked
    assert SHORT.masked(f"r1\n```py\n{source}```\nr1") == f"[name]\n```py\n{masked}```\n[name]"


def test_an_id_of_the_task_stays_and_does_not_shelter_others() -> None:
    topic = "The current through R1; demo3"
    assert (
        SHORT.masked("R1 and r1 carry it, says o3. I am R1.", topic) == "R1 and r1 carry it, says [name]. I am [name]."
    )


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
    many = [
        ModelProfile(name=f"{a}{n}-{b}", provider="x", family=b)
        for a in "opqr"
        for b in ("mini", "zz", "quo")
        for n in range(17)
    ]
    names = Names([*PROFILES, *many])
    began = time.process_time()
    for text in (
        "I am " * 50_000, "a the " * 50_000, "qwen-" * 50_000, "i made by " * 30_000, "as an ai " * 30_000,
        "o1-" * 200_000, "o1-mi" * 200_000, "_" * 500_000, "`" * 500_000, "'" * 500_000, "/*" * 200_000,
        '"""' * 100_000, "```\n" * 100_000, "I am" + " " * 500_000, "greetings from " * 30_000,
    ):  # fmt: skip
        part = text[: len(text) if FULL else 100_000]
        names.masked(part)
        names.masked(part, program=True)
    assert time.process_time() - began < 40
