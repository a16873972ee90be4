"""Whatever is wrong with a task is one TaskError that names the file, and the line and key where there is one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.cli.new import TEMPLATES
from harness.errors import TaskError, UsageError
from harness.tasks import load, load_tasks

FUNCTION = "kind: function\nentry: clamp\n"
PROGRAM = "kind: program\n"
WORKSPACE = 'kind: workspace\neditable: ["src/*.py"]\n'
TESTS = "kind: write_tests\nsolution: test_stack.py\n"
CASE = "- call: clamp(1, 0, 9)\n"
RUNS = '- stdin: a\n- stdin: b\n- stdin: "c"\n'


@dataclass
class Broken:
    """A template with some of its files replaced, and the error that follows."""

    kind: str
    files: dict[str, str | bytes | None]
    """Path in the task -> new content; None takes it away."""
    told: str
    file: str
    line: int | None = None
    key: str = ""
    suite: str = field(default="")
    """Content of suite.yaml."""

    def write(self, root: Path) -> Path:
        task = root / "s" / "t"
        shutil.copytree(TEMPLATES / self.kind, task)
        if self.suite:
            (root / "s" / "suite.yaml").write_text(self.suite)
        for name, content in self.files.items():
            path = task / name
            if content is None:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return task


def task_yaml(text: str, told: str, line: int | None, key: str = "", kind: str = "function") -> Broken:
    return Broken(kind, {"task.yaml": text}, told, "task.yaml", line, key)


def cases_yaml(text: str | bytes, told: str, line: int | None, key: str = "", kind: str = "function") -> Broken:
    return Broken(kind, {"cases.yaml": text}, told, "cases.yaml", line, key)


def wrong_py(text: str, told: str, key: str, line: int = 1) -> Broken:
    return Broken("function", {"wrong/unchecked.py": text}, told, "wrong/unchecked.py", line, key)


def suite_yaml(text: str, told: str, line: int, key: str) -> Broken:
    return Broken("function", {}, told, "../suite.yaml", line, key, suite=text)


WHY = "wrong/charges_empty_orders/_why.yaml"
HIDDEN = "tests/test_delivery.py"

BROKEN = {
    # task.yaml
    "no kind": task_yaml("title: x\n", "needs the key 'kind'", 1),
    "unknown kind": task_yaml("title: x\nkind: riddle\n", "no kind 'riddle'", 2, "kind"),
    "kind is a list": task_yaml("kind: [function]\n", "expected text", 1, "kind"),
    "empty": task_yaml("", "needs the key 'kind'", 1),
    "a list": task_yaml("- kind: function\n", "must be a mapping", 1),
    "unknown key": task_yaml(FUNCTION + "entrey: clamp\n", "no such key", 3, "entrey"),
    "duplicate key": task_yaml(FUNCTION + "entry: clamp\n", "stands twice", 3, "entry"),
    "a tab": task_yaml("kind: function\n\tentry: x\n", "broken YAML", 2),
    "an open quote": task_yaml('kind: "function\n', "broken YAML", 2),
    "an open bracket": task_yaml("kind: function\ntags: [a\nentry: clamp\n", "broken YAML", 3),
    "an unknown tag": task_yaml("kind: function\ntitle: !!python/object:os.system x\n", "cannot be read", 2, "title"),
    "a control character": task_yaml("kind: function\0\n", "broken YAML", None),
    "no entry": task_yaml("kind: function\n", "needs the key 'entry'", 1),
    "entry is no name": task_yaml("kind: function\nentry: my-function\n", "not the name of a function", 2, "entry"),
    "title is a number": task_yaml(FUNCTION + "title: 12\n", "expected text, found 12", 3, "title"),
    "tags of numbers": task_yaml(FUNCTION + "tags: [1]\n", "expected a list of texts", 3, "tags"),
    "fresh is a word": task_yaml(FUNCTION + "fresh: maybe\n", "expected true or false", 3, "fresh"),
    "a negative tolerance": task_yaml(FUNCTION + "tolerance: -1\n", "not negative", 3, "tolerance"),
    "a tolerance in words": task_yaml(FUNCTION + "tolerance: little\n", "expected a number", 3, "tolerance"),
    "limits is a number": task_yaml(FUNCTION + "limits: 5\n", "must be a mapping", 3),
    "no time": task_yaml(FUNCTION + "limits:\n  memory_mb: 64\n  timeout_s: 0\n", "greater than 0", 5, "timeout_s"),
    "too much memory": task_yaml(FUNCTION + "limits: {memory_mb: 9999999}\n", "less than", 3, "memory_mb"),
    "memory in words": task_yaml(FUNCTION + "limits: {memory_mb: lots}\n", "expected a number", 3, "memory_mb"),
    "unknown limit": task_yaml(FUNCTION + "limits: {cpus: 2}\n", "no such key", 3, "cpus"),
    "limit twice": task_yaml(FUNCTION + "limits: {output_kb: 2, output_kb: 3}\n", "stands twice", 3, "output_kb"),
    "select_on": task_yaml(FUNCTION + "select_on: luck\n", "expected visible or vote", 3, "select_on"),
    "feedback": task_yaml(FUNCTION + "feedback: visible\n", "expected none or hidden", 3, "feedback"),
    "feedback is a truth": task_yaml(FUNCTION + "feedback: yes\n", "expected text, found True", 3, "feedback"),
    "not UTF-8": task_yaml(FUNCTION, "not UTF-8 text: byte 0 is 0xff", None),
    "no task.yaml": Broken("function", {"task.yaml": None}, "this file is missing", "task.yaml"),
    # the files beside it
    "no instruction": Broken("function", {"instruction.md": None}, "this file is missing", "instruction.md"),
    "nothing to do": Broken("function", {"instruction.md": " \n"}, "instruction is empty", "instruction.md"),
    "a binary instruction": Broken("function", {"instruction.md": b"\xff"}, "not UTF-8 text", "instruction.md"),
    "no reference": Broken("function", {"reference.py": None}, "this file is missing", "reference.py"),
    "a directory for a file": Broken(
        "function", {"reference.py": None, "reference.py/x": ""}, "Is a directory", "reference.py"
    ),
    # cases.yaml
    "no cases": Broken("function", {"cases.yaml": None}, "this file is missing", "cases.yaml"),
    "cases is empty": cases_yaml("", "expected a list of cases", 1),
    "cases is a mapping": cases_yaml("call: clamp(1)\n", "expected a list of cases", 1),
    "a case is a text": cases_yaml(CASE + "  returns: 1\n- clamp(2)\n", "must be a mapping", 3),
    "a colon in a call": cases_yaml('- call: clamp("a: b")\n  returns: 1\n', "broken YAML", 1),
    "no call": cases_yaml("- returns: 1\n", "needs the key 'call'", 1),
    "not a call": cases_yaml("- id: a\n  call: clamp\n  returns: 1\n", "not a call", 2, "call"),
    "call of a number": cases_yaml("- call: 5\n  returns: 1\n", "expected text", 1, "call"),
    "an unhashable key": cases_yaml("- call: 'clamp({[]: 1})'\n  returns: 1\n", "unhashable", 1, "call"),
    "a wrong entry": cases_yaml("- call: clip(1)\n  returns: 1\n", "calls 'clip'", 1, "call"),
    "neither": cases_yaml(CASE, "either `returns` or `raises`", 1, "call"),
    "both": cases_yaml(CASE + "  returns: 1\n  raises: E\n", "either `returns` or `raises`", 3, "raises"),
    "message alone": cases_yaml(CASE + "  returns: 1\n  message: m\n", "goes with `raises`", 3, "message"),
    "message is a number": cases_yaml(CASE + "  raises: E\n  message: 5\n", "expected text", 3, "message"),
    "message is empty": cases_yaml(CASE + "  raises: E\n  message: ''\n", "a point for nothing", 3, "message"),
    "raises a sentence": cases_yaml(CASE + "  raises: it fails\n", "class name", 2, "raises"),
    "a bare word": cases_yaml(CASE + "  returns: hello\n", "not a Python literal: hello", 2, "returns"),
    "no value": cases_yaml(CASE + "  returns:\n", "there is no value", 2, "returns"),
    "ambiguous text": cases_yaml(CASE + "  returns: 'a\\nb'\n", "means one thing to YAML", 2, "returns"),
    "a value in itself": cases_yaml(CASE + "  returns: &a [*a]\n", "nested deeper than", 2, "returns"),
    "deep nesting": cases_yaml(CASE + f"  returns: {'[' * 300 + ']' * 300}\n", "nested deeper than", 2, "returns"),
    "a million brackets": cases_yaml(CASE + f"  returns: {'[' * 10**6}\n", "broken YAML", None),
    "unknown key of a case": cases_yaml(CASE + "  returns: 1\n  hidden: true\n", "no such key", 3, "hidden"),
    "visible is a word": cases_yaml(CASE + "  returns: 1\n  visible: very\n", "true or false", 3, "visible"),
    "a comma in an id": cases_yaml("- id: a,b\n  call: clamp(1)\n  returns: 1\n", "no comma", 1, "id"),
    "an empty id": cases_yaml("- id: ''\n  call: clamp(1)\n  returns: 1\n", "short name", 1, "id"),
    "an id twice": cases_yaml(
        "- id: a\n  call: clamp(1)\n  returns: 1\n- id: a\n  call: clamp(2)\n  returns: 1\n", "in line 1", 4, "id"
    ),
    "an id taken by a number": cases_yaml(
        "- call: clamp(1)\n  returns: 1\n- id: case-01\n  call: clamp(2)\n  returns: 1\n", "duplicate case", 3, "id"
    ),
    "a call twice": cases_yaml(
        CASE + "  returns: 1\n" + "- call: clamp( 1,0, 9 )\n  returns: 2\n", "the same input", 3, "call"
    ),
    "no visible case": Broken(
        "function",
        {"task.yaml": FUNCTION + "select_on: visible\n", "cases.yaml": CASE + "  returns: 1\n"},
        "no case of this task is visible",
        "task.yaml",
        3,
        "select_on",
    ),
    # programs
    "argv is a text": cases_yaml(RUNS + "- argv: --top\n", "list of arguments", 4, "argv", "program"),
    "argv of lists": cases_yaml(RUNS + "- argv: [[a]]\n", "list of arguments", 4, "argv", "program"),
    "an exit code": cases_yaml(RUNS + "- exit_code: 256\n", "0..255", 4, "exit_code", "program"),
    "stdin is a number": cases_yaml("- stdin: 5\n", "expected text, found 5", 1, "stdin", "program"),
    "a path upwards": cases_yaml('- files: {"../x": a}\n', "plain relative path", 1, "files", "program"),
    "a path from the root": cases_yaml('- writes: {"/x": a}\n', "plain relative path", 1, "writes", "program"),
    "a file of numbers": cases_yaml('- files:\n    "x": 5\n', "expected text", 2, "x", "program"),
    "a file twice": cases_yaml('- files: {"x": a, "x": b}\n', "stands twice", 1, "x", "program"),
    "a run twice": cases_yaml("- stdin: a\n- stdin: a\n", "the same input", 2, "", "program"),
    "one hidden run": cases_yaml("- stdin: a\n- stdin: b\n  visible: true\n", "more than one", None, "", "program"),
    "a script outside": task_yaml(PROGRAM + "solution: ../x.py\n", "relative path", 2, "solution", "program"),
    # why a wrong answer is wrong
    "no header": wrong_py("def clamp(): ...\n", "which cases it fails and why", "fails"),
    "no why": wrong_py("# fails: empty\n", "which cases it fails and why", "why"),
    "unknown outcome": wrong_py("# fails: *\n# outcome: sad\n# why: x\n", "no outcome is called 'sad'", "outcome", 2),
    # tests to write
    "no good": Broken("write_tests", {"good": None}, "directory is missing", "good"),
    "no bad": Broken("write_tests", {"bad": None}, "at least one bad", "task.yaml", 1),
    "bad is good": Broken(
        "write_tests",
        {"bad/same/stack.py": (TEMPLATES / "write_tests/good/stack.py").read_bytes()},
        "bad/same does not differ",
        "task.yaml",
        1,
    ),
    "an unknown visible": task_yaml(TESTS + "visible: [bad/x]\n", "no such case", 3, "visible", "write_tests"),
    "not collected": task_yaml("kind: write_tests\nsolution: x.py\n", "test_*.py", 2, "solution", "write_tests"),
    # workspaces
    "no editable": task_yaml("kind: workspace\n", "name the files", 1, "editable", "workspace"),
    "no workspace": Broken("workspace", {"workspace": None}, "directory is missing", "workspace"),
    "no hidden tests": Broken("workspace", {"tests": None}, "no hidden test", "tests"),
    "tests without tests": Broken("workspace", {HIDDEN: "x = 1\n"}, "no hidden test", "tests"),
    "a broken test": Broken("workspace", {HIDDEN: "\ndef test(:\n"}, "not Python", HIDDEN, 2),
    "a test with a NUL": Broken("workspace", {HIDDEN: "\0"}, "not Python", HIDDEN),
    "a test twice": Broken("workspace", {HIDDEN: "def test_a(): ...\ndef test_a(): ...\n"}, "two tests", HIDDEN, 2),
    "conftest": Broken("workspace", {"tests/conftest.py": ""}, "not used", "tests/conftest.py"),
    "no reference overlay": Broken("workspace", {"reference": None}, "directory is missing", "reference"),
    "no _why.yaml": Broken("workspace", {WHY: None}, "this file is missing", WHY),
    "no why in it": Broken("workspace", {WHY: 'fails: ["*"]\n'}, "fails and why", WHY, 1, "why"),
    "an unknown reason": Broken("workspace", {WHY: "fails: '*'\nwhy: x\nwho: y\n"}, "no such key", WHY, 3, "who"),
    "an unknown end": Broken("workspace", {WHY: "fails: '*'\noutcome: sad\n"}, "no outcome", WHY, 2, "outcome"),
    "nothing to delete": Broken(
        "workspace", {"reference/_delete": "src/shop.py\nsrc/gone.py\n"}, "no src/gone.py", "reference/_delete", 2
    ),
    "a binary file": Broken("workspace", {"workspace/logo.png": b"\x89PNG"}, "not UTF-8", "workspace/logo.png"),
    # the suite
    "suite is broken": suite_yaml("title: [x\n", "broken YAML", 2, ""),
    "suite has an unknown key": suite_yaml("titel: x\n", "no such key", 1, "titel"),
    "an unknown default": suite_yaml("defaults:\n  entry: f\n", "cannot have a default", 2, "entry"),
    "a feedback by default": suite_yaml("defaults:\n  feedback: all\n", "none or hidden", 2, "feedback"),
    "a broken default": suite_yaml("defaults:\n  limits: {timeout_s: -1}\n", "greater than 0", 2, "timeout_s"),
}
BROKEN["not UTF-8"].files["task.yaml"] = b"\xff" + FUNCTION.encode()


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_one_error_names_the_place(broken: Broken, tmp_path: Path) -> None:
    task = broken.write(tmp_path)
    with pytest.raises(TaskError) as caught:
        load(task.parent)
    error = caught.value
    assert broken.told in str(error)
    assert error.path == (task / broken.file).resolve()
    assert (error.line, error.key) == (broken.line, broken.key)
    assert error.exit_code == 2
    assert str(error).startswith(f"{error.path}:{error.line}: " if error.line else f"{error.path}: ")


@pytest.mark.parametrize("kind", ["function", "program", "write_tests", "workspace"])
def test_the_templates_are_not_broken(kind: str, tmp_path: Path) -> None:
    assert load(Broken(kind, {}, "", "").write(tmp_path)).tasks[0].kind == kind


@pytest.mark.parametrize("place", [".#cases.yaml", "wrong/link.py", "wrong/folder"])
def test_links_are_refused_wherever_they_lead(place: str, tmp_path: Path) -> None:
    task = Broken("function", {}, "", "").write(tmp_path)
    for target in (tmp_path / "nowhere", Path("/etc/passwd"), tmp_path):
        link = task / place
        link.symlink_to(target)
        with pytest.raises(TaskError, match="symbolic links are not allowed") as caught:
            load(task)
        assert caught.value.path == link
        link.unlink()


def test_names_that_are_no_text(tmp_path: Path) -> None:
    task = Broken("function", {}, "", "").write(tmp_path)
    odd = Path(f"{task}/\udcff.py")
    odd.touch()
    with pytest.raises(TaskError, match=r"not UTF-8") as caught:
        load(task)
    assert str(caught.value).isprintable()
    odd.unlink()
    renamed = task.rename(Path(f"{task.parent}/\udcff"))
    with pytest.raises(TaskError, match="no plain text") as caught:
        load(renamed)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("name", "told"), [("none", "no such file"), ("file", "expected a directory"), ("x" * 300, "File name too long")]
)
def test_paths_without_tasks(name: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TaskError, match=told):
        load(tmp_path / name)


def test_a_directory_without_tasks(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="no task here"):
        load(tmp_path)
    with pytest.raises(UsageError, match="no task was given"):
        load_tasks([])
