"""`harness grade`: verdicts on a file of answers without any model, and a message for every line that is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.cli.new import TEMPLATES
from tests.cli.conftest import Harness

GOOD = (TEMPLATES / "function" / "reference.py").read_text()
WRONG = "def clamp(value, low, high):\n    return value\n"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for kind in ("function", "workspace"):
        shutil.copytree(TEMPLATES / kind, tmp_path / "s" / kind)
    return tmp_path / "s"


@pytest.fixture
def answers(tmp_path: Path) -> Any:
    """Writes a file of candidates: objects as JSON, bytes as they are."""

    def write(*lines: object) -> Path:
        path = tmp_path / "answers.jsonl"
        path.write_bytes(b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines))
        return path

    return write


@pytest.mark.engine
def test_verdicts_in_the_order_of_the_lines(harness: Harness, suite: Path, answers: Any) -> None:
    shop = (TEMPLATES / "workspace" / "reference" / "src" / "shop.py").read_text()
    path = answers(
        {"task": "s/function", "code": GOOD},
        b"",
        {"task": "function", "code": WRONG},
        {"task": "workspace", "files": {"src/shop.py": shop}},
        {"task": "s/function", "files": {"solution.py": GOOD}},
        {"task": "s/function", "code": ""},
        {"task": "workspace", "files": {"../../etc/passwd": "x", "tests/test_delivery.py": "x"}},
    )
    done = harness("grade", suite, "--candidates", path, "--json")
    assert done.code == 0
    assert done.err == ""
    found = [(entry["index"], entry["line"], entry["task"], entry["outcome"]) for entry in done.json["results"]]
    assert found == [
        (0, 1, "s/function", "passed"),
        (1, 3, "s/function", "wrong_answer"),
        (2, 4, "s/workspace", "passed"),
        (3, 5, "s/function", "passed"),
        (4, 6, "s/function", "no_candidate"),
        (5, 7, "s/workspace", "no_candidate"),
    ]
    assert [entry["assurance"] for entry in done.json["results"][:3]] == ["proof"] * 3
    assert done.json["results"][0]["score"] == 1.0
    assert 0 < done.json["results"][1]["score"] < 1
    assert {"id": "inside", "outcome": "passed", "visible": True} in done.json["results"][0]["cases"]
    assert done.json["summary"] == {
        "candidates": 6,
        "passed": 3,
        "outcomes": {"passed": 3, "wrong_answer": 1, "no_candidate": 2},
    }


@pytest.mark.engine
def test_answers_that_mean_harm(harness: Harness, suite: Path, answers: Any) -> None:
    hostile = [
        b'{"task": "function", "code": "x = \'\\ud800\'\\n"}',
        b'{"task": "function", "code": "\\u0000"}',
        b'{"task": "workspace", "files": {"src/\\ud800.py": "\\udfff", "src/\\u0000.py": "", "/etc/x.py": ""}}',
        {"task": "function", "code": "import os\nos._exit(0)\n"},
        {"task": "function", "code": "(" * 5000},
        {"task": "function", "files": {}},
    ]
    done = harness("grade", suite, "--candidates", answers(*hostile), "--json", "--isolation", "candidate")
    assert done.code == 0, done
    assert len(done.json["results"]) == len(hostile)
    outcomes = {entry["outcome"] for entry in done.json["results"]}
    assert not outcomes & {"passed", "infra_error"}
    assert {entry["isolation"] for entry in done.json["results"]} == {"candidate"}


@pytest.mark.engine
def test_a_table_for_people(harness: Harness, suite: Path, answers: Any) -> None:
    done = harness("grade", suite / "function", "--candidates", answers({"task": "function", "code": GOOD}))
    assert done.code == 0
    assert "s/function" in done.out
    assert done.out.splitlines()[-1] == "1 of 1 passed"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "not JSON"),
        (b"[1]", "expected a JSON object, found list"),
        (b"5", "expected a JSON object, found int"),
        (b"null", "expected a JSON object, found NoneType"),
        (b'"text"', "expected a JSON object, found str"),
        (b"\xff\xfe\xff", "not"),
        (b"[" * 100_000, ""),
        ({"task": "s/none", "code": ""}, "no task 's/none'"),
        ({"code": ""}, "task: Field required"),
        ({"task": "function"}, "either `code` or `files`"),
        ({"task": "function", "code": None, "files": None}, "either `code` or `files`"),
        ({"task": "function", "code": "", "files": {}}, "either `code` or `files`"),
        ({"task": 5, "code": ""}, "task: Input should be a valid string"),
        ({"task": "function", "code": 5}, "code: Input should be a valid string"),
        ({"task": "function", "files": ["a"]}, "files: Input should be a valid dictionary"),
        ({"task": "function", "files": {"a": 1}}, "files.a: Input should be a valid string"),
        ({"task": "function", "code": "", "line": 7}, "unknown key 'line'"),
        ({"task": "function", "code": "", "spoken": True}, "unknown key 'spoken'"),
        ({"task": "function", "answer": ""}, "unknown key 'answer'"),
        ({"task": "function", "reply": "x"}, "s/function is no conversation, so it has no replies"),
        ({"task": "workspace", "replies": ["x"]}, "s/workspace is no conversation"),
        ({"task": "function", "reply": "x", "code": "x"}, "give one of code, files, reply, replies"),
        ({"task": "function", "reply": "x", "replies": ["x"]}, "give one of code, files, reply, replies"),
        ({"task": "function", "reply": ["x"]}, "`reply` is a text, `replies` a list of texts"),
        ({"task": "function", "replies": "x"}, "`reply` is a text, `replies` a list of texts"),
        ({"task": "function", "replies": [1]}, "`reply` is a text, `replies` a list of texts"),
        ({"task": "function", "reply": None}, "`reply` is a text, `replies` a list of texts"),
    ],
)
def test_a_line_that_is_no_candidate_names_its_number(
    harness: Harness, suite: Path, answers: Any, line: Any, told: str
) -> None:
    path = answers({"task": "function", "code": GOOD}, b"", line, b"{")
    message = harness("grade", suite, "--candidates", path, "--json").refused()
    assert message.startswith(f"error: {path}:3: ")
    assert told in message
    assert "pydantic" not in message


def test_replies_are_graded_without_any_sandbox(
    harness: Harness, answers: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    shutil.copytree(TEMPLATES / "conversation", tmp_path / "talks")
    tests = tmp_path / "talks" / "tests.yaml"
    tests.write_text(tests.read_text() + "\n  - {id: open, prompt: Tell me a story., criteria: {plain_text: false, "
                     "no_emoji: false}}\n")  # fmt: skip
    good = ["Good day, Ines, come in.", "Ines."]
    path = answers(
        {"task": "talks/due-date", "reply": "They are due on 17 May."},
        {"task": "due-date", "replies": ["They are due on May 17th."]},
        {"task": "due-date", "reply": "They are due on 18 May. \U0001f4da"},
        {"task": "due-date", "reply": "<think>17 May?</think>No idea."},
        {"task": "due-date", "reply": "<think>17 May"},
        {"task": "due-date", "reply": "  "},
        {"task": "due-date", "code": "On 17 May."},
        {"task": "keeps-the-name", "replies": good},
        {"task": "keeps-the-name", "files": {"turn1.md": good[0], "reply.md": good[1]}},
        {"task": "keeps-the-name", "replies": ["Good day.", good[1]]},
        {"task": "keeps-the-name", "replies": ["", good[1]]},
        {"task": "keeps-the-name", "replies": []},
        {"task": "open", "reply": "**Once** upon a time."},
    )
    done = harness("grade", tmp_path / "talks", "--candidates", path, "--json")
    assert done.code == 0
    assert done.err == ""
    found = [entry["outcome"] for entry in done.json["results"]]
    assert found == ["passed"] * 2 + ["wrong_answer"] * 2 + ["no_candidate"] * 2 + ["passed"] * 3 + [
        "wrong_answer", "no_candidate", "no_candidate", "unscored",
    ]  # fmt: skip
    failed = {
        entry["index"]: [case["id"] for case in entry["cases"] if case["outcome"] != "passed"]
        for entry in done.json["results"]
    }
    assert failed[2] == ["no_emoji", "must_include:1"]
    assert failed[3] == ["must_include:1"]
    assert failed[9] == ["turn1.must_include:1"]
    assert done.json["results"][4]["detail"] == "only thinking, which never ended"
    assert done.json["results"][10]["detail"] == "reply 1: an empty reply"
    assert done.json["summary"]["outcomes"] == {
        "passed": 5, "wrong_answer": 3, "no_candidate": 4, "unscored": 1,
    }  # fmt: skip
    assert {entry["assurance"] for entry in done.json["results"]} == {"proof"}


def test_hostile_replies_are_only_read(harness: Harness, answers: Any, tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "conversation", tmp_path / "talks")
    hostile = [
        b'{"task": "due-date", "reply": "17 May \\ud800\\u0000"}',
        {"task": "due-date", "reply": "17 May " * 300_000},
        {"task": "due-date", "reply": "*" * 100_000},
        {"task": "due-date", "reply": "[" * 50_000},
        {"task": "due-date", "reply": "`" * 30_001 + "\n" + "> " * 20_000},
        {"task": "keeps-the-name", "replies": ["Ines"] * 2_000},
        {"task": "keeps-the-name", "files": {"../reply.md": "Ines", "turn9999.md": "Ines", "turn1.md/x": "Ines"}},
    ]
    done = harness("grade", tmp_path / "talks", "--candidates", answers(*hostile), "--json")
    assert done.code == 0, done
    assert len(done.json["results"]) == len(hostile)
    assert "infra_error" not in done.json["summary"]["outcomes"]


def test_a_short_name_must_mean_one_task(harness: Harness, suite: Path, answers: Any) -> None:
    path = answers({"task": "FUNCTION", "code": ""})
    message = harness("grade", suite, "--candidates", path).refused()
    assert "tasks: s/function, s/workspace" in message


def test_files_that_cannot_be_read(harness: Harness, suite: Path, answers: Any, tmp_path: Path) -> None:
    path = answers({"task": "function", "code": GOOD})
    assert "No such file" in harness("grade", suite, "--candidates", tmp_path / "none").refused()
    assert "is a directory" in harness("grade", suite, "--candidates", tmp_path).refused()
    assert "no such file or directory" in harness("grade", tmp_path / "none", "--candidates", path).refused()
    assert "Missing option '--candidates'" in harness("grade", suite).refused()


def test_no_candidate_at_all(harness: Harness, suite: Path, answers: Any) -> None:
    """An empty file is a mistake somewhere before, as it is for `harness import`; "0 of 0 passed" would hide it."""
    told = harness("grade", suite, "--candidates", answers(), "--json").refused()
    assert "has no candidate" in told
    assert '{"task": id, "code": text}' in told


def test_without_an_engine(
    harness: Harness, suite: Path, answers: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    path = answers({"task": "function", "code": GOOD})
    refused = harness("grade", suite, "--candidates", path, "--json", "--sandbox", "docker").refused(1)
    assert f"no container engine answers at unix://{tmp_path}/none.sock" in refused
    done = harness("grade", suite, "--candidates", path, "--json")
    assert done.code == 0
    assert [entry["outcome"] for entry in json.loads(done.out)["results"]] == ["passed"]
    assert "candidates run under bubblewrap, which is weaker" in done.err
