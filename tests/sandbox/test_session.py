"""One candidate in one real container: every way it can end, and that the next input finds things as they should be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.types import CaseEvidence
from tests.sandbox.conftest import Calls, Plain

Program = Callable[..., CaseEvidence]

# What f(1) does, before f(2) which is always answered.
ENDINGS = {
    "value": ("return 1", "value"),
    "exception": ("raise KeyError('no')", "exception"),
    "system_exit": ("raise SystemExit(3)", "exception"),
    "interrupt": ("raise KeyboardInterrupt", "exception"),
    "exit_function": ("exit(3)", "exception"),
    "deep_recursion": ("return f(n)", "exception"),
    "out_of_memory_error": ("return bytearray(1 << 60)", "exception"),
    "hard_exit": ("import os; os._exit(7)", "exit"),
    "exit_137": ("import os; os._exit(137)", "exit"),
    "kill_self": ("import os; os.kill(os.getpid(), 9)", "signal"),
    "abort": ("import os; os.abort()", "signal"),
    "segfault": ("import ctypes; ctypes.string_at(8)", "signal"),
    "kill_everything_else": ("import os; os.kill(-1, 9)", "value"),
    "busy_loop": ("while True: pass", "timeout"),
    "sleep": ("import time; time.sleep(100)", "timeout"),
    "stop_self": ("import os; os.kill(os.getpid(), 19)", "timeout"),
    "memory": ("x = []\n    while True: x.append(bytearray(1 << 22))", "oom"),
    "memory_of_a_child": (
        "import subprocess, sys\n    subprocess.run([sys.executable, '-c', 'x = bytearray(1 << 28)'])\n    return 2",
        "oom",
    ),
    "stdout_flood": ("while True: print('x' * 1000)", "output_limit"),
    "stderr_flood": ("import os\n    while True: os.write(2, b'x' * 100000)", "output_limit"),
    "tiny_writes": ("import os\n    while True: os.write(1, b'.')", "output_limit"),
    "result_flood": ("return 'x' * (5 << 20)", "output_limit"),
    "no_plain_value": ("return object()", "rejected"),
    "generator": ("return (i for i in range(3))", "rejected"),
    "deep_value": ("x = []\n    for i in range(500): x = [x]\n    return x", "rejected"),
    "forged_garbage": ("import os; os.write(3, b'\\0\\0\\0\\5hello'); os._exit(0)", "rejected"),
    "forged_number": ("import os; os.write(3, b'\\0\\0\\0\\1' + b'1'); os._exit(0)", "rejected"),
    "closed_result": ("import os; os.close(3); return 1", "exit"),
    "closed_everything": ("import os; os.closerange(0, 256); return 1", "exit"),
}


WITHOUT_A_CONTROL_GROUP = {"memory": "exception", "memory_of_a_child": "value"}
"""Each process has a limit of its own then: it finds no more memory, and nobody is killed."""
ALONE_IN_ITS_NAMESPACE = {"kill_everything_else": "exception"}
"""There is nothing else to be killed, and the kernel says so."""


@pytest.mark.parametrize("name", ENDINGS)
def test_every_ending_and_the_next_input_is_served(
    calls: Calls, plain: Plain, layers: dict[str, str], one_user: bool, name: str
) -> None:
    body, ending = ENDINGS[name]
    if layers["cgroup"] == "none":
        ending = WITHOUT_A_CONTROL_GROUP.get(name, ending)
    if one_user:
        ending = ALONE_IN_ITS_NAMESPACE.get(name, ending)
    source = f"def f(n):\n    if n == 2: return 'served'\n    {body}\n"
    # Only what is to end by the clock has a short one: on a busy machine filling the memory takes a while too.
    timeout_s = 1.5 if ending == "timeout" else 15.0
    first, second = calls(source, [(1,), (2,)], timeout_s=timeout_s, memory_mb=96, output_kb=256)
    assert first.ending == ending, first
    if name.startswith("forged"):
        return  # the forged frame stands for the first answer; the process was gone with the second input
    assert plain(second) == "served"


def test_facts_of_endings(calls: Calls) -> None:
    (seen,) = calls("import os\ndef f():\n    os._exit(124)\n")
    assert (seen.exit_code, seen.signal) == (124, None)
    (seen,) = calls("import os\ndef f():\n    os.kill(os.getpid(), 11)\n")
    assert (seen.exit_code, seen.signal) == (None, 11)
    (seen,) = calls("def f():\n    raise ValueError('why')\n")
    assert seen.exception == ("ValueError", "why")
    assert seen.detail == "line 2, in f"
    (seen,) = calls(
        "import time\ndef f():\n    x = time.process_time()\n    while time.process_time() < x + 0.2: pass\n"
    )
    assert 0.2 <= seen.cpu_s < 1
    assert seen.wall_s >= seen.cpu_s * 0.9


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def f(:\n", "SyntaxError"),
        ("1/0\ndef f(): pass\n", "ZeroDivisionError"),
        ("raise SystemExit(0)\n", "SystemExit"),
        ("import numpy\n", "ModuleNotFoundError"),
        ("g = 1\n", "NameError"),
        ("f = 1\n", "NameError"),
        ("", "NameError"),
        ("\x00", "SyntaxError"),
        ("\ud800", "SyntaxError"),
        ("def f(): return 1\nexit()\n", "SystemExit"),
        ("class f(metaclass=1): pass", "TypeError"),
    ],
)
def test_a_module_that_does_not_load_is_that_for_every_input(calls: Calls, source: str, error: str) -> None:
    seen = calls(source, [(1,), (2,)])
    for one in seen:
        assert one.ending == "exception"
        assert one.detail.startswith("while loading")
        assert one.exception is not None
        assert one.exception[0] in (error, "ValueError")


def test_a_module_that_hangs_costs_its_time_once(calls: Calls) -> None:
    start = time.monotonic()
    seen = calls("while True: pass\n", [(n,) for n in range(10)], timeout_s=1)
    assert [one.ending for one in seen] == ["timeout"] * 10
    assert time.monotonic() - start < 8


def test_timeouts_in_a_row_are_not_all_waited_for(calls: Calls) -> None:
    seen = calls("def f(n):\n    while True: pass\n", [(n,) for n in range(8)], timeout_s=0.5)
    assert [one.ending for one in seen] == ["timeout"] * 8
    assert seen[-1].detail == "not run: earlier cases timed out"


def test_state_is_kept_between_calls_and_lost_with_the_process(calls: Calls, plain: Plain) -> None:
    source = (
        "import os, time\nseen, born = [], time.monotonic_ns()\ndef f(n):\n    seen.append(n)\n"
        "    if n == 3: os._exit(1)\n    return seen, born\n"
    )
    one, two, three, four = calls(source, [(1,), (2,), (3,), (4,)])
    assert plain(one)[0] == [1]
    assert plain(two) == ([1, 2], plain(one)[1])
    assert three.ending == "exit"
    assert plain(four)[0] == [4]
    assert plain(four)[1] != plain(one)[1]


def test_fresh_means_a_new_process_for_every_call(calls: Calls, plain: Plain) -> None:
    source = "import time\nseen, born = [], time.monotonic_ns()\ndef f(n):\n    seen.append(n)\n    return seen, born\n"
    found = [plain(one) for one in calls(source, [(1,), (2,), (3,)], fresh=True)]
    assert [state for state, _ in found] == [[1], [2], [3]]
    assert len({born for _, born in found}) == 3


def test_output_belongs_to_its_call(calls: Calls) -> None:
    source = "import sys\nprint('loading')\ndef f(n):\n    print('out', n)\n    print('err', n, file=sys.stderr)\n"
    one, two = calls(source, [(1,), (2,)])
    assert one.stdout == b"loading\nout 1\n"
    assert (two.stdout, two.stderr) == (b"out 2\n", b"err 2\n")


def test_output_of_any_bytes(calls: Calls, plain: Plain) -> None:
    source = "import os\ndef f():\n    os.write(1, bytes(range(256)) + b'\\x1b[2J\\0')\n    return 1\n"
    (seen,) = calls(source)
    assert plain(seen) == 1
    assert seen.stdout == bytes(range(256)) + b"\x1b[2J\0"


def test_a_flood_is_cut_at_the_limit_and_killed_at_once(calls: Calls) -> None:
    start = time.monotonic()
    (seen,) = calls("import os\ndef f():\n    for _ in range(1600): os.write(1, b'x' * 65536)\n", output_kb=64)
    assert seen.ending == "output_limit"
    assert seen.truncated
    assert len(seen.stdout) + len(seen.stderr) == 64 * 1024
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("x", [1, (2.5, None), {"k": {1, 2}}, b"\xff", "é\u0000"]),
        ("'\\ud800'", "\ud800"),
        ("10 ** 20000", 10**20000),
        ("-(1 << 100_000)", -(1 << 100_000)),
        ("'x' * 3_000_000", "x" * 3_000_000),
        ("list(range(100_000))", list(range(100_000))),
        ("__import__('collections').Counter('aab')", {"a": 2, "b": 1}),
        ("d", {"a": [1]}),
        ("float('inf'), -0.0", (float("inf"), -0.0)),
        ("__name__, __file__", ("solution", "solution.py")),
        ("__import__('sys').argv", ["solution.py"]),
    ],
    ids=range(11),
)
def test_values_come_back_as_they_are(calls: Calls, plain: Plain, expression: str, value: Any) -> None:
    setup = "from collections import defaultdict\nd = defaultdict(list)\nd['a'].append(1)\n"
    source = f"{setup}def f(x=None):\n    return {expression}\n"
    (seen,) = calls(source, [(value,) if expression == "x" else ()])
    got = plain(seen)
    assert got == value
    assert type(got) is type(value)


def test_exceptions_of_any_text(calls: Calls) -> None:
    source = (
        "class Odd(Exception):\n    def __str__(self): raise ValueError\n"
        "def f(n):\n    raise [ValueError('\\ud800\\x00é'), ValueError('x' * 10**6), Odd()][n]\n"
    )
    one, two, three = calls(source, [(0,), (1,), (2,)])
    assert one.exception == ("ValueError", "\\ud800\x00é")
    assert two.exception == ("ValueError", "x" * 10_000)
    assert three.exception == ("Odd", "<str() of the exception failed>")


def test_forged_descriptions_do_no_harm(calls: Calls) -> None:
    frames = [
        '{"exception": ["\\ud800", "\\ud800", "\\ud800"]}',
        '{"exception": [1, 2, 3]}',
        '{"missing": "\\ud800"}',
        '{"unsupported": "\\udfff"}',
        '{"value": ' + "[" * 700 + "]" * 700 + "}",
        '{"value": ' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"value": ["l", NaN]}',
        '{"load": ["a", "b", "c"]}',
    ]
    source = (
        "import os\ndef f(frame):\n    data = frame.encode()\n"
        "    os.write(3, len(data).to_bytes(4, 'big') + data)\n    os._exit(0)\n"
    )
    seen = calls(source, [(frame,) for frame in frames], fresh=True)
    assert [one.ending for one in seen] == [
        *("exception", "rejected", "exception", "rejected", "value", "rejected", "value", "exception"),
    ]


def test_threads_and_processes_work(calls: Calls, plain: Plain) -> None:
    source = """
import subprocess, sys, threading, multiprocessing, asyncio, sqlite3, concurrent.futures, tempfile, socket
def double(n): return 2 * n
def f(n):
    if n == 1:
        with concurrent.futures.ThreadPoolExecutor(8) as pool: return list(pool.map(double, range(5)))
    if n == 2:
        return subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True).stdout
    if n == 3:
        with multiprocessing.get_context('fork').Pool(2) as pool: return pool.map(double, range(5))
    if n == 4:
        async def main(): return await asyncio.gather(asyncio.sleep(0, 1), asyncio.to_thread(double, 2))
        return asyncio.run(main())
    if n == 5:
        with sqlite3.connect(tempfile.mktemp()) as db:
            db.execute('create table t(x)'); db.execute('insert into t values (5)')
            return db.execute('select x from t').fetchone()
    if n == 6:
        server = socket.create_server(('127.0.0.1', 0))
        client = socket.create_connection(server.getsockname()); peer, _ = server.accept()
        client.sendall(b'hi'); return peer.recv(2)
    if n == 7:
        lock = threading.RLock()
        with lock, lock: return threading.active_count()
"""
    seen = calls(source, [(n,) for n in range(1, 8)])
    assert [plain(one) for one in seen] == [[0, 2, 4, 6, 8], "42\n", [0, 2, 4, 6, 8], [1, 4], (5,), b"hi", 1]


# programs ------------------------------------------------------------------------------------------------------------


def test_a_program(program: Program) -> None:
    source = (
        "import sys\ndata = sys.stdin.read()\nprint(len(data), sys.argv)\n"
        "open('out.txt', 'w').write(data)\nsys.exit(5)\n"
    )
    text = "é" * 300_000
    seen = program(source, stdin=text, collect=("out.txt", "missing.txt", "no/such/dir.txt"))
    assert (seen.ending, seen.exit_code, seen.stdout) == ("exit", 5, b"300000 ['main.py']\n")
    assert seen.files == {"out.txt": text.encode()}


def test_a_program_that_ignores_its_input(program: Program) -> None:
    seen = program("print('done')", stdin="x" * 2_000_000)
    assert (seen.ending, seen.exit_code, seen.stdout) == ("exit", 0, b"done\n")


def test_a_program_that_leaves_a_child_behind_ends(program: Program) -> None:
    source = (
        "import os, time\nif os.fork():\n    print('parent', flush=True)\nelse:\n    os.setsid()\n    time.sleep(60)\n"
    )
    start = time.monotonic()
    assert program(source, timeout_s=20).stdout == b"parent\n"
    assert time.monotonic() - start < 10


def test_main_and_sys_exit_in_it(program: Program) -> None:
    source = (
        "import sys\ndef main():\n    print('hi')\n    return 0\nif __name__ == '__main__':\n    sys.exit(main())\n"
    )
    assert program(source).stdout == b"hi\n"


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("os.symlink('/etc/passwd', 'out')", "OSError"),
        ("os.mkdir('out')", "not a regular file"),
        ("open('x', 'w').write('1'); os.link('x', 'out')", "a hard link"),
        ("open('out', 'w').write('1'); os.chmod('out', 0)", "PermissionError"),
        ("open('out', 'wb').truncate(40 << 20)", "larger than"),
        ("open('out', 'wb').write(bytes(5 << 20))", "larger than"),
        ("import socket; socket.socket(socket.AF_UNIX).bind('out')", "OSError"),
        ("os.chdir('/tmp'); os.rename('/box/work', '/box/real'); os.symlink('/etc', '/box/work')", "Error"),
    ],
)
def test_odd_files_are_not_copied_out(program: Program, what: str, why: str) -> None:
    seen = program(f"import os\n{what}\n", collect=("out",))
    assert seen.ending == "rejected", seen
    assert why in seen.detail
    assert not seen.files


def test_a_linked_directory_is_not_followed(program: Program) -> None:
    seen = program("import os\nos.symlink('/etc', 'dir')\n", collect=("dir/passwd",))
    assert (seen.ending, seen.files) == ("rejected", {})


def test_a_fifo_cannot_be_made(program: Program) -> None:
    seen = program("import os\nos.mkfifo('out')\n", collect=("out",))
    assert (seen.ending, seen.exit_code) == ("exit", 1)
    assert b"PermissionError" in seen.stderr
