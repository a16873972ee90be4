"""What a pytest process recorded, and when it cannot have been an untouched pytest's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.grading.records import Records
from harness.sandbox import session
from harness.types import CaseEvidence

COLLECTED = {"collected": ["t.py::test_a", "t.py::test_b"]}


def call(name: str, outcome: str = "passed", when: str = "call", **more: Any) -> dict[str, Any]:
    return {"id": f"t.py::{name}", "when": when, "outcome": outcome, "message": "", "seconds": 0.1, **more}


def records(exit_code: int | None, *lines: dict[str, Any]) -> Records:
    return Records(CaseEvidence(id="x", ending="exit", exit_code=exit_code, records=lines))


@pytest.mark.parametrize(
    ("exit_code", "lines"),
    [
        (0, [COLLECTED, call("test_a"), call("test_b"), {"finish": 0}]),
        (1, [COLLECTED, call("test_a"), call("test_b", "failed"), {"finish": 1}]),
        (1, [COLLECTED, call("test_a", "failed", "setup"), {"finish": 1}]),
        (1, [COLLECTED, call("test_a"), call("test_a", "failed", "teardown"), {"finish": 1}]),
        (1, [COLLECTED, call("test_a", "failed"), call("test_a", "failed", "teardown"), {"finish": 1}]),
        (0, [COLLECTED, call("test_a", "skipped", "setup"), {"finish": 0}]),
        (2, [COLLECTED, {"collect": "t.py", "outcome": "failed", "message": "no module"}, {"finish": 2}]),
        (5, [{"collected": []}, {"finish": 5}]),
    ],
)
def test_honest_records_have_no_problem(exit_code: int, lines: list[dict[str, Any]]) -> None:
    assert records(exit_code, *lines).problem() == ""


@pytest.mark.parametrize(
    ("exit_code", "lines", "problem"),
    [
        (0, [], "did not finish its run (0 finish"),
        (0, [COLLECTED, call("test_a")], "did not finish its run (0 finish"),
        (0, [COLLECTED, call("test_a"), {"finish": 0}, {"finish": 0}], "did not finish its run (2 finish"),
        (0, [COLLECTED, {"finish": 0}, call("test_a")], "did not finish its run (1 finish"),
        (1, [COLLECTED, call("test_a"), {"finish": 0}], "recorded exit status 0, the process ended with 1"),
        (0, [COLLECTED, call("test_a", "failed"), {"finish": 0}], "contradict each other"),
        (1, [COLLECTED, call("test_a"), {"finish": 1}], "contradict each other"),
        (0, [{"collected": []}, {"finish": 0}], "contradict each other"),
        (0, [COLLECTED, call("test_a"), call("test_a"), {"finish": 0}], "two records for t.py::test_a"),
        (1, [COLLECTED, call("test_a", "failed"), call("test_a"), {"finish": 1}], "two records for"),
        (0, [COLLECTED, COLLECTED, call("test_a"), {"finish": 0}], "tests were collected twice"),
        (0, [COLLECTED, {"broken": True}, call("test_a"), {"finish": 0}], "that is no record"),
        (2, [COLLECTED, call("test_a"), {"finish": 2}], "did not finish its run (exit status 2)"),
        (3, [COLLECTED, call("test_a"), {"finish": 3}], "did not finish its run (exit status 3)"),
    ],
)
def test_contradictions_are_named(exit_code: int, lines: list[dict[str, Any]], problem: str) -> None:
    assert problem in records(exit_code, *lines).problem()


def test_groups_and_instances() -> None:
    found = records(
        1,
        call("test_a[1]"),
        call("test_a[2]", "failed"),
        call("test_ab"),
        call("test_c", "xfailed"),
        call("test_d", "odd"),
        {"finish": 1},
    )
    assert [group for group, _ in found.of("t.py::test_a")] == ["failed", "passed"]
    assert [group for group, _ in found.of("t.py::test_ab")] == ["passed"]
    assert [group for group, _ in found.of("t.py::test_c")] == ["skipped"]
    assert [group for group, _ in found.of("t.py::test_d")] == ["skipped"]
    assert found.of("t.py::test_none") == []
    assert found.summary() == "2 passed, 1 failed, 2 skipped, 0 errors"
    assert found.ran


def test_the_first_error_is_the_most_telling() -> None:
    failed = call("test_a", "failed", message="assert 1 == 2")
    assert records(1, failed, {"finish": 1}).first_error() == "assert 1 == 2"
    broken = {"collect": "t.py", "outcome": "failed", "message": "no module"}
    assert records(2, broken, failed).first_error() == "no module"
    assert records(0, {"collect": "t.py", "outcome": "skipped", "message": "why"}).first_error() == "skipped: why"
    assert records(0).first_error() == ""


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_record = st.dictionaries(
    st.sampled_from(["collected", "collect", "id", "when", "outcome", "message", "seconds", "finish", "broken"]), _json
)


@given(st.lists(_record, max_size=6), st.none() | st.integers(0, 255))
def test_nothing_that_is_written_there_raises(lines: list[dict[str, Any]], exit_code: int | None) -> None:
    import json

    seen = session._records("\n".join(json.dumps(line) for line in lines).encode())
    found = records(exit_code, *seen)
    found.problem()
    found.summary()
    found.first_error()
    found.of("t.py::test_a")


@given(st.binary(max_size=60))
def test_any_bytes_become_records(blob: bytes) -> None:
    for record in session._records(blob):
        assert isinstance(record, dict)


def test_lines_of_another_form_are_marked() -> None:
    broken = [{"broken": True}]
    for line in (b"x", b"[]", b"1", b'{"id": {}}', b'{"id": null}', b'{"collected": [1]}', b"[" * 90_000, b"\xff"):
        assert session._records(line) == broken, line[:40]
    assert session._records(b'\n{"finish": 0}\n\n') == [{"finish": 0}]
    assert session._records(b'{"message": "\\ud800"}') == [{"message": "\\ud800"}]
