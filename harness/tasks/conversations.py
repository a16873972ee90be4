"""Reads conversation suites: YAML files of tests, several in a file (docs/tasks.md).

A test has no directory of its own: its place is `<file>/<id>`.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.errors import TaskError
from harness.tasks.criteria import Criteria, criteria_of
from harness.tasks.paths import printable
from harness.tasks.turns import asked_of, reply_files, told
from harness.tasks.yamlfile import Section, compose
from harness.types import Answer, Message, Suite, Task, TextCase

DEFAULTS = ("category", "tags")
"""What `suite.yaml` may give all its tests under `defaults`."""
SHARED = ("category", "tags", "system", "criteria", "judge")
"""What a file may give all its tests."""
KEYS = (
    "id", "title", "category", "tags", "system", "prompt", "document", "documents", "picture", "pictures", "turns",
    "criteria", "judge", "reference", "wrong",
)  # fmt: skip
"""Of a test, whichever of them this one has."""
FORM = (
    "a file of conversations ends in .yaml and is a mapping: `tests:` with a list of tests, or one test with `id:` and "
    "`prompt:` or `turns:`"
)
"""For who meant one and is told that there is no task."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NOT_OURS = ("suite.yaml", "task.yaml", "cases.yaml")


def test_files(path: Path) -> list[Path]:
    """The files of tests at a path: one file, or those of a directory that holds no task."""
    if path.is_file():
        ours = path.suffix in (".yaml", ".yml") and path.name not in NOT_OURS and _holds_tests(path)
        return [path] if ours else []
    if not path.is_dir() or (path / "task.yaml").exists() or any(path.glob("*/task.yaml")):
        return []
    found = sorted(item for item in path.glob("*.yaml") if item.name not in NOT_OURS)
    return found if any(_holds_tests(item) for item in found) else []


def _holds_tests(path: Path) -> bool:
    """Whether this looks like a file of tests; one whose YAML is broken does if the words are there."""
    try:
        _, node = compose(path)
    except TaskError:
        text = path.read_bytes().decode("utf-8", "replace")
        return re.search(r"^(tests|turns|prompt):", text, re.MULTILINE) is not None
    if not isinstance(node, yaml.MappingNode):
        return False
    return bool({str(key.value) for key, _ in node.value} & {"tests", "turns", "prompt"})


class Conversations:
    """The tests of a suite's directory, or of one of its files."""

    def __init__(self, path: Path) -> None:
        """Raises TaskError for a file that is no list of tests, for ids that are missing, odd or used twice."""
        where = path.resolve()
        self.root = where.parent if where.is_file() else where
        self._about, self._defaults = _suite(self.root)
        self._files: dict[Path, _File] = {}
        self.folders: list[Path] = []
        seen: dict[str, Path] = {}
        for file in test_files(where):
            self._files[file] = _File(file, self._defaults)
            for name in self._files[file].tests:
                if name in seen:
                    section = self._files[file].tests[name]
                    raise section.error(f"this id is used in {seen[name].name} already", "id")
                seen[name] = file
                self.folders.append(file / name)

    def ident(self, folder: Path) -> str:
        """`<suite>/<id>`."""
        return printable(Path(f"{self.root.name}/{folder.name}"))

    def task(self, folder: Path) -> Task:
        """One test. Raises TaskError."""
        file = self._files[folder.parent]
        return _Test(file, file.tests[folder.name], folder.name, self.root).task()

    def suite(self) -> Suite:
        """All tests. Raises TaskError."""
        tasks = tuple(self.task(folder) for folder in self.folders)
        return Suite(name=self.root.name, path=self.root, tasks=tasks, **self._about)


def _suite(root: Path) -> tuple[dict[str, str], dict[str, Any]]:
    path = root / "suite.yaml"
    if not path.is_file():
        return {}, {}
    home = Section.of_file(path, "suite.yaml")
    about = {"title": home.text_value("title", ""), "description": home.text_value("description", "")}
    below = home.section("defaults")
    for key in below:
        if key not in DEFAULTS:
            raise below.error("this key cannot have a default", key, f"known keys: {', '.join(DEFAULTS)}")
    defaults: dict[str, Any] = {}
    if "category" in below:
        defaults["category"] = below.text_value("category")
    if "tags" in below:
        defaults["tags"] = below.words("tags")
    home.finish("title, description, defaults")
    return about, defaults


class _File:
    """One file: what its tests share, and the tests by id."""

    def __init__(self, path: Path, defaults: dict[str, Any]) -> None:
        self.path = path
        root = Section.of_file(path, path.name)
        listed = "tests" in root
        self.shared = dict(defaults)
        self.criteria = Criteria()
        if listed:
            self._read_shared(root)
        sections = list(_listed(root, path)) if listed else [root]
        self.tests: dict[str, Section] = {}
        for section in sections:
            name = section.text_value("id")
            if not _NAME.fullmatch(name):
                raise section.error(f"not an id: {name!r}", "id", "letters, digits, dots, dashes and underscores")
            if name in self.tests:
                raise section.error(f"a test above has the id {name!r} already", "id")
            self.tests[name] = section

    def _read_shared(self, root: Section) -> None:
        for key in ("category", "system", "judge"):
            if key in root:
                self.shared[key] = root.text_value(key)
        if "tags" in root:
            self.shared["tags"] = root.words("tags")
        self.criteria = criteria_of(root.section("criteria"))
        root.node("tests")
        root.finish(f"{', '.join(SHARED)}, tests")


def _listed(root: Section, path: Path) -> Iterator[Section]:
    node = root.node("tests")
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise root.error("expected a list of tests, each starting with a dash", "tests")
    for item in node.value:
        yield Section(path, root.text, item, "a test")


class _Test:
    """One test on its way to a Task."""

    def __init__(self, file: _File, section: Section, name: str, root: Path) -> None:
        self._file, self._section, self._name, self._root = file, section, name, root
        self._cases: list[TextCase] = []

    def task(self) -> Task:
        section, shared = self._section, self._file.shared
        section.node("id")
        turns, asked = self._turns()
        own = criteria_of(section.section("criteria"))
        criteria = self._file.criteria.over(own)
        if criteria.contradiction():
            raise section.error(f"no reply can meet these criteria: {criteria.contradiction()}", "criteria")
        self._cases += criteria.cases()
        self._no_id_twice()
        system = section.text_value("system", shared.get("system", ""))
        reference = self._reference(asked)
        facts: dict[str, Any] = {
            "id": f"{self._root.name}/{self._name}",
            "suite": self._root.name,
            "name": self._name,
            "kind": "conversation",
            "title": section.text_value("title", self._name),
            "category": section.text_value("category", shared.get("category", "general")),
            "tags": section.words("tags", tuple(shared.get("tags", ()))),
            "instruction": told(system, turns),
            "system": system.strip(),
            "turns": turns,
            "pass_criteria": section.text_value("judge", shared.get("judge", "")).strip(),
            "cases": tuple(self._cases),
            "reference": reference,
            "flawed": tuple(self._wrong(asked)),
            "select_on": "vote",
            "directory": self._file.path.parent,
        }
        section.finish(", ".join(KEYS))
        task = Task(**facts)
        return task.model_copy(update={"content_hash": _content_hash(task)})

    def _turns(self) -> tuple[tuple[Message, ...], int]:
        """(turns, replies that are asked of the model); the criteria of single turns go to the cases."""
        section = self._section
        if "prompt" in section:
            if "turns" in section:
                raise section.error("give either `prompt` or `turns`", "prompt")
            turn = _turn_of_prompt(section)
            return (turn,), 1
        node = section.node("turns")
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise section.error("a test needs `prompt`, or `turns`: a list of `user:` and `assistant:`", "turns")
        below = [Section(section.path, section.text, item, "a turn") for item in node.value]
        roles = [_role(item) for item in below]
        if roles[-1] != "user":
            raise below[-1].error("the last turn is the user's: the model is to answer it")
        for item, role, before in zip(below[1:], roles[1:], roles, strict=False):
            if role == before == "assistant":
                raise item.error("two turns of the assistant in a row: write them as one", "assistant")
        turns: list[Message] = []
        asked = 0
        spoken = [_message(item, role) for item, role in zip(below, roles, strict=True)]
        for item, turn, answered in zip(below, spoken, asked_of(spoken), strict=True):
            if "criteria" in item:
                if not answered:
                    raise item.error("the model is not asked here, so there is no reply to check", "criteria")
                self._cases += criteria_of(item.section("criteria")).cases(asked)
            turns.append(turn)
            item.finish("user, assistant, criteria, document, documents, picture, pictures")
            asked += answered
        return tuple(turns), asked

    def _no_id_twice(self) -> None:
        ids = [case.id for case in self._cases]
        assert len(ids) == len(set(ids)), ids

    def _reference(self, asked: int) -> Answer | None:
        if "reference" not in self._section:
            return None
        found = self._section.value("reference")
        return Answer(name="the reference", files=reply_files(_replies(self._section, "reference", found, asked)))

    def _wrong(self, asked: int) -> Iterator[Answer]:
        node = self._section.node("wrong")
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            raise self._section.error("expected a list of wrong replies", "wrong")
        for number, item in enumerate(node.value, start=1):
            below = Section(self._section.path, self._section.text, item, "a wrong reply")
            key = "replies" if "replies" in below else "reply"
            replies = _replies(below, key, below.value(key), asked)
            fails = below.words("fails")
            if not fails:
                raise below.error("say which criteria it fails", "fails", "for example fails: [max_words]")
            for glob in fails:
                if not any(fnmatch.fnmatchcase(case.id, glob) for case in self._cases):
                    known = ", ".join(case.id for case in self._cases) or "none"
                    raise below.error(f"no criterion is called {glob!r}", "fails", f"criteria here: {known}")
            why = below.text_value("why", "")
            below.finish("reply, replies, fails, why")
            yield Answer(name=f"wrong {number}", files=reply_files(replies), fails=fails, why=why)


def _role(item: Section) -> str:
    roles = [role for role in ("user", "assistant") if role in item]
    if len(roles) != 1:
        raise item.error("a turn is `user: text` or `assistant: text`")
    return roles[0]


def _turn_of_prompt(section: Section) -> Message:
    return _message(section, "user", key="prompt")


def _message(section: Section, role: str, key: str = "") -> Message:
    text = section.text_value(key or role)
    documents = [*_specs(section, "document"), *_specs(section, "documents")]
    pictures = [*_specs(section, "picture"), *_specs(section, "pictures")]
    if (documents or pictures) and role != "user":
        raise section.error("only the user shows documents and pictures", role)
    if text.count("{{document}}") != len(documents):
        places = f"{len(documents)} documents for {text.count('{{document}}')} places"
        raise section.error(places, key or role, "put {{document}} once for each")
    for name, spec in documents:
        text = text.replace("{{document}}", _made(section, name, spec), 1)
    shown = tuple(_made(section, name, spec) for name, spec in pictures)
    if not text.strip() and not shown:
        raise section.error("this turn says nothing", key or role)
    return Message(role=role, content=text.strip(), pictures=shown)


def _specs(section: Section, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, description) of everything to be made under a key: one mapping, or a list of them."""
    found = section.value(key, None)
    if found is None:
        return
    several = found if key.endswith("s") else [found]
    if not isinstance(several, list) or not all(isinstance(item, dict) for item in several):
        wanted = "a list of mappings" if key.endswith("s") else "a mapping"
        raise section.error(f"expected {wanted}, found {found!r}", key)
    for spec in several:
        yield key, spec


def _made(section: Section, key: str, spec: dict[str, Any]) -> Any:
    from harness.tasks import generated

    try:
        return generated.document(spec) if key.startswith("document") else generated.picture(spec)
    except ValueError as error:
        told = error.args if len(error.args) == 2 else ("", str(error))
        raise section.error(f"cannot be made: {told[0]}: {told[1]}".replace(" : ", " "), key) from None


def _replies(section: Section, key: str, found: Any, asked: int) -> list[str]:
    """One reply for each that the model is asked for; a single text stands for the last, where there is but one."""
    replies = [found] if isinstance(found, str) else found
    if not isinstance(replies, list) or not all(isinstance(item, str) for item in replies):
        raise section.error(f"expected a text, or a list of texts, found {found!r}", key, "put quotes around each")
    if not all(reply.strip() for reply in replies):
        raise section.error("a reply says nothing; that a blank one fails need not be shown", key)
    if len(replies) != asked:
        raise section.error(f"the model replies {asked} times here, and this gives {len(replies)} replies", key)
    return [reply.strip() for reply in replies]


def _content_hash(task: Task) -> str:
    """Of everything a model or a judge is told, and of what is checked; titles and wrong replies change no verdict."""
    kept = task.model_dump(mode="json", include={"system", "turns", "pass_criteria", "cases", "reference", "category"})
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
