"""From a task to the request a model gets. Hidden cases and tests never enter it.

Chat models get the instruction exactly as the task's author wrote it, for a workspace with the files and how to answer.
Completion models get a text to continue: the instruction as a comment and the first line of the code.
"""

from __future__ import annotations

import textwrap

from harness.config import ModelProfile
from harness.models.reference import fenced
from harness.tasks.globs import matches
from harness.types import Message, Request, Task

STOP = ("\ndef ", "\nclass ", "\nprint(", "\nif __name__", "\n#", "\n```")
"""Where a continued function ends, unless the profile names its own: what base models write next. Saves tokens only, as
`grading.extract` finds the end of the function by itself."""

EXAMPLES = """\
# Write a Python function `double(n: int) -> int` that returns two times n.
def double(n: int) -> int:
    return n * 2


# Write a Python function `initials(name: str) -> str` that returns the first letter of every
# word of a name, in upper case.
def initials(name: str) -> str:
    return "".join(word[0].upper() for word in name.split())


# Write a Python function `smallest_gap(numbers: list[int]) -> int` that returns the smallest
# difference between two numbers of a list. Raise ValueError if there are fewer than two.
def smallest_gap(numbers: list[int]) -> int:
    if len(numbers) < 2:
        raise ValueError("need at least two numbers")
    ordered = sorted(numbers)
    return min(b - a for a, b in zip(ordered, ordered[1:]))


"""
"""Solved tasks for few-shot prompts, in the form the task itself takes after them."""


def build_request(task: Task, profile: ModelProfile, *, seed: int, repeat: int, attempt: int) -> tuple[Request, str]:
    """The request for one attempt, and the code its prompt ends with (empty where the reply stands for itself)."""
    sampling = profile.sampling.model_copy(update={"seed": seed})
    if profile.style == "chat":
        system = (Message(role="system", content=profile.system),) if profile.system else ()
        messages = (*system, Message(role="user", content=chat_text(task)))
        return Request(messages=messages, sampling=sampling, task=task, repeat=repeat, attempt=attempt), ""
    prompt, prefix = completion_text(task, few_shot=profile.few_shot)
    if profile.system:
        prompt = f"{_comment(profile.system)}\n\n\n{prompt}"
    if task.kind == "function" and not sampling.stop:
        sampling = sampling.model_copy(update={"stop": STOP})
    return Request(prompt=prompt, sampling=sampling, task=task, repeat=repeat, attempt=attempt), prefix


def chat_text(task: Task) -> str:
    """What a chat model is told: the instruction, for a workspace task with the files and the form of the answer."""
    if task.kind != "workspace":
        return task.instruction
    parts = [task.instruction.rstrip(), "# Files", *_listing(task.workspace)]
    read_only = {path: text for path, text in task.visible_tests.items() if path not in task.workspace}
    if read_only:
        parts += [
            "# Tests",
            "Some of the tests. They are run as they are here and cannot be changed.",
            *_listing(read_only),
        ]
    return "\n\n".join([*parts, "# Answer", _answer_format(task)]) + "\n"


def completion_text(task: Task, *, few_shot: bool) -> tuple[str, str]:
    """(prompt, the part at its end that belongs to the answer) for a model that continues text."""
    if task.kind == "workspace":
        # The answer's first heading is begun, so that a model that continues text continues with a file.
        return f"{chat_text(task)}\n### ", "### "
    if task.kind == "conversation":
        return task.instruction, ""
    comment = _comment(task.instruction)
    if task.kind != "function":
        return f"{comment}\n\n# file: {task.solution}\n", ""
    prefix = _signature(task)
    return f"{EXAMPLES if few_shot else ''}{comment}\n{prefix}", prefix


def _signature(task: Task) -> str:
    """The function's first line, or as much of it as the task gives.

    Without the line break: models know it as one token with the indentation after it. With the line break in the
    prompt a small model began with anything but a body and solved 1 of 36 on the warm-up suite, without it 21 of 36.
    """
    return task.signature.rstrip() if task.signature else f"def {task.entry}("


def _comment(text: str) -> str:
    """Text as Python comment lines, long lines wrapped as code would be."""
    lines: list[str] = []
    for line in text.strip().split("\n"):
        lines += textwrap.wrap(line, 98, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(f"# {line}".rstrip() for line in lines)


def _listing(files: dict[str, str]) -> list[str]:
    return [f"### {path}\n{fenced(path, text)}" for path, text in sorted(files.items())]


def _answer_format(task: Task) -> str:
    changeable = ", ".join(f"`{glob}`" for glob in task.editable)
    shown = [path for path in sorted(task.workspace) if matches(path, task.editable)]
    example = shown[0] if shown else "path/of/the/file.py"
    return (
        "Give every file you change or add as a line `### ` and its path, and below it one fenced code block with the "
        f"whole new content of the file, like this:\n\n### {example}\n```\n(all lines of the file)\n```\n\n"
        "For a file that is to be deleted write only the line `### ` and its path followed by ` (deleted)`. Leave out "
        "files that stay as they are. If a file contains lines of backticks, use a longer fence around it.\n\n"
        f"Only files that match {changeable} can be changed, added or deleted."
    )
