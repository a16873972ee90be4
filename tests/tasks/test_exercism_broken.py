"""Whatever is wrong with an exercise is one TaskError that names file and key, and it hides no other exercise."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.errors import TaskError
from harness.tasks import load, load_tasks
from tests.tasks.track import TRACK, Exercise, make


@dataclass
class Broken:
    """What is wrong with an exercise, and the error that follows."""

    told: str
    file: str
    key: str = ""
    files: dict[str, str | bytes | None] = field(default_factory=dict)
    config: dict[str, Any] | str | None = field(default_factory=dict)
    line: int | None = None


META = ".meta/config.json"


def listing(role: str, *names: Any, told: str, **keys: Any) -> Broken:
    return Broken(told, META, f"files.{role}", config={"files": {role: list(names)}}, line=1, **keys)


BROKEN = {
    "no instructions": Broken("file is missing", ".docs/instructions.md", files={".docs/instructions.md": None}),
    "empty instructions": Broken("is empty", ".docs/instructions.md", files={".docs/instructions.md": " \n"}),
    "binary instructions": Broken("not UTF-8", ".docs/introduction.md", files={".docs/introduction.md": b"\xff"}),
    "broken JSON": Broken("broken JSON", META, config='{\n  "files": {,}\n}', line=2),
    "a list": Broken("expected an object", META, config="[]", line=1),
    "deep JSON": Broken("broken JSON", META, config="[" * 200_000),
    "not UTF-8": Broken("not UTF-8", META, config=None, files={META: b"\xff"}),
    "files is a list": Broken("expected an object", META, "files", config='{\n\n"files": []}', line=3),
    "solution is a text": Broken(
        "list of texts", META, "files.solution", config='{"files": {\n"x": 1,\n"solution": "a.py"}}', line=3
    ),
    "numbers": listing("test", 1, told="expected a list of texts"),
    "a path upwards": listing("editor", "../x", told="not a plain relative path"),
    "a path from the root": listing("solution", "/etc/passwd", told="not a plain relative path"),
    "an empty path": listing("solution", "", told="not a plain relative path"),
    "no stub": listing("solution", "none.py", told="there is no file none.py"),
    "no test file": listing("test", "none_test.py", told="there is no file none_test.py"),
    "no helper": listing("editor", "none.py", told="there is no file none.py"),
    "no example": listing("example", ".meta/none.py", told="there is no file .meta/none.py"),
    "a directory": listing("editor", ".meta", told="there is no file .meta"),
    "a binary helper": listing("editor", "logo.png", told="not UTF-8", files={"logo.png": b"\x89PNG"}),
    "tested by itself": listing("test", "plain_sums.py", told="plain_sums.py is listed as something else too"),
    "tests without tests": Broken("no test that counts", META, "files.test", {"plain_sums_test.py": "x = 1\n"}, line=1),
    "only skipped": Broken(
        "no test that counts",
        META,
        "files.test",
        {"plain_sums_test.py": "import pytest\n@pytest.mark.skip\ndef test_a(): ...\n"},
        line=1,
    ),
    "broken tests": Broken("not Python", "plain_sums_test.py", files={"plain_sums_test.py": "\ndef test(:\n"}, line=2),
}
BROKEN["tested by itself"].key = "files.solution"


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_one_error_names_the_place_and_hides_no_other_exercise(broken: Broken, tmp_path: Path) -> None:
    bad = Exercise("plain-sums", broken.files, broken.config)
    home = make(tmp_path / "python", bad, Exercise("good-sums"))
    with pytest.raises(TaskError) as caught:
        load(home)
    error = caught.value
    assert broken.told in str(error)
    assert error.path == (home / "exercises" / "practice" / "plain-sums" / broken.file).resolve()
    assert (error.key, error.line) == (broken.key, broken.line)
    assert [task.name for task in load_tasks([home], ["good*"])] == ["good-sums"]
    with pytest.raises(TaskError):
        load_tasks([home], ["plain-sums"])


@pytest.mark.parametrize(
    ("config", "told", "key", "line"),
    [
        ("{broken", "broken JSON", "", 1),
        ({**TRACK, "language": "Go"}, "only the Python track", "language", 2),
        ({**TRACK, "slug": "a/b"}, "not a plain name", "slug", 3),
        ({**TRACK, "slug": 5}, "expected text, found 5", "slug", 3),
        ({"exercises": []}, "expected an object", "exercises", 2),
        ({"exercises": {"practice": ["a"]}}, "expected a list of objects", "exercises.practice", 3),
        ({"files": {"solution": "x"}}, "expected a list of texts", "files.solution", 3),
    ],
)
def test_a_track_that_is_broken(config: Any, told: str, key: str, line: int, tmp_path: Path) -> None:
    home = make(tmp_path / "python", Exercise(config=None), config=config)
    with pytest.raises(TaskError, match=told) as caught:
        load(home)
    assert caught.value.path == home / "config.json"
    assert (caught.value.key, caught.value.line) == (key, line)


def test_a_track_without_exercises(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="no exercise here"):
        load(make(tmp_path / "python"))


def test_links_are_refused_wherever_they_lead(tmp_path: Path) -> None:
    home = make(tmp_path / "python", Exercise(config={"files": {"editor": ["link.txt"]}}))
    link = home / "exercises" / "practice" / "plain-sums" / "link.txt"
    for target in (tmp_path / "nowhere", Path("/etc/passwd")):
        link.symlink_to(target)
        with pytest.raises(TaskError, match="symbolic links are not allowed"):
            load(home)
        link.unlink()
    link.touch()
    docs = home / "exercises" / "practice" / "plain-sums" / ".docs" / "introduction.md"
    docs.symlink_to("/etc/passwd")
    with pytest.raises(TaskError, match="symbolic links are not allowed"):
        load(home)


def test_a_task_of_our_own_format_stays_one(tmp_path: Path) -> None:
    home = Exercise().write(tmp_path / "s")
    (home / "task.yaml").write_text("kind: riddle\n")
    with pytest.raises(TaskError, match="no kind 'riddle'"):
        load(home)
