"""Reads the layout of Exercism's Python track, which the Python part of aider's polyglot benchmark shares.

    <track>/  or <benchmark>/python/
      config.json                     slug, names, difficulty and topics of the exercises; there may be none
      exercises/practice/<slug>/
        .docs/                        introduction.md?  instructions.md  instructions.append.md?
        .meta/                        config.json: which file is what   example.py (of concept exercises: exemplar.py)
        <slug>.py  <slug>_test.py     stub and tests, `-` in the slug written `_`

What `.meta/config.json` does not say stands in the track's `files`, or follows from the slug.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from harness.errors import TaskError
from harness.tasks import cases
from harness.tasks.collect import imports
from harness.tasks.jsonfile import Record
from harness.tasks.paths import MAX_FILE, printable
from harness.types import Answer, Limits, Suite, Task

LIMITS = Limits(timeout_s=60, memory_mb=512)
DOCS = ("introduction.md", "instructions.md", "instructions.append.md")
"""The parts of an instruction in the order of aider's benchmark."""
_EXERCISES = "exercises"
_SHELVES = (Path("exercises/practice"), Path("python/exercises/practice"))


def is_track(path: Path) -> bool:
    """Whether a directory is a track, the benchmark, a directory of exercises, or an exercise."""
    return _is_exercise(path) or _shelf(path) is not None


def _is_exercise(path: Path) -> bool:
    return (path / ".meta" / "config.json").is_file()


def _shelf(path: Path) -> Path | None:
    """The directory that holds the exercises of a path that is no exercise itself."""
    for place in _SHELVES:
        if (path / place).is_dir():
            return path / place
    return path if any(_is_exercise(item) for item in path.iterdir() if item.is_dir()) else None


class Track:
    """The exercises at a path; each is read when it is asked for, so that a broken one hides no other."""

    def __init__(self, path: Path) -> None:
        """Raises TaskError for a track without exercises, or with a config.json that cannot be read."""
        root = path.resolve()
        alone = _is_exercise(root)
        self.shelf = root.parent if alone else _shelf(root) or root
        within = self.shelf.parent.name == _EXERCISES
        self.root = self.shelf.parent.parent if within else self.shelf
        self.folders = [root] if alone else _exercises(self.shelf)
        if not self.folders:
            raise TaskError("no exercise here", path=path, remedy="an exercise is a directory with .meta and .docs")
        config = self.root / "config.json"
        self.config = Record.of_file(config) if within and config.is_file() else Record(config)
        language = self.config.text("language")
        if language not in ("", "Python"):
            raise self.config.error(f"only the Python track can be run, this is {language!r}", "language")
        self.name = self.config.text("slug") or self.root.name
        if "/" in self.name or not self.name.isprintable():
            raise self.config.error(f"not a plain name: {self.name!r}", "slug")
        self._about = {
            one.text("slug"): one
            for kind in ("practice", "concept")
            for one in self.config.records(f"{_EXERCISES}.{kind}")
        }

    def ident(self, folder: Path) -> str:
        return f"{self.name}/{printable(Path(folder.name))}"

    def suite(self) -> Suite:
        language = self.config.text("language")
        return Suite(
            name=self.name,
            title=f"{language} track" if language else "",
            path=self.shelf,
            tasks=tuple(self.task(folder) for folder in self.folders),
        )

    def task(self, folder: Path) -> Task:
        """One exercise. Raises TaskError."""
        slug = folder.name
        if not printable(folder).isprintable() or printable(folder) != str(folder):
            raise TaskError("the name of this directory is no plain text", path=printable(folder))
        about = self._about.get(slug, Record(self.config.path))
        files = _Files(folder, self.config)
        stubs, editor, tests = files.texts("solution"), files.texts("editor"), files.texts("test")
        tests |= files.imported(tests, {*stubs, *editor})
        twice = stubs.keys() & (tests.keys() | editor.keys())
        if twice:
            raise files.error(f"{sorted(twice)[0]} is listed as something else too", "files.solution")
        # What is listed as both is a test: nobody is shown what is expected.
        workspace = {**stubs, **{path: text for path, text in editor.items() if path not in tests}}
        found = cases.collected_cases(folder, tests, workspace)
        if not found:
            raise files.error("no test that counts in these files", "files.test")
        instruction = _instruction(folder, stubs, workspace)
        reference = _reference(files, stubs, workspace)
        return Task(
            id=self.ident(folder),
            suite=self.name,
            name=slug,
            kind="workspace",
            title=about.text("name") or slug.replace("-", " ").replace("_", " ").capitalize(),
            category="exercism",
            tags=_tags(about),
            instruction=instruction,
            limits=LIMITS,
            select_on="vote",
            cases=found,
            editable=tuple(stubs),
            workspace=workspace,
            feedback="hidden",
            tests=tests,
            reference=reference,
            stub_may_pass=True,
            directory=folder,
            content_hash=_hash([instruction, stubs, workspace, tests, reference.files if reference else None]),
        )


def _exercises(shelf: Path) -> list[Path]:
    """Also those whose config.json is missing; directories of another kind are passed over."""
    folders = (item for item in shelf.iterdir() if not item.name.startswith(".") and item.is_dir())
    return sorted(item for item in folders if (item / ".meta").is_dir() or (item / ".docs").is_dir())


class _Files:
    """Which file of an exercise is what."""

    def __init__(self, folder: Path, track: Record) -> None:
        self.folder, self._track = folder, track
        path = folder / ".meta" / "config.json"
        self._config = Record.of_file(path) if path.is_file() else Record(path)

    def error(self, message: str, key: str) -> TaskError:
        return self._config.error(message, key)

    def names(self, role: str) -> tuple[str, ...]:
        """The paths listed for a role, else those the track lists for every exercise, else those of the slug."""
        key = f"files.{role}"
        listed = self._config.words(key)
        if not listed:
            listed = tuple(_filled(pattern, self.folder.name) for pattern in self._track.words(key))
        if not listed:
            snake = self.folder.name.replace("-", "_")
            listed = {"solution": (f"{snake}.py",), "test": (f"{snake}_test.py",)}.get(role, ())
        for name in listed:
            if not name or name.startswith("/") or any(part in ("", ".", "..") for part in name.split("/")):
                raise self.error(f"not a plain relative path: {name!r}", key)
        return tuple(dict.fromkeys(listed))

    def examples(self) -> tuple[str, ...]:
        """The paths of the solution that ships with the exercise; empty where there is none."""
        for role in ("example", "exemplar"):
            if self._config.words(f"files.{role}"):
                return self.names(role)
        listed = [name for role in ("example", "exemplar") for name in self.names(role)]
        found = dict.fromkeys([*listed, ".meta/example.py", ".meta/exemplar.py"])
        return tuple(name for name in found if (self.folder / name).is_file())[:1]

    def texts(self, role: str) -> dict[str, str]:
        return {name: self.text(name, f"files.{role}") for name in self.names(role)}

    def imported(self, tests: dict[str, str], listed: set[str]) -> dict[str, str]:
        """What tests import from beside them though no list names it: early tracks have empty lists, and helpers."""
        found: dict[str, str] = {}
        texts = [text for name, text in tests.items() if name.endswith(".py")]
        while texts:
            for name in sorted({f"{module}.py" for module in imports(texts.pop())} - tests.keys() - listed):
                if name not in found and (self.folder / name).is_file():
                    found[name] = self.text(name, "files.test")
                    texts.append(found[name])
        return found

    def text(self, name: str, key: str) -> str:
        """A file. Raises TaskError at the key that lists it."""
        path = self.folder / name
        try:
            if any(part.is_symlink() for part in (path, *path.parents) if self.folder in part.parents):
                raise self.error(f"symbolic links are not allowed in a task: {name}", key)
            if not path.is_file():
                raise self.error(f"there is no file {name}", key)
            if path.stat().st_size > MAX_FILE:
                raise self.error(f"{name} is larger than {MAX_FILE} bytes", key)
            return _decoded(path)
        except UnicodeDecodeError:
            raise self.error(f"{name} is not UTF-8 text", key) from None


def _decoded(path: Path) -> str:
    """The text of a file. Python does not tell its line ends apart; other files stay as they are, byte for byte."""
    data = path.read_bytes()
    return data.decode("utf-8-sig").replace("\r\n", "\n") if path.suffix in (".py", ".md") else data.decode("utf-8")


def _filled(pattern: str, slug: str) -> str:
    words = slug.replace("_", "-").split("-")
    pascal = "".join(word.capitalize() for word in words)
    names = {
        "snake_slug": slug.replace("-", "_"),
        "kebab_slug": slug,
        "pascal_slug": pascal,
        "camel_slug": words[0] + pascal[len(words[0]) :],
    }
    for key, name in names.items():
        pattern = pattern.replace(f"%{{{key}}}", name)
    return pattern


def _instruction(folder: Path, stubs: dict[str, str], workspace: dict[str, str]) -> str:
    parts = []
    for name in DOCS:
        path = folder / ".docs" / name
        if path.is_symlink() or path.parent.is_symlink():
            raise TaskError("symbolic links are not allowed in a task", path=path)
        if path.is_file():
            try:
                parts.append(_decoded(path).strip())
            except UnicodeDecodeError:
                raise TaskError("not UTF-8 text", path=path) from None
        elif name == "instructions.md":
            raise TaskError("this file is missing", path=path)
    if not any(parts):
        raise TaskError("the instruction is empty", path=folder / ".docs" / "instructions.md")
    given = [path for path in workspace if path not in stubs]
    closing = f"Write your solution in {_listed(list(stubs))}."
    if given:
        closing += f" What {_listed(given)} {'holds' if len(given) == 1 else 'hold'} is given and stays as it is."
    closing += (
        " Tests use the names that the files define already: keep them, and the parameters of functions, as they are. "
        "Use nothing but the standard library."
    )
    return "\n\n".join([*filter(None, parts), closing]) + "\n"


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _reference(files: _Files, stubs: dict[str, str], workspace: dict[str, str]) -> Answer | None:
    """The example in the place of the stubs: by name where the names are the same, else in order."""
    examples = files.examples()
    if not examples:
        return None
    key = "files.exemplar" if "exemplar" in examples[0] else "files.example"
    texts = {name: files.text(name, key) for name in examples}
    named = {Path(name).name: text for name, text in texts.items()}
    if any(Path(stub).name in named for stub in stubs):
        solved = {stub: named[Path(stub).name] for stub in stubs if Path(stub).name in named}
    else:
        solved = dict(zip(stubs, texts.values(), strict=False))
    return Answer(name="reference", files={**workspace, **solved}, path=files.folder / examples[0])


def _tags(about: Record) -> tuple[str, ...]:
    difficulty = about.value("difficulty")
    tags = [f"difficulty-{difficulty}"] if isinstance(difficulty, int) else []
    if about.text("status") == "deprecated":
        tags.append("deprecated")
    for key in ("topics", "practices", "concepts"):
        tags += about.words(key)
    return tuple(dict.fromkeys(tags))


def _hash(parts: list[Any]) -> str:
    """SHA-256 of everything that was read, 16 hex digits."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
