"""From a sheet to the request a judge gets. Who stands behind a label is not known here.

Every line that is not ours is quoted with `| `, and stands between two lines with a mark that no text contains: a
candidate can neither end its own part, nor begin another's, nor speak as the instructions.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.config import ModelProfile
from harness.content import content_dir
from harness.errors import ConfigError
from harness.judging.candidates import reference_of
from harness.judging.neutral import CLIPPED, Neutral, clipped, plain
from harness.judging.questions import Sheet
from harness.solvers.prompts import chat_text
from harness.types import DIMENSIONS, JudgeMode, Message, Picture, Purpose, Request, Task

TASK_CHARACTERS = 40_000
"""Most of the task's own text that a judge is shown."""
CANDIDATE_CHARACTERS = 16_000
"""Most of one candidate."""
LEAST_CHARACTERS = 300
CHARACTERS_A_TOKEN = 3
TEMPLATE_TOKENS = 900
"""What the template and the form of the answer take of a judge's window."""
REPLY_TOKENS = 1024

NO_CRITERIA = "(none are stated: it does what was asked)"
NO_REFERENCE = "(there is none: grade by what a good answer does)"
PLACEHOLDER = re.compile(r"\{\{(\w*)\}\}")
KNOWN = ("task", "criteria", "reference", "candidates", "labels", "form", "boundary")
NEEDED = ("task", "candidates", "form")
SPLIT = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt of `verifiers/rubrics/`, or a user's own; what stands above the first line `---` is the system's."""

    file: str
    text: str

    @property
    def name(self) -> str:
        """`<file>@<hash>`."""
        return f"{self.file}@{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def shipped(mode: JudgeMode, purpose: Purpose = "compare") -> Template:
    """The prompt that comes with harness."""
    return read_template(content_dir("verifiers") / "rubrics" / f"{'select' if purpose == 'select' else mode}.md")


def read_template(path: Path) -> Template:
    """A prompt from a file. Raises ConfigError naming file and line for what cannot be filled in."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a rubric: {error}") from None
    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        for match in PLACEHOLDER.finditer(line):
            if match[1] not in KNOWN:
                raise ConfigError(
                    f"{path}:{number}: unknown placeholder {match[0]}",
                    remedy=f"known: {', '.join(f'{{{{{name}}}}}' for name in KNOWN)}",
                )
            found.add(match[1])
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise ConfigError(
            f"{path}: a rubric needs {', '.join(f'{{{{{name}}}}}' for name in missing)}",
            remedy="begin with a copy of a file in verifiers/rubrics",
        )
    return Template(path.name, text)


def request(sheet: Sheet, template: Template, profile: ModelProfile, seed: int) -> tuple[Request, tuple[str, ...]]:
    """What is asked, and what had to be done to the texts: `masked`, `control`, `clipped`, `picture_left_out`."""
    flags = set().union(*(item.flags for item in sheet.shown))
    pictures = tuple(picture for turn in sheet.task.turns for picture in turn.pictures)
    sees = sees_pictures(profile)
    if pictures and not sees:
        flags.add("picture_left_out")
    task, cut = clipped(_task(sheet.task, sees=sees), room(profile, len(sheet.labels))[0])
    if cut:
        flags.add(CLIPPED)
    mark = _boundary(sheet, task)
    values = {
        "task": _quoted("task", [("", task)], mark),
        "criteria": _quoted("criteria", [("", plain(sheet.task.pass_criteria).strip() or NO_CRITERIA)], mark),
        "reference": _quoted("reference", _reference(sheet.task), mark),
        "candidates": "\n\n".join(map(_candidate, sheet.labels, sheet.shown, itertools.repeat(mark))),
        "labels": ", ".join(f"Model {label}" for label in sheet.labels),
        "form": form(sheet.mode, sheet.labels, mark),
        "boundary": mark,
    }
    # One pass: what a candidate writes is not looked at for placeholders.
    filled = [
        PLACEHOLDER.sub(lambda found: values[found[1]], part).strip() for part in SPLIT.split(template.text, maxsplit=1)
    ]
    sampling = profile.sampling.model_copy(update={"seed": seed})
    system = "\n\n".join(part for part in (profile.system.strip(), *filled[:-1]) if part)
    if profile.style == "completion":
        return Request(prompt="\n\n".join(filter(None, (system, filled[-1]))) + "\n", sampling=sampling), _sorted(flags)
    messages = (Message(role="system", content=system),) if system else ()
    user = Message(role="user", content=filled[-1], pictures=pictures if sees else ())
    return Request(messages=(*messages, user), sampling=sampling), _sorted(flags)


def room(profile: ModelProfile, candidates: int) -> tuple[int, int]:
    """Characters for the task and for each candidate: less than the limits where the judge's window is known and
    small, by `CHARACTERS_A_TOKEN`."""
    window = profile.sampling.num_ctx
    if window is None:
        return TASK_CHARACTERS, CANDIDATE_CHARACTERS
    tokens = window - (profile.sampling.max_tokens or REPLY_TOKENS) - TEMPLATE_TOKENS
    characters = max(0, tokens) * CHARACTERS_A_TOKEN
    task = max(LEAST_CHARACTERS, min(TASK_CHARACTERS, characters // 3))
    each = max(LEAST_CHARACTERS, min(CANDIDATE_CHARACTERS, (characters - task) // max(1, candidates)))
    return task, each


def request_seed(identity: str, before: int) -> int:
    """The seed of a request, 0 <= seed < 2**31: of the question the first time, of the last request when it is asked
    again, so that a judge that draws the same from the same seed gets another chance."""
    digest = hashlib.sha256(json.dumps([identity, before]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def sees_pictures(profile: ModelProfile) -> bool:
    """Whether pictures can be sent to this judge."""
    return profile.vision is True and profile.style == "chat"


def form(mode: JudgeMode, labels: Iterable[str], mark: str) -> str:
    """The reply that is wanted, with places to fill in that are no values: who echoes it has said nothing.

    Its `id` is the question's mark, which no candidate knows: a verdict that carries it is the judge's own.
    """
    names = list(labels)
    if mode == "rubric":
        return f'{{"id": "{mark}", "score": <0-3>, "note": "<why>"}}'
    if mode == "pairwise":
        return f'{{"id": "{mark}", "winner": "<{"|".join(names)}|tie>", "note": "<why>"}}'
    scores = ", ".join(f'"{name}": <1-10>' for name in DIMENSIONS)
    lines = [f'  "{name}": {{{scores}, "passes": <true|false>, "note": "<why>"}}' for name in names]
    ranking = ", ".join(["<best>", *["<next>"] * (len(names) - 1)])
    return f'{{"id": "{mark}", "scores": {{\n' + ",\n".join(lines) + f'}},\n "ranking": [{ranking}]}}'


def _sorted(flags: set[str]) -> tuple[str, ...]:
    return tuple(sorted(flags))


def _task(task: Task, *, sees: bool) -> str:
    """What the candidates were asked."""
    if task.kind != "conversation":
        return plain(chat_text(task)).strip()
    parts = [f"[system]\n{plain(task.system).strip()}"] if task.system.strip() else []
    parts += [
        f"[{turn.role}]\n{plain(turn.content).strip()}" + _picture_line(turn.pictures, sees=sees) for turn in task.turns
    ]
    return "\n\n".join(parts)


def _picture_line(pictures: tuple[Picture, ...], *, sees: bool) -> str:
    if not pictures:
        return ""
    number = "a picture" if len(pictures) == 1 else f"{len(pictures)} pictures"
    return f"\n({number} came with this turn{'' if sees else '; you cannot be shown it'})"


def _reference(task: Task) -> list[tuple[str, str]]:
    """(heading, text) of its parts: all replies of a conversation, as in the answers that are compared with it."""
    pieces = reference_of(task)
    if len(pieces) < 2:
        return [("", plain(pieces[0].text).strip() if pieces else NO_REFERENCE)]
    return [(piece.heading, plain(piece.text).strip()) for piece in pieces]


def _boundary(sheet: Sheet, task: str) -> str:
    """A mark that occurs in none of the texts."""
    texts = [task, *(text for _, text in _reference(sheet.task)), sheet.task.pass_criteria]
    texts += [text for item in sheet.shown for piece in item.pieces for text in (piece.heading, piece.text)]
    for number in itertools.count():
        found = hashlib.sha256(json.dumps([sheet.seed, sheet.id, number]).encode()).hexdigest()[:12]
        if not any(found in text for text in texts):
            return found
    raise AssertionError("unreachable")


def _candidate(label: str, shown: Neutral, mark: str) -> str:
    return _quoted(
        f"Model {label}",
        [(f"| {piece.heading}" if piece.named else piece.heading, piece.text) for piece in shown.pieces],
        mark,
    )


def _quoted(title: str, pieces: Iterable[tuple[str, str]], mark: str) -> str:
    """Pieces between two lines of ours, every line of theirs quoted."""
    lines = [f"<<< {mark} begin {title}"]
    for heading, text in pieces:
        lines += [f"{heading}:"] if heading else []
        lines += [f"| {line}" for line in text.rstrip("\n").split("\n")]
    return "\n".join([*lines, f"<<< {mark} end {title}"])
