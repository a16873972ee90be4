"""Who is late in company gets a second chance alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from harness.sandbox.docker import DockerSandbox
from harness.sandbox.pool import Pool
from harness.types import Evidence, Job
from tests.sandbox.test_pool import Watching

MakeJob = Callable[..., Job]


def in_company(pool: Pool, job: Job, number: int) -> list[Evidence]:
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(lambda _: pool.run(job), range(number)))


BUSY = """
import time

def f(n):
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    return n
"""


def crowd(sandbox: DockerSandbox, job: Job, number: int) -> list[Evidence]:
    """The same job `number` times at the same moment: boxes first, so that all begin together."""
    backend = Watching(sandbox)
    with Pool(backend, size=number) as pool:
        pool.warm(job.limits.memory_mb)
        while len(backend.boxes) < number:
            time.sleep(0.02)
        return in_company(pool, job, number)


def test_waiting_for_a_processor_does_not_count(sandbox: DockerSandbox, make_job: MakeJob) -> None:
    # Each case needs less than its limit, and about three times the limit in this company.
    number = 8 * len(os.sched_getaffinity(0))
    found = crowd(sandbox, make_job(BUSY, [(1,), (2,)], timeout_s=0.9), number)
    assert [[case.ending for case in evidence.cases] for evidence in found] == [["value"] * 2] * number
    slowest = max(case.wall_s for evidence in found for case in evidence.cases)
    assert slowest > 0.9, "nobody had to wait for longer than the limit: this company is too small"


def test_who_was_late_for_want_of_a_processor_is_run_again_alone(sandbox: DockerSandbox, make_job: MakeJob) -> None:
    # What each of many processes waited for is small, and gone with it.
    source = (
        "import subprocess, sys\n"
        "BUSY = 'import time\\nwhile time.process_time() < 0.05: pass'\n"
        "def f(n):\n    for _ in range(5):\n"
        "        subprocess.run([sys.executable, '-S', '-c', BUSY], check=True)\n    return n\n"
    )
    number = 8 * len(os.sched_getaffinity(0))
    found = crowd(sandbox, make_job(source, [(1,), (2,)], timeout_s=1.0), number)
    assert [[case.ending for case in evidence.cases] for evidence in found] == [["value"] * 2] * number
    assert any(evidence.run_again for evidence in found)


def test_who_is_late_by_its_own_doing_is_late_alone_too(sandbox: DockerSandbox, make_job: MakeJob) -> None:
    asleep = make_job("import time\ndef f(n):\n    time.sleep(9)\n", [(1,), (2,)], timeout_s=0.5)
    with Pool(sandbox, size=2) as pool:
        assert pool.run(asleep).run_again == 0, "there was no company"
        found = in_company(pool, asleep, 2)
    assert [[case.ending for case in evidence.cases] for evidence in found] == [["timeout"] * 2] * 2
    assert {evidence.run_again for evidence in found} == {1}, "the first decides"
