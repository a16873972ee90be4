"""Nothing is left of hundreds of verdicts, whatever happened on the way, and of hundreds of containers at once."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness.sandbox.docker import DockerSandbox
from harness.sandbox.pool import Pool
from harness.types import CallInput, Job, Limits
from tests.faults.conftest import ROUNDS
from tests.faults.test_meddling import remover
from tests.servers.dockerd import PrivateEngine, wait_until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300 * max(1, ROUNDS))]
LONG = ROUNDS > 1
VERDICTS = 100 * ROUNDS
AT_ONCE = 200 if LONG else 100
RSS_MB = 24
"""More than a process's memory wavers by, and less than 100 leaked streams with their buffers of 256 KiB would take."""

LOOP = "def f(n):\n    while True: pass\n"
KINDS = {
    "def f(n):\n    return n\n": {"value"},
    "def f(n):\n    print('x' * 50_000)\n    return n\n": {"value"},
    "def f(n):\n    raise ValueError(n)\n": {"exception"},
    "import os, signal\ndef f(n):\n    os.kill(os.getpid(), signal.SIGSEGV)\n": {"signal"},
    "def f(n):\n    x = []\n    while True: x.append(bytearray(1 << 22))\n": {"oom", "exception"},
    "import os, signal\ndef f(n):\n    for _ in range(9):\n        if os.fork() == 0: os.setsid(); signal.pause()\n": {
        "value"
    },
    "import sys\ndef f(n):\n    while True: sys.stdout.write('x' * 65536)\n": {"output_limit"},
    LOOP: {"timeout"},
}
"""Source -> how it may end."""


def job(source: str, number: int = 1, memory_mb: int = 64) -> Job:
    inputs = (CallInput(id="a", args=(number,), kwargs={}),)
    return Job(source=source, entry="f", limits=Limits(timeout_s=2, memory_mb=memory_mb, output_kb=256), inputs=inputs)


def possessions() -> dict[str, Any]:
    """What this process holds: open files by kind, threads, children, temporary files."""
    gc.collect()
    files = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of this very listing
            files.append(str(entry.readlink()).partition(":")[0])
    tasks = [(task / "children").read_text().split() for task in Path("/proc/self/task").iterdir()]
    return {
        "files": Counter(files),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "children": sorted(child for children in tasks for child in children),
        "temporary": sorted(path.name for path in Path(tempfile.gettempdir()).iterdir()),
    }


def rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.fixture
def ours(victim: PrivateEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PrivateEngine:
    """The engine of our own as this process's engine, and a directory for temporary files that nobody else uses."""
    monkeypatch.setenv("DOCKER_HOST", victim.address)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return victim


def many(ours: PrivateEngine, number: int, rng: random.Random) -> None:
    """So many verdicts, of candidates of every kind, while somebody removes containers."""
    quick = [source for source in KINDS if source != LOOP]
    jobs = [LOOP if place % 50 == 7 else rng.choice(quick) for place in range(number)]
    with contextlib.closing(DockerSandbox(log=print)) as backend, Pool(backend, size=4) as pool:

        def verdict(source: str) -> None:
            evidence = pool.run(job(source), rng.choice(["", "shared"]))
            assert not evidence.infra, evidence.infra
            (case,) = evidence.cases
            assert case.ending in KINDS[source], (source, case)

        # An endless loop that runs again alone would otherwise lose its box every time: no other is left.
        with remover(ours, rng, 0.5, at_least=4) as gone, ThreadPoolExecutor(4) as threads:
            for _ in threads.map(verdict, jobs):
                pass
        assert gone or number < VERDICTS


def test_nothing_is_left_of_hundreds_of_verdicts_with_failures(ours: PrivateEngine) -> None:
    rng = random.Random(13)
    many(ours, 16, rng)  # what is loaded once is loaded now
    held, there, memory = possessions(), ours.holdings(), rss_mb()
    shims = ours.shims()
    many(ours, VERDICTS, rng)
    assert ours.holdings() == there
    wait_until(lambda: ours.shims() == shims, 20)
    assert possessions() == held
    assert rss_mb() - memory < RSS_MB


def test_hundreds_of_containers_at_once(ours: PrivateEngine) -> None:
    held, there = possessions(), ours.holdings()
    source = "def f(n):\n    return n * n\n"
    with contextlib.closing(DockerSandbox(log=print)) as backend, Pool(backend, size=AT_ONCE, makers=4) as pool:
        pool.warm(32)
        with ours.client() as client:
            wait_until(lambda: len(client.containers()) == AT_ONCE, 240)
        pool._size = 1  # enough are there
        with ThreadPoolExecutor(AT_ONCE) as threads:
            found = list(threads.map(lambda number: pool.run(job(source, number, 32)), range(AT_ONCE)))
    assert [evidence.cases[0].value for evidence in found] == [["i", hex(number * number)] for number in range(AT_ONCE)]
    assert {evidence.tries for evidence in found} == {1}
    assert ours.holdings() == there
    assert possessions() == held
