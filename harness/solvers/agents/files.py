"""What an agent may change, what it did change, and what of that is taken: by value, only what the task declares."""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from harness.solvers.agents.container import MOST_BYTES, MOST_FILES, AgentContainer, Listed
from harness.tasks.globs import matches
from harness.types import Candidate, Frozen, Task

MOST_LEFT = 50
DIFF_WORK = 50_000_000
"""Comparisons of lines that a diff of one file may take in the worst case; beyond it a file counts as rewritten."""
DIFF_CHARACTERS = 400_000
POPULAR_FROM = 200
"""`difflib` leaves lines out that make up more than a hundredth of a text of so many lines."""


class Taken(Frozen):
    """What came out of an agent's directory."""

    candidate: Candidate | None
    """None where nothing changed, or what changed may not be taken."""
    changed: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    """Declared files that break the rules of copying out, with the reason: a candidate with such a file is none."""
    left: tuple[str, ...] = ()
    """Other changes, which stay behind."""


def given(task: Task) -> dict[str, str]:
    """The files an agent starts with: the task's, and the tests it may see."""
    if task.single_file:
        start = f"{task.signature.rstrip()}\n    ...\n" if task.signature and task.kind == "function" else ""
        return {task.solution: start}
    return {**task.workspace, **task.visible_tests}


def editable(task: Task, path: str) -> bool:
    """Whether an answer may change this file."""
    if task.single_file:
        return path == task.solution
    return matches(path, task.editable) and path not in task.visible_tests


def take(task: Task, container: AgentContainer) -> Taken:
    """Everything declared that the agent left, by value. Raises SandboxError for a container that is lost.

    A directory that cannot be listed is the agent's doing: nothing it leaves behind may look like a failure of ours.
    """
    before = given(task)
    found, more = container.listing()
    rows = {row.path: row for row in found}
    if more and not found:
        return Taken(candidate=None, rejected=("its directory could not be listed",))
    changed = [row for row in found if _differs(row, before.get(row.path))]
    gone = sorted(set(before) - set(rows)) if not more else []
    wanted = [row for row in changed if editable(task, row.path)]
    left = [f"{row.path}: {_fate(row, before)}" for row in changed if not editable(task, row.path)]
    left += [f"{path}: deleted" for path in gone if not editable(task, path)]
    rejected = [f"{row.path}: {row.kind}" for row in wanted if row.kind != "file"]
    if more:
        rejected.append(f"more than {len(found)} files in its directory")
    names = _within_limits([row for row in wanted if row.kind == "file"], rejected)
    contents: dict[str, bytes] = {}
    if names and not rejected:
        contents, refused = container.take(names)
        rejected += [f"{name}: {why}" for name, why in refused.items()]
    # What was not hashed may be as it was.
    texts = {path: text for path, text in _texts(contents, rejected) if text != before.get(path)}
    deleted = [path for path in gone if editable(task, path)]
    changed_names = tuple(sorted({*texts, *deleted}))
    candidate = None
    if changed_names and not rejected:
        files = {path: text for path, text in _base(task).items() if path not in deleted}
        candidate = Candidate(files={**files, **texts})
        if task.single_file and task.solution not in candidate.files:
            candidate = None
    return Taken(
        candidate=candidate,
        changed=changed_names,
        rejected=tuple(rejected[:MOST_LEFT]),
        left=tuple(sorted(left)[:MOST_LEFT]),
    )


def _base(task: Task) -> dict[str, str]:
    return {} if task.single_file else dict(task.workspace)


def _differs(row: Listed, text: str | None) -> bool:
    return text is None or row.kind != "file" or row.sha256 != hashlib.sha256(text.encode()).hexdigest()


def _fate(row: Listed, before: Mapping[str, str]) -> str:
    kind = "" if row.kind == "file" else f", a {row.kind}"
    return ("changed" if row.path in before else "new") + kind


def _within_limits(rows: Sequence[Listed], rejected: list[str]) -> list[str]:
    total = sum(row.size for row in rows)
    if len(rows) > MOST_FILES or total > MOST_BYTES:
        rejected.append(f"{len(rows)} files with {total} bytes: more than {MOST_FILES}, or than {MOST_BYTES} bytes")
        return []
    return [row.path for row in rows]


def _texts(contents: Mapping[str, bytes], rejected: list[str]) -> Iterator[tuple[str, str]]:
    for name, data in contents.items():
        try:
            yield name, data.decode("utf-8")
        except UnicodeDecodeError:
            rejected.append(f"{name}: not UTF-8 text")


def unified_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """One diff over all files, of text that nobody has vouched for: bounded in time and size."""
    parts: list[str] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        old_lines, new_lines = (old or "").splitlines(), (new or "").splitlines()
        names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
        if _work(old_lines, new_lines) > DIFF_WORK:
            lines = [f"--- {names[0]}", f"+++ {names[1]}", f"@@ -1,{len(old_lines)} +1,{len(new_lines)} @@"]
            lines += [f"-{line}" for line in old_lines] + [f"+{line}" for line in new_lines]
        else:
            lines = list(difflib.unified_diff(old_lines, new_lines, *names, lineterm=""))
        parts.append("\n".join(lines) + "\n")
    text = "".join(parts)
    if len(text) > DIFF_CHARACTERS:
        text = f"{text[:DIFF_CHARACTERS]}\n[{len(text) - DIFF_CHARACTERS} more characters]\n"
    return text


def _work(old: Sequence[str], new: Sequence[str]) -> int:
    """A bound for what difflib does: equal pairs of lines, once for every match that may be found."""
    counts = Counter(new)
    if len(new) >= POPULAR_FROM:
        counts = Counter({line: count for line, count in counts.items() if count <= len(new) // 100 + 1})
    return sum(counts[line] for line in old) * min(len(old), len(new))
