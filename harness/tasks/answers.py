"""Reads the answers that ship with a task: reference, wrong ones, cheats, and why each fails."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import TaskError
from harness.tasks.paths import TaskPaths, read_tree
from harness.tasks.yamlfile import Section, read_text
from harness.types import Answer, Outcome

WHY = "_why.yaml"
DELETE = "_delete"
_HEADER = re.compile(r"#\s*(fails|outcome|why)\s*:\s*(.*)")


def single_file(paths: TaskPaths, solution: str) -> tuple[Answer, tuple[Answer, ...]]:
    """(reference, wrong answers) of a task whose answer is one file. Raises TaskError."""
    reference = Answer(name="reference", files={solution: read_text(paths.reference_file)}, path=paths.reference_file)
    flawed = []
    for folder, cheat in ((paths.wrong, False), (paths.cheat, True)):
        for path in sorted(folder.glob("*.py")) if folder.is_dir() else []:
            text = read_text(path)
            facts = {}
            for number, line in enumerate(text.splitlines(), start=1):
                match = _HEADER.fullmatch(line.strip())
                if match is None:
                    break
                facts[match[1]] = (match[2].strip(), number)
            fails = tuple(part.strip() for part in facts.get("fails", ("", 1))[0].split(",") if part.strip())
            outcome = _outcome(path, *facts["outcome"]) if "outcome" in facts else None
            answer = Answer(
                name=path.stem,
                files={solution: text},
                fails=fails,
                outcome=outcome,
                why=facts.get("why", ("", 1))[0],
                cheat=cheat,
                path=path,
            )
            flawed.append(
                _complete(answer, path, "the first lines are `# fails: case, case` and `# why: one sentence`")
            )
    return reference, tuple(flawed)


def overlays(paths: TaskPaths, workspace: dict[str, str]) -> tuple[Answer, tuple[Answer, ...]]:
    """(reference, wrong answers and cheats) of a workspace task, each as the whole candidate. Raises TaskError."""
    if not paths.reference_overlay.is_dir():
        raise TaskError("this directory is missing", path=paths.reference_overlay)
    reference = Answer(
        name="reference", files=_overlaid(paths.reference_overlay, workspace), path=paths.reference_overlay
    )
    flawed = []
    for folder, cheat in ((paths.wrong, False), (paths.cheat, True)):
        for path in sorted(item for item in folder.iterdir() if item.is_dir()) if folder.is_dir() else []:
            facts = Section.of_file(path / WHY, WHY)
            outcome = facts.text_value("outcome") if "outcome" in facts else None
            answer = Answer(
                name=path.name,
                files=_overlaid(path, workspace),
                fails=facts.words("fails"),
                outcome=_outcome(path / WHY, outcome, facts.line_of("outcome")) if outcome else None,
                why=facts.text_value("why", ""),
                cheat=cheat,
                path=path,
            )
            facts.finish("fails, outcome, why")
            flawed.append(_complete(answer, path / WHY, "the keys are fails and why"))
    return reference, tuple(flawed)


def _overlaid(directory: Path, workspace: dict[str, str]) -> dict[str, str]:
    overlay = read_tree(directory)
    overlay.pop(WHY, None)
    lines = overlay.pop(DELETE, "").splitlines()
    gone = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    for number, name in gone:
        if name not in workspace:
            raise TaskError(f"there is no {name} in the workspace to delete", path=directory / DELETE, line=number)
    deleted = {name for _, name in gone}
    return {path: text for path, text in {**workspace, **overlay}.items() if path not in deleted}


def _outcome(path: Path, text: str, line: int) -> Outcome:
    try:
        return Outcome(text)
    except ValueError:
        known = ", ".join(item.value for item in Outcome)
        raise TaskError(
            f"no outcome is called {text!r}", path=path, line=line, key="outcome", remedy=f"known: {known}"
        ) from None


def _complete(answer: Answer, path: Path, remedy: str) -> Answer:
    for key in ("fails", "why"):
        if not getattr(answer, key):
            raise TaskError(
                "every wrong answer says which cases it fails and why", path=path, line=1, key=key, remedy=remedy
            )
    return answer
