"""Exercism's layout becomes tasks: every shape an exercise may have, and a whole track of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import TaskError, UsageError
from harness.tasks import load, load_tasks
from harness.types import Limits, PytestCase, Task
from tests.tasks.track import EXAMPLE, STUB, TESTS, TRACK, Exercise, make


def only(tmp_path: Path, **keys: Any) -> Task:
    """The task of one exercise in a track without config.json."""
    (task,) = load(make(tmp_path / "track", Exercise(**keys))).tasks
    return task


def idents(task: Task) -> list[str]:
    return [case.id for case in task.cases]


def test_the_usual_exercise(tmp_path: Path) -> None:
    home = make(tmp_path / "clone", Exercise(), Exercise("old-sums"), config=TRACK)
    suite = load(home)
    old, task = suite.tasks
    assert (suite.name, suite.title) == ("python", "Python track")
    assert (task.id, task.suite, task.name, task.title) == ("python/plain-sums", "python", "plain-sums", "Plain Sums!")
    assert (task.kind, task.category, task.feedback, task.select_on) == ("workspace", "exercism", "hidden", "vote")
    assert (task.tags, old.tags) == (("difficulty-3", "loops"), ("difficulty-1", "deprecated", "math", "x"))
    assert task.limits == Limits(timeout_s=60, memory_mb=512)
    assert task.workspace == {"plain_sums.py": STUB}
    assert task.editable == ("plain_sums.py",)
    assert task.visible_tests == {}
    assert list(task.tests) == ["plain_sums_test.py"]
    assert not task.by_value
    assert task.cases == tuple(PytestCase(id=f"plain_sums_test.py::AnswerTest::test_{name}") for name in ("one", "two"))
    assert task.reference is not None
    assert task.reference.files == {"plain_sums.py": EXAMPLE}
    assert task.directory == (home / "exercises" / "practice" / "plain-sums").resolve()


@pytest.mark.parametrize(
    ("place", "name"),
    [("", "python"), ("exercises/practice", "python"), ("exercises/practice/plain-sums", "python")],
)
def test_every_way_into_a_track(place: str, name: str, tmp_path: Path) -> None:
    task = load_tasks([make(tmp_path / "clone", Exercise(), config=TRACK) / place], ["plain-sums"])[0]
    assert (task.id, task.title) == (f"{name}/plain-sums", "Plain Sums!")


@pytest.mark.parametrize("place", ["", "python", "python/exercises/practice", "python/exercises/practice/plain-sums"])
def test_every_way_into_the_benchmark(place: str, tmp_path: Path) -> None:
    make(tmp_path / "polyglot-benchmark" / "python", Exercise())
    for language in ("go", "rust"):
        (tmp_path / "polyglot-benchmark" / language / "exercises" / "practice" / "x" / ".meta").mkdir(parents=True)
    (task,) = load(tmp_path / "polyglot-benchmark" / place).tasks
    assert (task.id, task.title, task.tags) == ("python/plain-sums", "Plain sums", ())


def test_a_directory_of_exercises_alone(tmp_path: Path) -> None:
    Exercise().write(tmp_path / "mine")
    (tmp_path / "mine" / "config.json").write_text("no track's")
    assert load(tmp_path / "mine").tasks[0].id == "mine/plain-sums"
    assert load(tmp_path / "mine" / "plain-sums").tasks[0].id == "mine/plain-sums"


def test_the_instruction_is_put_together_as_aider_does(tmp_path: Path) -> None:
    parts = ("instructions.append", "introduction", "instructions")
    files: dict[str, str | bytes | None] = {f".docs/{part}.md": f"# {part}\n\ntext\n\n" for part in parts}
    task = only(tmp_path, files={**files, ".docs/hints.md": "# a hint", "helper.py": ""}, config={
        "files": {"solution": ["plain_sums.py"], "editor": ["helper.py"]}
    })  # fmt: skip
    *shown, closing = task.instruction.split("\n\n")
    assert shown == ["# introduction", "text", "# instructions", "text", "# instructions.append", "text"]
    assert "`plain_sums.py`" in closing
    assert "`helper.py`" in closing
    assert "standard library" in closing
    assert "a hint" not in task.instruction


def test_several_files_of_each_kind(tmp_path: Path) -> None:
    files = {
        "solution": ["plain_sums.py", "more.py"],
        "test": ["plain_sums_test.py", "more_test.py", "expected.json"],
        "example": [".meta/first.py", ".meta/second.py"],
        "editor": ["test_utils.py", "data/words.txt"],
    }
    task = only(
        tmp_path,
        config={"files": files},
        files={
            "more.py": "",
            "more_test.py": "import unittest\nclass MoreTest(unittest.TestCase):\n    def test_more(self): ...\n",
            "expected.json": "{}\r\n",
            ".meta/first.py": "FIRST = 1\n",
            ".meta/second.py": "SECOND = 2\n",
            "test_utils.py": "def test_not_a_test(): ...\n",
            "data/words.txt": "a\r\nb\r\n",
        },
    )
    assert task.editable == ("plain_sums.py", "more.py")
    assert sorted(task.workspace) == ["data/words.txt", "more.py", "plain_sums.py", "test_utils.py"]
    assert task.workspace["data/words.txt"] == "a\r\nb\r\n", "byte for byte"
    assert sorted(task.tests) == ["expected.json", "more_test.py", "plain_sums_test.py"]
    assert {case.partition("::")[0] for case in idents(task)} == {"plain_sums_test.py", "more_test.py"}
    assert task.reference is not None
    assert task.reference.files["plain_sums.py"] == "FIRST = 1\n"
    assert task.reference.files["more.py"] == "SECOND = 2\n"
    assert "`plain_sums.py` and `more.py`" in task.instruction


def test_helpers_of_the_tests_that_no_list_names(tmp_path: Path) -> None:
    task = only(
        tmp_path,
        config='{"files": {"solution": [], "test": [], "example": []}}',
        files={
            "plain_sums_test.py": "import shelf.books, test_tools\n" + TESTS.format(module="plain_sums"),
            "test_tools.py": "from more_tools import *\nimport test_tools, plain_sums, json\n",
            "more_tools.py": "NUMBERS = [1]\n",
            "not_imported.py": "",
            "json/__init__.py": "",
        },
    )
    assert sorted(task.tests) == ["more_tools.py", "plain_sums_test.py", "test_tools.py"]
    assert list(task.workspace) == ["plain_sums.py"]
    assert {case.partition("::")[0] for case in idents(task)} == {"plain_sums_test.py"}
    broken = only(
        tmp_path / "b",
        files={"plain_sums_test.py": "import tools\n" + TESTS.format(module="plain_sums"), "tools.py": "def :"},
    )
    assert sorted(broken.tests) == ["plain_sums_test.py", "tools.py"]


def test_examples_with_the_names_of_the_solutions_go_by_name(tmp_path: Path) -> None:
    files = {"solution": ["plain_sums.py", "more.py"], "example": [".meta/more.py", ".meta/plain_sums.py"]}
    more: dict[str, str | bytes | None] = {"more.py": "", ".meta/more.py": "M = 1\n", ".meta/plain_sums.py": "P = 1\n"}
    task = only(tmp_path, config={"files": files}, files=more)
    assert task.reference is not None
    assert task.reference.files == {"plain_sums.py": "P = 1\n", "more.py": "M = 1\n"}


@pytest.mark.parametrize("config", ["{}", '{"files": {}}', '{"files": {"solution": [], "test": null}}', "\ufeff{}\r\n"])
@pytest.mark.parametrize("track", [None, {"slug": "python"}, {"files": {"solution": ["%{snake_slug}.py"]}}])
def test_what_config_json_leaves_out(config: str, track: dict[str, Any] | None, tmp_path: Path) -> None:
    (task,) = load(make(tmp_path / "python", Exercise(config=config), config=track)).tasks
    assert task.editable == ("plain_sums.py",)
    assert task.id == "python/plain-sums"
    assert task.reference is not None


def test_no_config_json_at_all(tmp_path: Path) -> None:
    home = make(tmp_path / "python", Exercise(config=None), Exercise("second"))
    assert [task.name for task in load(home).tasks] == ["plain-sums", "second"]


def test_a_concept_exercise(tmp_path: Path) -> None:
    stub = '"""Functions."""\n\n\ndef answer(n):\n    """Double it."""\n\n    pass\n'
    tests = (
        "import unittest\nimport pytest\nfrom sums import answer\n\n\nclass SumsTest(unittest.TestCase):\n"
        "    @pytest.mark.task(taskno=1)\n    def test_sums(self):\n"
        "        for variant, (given, expected) in enumerate(zip([1, 2], [2, 4]), start=1):\n"
        "            with self.subTest(f'variation #{variant}', given=given, expected=expected):\n"
        "                self.assertEqual(answer(given), expected, msg=f'called answer({given})')\n"
    )
    shelf = tmp_path / "python" / "exercises" / "concept"
    files: dict[str, str | bytes | None] = {
        "sums.py": stub,
        "sums_test.py": tests,
        ".meta/exemplar.py": EXAMPLE,
        ".meta/example.py": None,
    }
    (tmp_path / "python").mkdir()
    track = {**TRACK, "exercises": {"concept": [{"slug": "happy-sums", "name": "Happy Sums", "concepts": ["numbers"]}]}}
    (tmp_path / "python" / "config.json").write_text(json.dumps(track))
    config = {"solution": ["sums.py"], "test": ["sums_test.py"], "exemplar": [".meta/exemplar.py"], "example": []}
    Exercise("happy-sums", files, {"files": config}).write(shelf)
    for place in (shelf, shelf / "happy-sums"):
        (task,) = load(place).tasks
        assert (task.id, task.title, task.tags) == ("python/happy-sums", "Happy Sums", ("numbers",))
        assert idents(task) == ["sums_test.py::SumsTest::test_sums"]
        assert task.reference is not None
        assert task.reference.files == {"sums.py": EXAMPLE}


@pytest.mark.parametrize("stub", ["", "# Your code here.\n", "\ufeffdef answer(n):\r\n    pass\r\n", "def answer(:\n"])
def test_any_stub(stub: str, tmp_path: Path) -> None:
    task = only(tmp_path, files={"plain_sums.py": stub})
    assert task.workspace["plain_sums.py"] == stub.removeprefix("\ufeff").replace("\r\n", "\n")


def test_line_ends_and_marks_of_another_system(tmp_path: Path) -> None:
    def dos(text: str) -> bytes:
        return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()

    files: dict[str, str | bytes | None] = {
        "plain_sums_test.py": dos(TESTS.format(module="plain_sums")),
        ".meta/example.py": dos(EXAMPLE),
        ".docs/instructions.md": dos("# Instructions\n\nÜber.\n"),
    }
    task = only(tmp_path, files=files)
    assert task.instruction.startswith("# Instructions\n\nÜber.\n")
    assert len(task.cases) == 2
    assert task.reference is not None
    assert task.reference.files["plain_sums.py"] == EXAMPLE


def test_a_test_that_the_file_skips_does_not_count(tmp_path: Path) -> None:
    tests = (
        "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): ...\n"
        "    @unittest.skip('extra')\n    def test_b(self): ...\n"
        "    @unittest.expectedFailure\n    def test_c(self): self.fail()\n"
        "    def test_twice(self): ...\n    def test_twice(self): ...\n"
    )
    task = only(tmp_path, files={"plain_sums_test.py": tests})
    assert idents(task) == ["plain_sums_test.py::A::test_a", "plain_sums_test.py::A::test_twice"]


def test_inherited_tests_also_from_a_helper(tmp_path: Path) -> None:
    base = "import unittest\nclass Base(unittest.TestCase):\n    def test_base(self): ...\n"
    tests = "import helper\nclass Sums(helper.Base):\n    def test_sums(self): ...\n"
    task = only(
        tmp_path, files={"plain_sums_test.py": tests, "helper.py": base}, config={"files": {"editor": ["helper.py"]}}
    )
    assert idents(task) == ["plain_sums_test.py::Sums::test_base", "plain_sums_test.py::Sums::test_sums"]


def test_tests_of_any_name(tmp_path: Path) -> None:
    tests = "def test_a(): ...\n"
    task = only(tmp_path, files={"check.py": tests}, config={"files": {"test": ["check.py"]}})
    assert idents(task) == ["check.py::test_a"]


def test_a_helper_among_the_tests(tmp_path: Path) -> None:
    files: dict[str, str | bytes | None] = {"test_utils.py": "def helper(): ...\n"}
    task = only(tmp_path, files=files, config={"files": {"test": ["plain_sums_test.py", "test_utils.py"]}})
    assert {ident.partition("::")[0] for ident in idents(task)} == {"plain_sums_test.py"}
    assert sorted(task.tests) == ["plain_sums_test.py", "test_utils.py"]


def test_who_sees_what_is_listed_twice(tmp_path: Path) -> None:
    config = {"files": {"test": ["plain_sums_test.py", "data.txt"], "editor": ["data.txt"]}}
    task = only(tmp_path, files={"data.txt": "expected"}, config=config)
    assert "data.txt" in task.tests
    assert "data.txt" not in task.workspace


def test_an_exercise_without_example_has_no_reference(tmp_path: Path) -> None:
    config: dict[str, Any] = {"files": {"example": []}}
    assert only(tmp_path, files={".meta/example.py": None}, config=config).reference is None


def test_the_hash_is_of_what_is_used(tmp_path: Path) -> None:
    home = make(tmp_path / "track", Exercise()) / "exercises" / "practice" / "plain-sums"

    def now() -> str:
        return load(home).tasks[0].content_hash

    before = now()
    for name in (".approaches/config.json", ".meta/tests.toml", ".meta/template.j2"):
        (home / name).write_text("changed")
    assert now() == before
    for name in ("plain_sums.py", "plain_sums_test.py", ".meta/example.py", ".docs/instructions.md"):
        text = (home / name).read_text()
        (home / name).write_text(text + "# more\n")
        assert now() != before
        (home / name).write_text(text)
    assert now() == before


LONG = TESTS.replace("\n\nif __name__", "    # BODY\n\nif __name__").replace(
    "    # BODY",
    "".join(
        f"    def test_{n}(self):\n        expected = {list(range(n))!r}\n"
        f"        self.assertEqual(answer({n}), expected)\n\n"
        for n in range(40)
    ),
)

SHAPES: list[Callable[[str], Exercise]] = [
    lambda slug: Exercise(slug),
    lambda slug: Exercise(slug, {".docs/introduction.md": "# Introduction\n\nOnce.\n"}),
    lambda slug: Exercise(slug, {".docs/instructions.append.md": "# Append\n\nMore.\n"}),
    lambda slug: Exercise(slug, config="{}"),
    lambda slug: Exercise(slug, config=None),
    lambda slug: Exercise(slug, {".meta/example.py": None, ".meta/exemplar.py": EXAMPLE}, "{}"),
    lambda slug: Exercise(slug, {"test_utils.py": "def test_u(): ...\n"}, {"files": {"editor": ["test_utils.py"]}}),
    lambda slug: Exercise(slug, {"data.csv": "a,b\n"}, {"files": {"editor": ["data.csv"]}}),
    lambda slug: Exercise(slug, {f"{slug.replace('-', '_')}.py": ""}),
    lambda slug: Exercise(slug, {f"{slug.replace('-', '_')}.py": EXAMPLE}),
    lambda slug: Exercise(slug, {f"{slug.replace('-', '_')}_test.py": LONG.format(module=slug.replace("-", "_"))}),
    lambda slug: Exercise(slug, {"b.py": STUB, ".meta/b.py": EXAMPLE, ".meta/a.py": EXAMPLE}, {
        "files": {"solution": [f"{slug.replace('-', '_')}.py", "b.py"], "example": [".meta/a.py", ".meta/b.py"]}
    }),
]  # fmt: skip


def test_a_whole_track(tmp_path: Path) -> None:
    slugs = [f"exercise-number-{n:03d}" for n in range(144)]
    exercises = [SHAPES[n % len(SHAPES)](slug) for n, slug in enumerate(slugs)]
    about = [{"slug": slug, "name": slug.title(), "difficulty": n % 9, "practices": []} for n, slug in enumerate(slugs)]
    home = make(tmp_path / "python", *exercises, config={**TRACK, "exercises": {"practice": about}})
    (home / "exercises" / "practice" / ".hidden").mkdir()
    (home / "exercises" / "practice" / "notes.txt").touch()
    (home / "exercises" / "shared" / ".docs").mkdir(parents=True)

    began = time.process_time()
    suite = load(home)
    assert time.process_time() - began < 2.0
    assert [task.name for task in suite.tasks] == slugs
    assert len({task.content_hash for task in suite.tasks}) == len(slugs)
    assert all(task.reference and task.cases and task.editable for task in suite.tasks)
    assert max(len(task.cases) for task in suite.tasks) > 40

    assert [task.name for task in load_tasks([home], ["*-00[3-5]", "python/exercise-number-143"])] == [
        *slugs[3:6],
        slugs[143],
    ]
    with pytest.raises(UsageError, match="no task matches bowling"):
        load_tasks([home], ["bowling"])


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    home = make(tmp_path / "python", *(Exercise(f"sums-{n}") for n in range(3)))
    for name in ("sums-0", "sums-2"):
        (home / "exercises" / "practice" / name / ".meta" / "config.json").write_text("{")
    assert [task.id for task in load_tasks([home], ["sums-1"])] == ["python/sums-1"]
    with pytest.raises(TaskError, match=r"sums-0.*broken JSON"):
        load_tasks([home])
