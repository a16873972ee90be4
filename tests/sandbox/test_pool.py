"""The pool: one record an input whatever happens to boxes, blame where it belongs, and boxes shared only when clean."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import SandboxError
from harness.sandbox import Box, Sandbox
from harness.sandbox.childbox import ChildBox
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.dockerbox import DockerBox
from harness.sandbox.pool import SIZES, Pool
from harness.sandbox.reaper import list_containers, reap
from harness.types import Job, Limits, PytestInput
from tests.sandbox.conftest import Calls, Plain, ends

if TYPE_CHECKING:
    import docker

MakeJob = Callable[..., Job]


class Watching:
    """The real backend, which keeps its boxes in sight, so that a test can take one away under a job."""

    def __init__(self, real: Sandbox) -> None:
        self.real, self.name = real, real.name
        self.boxes: list[Any] = []
        self.layers = real.layers

    def start(self, memory_mb: int) -> Box:
        box = self.real.start(memory_mb)
        self.boxes.append(box)
        return box

    def close(self) -> None:
        """The real one is not ours to close."""


class Broken:
    """A backend whose start fails a number of times: no real engine can be made to fail on demand without being
    stopped, and other tests use it."""

    name = "broken"

    def __init__(self, real: Sandbox | None, failures: int) -> None:
        self.real, self.failures, self.asked = real, failures, 0

    def start(self, memory_mb: int) -> Box:
        self.asked += 1
        if self.asked <= self.failures:
            raise SandboxError("the engine is on holiday")
        assert self.real is not None
        return self.real.start(memory_mb)

    def layers(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        pass


@pytest.fixture
def watching(sandbox: Sandbox) -> Iterator[tuple[Watching, Pool]]:
    backend = Watching(sandbox)
    with Pool(backend, size=1, makers=1) as pool:
        yield backend, pool


# losses --------------------------------------------------------------------------------------------------------------


def test_a_job_goes_on_in_another_box_where_it_stopped(
    watching: tuple[Watching, Pool], take_away: Callable[[Box], None], make_job: MakeJob
) -> None:
    backend, pool = watching
    job = make_job("import time\ndef f(n):\n    time.sleep(0.3)\n    return n\n", [(n,) for n in range(6)])
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(pool.run, job)
        wait_until(lambda: bool(backend.boxes))
        time.sleep(0.7)  # somewhere in the middle of 1.8 seconds of work
        take_away(backend.boxes[0])
        evidence = running.result()
    assert [case.id for case in evidence.cases] == [item.id for item in job.inputs]
    assert [case.value for case in evidence.cases] == [["i", hex(n)] for n in range(6)]
    assert evidence.tries == 2
    assert not evidence.infra


def test_ready_boxes_that_died_are_not_held_against_a_candidate(
    sandbox: Sandbox, take_away: Callable[[Box], None], make_job: MakeJob
) -> None:
    backend = Watching(sandbox)
    with Pool(backend, size=4) as pool:
        pool.run(make_job("def f():\n    return 1\n"))
        pool.warm(256)
        while len(backend.boxes) < 5:
            time.sleep(0.02)
        for box in backend.boxes:
            take_away(box)
        evidence = pool.run(make_job("def f():\n    return 2\n"))
        assert ends(evidence) == ["value"]
        assert evidence.tries == 2


def test_an_engine_that_does_not_work_is_infra_after_bounded_tries(
    monkeypatch: pytest.MonkeyPatch, make_job: MakeJob
) -> None:
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", (0.01, 0.01))
    backend = Broken(None, failures=10**9)
    with Pool(backend, size=2) as pool:
        evidence = pool.run(make_job("def f():\n    return 1\n", [(), ()]))
        assert evidence.infra == "the engine is on holiday"
        assert evidence.cases == ()
        assert pool.infra_failures == 1
    assert backend.asked <= 3 + 2


def test_an_engine_that_recovers_is_given_the_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, make_job: MakeJob
) -> None:
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", (0.01, 0.01))
    # As many failures lie ready as the pool keeps boxes; they are old news by the time of the second job.
    with Pool(Broken(sandbox, failures=6), size=4) as pool:
        pool.warm(256)
        first = pool.run(make_job("def f():\n    return 1\n"))
        later = [pool.run(make_job("def f():\n    return 1\n")) for _ in range(4)]
        assert ends(later[-1]) == ["value"]
        assert not later[-1].infra
        assert first.infra or ends(first) == ["value"]


# sharing --------------------------------------------------------------------------------------------------------------


def test_boxes_are_used_once_unless_shared(watching: tuple[Watching, Pool], make_job: MakeJob, one_user: bool) -> None:
    backend, pool = watching
    source = "import os\ndef f():\n    return os.getuid()\n"
    alone = {str(pool.run(make_job(source)).cases[0].value) for _ in range(3)}
    assert len(backend.boxes) >= 3
    assert len(alone) == (1 if one_user else 3)  # not even the uid is used twice
    before = len(backend.boxes)
    uids = [pool.run(make_job(source), "a task").cases[0].value for _ in range(5)]
    assert len(backend.boxes) - before <= 2
    assert len({str(uid) for uid in uids}) == (1 if one_user else 5)


def test_different_shares_and_sizes_do_not_meet(watching: tuple[Watching, Pool], make_job: MakeJob) -> None:
    _, pool = watching
    # The moment at which its scratch directory was made tells a box from every other.
    source = "import os\ndef f():\n    return os.stat('/box').st_ctime_ns\n"
    first = pool.run(make_job(source), "a").cases[0].value
    assert pool.run(make_job(source), "a").cases[0].value == first
    assert pool.run(make_job(source), "b").cases[0].value != first
    assert pool.run(make_job(source, memory_mb=64), "a").cases[0].value != first


def test_idle_boxes_of_many_sizes_do_not_add_up(sandbox: Sandbox, make_job: MakeJob) -> None:
    backend = Watching(sandbox)

    def idle() -> int:
        return sum(box.open for box in backend.boxes if isinstance(box, DockerBox | ChildBox))

    with Pool(backend, size=2) as pool:
        for memory_mb in (64, 72, 80, 88, 96, 104):
            (seen,) = pool.run(make_job("def f(x):\n    return x\n", [(1,)], memory_mb=memory_mb)).cases
            assert seen.ending == "value"
        deadline = time.monotonic() + 30
        while idle() > 2 * SIZES and time.monotonic() < deadline:
            time.sleep(0.05)
        assert idle() <= 2 * SIZES
    assert len(backend.boxes) > 2 * SIZES
    assert idle() == 0


@pytest.mark.parametrize("share", ["", "a task"])
def test_pytest_processes_are_kept_apart(pool: Pool, share: str) -> None:
    # Process ids count up in a container, and closed connections linger: a test could tell the first implementation
    # from the later ones, or leave word of what it saw.
    test = """import os
def test_pid():
    for _ in range(50):
        if (child := os.fork()) == 0: os._exit(0)
        os.waitpid(child, 0)
    assert os.getpid() < 40
"""
    inputs = tuple(PytestInput(id=str(n), files={"test_a.py": test}, targets=("test_a.py",)) for n in range(3))
    evidence = pool.run(Job(limits=Limits(timeout_s=20), inputs=inputs), share)
    assert [case.exit_code for case in evidence.cases] == [0] * 3
    assert evidence.tries == 1


LEAVE_BEHIND = """
import os, subprocess, sys, threading, socket
def f(n):
    os.makedirs('/tmp/a/b/c'); open('/tmp/a/b/c/file', 'w').write('SECRET')
    os.makedirs('/dev/shm/deep/er'); os.symlink('/etc', '/tmp/link'); os.symlink('/tmp', '/dev/shm/loop')
    os.makedirs('/box/work/x')
    open('/box/.hidden', 'w').write('SECRET')
    os.chmod('/tmp/a/b/c', 0); os.chmod('/tmp/a', 0); os.chmod('/dev/shm/deep', 0)
    server = socket.socket(socket.AF_UNIX); server.bind('\\0abstract'); server.listen()
    for _ in range(3):
        subprocess.Popen([sys.executable, '-c', 'import os, time; os.setsid(); time.sleep(60)'])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                try: open('/tmp/later', 'a').write('x')
                except OSError: pass
        os._exit(0)
    return n
"""
LOOK_AROUND = """
import os, glob, socket
def f(n):
    files = [os.path.join(top, name) for place in ('/tmp', '/dev/shm', '/box', '/dev/mqueue', '/var/tmp', '/run')
             for top, folders, names in os.walk(place) for name in folders + names if os.access(top, os.W_OK)]
    pid = os.getpid()
    processes = [name for name in os.listdir('/proc') if name.isdigit() and int(name) not in (1, pid, os.getppid())]
    probe = socket.socket(socket.AF_UNIX)
    try: probe.connect('\\0abstract'); listening = True
    except OSError: listening = False
    return files, processes, listening
"""


def test_the_next_candidate_of_a_shared_box_finds_nothing(calls: Calls, plain: Plain) -> None:
    for _ in range(2):
        (one,) = calls(LEAVE_BEHIND, [(1,)], share="left behind")
        assert one.ending == "value", one
        (two,) = calls(LOOK_AROUND, [(1,)], share="left behind")
        assert plain(two) == ([], [], False)


def test_a_candidate_killed_in_mid_run_leaves_nothing_either(calls: Calls, plain: Plain) -> None:
    source = LEAVE_BEHIND.replace("    return n\n", "    while True: pass\n")
    (one,) = calls(source, [(1,)], share="killed", timeout_s=1)
    assert one.ending == "timeout"
    (two,) = calls(LOOK_AROUND, [(1,)], share="killed", timeout_s=1)
    assert plain(two) == ([], [], False)


# ends ----------------------------------------------------------------------------------------------------------------


def test_nothing_is_left_after_close(image: object, engine: docker.APIClient, make_job: MakeJob) -> None:
    backend = DockerSandbox(log=print)
    before = {container.id for container in list_containers(engine)}
    pool = Pool(backend, size=3)
    pool.run(make_job("def f():\n    return 1\n"), "kept")
    pool.run(make_job("def f():\n    while True: pass\n", timeout_s=0.5), "kept")
    pool.warm(128)
    pool.close()
    backend.close()
    after = {container.id for container in list_containers(engine) if container.owner == "this"}
    assert not after - before


def test_a_closed_pool_says_so(sandbox: Sandbox, make_job: MakeJob) -> None:
    pool = Pool(Watching(sandbox), size=1)
    pool.close()
    assert pool.run(make_job("def f():\n    return 1\n")).infra == "the pool is closed"


def test_closing_under_way_ends_every_job(sandbox: Sandbox, make_job: MakeJob) -> None:
    pool = Pool(Watching(sandbox), size=1, makers=1)
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(pool.run, make_job("def f():\n    return 1\n")) for _ in range(4)]
        pool.close()
        for future in running:
            evidence = future.result(60)
            assert evidence.infra or ends(evidence) == ["value"]


def test_many_threads_one_record_an_input(pool: Pool, make_job: MakeJob) -> None:
    jobs = [make_job("def f(n):\n    return n\n", [(n,), (n + 1,)]) for n in range(16)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(pool.run, jobs))
    for n, evidence in enumerate(found):
        assert [case.value for case in evidence.cases] == [["i", hex(n)], ["i", hex(n + 1)]]


def test_a_killed_owner_leaves_only_what_the_reaper_takes(engine: docker.APIClient) -> None:
    program = """
        import time
        from harness.sandbox.docker import DockerSandbox
        from harness.sandbox.pool import Pool
        from harness.types import CallInput, Job, Limits
        pool = Pool(DockerSandbox(log=lambda line: None), size=2)
        source = "import time\\ndef f():\\n    print('on', flush=True)\\n    time.sleep(600)\\n"
        pool.warm(64)
        print("running", flush=True)
        pool.run(Job(source=source, entry="f", limits=Limits(timeout_s=600, memory_mb=64),
                     inputs=(CallInput(id="a", args=(), kwargs={}),)))
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"running\n"

        def mine() -> list[Any]:
            return [container for container in list_containers(engine) if container.pid == process.pid]

        wait_until(lambda: sum(container.state == "running" for container in mine()) >= 2)
        process.send_signal(signal.SIGKILL)
    # The end of their input ends them, without anybody's help.
    wait_until(lambda: all(container.state != "running" for container in mine()))
    # Another harness that starts at this moment may have removed them already.
    assert all(container.owner == "dead" for container in mine())
    reap(engine)
    assert not mine()


def wait_until(condition: Callable[[], bool], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.05)


def test_the_next_box_is_made_after_the_verdict_if_others_are_ready(sandbox: Sandbox, make_job: MakeJob) -> None:
    backend = Watching(sandbox)
    with Pool(backend, size=3) as pool:
        pool.warm(256)
        while not all(future.done() for future in pool._ready[256]):
            time.sleep(0.01)
        made = len(backend.boxes)
        taken = pool._take(256, "")
        assert [future.done() for future in pool._ready[256]] == [True, True]
        taken.close()
        assert ends(pool.run(make_job("def f():\n    return 1\n"))) == ["value"]
        assert len(pool._ready[256]) == 3
    assert made == 3
