"""Programs: their output is exact, every run starts in an empty directory."""

from __future__ import annotations

from typing import Any

import pytest

from harness.types import (
    ProgramCase,
    Task,
)
from tests.grading.conftest import Judge, outcomes


def program_task(*cases: ProgramCase, **keys: Any) -> Task:
    facts = {"id": "s/t", "suite": "s", "name": "t", "kind": "program", "instruction": "", "cases": cases, **keys}
    return Task.model_validate(facts)


@pytest.mark.parametrize(
    ("code", "outcome", "why"),
    [
        ("print('a\\nb')", "passed", ""),
        ("print('a\\nb', end='')", "wrong_answer", "stdout differs"),
        ("print('a\\nb\\n')", "wrong_answer", "stdout differs"),
        ("print('a\\r\\nb')", "wrong_answer", "stdout differs"),
        ("print('a\\nb ')", "wrong_answer", "stdout differs"),
        ("import sys; sys.stdout.buffer.write(b'a\\nb\\n\\xff')", "wrong_answer", "stdout differs"),
        ("import sys; print('a\\nb'); sys.exit(1)", "wrong_answer", "exit code 1, expected 0"),
        ("import sys; print('a\\nb'); sys.exit('bad')", "wrong_answer", "exit code 1, expected 0"),
        ("print('a\\nb'); 1/0", "runtime_error", "exit code 1, expected 0"),
        ("print('a\\nb'", "runtime_error", "exit code 1, expected 0"),
        ("import os; print('a\\nb', flush=True); os._exit(137)", "wrong_answer", "exit code 137"),
        ("import os; print('a\\nb', flush=True); os.abort()", "crash", ""),
        ("print('a\\nb', flush=True)\nwhile True: pass", "timeout", ""),
        ("while True: print('a')", "output_limit", ""),
        ("import sys; print('a\\nb'); print('noise', file=sys.stderr)", "passed", ""),
        ("import subprocess; subprocess.run(['echo', 'a\\nb'])", "passed", ""),
        ("import atexit; atexit.register(print, 'b'); print('a')", "passed", ""),
        ("", "wrong_answer", "stdout differs"),
    ],
)
def test_the_output_of_a_program_is_exact(judge: Judge, code: str, outcome: str, why: str) -> None:
    task = program_task(ProgramCase(id="a", stdout="a\nb\n"), limits={"timeout_s": 1.5, "output_kb": 64})
    (case,) = judge(task, code).cases
    assert case.outcome.value == outcome
    assert why in case.detail


def test_arguments_input_files_and_exit_codes(judge: Judge) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nname, code = sys.argv[1:]\n"
        "text = Path('in put/data.csv').read_bytes() + sys.stdin.buffer.read()\n"
        "Path(name).parent.mkdir(exist_ok=True)\nPath(name).write_bytes(text)\nsys.exit(int(code))\n"
    )
    facts: dict[str, Any] = {
        "argv": ("out/x.txt", "3"),
        "stdin": "é\r\n",
        "files": {"in put/data.csv": "a,1\n"},
        "exit_code": 3,
    }
    task = program_task(
        ProgramCase(id="right", writes={"out/x.txt": "a,1\né\r\n"}, **facts),
        ProgramCase(id="newline", writes={"out/x.txt": "a,1\né\n"}, **facts),
        ProgramCase(id="missing", writes={"out/x.txt": "a,1\né\r\n", "y.txt": ""}, **facts),
        ProgramCase(id="stdout", stdout="x", **facts),
    )
    verdict = judge(task, code)
    assert outcomes(verdict) == ["passed", "wrong_answer", "wrong_answer", "wrong_answer"]
    assert [case.detail for case in verdict.cases[1:]] == [
        "out/x.txt differs",
        "y.txt was not written",
        "stdout differs",
    ]


def test_every_run_of_a_program_starts_in_an_empty_directory(judge: Judge) -> None:
    code = (
        "import os\nprint(sorted(os.listdir()), os.listdir('/tmp'), os.listdir('/dev/shm'))\n"
        "open('left.txt', 'w').write('x')\nopen('/tmp/left', 'w').write('x')\n"
    )
    stdout = "['solution.py'] [] []\n"
    task = program_task(*[ProgramCase(id=f"run-{n}", stdout=stdout) for n in range(3)])
    assert outcomes(judge(task, code)) == ["passed"] * 3


def test_a_program_cannot_hand_over_a_link(judge: Judge) -> None:
    task = program_task(ProgramCase(id="a", writes={"out.txt": "x"}))
    verdict = judge(task, "import os\nos.symlink('/etc/hostname', 'out.txt')\n")
    assert outcomes(verdict) == ["artifact_rejected"]


# write_tests ---------------------------------------------------------------------------------------------------------
