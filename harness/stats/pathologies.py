"""Signs that a reply went wrong in a way that its verdict does not tell: flags of an attempt, and of its task.

An attempt's flags are read off that attempt alone (`flags`). Those of a (model, task) need its samples side by side
(`of_samples`). None of them changes a verdict or a rate.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from harness.tasks.turns import replies_of, spoken
from harness.types import Attempt, Reply

ATTEMPT_FLAGS = {
    "empty_reply": "no text at all",
    "thinking_only": "no text, but thinking: it never came to an answer",
    "cut_by_length": "the token limit ended the reply",
    "repetition": "it ends in a loop",
    "prompt_echo": "it repeats the prompt",
    "fences_unwanted": "Markdown fences although the prompt forbids them",
    "no_speed": "the server told no tokens or no time: no tokens/s",
}
"""Flag of an attempt -> what it says."""

TASK_FLAGS = {
    "identical_samples": "three samples or more, with different seeds, and one and the same candidate",
    "duplicates": "some of the samples are the same candidate under different seeds",
    "bimodal": "scores in two groups with nothing between them",
}
"""Flag of a (model, task) -> what it says. One that has `identical_samples` has no `duplicates`."""

FLAGS = {**ATTEMPT_FLAGS, **TASK_FLAGS}

TAILS = (4000, 24_000)
"""Characters at the end of a text that are searched for a loop: one that is under way goes on to the end. The longer
one is for loops of whole paragraphs, of which the shorter has too few turns to tell."""
LAST_WORDS = 80
LEAST_LOOP = 600
"""Shorter texts are no loop."""
LOOP_RATIO = 8.0
"""Length over compressed length (deflate, level 1) from which a tail may be a loop: prose has 2 to 3, code 3 to 6."""
LOOP_NEW = 0.25
"""A loop has at most this share of different pieces among its lines, or among its runs of eight words."""
LEAST_PIECES = 12
ECHO = 200
"""A run of this many characters of the prompt's prose, spaces evened, that stands in the reply is an echo."""
IDENTICAL_FROM = 3
"""Samples that must all be the same before they are called so: two can be by chance."""
LEVEL_GAP = 0.1
"""Scores (0..1) further apart than this are different levels."""
BIMODAL_GAP = 0.3
"""Two levels with at least this much of the scale between them are two modes."""

_CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^\s{0,3}(?:`{3}|~{3})", re.MULTILINE)
_FORBIDDEN = re.compile(
    r"(?<!\bnot )(?<!\bnever )(?<!n't )(?<!n’t )\b(?:no|not|never|without|don't|don’t|avoid|omit)\b"
    # "Do not forget the fences" asks for them.
    r"(?!\s+(?:forget|omit|skip|miss|leave\s+out|drop|remove)\b)"
    # Up to the thing itself in the same clause: "do not explain, give the code in a fenced block" forbids nothing.
    r"(?:(?!\b(?:only|but|just|instead)\b|,\s*(?:return|give|put|write|reply|answer|use)\b)[^.!?;:\n]){0,40}?"
    r"\b(?:markdown|(?:code[ -]?)?fences?|fenced|backticks|code blocks?)\b",
    re.IGNORECASE,
)


class Sampled(NamedTuple):
    """One graded sample of a (model, task), as `of_samples` and stability take it."""

    score: float
    """0..1."""
    hash: str
    """Of the candidate; empty where there is none."""
    seed: int | None = None


def flags(attempt: Attempt) -> tuple[str, ...]:
    """The flags of one attempt, in the order of `ATTEMPT_FLAGS`.

    An agent's attempt has no reply of its own: of it only what the server counted is looked at.
    """
    reply = attempt.reply
    if reply is None:
        return ()
    found = []
    said = _said(attempt, reply) if attempt.agent is None else []
    blank = [thinking for text, thinking in said if not text.strip()]
    if blank:
        found.append("empty_reply")
        if any(thinking.strip() for thinking in blank):
            found.append("thinking_only")
    if reply.finish_reason == "length":
        found.append("cut_by_length")
    if said:
        found += _of_texts(attempt, said)
    if reply.usage.completion_tokens is None or reply.seconds <= 0:
        found.append("no_speed")
    return tuple(found)


def _of_texts(attempt: Attempt, said: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What any of the replies, each (text, thinking), does."""
    passed = attempt.verdict is not None and attempt.verdict.passed
    # A table of values is as repetitive as a loop; but what passes has an end.
    if any((not passed and looping(text)) or looping(thinking) for text, thinking in said):
        yield "repetition"
    prompts = _prompts(attempt, len(said))
    if any(echoes(text, prompt) for (text, _), prompt in zip(said, prompts, strict=True)):
        yield "prompt_echo"
    # First what finds something in few replies: prompts are long, and of a conversation each has one of its own.
    if any(_FENCE.search(text) and forbids_fences(prompt) for (text, _), prompt in zip(said, prompts, strict=True)):
        yield "fences_unwanted"


def _said(attempt: Attempt, reply: Reply) -> list[tuple[str, str]]:
    """(text, thinking) of the reply, or of every reply of a conversation of several turns."""
    if attempt.kind != "conversation":
        return [(reply.text, reply.thinking)]
    turns = reply.raw.get("turns") if isinstance(reply.raw, dict) else None
    if not isinstance(turns, list) or len(turns) < 2:
        candidate = attempt.extraction.candidate if attempt.extraction else None
        earlier = replies_of(candidate.files)[:-1] if candidate else []
        return [*((text, "") for text in earlier), (reply.text, reply.thinking)]
    # As the solver kept them: replies as data.
    return [(str(turn.get("text", "")), str(turn.get("thinking", ""))) for turn in turns if isinstance(turn, dict)]


def looping(text: str) -> bool:
    """Whether the end of `text` is a degenerate loop.

    It compresses `LOOP_RATIO` to one or better, and few of its pieces are new: lines where it has lines, otherwise runs
    of eight words, otherwise of twelve characters. Repetitive code (a table of cases, a list of assertions) compresses
    as well, but each of its lines is another one.
    """
    short, long = TAILS
    if _loop(text[-short:]):
        return True
    # A loop has said its last words before; to look for these costs nothing beside compressing.
    tail = text[-long:]
    return len(tail) > short and tail.find(tail[-LAST_WORDS:]) < len(tail) - LAST_WORDS and _loop(tail)


def _loop(tail: str) -> bool:
    if len(tail) < LEAST_LOOP:
        return False
    lines = [line for line in map(str.strip, tail.split("\n")) if line]
    # First what is cheap: the lines of nearly every reply differ.
    if len(lines) >= LEAST_PIECES and len(set(lines)) > max(3, LOOP_NEW * len(lines)):
        return False
    data = tail.encode("utf-8", "replace")
    if len(data) / len(zlib.compress(data, 1)) < LOOP_RATIO:
        return False
    if len(lines) >= LEAST_PIECES:
        return True
    words = tail.split()
    size = 8 if len(words) >= 3 * LEAST_PIECES else 12
    pieces: Sequence[Sequence[str]] = words if size == 8 else tail
    runs = [tuple(pieces[i : i + size]) for i in range(len(pieces) - size + 1)]
    return len(set(runs)) <= LOOP_NEW * len(runs)


def echoes(text: str, prompt: str) -> bool:
    """Whether a run of at least 1.5 * `ECHO` characters of the prompt's prose stands in `text`, spaces evened.

    Code in the prompt does not count: a workspace's files are there to be given back changed. Runs from `ECHO` on may
    be found, from 1.5 times that on they are.
    """
    if len(text) < ECHO or len(prompt) < ECHO:
        return False
    # A reply without a window's longest word has not that window; with it spaces have to be evened to tell.
    likely = [window for word, window in _windows(prompt) if word in text]
    if not likely:
        return False
    evened = " ".join(text.split())
    return any(window in evened for window in likely)


@lru_cache(maxsize=512)
def forbids_fences(prompt: str) -> bool:
    """Whether a prompt says, in one sentence, that there must be no Markdown, fences or code blocks."""
    return _FORBIDDEN.search(prompt) is not None


def of_samples(samples: Sequence[Sampled]) -> tuple[str, ...]:
    """The flags of one model's samples at one task, in the order of `TASK_FLAGS`."""
    found = []
    same = repeated(samples)
    known = [sample for sample in samples if sample.hash]
    if same and len(known) >= IDENTICAL_FROM and len(known) == len(samples) and len({s.hash for s in known}) == 1:
        found.append("identical_samples")
    elif same:
        found.append("duplicates")
    if bimodal([sample.score for sample in samples]):
        found.append("bimodal")
    return tuple(found)


def repeated(samples: Iterable[Sampled]) -> int:
    """Samples that an earlier one with another seed had given already, byte for byte."""
    seeds: dict[str, set[int | None]] = {}
    again = 0
    for sample in samples:
        if not sample.hash:
            continue
        before = seeds.setdefault(sample.hash, set())
        # The same seed has to give the same answer; without one the server drew its own.
        again += bool(before) and (sample.seed is None or sample.seed not in before)
        before.add(sample.seed)
    return again


def levels(scores: Sequence[float]) -> list[list[float]]:
    """Scores, 0..1, ascending, in groups that are more than `LEVEL_GAP` apart."""
    groups: list[list[float]] = []
    for score in sorted(scores):
        if groups and score - groups[-1][-1] <= LEVEL_GAP + 1e-9:
            groups[-1].append(score)
        else:
            groups.append([score])
    return groups


def bimodal(scores: Sequence[float]) -> bool:
    """Three scores or more, in exactly two levels that are `BIMODAL_GAP` or more apart."""
    found = levels(scores)
    return len(scores) >= 3 and len(found) == 2 and found[1][0] - found[0][-1] >= BIMODAL_GAP - 1e-9


def counted(attempt_flags: Counter[str], tasks: Iterable[Sequence[Sampled]]) -> dict[str, int]:
    """Flag -> attempts, or tasks for `TASK_FLAGS`, that have it; flags that none has are left out."""
    total = Counter(attempt_flags)
    for samples in tasks:
        total.update(of_samples(samples))
    return {flag: total[flag] for flag in FLAGS if total[flag]}


def _prompts(attempt: Attempt, replies: int) -> list[str]:
    """What the model had been told before each of its replies, without what it said itself.

    `request` is that of the last reply: what the user said later is nothing that an earlier reply could keep to. Where
    a task's own assistant turns stand between the replies, an earlier one may be given more than it was told.
    """
    told = _told(attempt)
    if replies == 1:
        return [_others(told)]
    own = [place for place, (role, _) in enumerate(told) if role == "assistant"][1 - replies :]
    ends = [*own, *[len(told)] * (replies - len(own))]
    return [_others(told[:end]) for end in ends]


def _told(attempt: Attempt) -> list[tuple[str, str]]:
    """(role, text) of the last request, in order."""
    request = attempt.request
    turns = [
        (str(message.get("role")), message["content"])
        for message in request.get("messages") or ()
        if isinstance(message, dict) and isinstance(message.get("content"), str)
    ]
    prompt = request.get("prompt")
    if isinstance(prompt, str):
        turns += spoken(prompt) if attempt.kind == "conversation" else [("user", prompt)]
    return turns


def _others(told: Sequence[tuple[str, str]]) -> str:
    return "\n\n".join(text for role, text in told if role != "assistant")


@lru_cache(maxsize=512)
def _windows(prompt: str) -> tuple[tuple[str, str], ...]:
    """Runs of `ECHO` characters of the prompt's prose, one every half of that, each after its longest word: any run of
    1.5 times the length contains one of them."""
    prose = " ".join(_CODE.sub(" ", prompt).split())
    runs = (prose[start : start + ECHO] for start in range(0, len(prose) - ECHO + 1, ECHO // 2))
    # A run may begin and end inside of a word: what is left of one is a part of it, and as good.
    return tuple((max(run.split(), key=len), run) for run in runs)
