"""Finds the candidate in a model's reply. Text processing only: what a reply contains is never imported or run.

    text       clean: encodable, LF
    thinking   cut out <think>
    fences     code blocks             spans      code between prose      source   what Python text defines and needs
    single     the file of a function, program or write_tests task (goals: which one); completion: after a prefix
    workspace  the files of a workspace task (paths, patches), put over the workspace by overlay

The rules in words are in docs/answers.md. Every function takes linear time and never fails on a text, however odd.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.grading.extract.completion import continued
from harness.grading.extract.fences import scan
from harness.grading.extract.goals import FunctionGoal, goal_of
from harness.grading.extract.overlay import MAX_FILE_BYTES, Change, Overlay
from harness.grading.extract.paths import normal, shown
from harness.grading.extract.single import Found, find
from harness.grading.extract.source import Reader
from harness.grading.extract.text import clean, with_newline
from harness.grading.extract.thinking import Answer, strip_thinking
from harness.grading.extract.workspace import read
from harness.tasks.turns import LAST, replies_of, reply_files
from harness.types import Candidate, Extraction, Reply, Task
from harness.words import plural

__all__ = ["candidate_from", "extract"]


def extract(task: Task, reply: Reply, *, prefix: str = "") -> Extraction:
    """The candidate in a reply, and how it was found. Never raises, whatever the reply says.

    `prefix` is code the prompt ended with (style completion): the reply is read as its continuation unless it starts
    over with a full definition.
    """
    reader = Reader()
    text = clean(reply.text)
    # A text that is Python from start to end has no thinking before it, though it may be about such tags.
    answer = Answer(text) if task.single_file and reader.parse(text) else strip_thinking(text)
    missing = _nothing(answer, reply)
    if missing:
        return Extraction(candidate=None, choice=missing, thinking=answer.thinking, unclosed=answer.unclosed)
    if task.kind == "conversation":
        blocks = scan(answer.text)
        return Extraction(
            candidate=Candidate(files={LAST: answer.text.strip() + "\n"}),
            choice="the whole reply",
            fenced=bool(blocks),
            blocks=len(blocks),
            thinking=answer.thinking,
            unclosed=answer.unclosed,
        )
    cut = "; the reply was cut off at its token limit" if reply.finish_reason == "length" else ""
    if task.kind == "workspace":
        whole = Answer(clean(prefix) + answer.text, answer.thinking, answer.unclosed)
        return _workspace(task, whole, cut, reader)
    return _single(task, answer, clean(prefix), cut, reader)


def candidate_from(task: Task, code: str | None, files: Mapping[str, str] | None) -> Extraction:
    """The candidate of an answer that was given outright, under the same rules of what is taken.

    `code`: for a single-file task the file as it stands (fences are stripped where there are any), for a workspace
    task a reply that names files. `files`: path -> whole content; nothing can be deleted this way.
    """
    if files is not None:
        return _given_files(task, files)
    if code is None or not code.strip():
        reason = "the answer has no code and no files" if code is None else "the code is empty"
        return Extraction(candidate=None, choice=reason)
    found = extract(task, Reply(text=code))
    if not task.single_file or (found.fenced and found.candidate):
        return found
    text = clean(code)
    if len(text.encode()) > MAX_FILE_BYTES:
        return Extraction(candidate=None, choice=_TOO_LARGE, rejected=(f"{task.solution}: {_TOO_LARGE}",))
    return Extraction(candidate=Candidate(files={task.solution: text}), choice="the code as given")


_TOO_LARGE = f"larger than {MAX_FILE_BYTES // 1024} KiB"


def _nothing(answer: Answer, reply: Reply) -> str:
    """Why there is nothing to look for an answer in; empty if there is something."""
    if answer.text.strip("\ufeff \t\r\n\0"):
        return ""
    if answer.unclosed:
        return "only thinking, which never ended"
    if answer.thinking or reply.thinking.strip():
        return "only thinking, no answer after it"
    return "an empty reply"


def _single(task: Task, answer: Answer, prefix: str, cut: str, reader: Reader) -> Extraction:
    if prefix.strip() and task.kind == "function" and task.entry:
        found = _continuation(task.entry, prefix, answer.text, reader, cut=bool(cut))
    else:
        found = find(goal_of(task), answer.text, reader)
    text = found.text
    if text is not None and len(text.encode()) > MAX_FILE_BYTES:
        return _extraction(None, _TOO_LARGE, answer, found, rejected=(f"{task.solution}: {_TOO_LARGE}",))
    return _extraction(None if text is None else {task.solution: text}, found.choice + cut, answer, found)


def _continuation(entry: str, prefix: str, text: str, reader: Reader, *, cut: bool) -> Found:
    """The reply as continuation of the prefix, or as an answer of its own."""
    result = continued(entry, prefix, text, reader)
    if result:
        whole = result[0].strip() == (prefix + text).strip()
        return Found(result[0], result[1], prose=not whole)
    goal = FunctionGoal(entry)
    alone = find(goal, text, reader)
    if alone.text is not None and goal.starts(alone.text):
        return Found(alone.text, f"{alone.choice} (it does not continue the prompt)", alone.blocks, alone.prose)
    if cut:
        return Found(with_newline(prefix + text), "the prompt's code and the reply as they are: they do not parse")
    return Found(None, "no code: the reply does not continue the prompt's code", scan(text), prose=True)


def _extraction(
    files: dict[str, str] | None, choice: str, answer: Answer, found: Found, *, rejected: tuple[str, ...] = ()
) -> Extraction:
    return Extraction(
        candidate=None if files is None else Candidate(files=files),
        choice=choice,
        fenced=bool(found.blocks),
        blocks=len(found.blocks),
        prose=found.prose,
        thinking=answer.thinking,
        unclosed=answer.unclosed or any(not block.closed for block in found.blocks),
        rejected=rejected,
    )


def _workspace(task: Task, answer: Answer, cut: str, reader: Reader) -> Extraction:
    overlay, collector, note = read(task, answer.text, reader)
    if overlay.taken:
        choice = f"{plural(len(overlay.taken), 'file')} changed: {_listed(overlay)}"
    elif collector.changes or overlay.rejected:
        choice = "no change that could be taken"
    elif collector.nameless:
        choice = "no block says which file it is"
    else:
        choice = "no file in the reply"
    nameless = len(collector.nameless) if overlay.taken and not note else 0
    ignored = f"; {plural(nameless, 'block')} without a file name left out" if nameless else ""
    return Extraction(
        candidate=Candidate(files=overlay.files) if overlay.taken else None,
        choice="; ".join(part for part in (note, choice) if part) + ignored + cut,
        fenced=bool(collector.blocks),
        blocks=len(collector.blocks),
        prose=collector.prose,
        thinking=answer.thinking,
        unclosed=answer.unclosed or collector.unclosed,
        rejected=overlay.rejected,
    )


def _listed(overlay: Overlay) -> str:
    names = [name if name in overlay.files else f"{name} (deleted)" for name in overlay.taken]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _given_replies(files: Mapping[str, str]) -> Extraction:
    """The replies of a conversation without their thinking; an empty one would have ended it."""
    answers = [strip_thinking(text) for text in replies_of({clean(name): clean(text) for name, text in files.items()})]
    facts = {"thinking": any(a.thinking for a in answers), "unclosed": any(a.unclosed for a in answers)}
    for number, answer in enumerate(answers, start=1):
        if missing := _nothing(answer, Reply(text="")):
            choice = f"reply {number}: {missing}" if len(answers) > 1 else missing
            return Extraction(candidate=None, choice=choice, **facts)
    if not answers:
        return Extraction(candidate=None, choice="an empty reply")
    choice = f"{len(answers)} replies as given" if len(answers) > 1 else "the reply as given"
    return Extraction(candidate=Candidate(files=reply_files([a.text for a in answers])), choice=choice, **facts)


def _given_files(task: Task, files: Mapping[str, str]) -> Extraction:
    if not task.runs:
        return _given_replies(files)
    if task.kind == "workspace":
        overlay = Overlay(task)
        for path, text in files.items():
            overlay.apply(Change(normal(clean(path)), "whole", text=clean(text)))
        taken = len(overlay.taken)
        return Extraction(
            candidate=Candidate(files=overlay.files) if taken else None,
            choice=f"{taken} of {len(files)} given files taken",
            rejected=overlay.rejected,
        )
    reason = f"not the file of the answer, {task.solution}"
    others = tuple(f"{shown(path)}: {reason}" for path in map(clean, files) if path != task.solution)
    if task.solution not in files:
        return Extraction(candidate=None, choice=f"{task.solution} is not among the given files", rejected=others[:200])
    given = candidate_from(task, files[task.solution], None)
    return given.model_copy(update={"rejected": (*given.rejected, *others[:200])})
