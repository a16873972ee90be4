"""The corpus of hostile programs: complete, and held by the sandbox and the verifiers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from harness.cli.sandbox import command
from harness.errors import TaskError
from harness.grading.audit import HONEST, AuditReport, AuditRow, HostileProgram, audit, read_corpus, read_program
from harness.sandbox.pool import Pool
from harness.types import IsolationLevel, Outcome
from tests.full import FULL

if TYPE_CHECKING:
    from harness.sandbox.bubblewrap import BubblewrapSandbox
    from harness.sandbox.docker import DockerSandbox

CLASSES = {
    *("processes", "memory", "files", "time", "output", "descriptors", "crashes", "privilege"),
    *("forging", "pytest_cheats", "proxy_cheats", "copy_out", HONEST),
}
HEADER = "# tries: to be read\n# allowed: timeout, oom\n# never: it is not\n"


@pytest.fixture(scope="module")
def corpus() -> list[HostileProgram]:
    return read_corpus()


@pytest.fixture
def lanes(sandbox: DockerSandbox) -> Iterator[Pool]:
    """A pool as large as the number of programs at once: no lane pushes out what another one keeps."""
    with Pool(sandbox, size=4) as pool:
        yield pool


def test_the_corpus_is_complete(corpus: list[HostileProgram]) -> None:
    count = Counter(program.group for program in corpus)
    assert set(count) == CLASSES
    assert sum(count.values()) - count[HONEST] >= 100
    assert count[HONEST] >= 15
    assert min(count.values()) >= 5
    assert len({(program.group, program.name) for program in corpus}) == len(corpus)
    assert {program.kind for program in corpus if program.group == "pytest_cheats"} == {"workspace"}
    apart = Counter(program.group == HONEST for program in corpus if program.kind == "proxy")
    assert apart[False] >= 12
    assert apart[True] >= 3
    assert {program.kind for program in corpus if program.group == "proxy_cheats"} == {"proxy"}


def test_headers_say_what_is_expected(corpus: list[HostileProgram]) -> None:
    for program in corpus:
        name = f"{program.group}/{program.name}"
        assert (Outcome.passed in program.allowed) == (program.group == HONEST), name
        assert Outcome.passed not in program.without_cgroup, name
        assert not {Outcome.infra_error, Outcome.no_candidate} & set(program.allowed), name
        assert len({program.tries, program.never}) == 2, name
    assert len({program.source for program in corpus}) == len(corpus)


@pytest.mark.parametrize(
    ("header", "line", "says"),
    [
        ("# tries: a\n# allowed: oom\n\n", 3, "never"),
        (HEADER + "# never: twice\n", 4, "never"),
        (HEADER + "# allowd: oom\n", 4, "allowd"),
        (HEADER + "# no key here\n", 4, "expected `# key: value`"),
        (HEADER + "#\n", 4, "expected `# key: value`"),
        (HEADER.replace("oom", "ooom"), 2, "allowed"),
        (HEADER.replace("# allowed: timeout, oom", "# allowed: ,"), 2, "allowed"),
        (HEADER + "# kind: script\n", 4, "kind"),
        (HEADER + "# timeout_s: soon\n", 4, "timeout_s"),
        (HEADER + "# memory_mb: 1\n", 4, "memory_mb"),
        (HEADER + "# source: x\n", 4, "source"),
        ("", 1, "tries"),
    ],
)
def test_a_broken_header_names_file_and_line(tmp_path: Path, header: str, line: int, says: str) -> None:
    path = tmp_path / "memory" / "broken.py"
    path.parent.mkdir()
    path.write_text(header + ("x = 1\n" if header else ""))
    with pytest.raises(TaskError) as raised:
        read_program(path)
    assert f"broken.py:{line}: " in raised.value.message
    assert says in raised.value.message


def test_a_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "memory" / "one.py"
    path.parent.mkdir()
    path.write_text(HEADER + "# fresh: true\n# timeout_s: 0.5\n\nx = 1\n# tries: no more a header\n")
    program = read_program(path)
    assert (program.name, program.group, program.fresh, program.timeout_s) == ("one", "memory", True, 0.5)
    assert program.allowed == (Outcome.timeout, Outcome.oom)
    assert read_corpus(["mem*"], tmp_path) == [program]
    with pytest.raises(TaskError, match="no class none"):
        read_corpus(["none"], tmp_path)


def row_of(group: str, outcome: Outcome, *allowed: Outcome, control: bool = True) -> AuditRow:
    return AuditRow(
        name="x",
        group=group,
        outcome=outcome,
        allowed=allowed,
        seconds=0,
        control_passed=control,
        isolation="task",
        layers={},
    )


def test_what_counts_as_a_hole() -> None:
    accepted = row_of("memory", Outcome.passed, Outcome.passed)
    poisoned = row_of("memory", Outcome.oom, Outcome.oom, control=False)
    refused = row_of(HONEST, Outcome.timeout, Outcome.passed)
    surprising = row_of("memory", Outcome.infra_error, Outcome.oom)
    fine = (row_of("memory", Outcome.oom, Outcome.oom), row_of(HONEST, Outcome.passed, Outcome.passed))
    report = AuditReport(rows=(accepted, poisoned, *fine, refused, surprising))
    assert report.false_accepts == (accepted,)
    assert report.false_rejects == (poisoned, refused)
    assert report.surprises == (refused, surprising)
    assert not report.holds
    assert AuditReport(rows=fine).holds


ALONE = ("forging", "pytest_cheats", "proxy_cheats", "copy_out")
"""What a container of one's own is tried with here, every third of it; `make audit` tries everything both ways."""


@pytest.mark.engine
@pytest.mark.parametrize("isolation", ["task", "candidate"])
def test_the_sandbox_holds(corpus: list[HostileProgram], lanes: Pool, isolation: IsolationLevel) -> None:
    if isolation == "candidate":
        corpus = [program for program in corpus if program.group in ALONE][:: 1 if FULL else 3]
    report = audit(corpus, lanes, isolation)
    assert [(row.group, row.name) for row in report.rows] == [(program.group, program.name) for program in corpus]
    assert report.false_accepts == ()
    assert report.false_rejects == ()
    assert report.surprises == ()
    assert {row.layers["network"] for row in report.rows} == {"disabled"}
    assert {row.isolation for row in report.rows} == {isolation}


WITHOUT_AN_ENGINE = ("privilege", "memory", "processes", "files")
"""What depends on who made the sandbox more than on the verifiers."""


def test_the_sandbox_holds_without_an_engine(
    corpus: list[HostileProgram], bubblewrap_sandbox: BubblewrapSandbox
) -> None:
    corpus = [program for program in corpus if program.group in WITHOUT_AN_ENGINE]
    with Pool(bubblewrap_sandbox, size=4) as pool:
        report = audit(corpus, pool, "task")
    assert len(report.rows) == len(corpus)
    assert report.false_accepts == ()
    assert report.false_rejects == ()
    assert report.surprises == ()


def test_where_no_control_group_is_other_endings_are_allowed(tmp_path: Path) -> None:
    path = tmp_path / "memory" / "one.py"
    path.parent.mkdir()
    path.write_text(HEADER + "# without_cgroup: runtime_error, crash\n")
    program = read_program(path)
    assert program.allowed == (Outcome.timeout, Outcome.oom)
    assert program.without_cgroup == (Outcome.runtime_error, Outcome.crash)


@pytest.mark.engine
def test_the_audit_finds_a_hole(lanes: Pool) -> None:
    """A program that solves its task where it should not, and an honest one that does not."""
    facts = {"name": "x", "tries": "a", "never": "b", "allowed": (Outcome.wrong_answer,)}
    solves = HostileProgram.model_validate({**facts, "group": "memory", "source": "def f(n):\n    return n * n\n"})
    fails = HostileProgram.model_validate({**facts, "group": HONEST, "source": "def f(n):\n    return n\n"})
    report = audit([solves, fails], lanes, "task", concurrency=1)
    assert [row.outcome for row in report.rows] == [Outcome.passed, Outcome.wrong_answer]
    assert report.false_accepts == report.surprises == (report.rows[0],)
    assert report.false_rejects == (report.rows[1],)
    assert "wrong_answer" in report.rows[1].detail


@pytest.mark.engine
def test_the_command() -> None:
    flags = ["audit", "--class", "copy_out", "--isolation", "task"]
    shown = CliRunner().invoke(command, flags, catch_exceptions=False, standalone_mode=False)
    assert shown.return_value == 0, shown.stdout
    assert "copy_out" in shown.stdout
    assert "false accepts" in shown.stdout
    assert "left behind after " in shown.stdout
    assert " verdicts: nothing; resident memory " in shown.stdout
    told = CliRunner().invoke(command, [*flags, "--json"], catch_exceptions=False, standalone_mode=False)
    found = json.loads(told.stdout)
    assert found["left_behind"] == {}
    (document,) = found["isolation"].values()
    assert document["holds"]
    assert {row["class"] for row in document["rows"]} == {"copy_out"}
