"""`harness judge`: real HTTP judges that play a script, on a run whose answers are there already."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.judging.analysis.sheet import pairings, questions
from harness.readback import load_report_input
from harness.store import Store
from harness.types import Candidate, Extraction
from tests.cli.conftest import Done, Harness
from tests.judging.courtroom import Court
from tests.servers import judges
from tests.servers.scripted import PATIENCE_S, Exchange, scripted

SOURCES = {"m1": "def clamp(v, lo, hi):\n    # longest of all\n    return 1\n", "m2": "def clamp(): return 2\n"}


def taste(text: str) -> float:
    return 9 if "longest" in text else 4


@pytest.fixture
def court(tmp_path: Path) -> Court:
    """A run of three tasks and two models that all passed."""
    found = Court(tmp_path)
    found.hold([(task, model, source) for task in ("a", "b", "c") for model, source in SOURCES.items()])
    return found


KEYS = {"judgments": "id", "labels": "judgment", "attempts": "task", "selections": "task"}


def dump(directory: Path, *, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a store but those of some judgments."""
    connection = sqlite3.connect(directory / "store.db")
    marks = ", ".join("?" * len(but))
    try:
        return {
            table: connection.execute(
                f"select * from {table} where {key} not in ({marks}) order by 1, 2", but
            ).fetchall()
            for table, key in (
                ("judgments", "id"),
                ("labels", "judgment"),
                ("attempts", "task"),
                ("selections", "task"),
            )
        }
    finally:
        connection.close()


def judge(harness: Harness, court: Court, *arguments: object) -> Done:
    return harness("judge", court.run, "--catalogue", court.catalogue, "--quiet", *arguments)


def test_two_judges_that_disagree_are_both_kept_and_nothing_is_asked_twice(harness: Harness, court: Court) -> None:
    with scripted(judges.judging(taste)) as one, scripted(judges.judging(lambda text: 10 - taste(text))) as two:
        court.judge("ann", one.url, price={"input": 1.0, "output": 1.0})
        court.judge("bob", two.url)
        done = judge(harness, court, "--judge", "ann", "--judge", "bob", "--json")
        assert done.code == 0, done.err
        assert done.json["judges"]["ann"] == {
            "questions": 3, "accepted": 3, "repaired": 0, "rejected": 0, "failed": 0, "not_asked": 0,
            "reasons": {}, "cost_usd": pytest.approx(3 * 46e-6), "conflicts": {},
        }  # fmt: skip
        assert done.json["judges"]["bob"]["cost_usd"] is None
        before = dump(court.run)
        again = judge(harness, court)
        assert again.code == 0
        assert "ann" in again.out
        assert len(one.requests) == len(two.requests) == 3
    assert dump(court.run) == before
    report = load_report_input(court.run)
    best = {(mark.judge, mark.model) for mark in report.marked if mark.mark.rank == 1}
    assert best == {("ann", "m1"), ("bob", "m2")}
    assert len(list(report.judgments)) == len(list(report.judgments)) == 6
    assert all(attempt.verdict and attempt.verdict.passed for attempt in report.attempts), "code stays what it is"


@pytest.mark.parametrize(("mode", "questions"), [("pairwise", 6), ("rubric", 6)])
def test_other_modes_join_what_is_there(harness: Harness, court: Court, mode: str, questions: int) -> None:
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url)
        judge(harness, court, "--judge", "ann")
        dry = judge(harness, court, "--mode", mode, "--dry-run", "--json")
        assert dry.json == {"questions": {"ann": questions}}
        assert judge(harness, court, "--mode", mode, "--dry-run").out == f"ann: {questions} questions\n"
        assert len(server.requests) == 3
        assert judge(harness, court, "--mode", mode, "--json").json["judges"]["ann"]["accepted"] == 3 + questions
        assert len(server.requests) == 3 + questions


def test_a_judge_that_always_takes_the_first_contradicts_itself(harness: Harness, court: Court) -> None:
    with scripted(judges.says('{"winner": "A"}')) as server:
        court.judge("ann", server.url)
        assert judge(harness, court, "--judge", "ann", "--mode", "pairwise").code == 0
    found = pairings(questions(load_report_input(court.run).marked, "pairwise"))
    assert [(pair.credit, pair.complete, pair.flipped) for pair in found] == [(0.5, True, True)] * 3


def test_only_errors_asks_exactly_what_was_not_read_and_leaves_every_other_byte(harness: Harness, court: Court) -> None:
    fine = judges.judging(taste)
    script = [fine, judges.says("hm"), judges.fails(500), judges.says("not yet"), fine, fine]
    with scripted(*script) as server:
        court.judge("ann", server.url)
        first = judge(harness, court, "--judge", "ann")
        assert first.code == 1
        assert "1 question ended as provider failure" in first.err
        assert "1 no_json" in first.out
        with Store(court.run, write=False) as store:
            status, kept, labels = store.judgment_status(), {one.id: one for one in store.judgments()}, store.labels()
        bad = tuple(ident for ident, one in status.items() if one.status != "accepted")
        assert len(bad) == 2
        before = dump(court.run, but=bad)
        assert len(before["judgments"]) == 1
        second = judge(harness, court, "--judge", "ann", "--only-errors")
        assert second.code == 0, "a verdict that cannot be read is the judge's failing, and counted"
        assert len(server.requests) == 5
        assert dump(court.run, but=bad) == before
        third = judge(harness, court, "--only-errors", "--json")
        assert third.json["judges"]["ann"]["accepted"] == 3
        assert len(server.requests) == 6
        assert dump(court.run, but=bad) == before
        judge(harness, court, "--only-errors")
        assert len(server.requests) == 6, "nothing is wrong any more"
    with Store(court.run, write=False) as store:
        now = {one.id: one for one in store.judgments()}
        assert store.labels() == labels
        assert len(list(store.replaced_judgments())) == 2, "every raw reply is kept"
    for ident in bad:
        assert now[ident].labels == kept[ident].labels
        assert now[ident].request["messages"] == kept[ident].request["messages"]
        assert now[ident].request["sampling"]["seed"] != kept[ident].request["sampling"]["seed"]
    bodies = [request.body for request in server.requests]
    assert len({body["seed"] for body in bodies}) == 6


def test_dollars_of_replaced_replies_are_dollars_of_the_judge(harness: Harness, court: Court) -> None:
    with scripted(judges.says("hm"), judges.judging(taste)) as server:
        court.judge("ann", server.url, price={"input": 1.0, "output": 1.0})
        first = judge(harness, court, "--judge", "ann", "--json").json["judges"]["ann"]["cost_usd"]
        again = judge(harness, court, "--only-errors", "--json").json["judges"]["ann"]["cost_usd"]
    with Store(court.run, write=False) as store:
        assert len(list(store.replaced_judgments())) == 1
        assert again == pytest.approx(store.spent_on_judges())
    assert again > first


def test_what_failed_is_asked_again_by_the_same_command_and_what_could_not_be_read_is_not(
    harness: Harness, court: Court
) -> None:
    with scripted(judges.hangs_up, judges.says("hm"), judges.judging(taste)) as server:
        court.judge("ann", server.url)
        assert judge(harness, court, "--judge", "ann").code == 1
        done = judge(harness, court, "--judge", "ann", "--json")
        assert done.code == 0
        assert len(server.requests) == 4
        assert done.json["judges"]["ann"]["reasons"] == {"no_json": 1}


def test_reparse_asks_nobody_and_writes_only_what_changed(harness: Harness, court: Court) -> None:
    with scripted(judges.judging(taste), judges.says("hm"), judges.judging(taste)) as server:
        court.judge("ann", server.url)
        judge(harness, court, "--judge", "ann")
        asked = len(server.requests)
        before = dump(court.run)
        for option in (("--seed", 5), ("--budget", 3), ("--mode", "rubric"), ("--task", "x")):
            assert "--reparse asks nobody" in judge(harness, court, "--reparse", *option).refused()
        assert "no reply of nobody in this run" in judge(harness, court, "--reparse", "--judge", "nobody").refused()
        same = judge(harness, court, "--reparse")
        assert same.code == 0
        assert "3 replies of judges read again, 0 of them to another result" in same.err
        assert dump(court.run) == before
        # As a parser of yesterday might have left it.
        with Store(court.run) as store:
            stale = next(one for one in store.judgments() if one.scored)
            assert stale.reading is not None
            wrong = stale.reading.model_copy(update={"marks": (), "reason": "malformed"})
            store.save_judgment(stale.model_copy(update={"reading": wrong}), store.labels()[stale.id])
        assert "1 of them to another result" in judge(harness, court, "--reparse").err
        assert dump(court.run) == before
        assert len(server.requests) == asked


def test_the_budget_is_of_all_judging_and_resumes(harness: Harness, court: Court) -> None:
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url, price={"input": 0.0, "output": 1e6 / 34})
        first = judge(harness, court, "--judge", "ann", "--budget", "1.5")
        assert first.code == 1
        assert "the budget is spent; 1 question to a judge was not asked" in first.err
        assert judge(harness, court, "--budget", "1.5").code == 1
        assert len(server.requests) == 2
        assert judge(harness, court, "--budget", "5").code == 0
        assert len(server.requests) == 3


def test_a_judge_of_ones_own_is_marked(harness: Harness, court: Court) -> None:
    with scripted(judges.judging(taste)) as server:
        court.judge("m1", server.url, family="qwen")
        done = judge(harness, court, "--judge", "m1", "--json")
    assert "judge m1 is a contestant itself. It is marked" in done.err
    assert done.json["judges"]["m1"]["conflicts"] == {"m1": "is a contestant itself"}
    assert load_report_input(court.run).families == {"m1": "qwen"}


def test_a_prompt_of_ones_own_asks_anew_and_stays_the_runs(harness: Harness, court: Court) -> None:
    mine = court.root / "mine.md"
    mine.write_text("Be strict.\n---\n{{task}}\n{{candidates}}\n{{form}}\n")
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url)
        court.judge("bob", server.url)
        judge(harness, court, "--judge", "ann")
        assert judge(harness, court, "--judge", "ann", "--rubric", mine).code == 0
        assert len(server.requests) == 6
        mine.unlink()
        assert judge(harness, court, "--judge", "ann", "--judge", "bob").code == 0
        assert len(server.requests) == 9, "ann was asked with it already, bob is asked with the same"
        assert server.requests[-1].body["messages"][0]["content"] == "Be strict."
    with Store(court.run, write=False) as store:
        assert len({one.rubric for one in store.judgment_status().values()}) == 1
        assert len(list(store.replaced_judgments())) == 3


def test_other_candidates_are_another_question(harness: Harness, court: Court) -> None:
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url)
        judge(harness, court, "--judge", "ann")
        with Store(court.run) as store:
            row = next(iter(store.attempts()))
            extraction = Extraction(candidate=Candidate(files={"solution.py": "new\n"}), choice="all")
            store.save(row.model_copy(update={"extraction": extraction}))
        judge(harness, court)
        assert len(server.requests) == 4
        assert "| new" in judges.prompt_of(server.requests[-1].body)


def test_globs_and_refusals(harness: Harness, court: Court) -> None:
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url)
        assert judge(harness, court, "--judge", "ann", "--task", "b").code == 0
        assert len(server.requests) == 1
        for arguments, message in (
            (("--judge", "nobody"), "no model 'nobody'"),
            (("--judge", "reference"), "reference cannot judge"),
            (("--task", "zz"), "no task matches zz"),
            (("--only-errors", "--seed", "1"), "--only-errors keeps the labels"),
            (("--only-errors", "--rubric", court.catalogue), "leave out --rubric"),
            (("--rubric", court.catalogue), "a rubric needs {{task}}"),
            (("--reparse", "--only-errors"), "--reparse asks nobody"),
        ):
            assert message in judge(harness, court, *arguments).refused()
    (court.root / "s" / "a" / "instruction.md").write_text("Something else.")
    assert "changed since this run began: s/a" in judge(harness, court).refused()


def test_only_errors_makes_nobody_a_judge_of_the_run(harness: Harness, court: Court) -> None:
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url)
        done = judge(harness, court, "--judge", "ann", "--only-errors")
        assert (done.code, server.requests) == (0, [])
        assert "no question to ask again" in done.err
        assert "no judge was given" in judge(harness, court).refused()


def test_the_mode_and_the_rubric_of_the_run_are_the_default(harness: Harness, root: Path, tmp_path: Path) -> None:
    """A run that was ended before its judges were asked."""
    court = Court(tmp_path)
    mine = tmp_path / "mine.md"
    mine.write_text((root / "verifiers" / "rubrics" / "rubric.md").read_text() + "Mine.\n")
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url)
        answers = [("a", model, source) for model, source in SOURCES.items()]
        court.hold(answers, judges=("ann",), judge_mode="rubric", rubric=mine)
        assert judge(harness, court, "--dry-run").out == "ann: 2 questions\n"
        assert judge(harness, court, "--task", "a").code == 0
        mine.unlink()  # its text is kept, and no other file is looked for
        assert judge(harness, court, "--mode", "pairwise").code == 0
        assert judge(harness, court).code == 0
        with Store(court.run, write=False) as store:
            asked = sorted((one.mode, one.rubric.partition("@")[0]) for one in store.judgment_status().values())
        assert asked == [("pairwise", "pairwise.md")] * 2 + [("rubric", "mine.md")] * 2
        assert len(server.requests) == 4


def test_without_a_judge_or_a_run(harness: Harness, court: Court, tmp_path: Path) -> None:
    assert "no judge was given" in judge(harness, court).refused()
    assert "no run" in harness("judge", tmp_path / "none").refused()
    (tmp_path / "empty").mkdir()
    assert "there is no store.db" in harness("judge", tmp_path / "empty", "--judge", "x").refused(1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle_the_same_command_resumes(harness: Harness, court: Court, number: signal.Signals) -> None:
    def waits(exchange: Exchange) -> None:
        exchange.until_gone()

    def stored() -> list[str]:
        with Store(court.run, write=False) as store:
            return [one.status for one in store.judgment_status().values()]

    with scripted(judges.judging(taste), waits, judges.judging(taste)) as server:
        court.judge("ann", server.url)
        command: list[object] = [sys.executable, "-m", "harness", "judge", court.run, "--judge", "ann"]
        command += ["--catalogue", court.catalogue]
        process = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert process.stderr is not None
        with process.stderr:
            assert server.arrived.wait(PATIENCE_S)
            # The second question is sent while the answer to the first is being stored.
            deadline = time.monotonic() + PATIENCE_S
            while not stored() and time.monotonic() < deadline:
                time.sleep(0.01)
            os.kill(process.pid, number)
            told = process.stderr.read()
        assert process.wait(PATIENCE_S) == (130 if number == signal.SIGINT else -number)
        if number == signal.SIGINT:
            assert "interrupted: the same command resumes" in told
        assert stored() == ["accepted"]
        done = judge(harness, court, "--json")
        assert done.json["judges"]["ann"]["accepted"] == 3
        assert len(server.requests) == 4, "the one under way was lost, and nothing else asked twice"


def test_the_document_is_as_documented(harness: Harness, court: Court, root: Path) -> None:
    with scripted(judges.judging(taste)) as server:
        court.judge("ann", server.url)
        document = judge(harness, court, "--judge", "ann", "--json").json
    text = (root / "docs" / "formats.md").read_text()
    text = text[text.index("## harness run --json") :]

    def rows(heading: str) -> list[str]:
        part = text[text.index(heading) + len(heading) :]
        return re.findall(r"^\| `(\w+)` \|", re.split(r"^##", part, maxsplit=1, flags=re.MULTILINE)[0], re.MULTILINE)

    assert list(document) == rows("## harness run --json")
    assert list(document["judges"]["ann"]) == rows("### judges")
