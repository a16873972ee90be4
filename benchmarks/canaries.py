"""How sure is grading in one process: every shipped cheat graded again and again, each time with tests changed anew.

    python benchmarks/canaries.py [--draws 20] [--values] [--times 10 [--task GLOB]]

The cheats are `cheat/` of shipped workspace tasks and the class `pytest_cheats` of the hostile corpus. A draw is one
verdict: random file names, random changes of expected values, random order. Printed are acceptances, n, and the upper
end of the 95% interval (Clopper-Pearson) of each cheat's and of all cheats' rate. `--values` grades those that can be
in two boxes. `--times N` compares the seconds of a verdict: both ways take turns, N verdicts each, one at a time.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch

from harness.content import content_dir
from harness.grading.attempts import in_threads
from harness.grading.audit import read_corpus, task_of
from harness.grading.extract import candidate_from
from harness.grading.grade import grade
from harness.sandbox import open_sandbox
from harness.sandbox.pool import Pool
from harness.stats.intervals import clopper_pearson
from harness.tasks import load
from harness.types import Candidate, Extraction, IsolationLevel, Outcome, Task

CONCURRENCY = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=20, help="verdicts a cheat")
    parser.add_argument("--values", action="store_true", help="in two boxes, for tasks that say `tests_pass: values`")
    parser.add_argument("--times", type=int, default=0, help="compare seconds instead, with so many verdicts each way")
    parser.add_argument("--task", default="*", metavar="GLOB", help="tasks to compare seconds for")
    options = parser.parse_args()
    with contextlib.closing(open_sandbox("docker", print)) as sandbox, Pool(sandbox, size=CONCURRENCY) as pool:
        if options.times:
            compare(pool, options.times, options.task)
        else:
            draw(pool, options.draws, by_value=options.values)


def shipped(*, by_value: bool) -> Iterator[tuple[str, Task, Extraction]]:
    """(name, task, candidate) of every cheat, the task graded in this form."""
    for task in workspaces():
        if task.by_value or not by_value:
            form = task.model_copy(update={"by_value": by_value})
            for answer in task.flawed:
                if answer.cheat:
                    yield f"{task.name}/{answer.name}", form, candidate_from(task, code=None, files=answer.files)
    for program in read_corpus(["proxy_cheats" if by_value else "pytest_cheats"]):
        if program.kind in ("workspace", "proxy"):
            task = task_of(program.kind, 0, program.limits, fresh=False)
            files = {"src/__init__.py": "", task.solution: program.source}
            yield f"{program.group}/{program.name}", task, Extraction(candidate=Candidate(files=files), choice="given")


def workspaces() -> list[Task]:
    return [task for task in load(content_dir("fixtures") / "real_dev").tasks if task.kind == "workspace"]


def draw(pool: Pool, draws: int, *, by_value: bool) -> None:
    """Print a line a cheat, and one for all."""
    cheats = list(shipped(by_value=by_value))
    jobs = [cheat for cheat in cheats for _ in range(draws)]
    found: dict[str, Counter[Outcome]] = {name: Counter() for name, _, _ in cheats}

    def once(job: tuple[str, Task, Extraction]) -> tuple[str, Outcome]:
        return job[0], grade(job[1], job[2], pool, "task")[0].outcome

    print("| cheat | accepted | n | rate, at most | outcomes |")
    print("|---|---|---|---|---|")
    for name, outcome in in_threads(once, jobs, pool, CONCURRENCY):
        found[name][outcome] += 1
        if found[name].total() == draws:
            print(line(name, found[name]), flush=True)
    print(line("all", sum(found.values(), Counter())))


def line(name: str, outcomes: Counter[Outcome]) -> str:
    """A line of the table. An `infra_error` is no draw."""
    n = outcomes.total() - outcomes[Outcome.infra_error]
    high = clopper_pearson(outcomes[Outcome.passed], n).high
    said = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return f"| {name} | {outcomes[Outcome.passed]} | {n} | {high:.1%} | {said} |"


def compare(pool: Pool, times: int, glob: str) -> None:
    """Print median seconds of a verdict on the reference of every task that has both forms."""
    print("| task | isolation | two boxes, s | one process, twice, s | ratio |")
    print("|---|---|---|---|---|")
    levels: tuple[IsolationLevel, ...] = ("candidate", "task")
    for task in workspaces():
        if not task.by_value or task.reference is None or not fnmatch(task.name, glob):
            continue
        extraction = candidate_from(task, code=None, files=task.reference.files)
        for isolation in levels:
            seconds: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(times):
                for by_value, taken in seconds.items():
                    form = task.model_copy(update={"by_value": by_value})
                    verdict, _ = grade(form, extraction, pool, isolation)
                    assert verdict.passed, verdict.detail
                    taken.append(verdict.seconds)
            apart, together = statistics.median(seconds[True]), statistics.median(seconds[False])
            print(f"| {task.name} | {isolation} | {apart:.2f} | {together:.2f} | {apart / together:.2f} |", flush=True)


if __name__ == "__main__":
    main()
