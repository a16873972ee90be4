"""Serves one candidate: forks its process, feeds it one input at a time, enforces the limits, reports evidence.

A warden is forked for each candidate and ends with it, so its memory holds nothing of any other candidate.
"""

import os
import signal
import time

from . import child, copyout, wire
from .process import Watched

TIMEOUTS_BEFORE_GIVING_UP = 3
SCRATCH = ("/tmp", "/dev/shm", "/box")


class Oom:
    """Counts the kernel's out-of-memory kills in this container, on cgroup v2 and v1."""

    FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")

    def __init__(self) -> None:
        self.fd = -1
        for path in self.FILES:
            try:
                self.fd = os.open(path, os.O_RDONLY)
                break
            except OSError:
                continue

    def kills(self) -> int:
        if self.fd < 0:
            return 0
        for line in os.pread(self.fd, 4096, 0).split(b"\n"):
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0


class Warden:
    """One candidate: its limits, and the process that answers its calls."""

    def __init__(self, start, source, oom) -> None:  # type: ignore[no-untyped-def]
        self.start, self.source, self.oom = start, source, oom
        self.timeout = start["timeout_s"]
        self.cap = start["output_kb"] * 1024
        self.process = None  # type: ignore[var-annotated]
        self.broken = None  # type: ignore[var-annotated]
        self.timeouts = 0
        self.said_while_loading = (b"", b"")

    # calls -----------------------------------------------------------------------------------------------------------

    def call(self, header, blobs):  # type: ignore[no-untyped-def]
        """One call of the entry function."""
        if self.broken is not None:
            return dict(self.broken[0], id=header["id"], wall_s=0.0, cpu_s=0.0), self.broken[1]
        kills, began = self.oom.kills(), time.monotonic()
        if self.process is None:
            failed = self._load(kills, began)
            if failed is not None:
                self.broken = failed
                return dict(failed[0], id=header["id"]), failed[1]
        process, cpu = self.process, self.process.cpu()
        process.feed(wire.pack({"args": header["args"], "kwargs": header["kwargs"]}, {}))
        began = time.monotonic()
        how = process.wait(began + self.timeout, True)
        facts, blobs = self._facts(process, how, kills, began, cpu)
        blobs["stdout"] = self.said_while_loading[0] + blobs["stdout"]
        blobs["stderr"] = self.said_while_loading[1] + blobs["stderr"]
        self.said_while_loading = (b"", b"")
        if facts["ending"] == "answer":
            blobs["answer"] = process.frame()
        if facts["ending"] != "answer" or self.start["fresh"]:
            self._end_process()
        return dict(facts, id=header["id"]), blobs

    def _load(self, kills, began):  # type: ignore[no-untyped-def]
        """Fork and load the module; None when it is ready, otherwise what to report for every call."""
        start, source = self.start, self.source

        def body(stdin, stdout, stderr, result) -> None:  # type: ignore[no-untyped-def]
            child.arrange(os.open("/dev/null", os.O_RDONLY), stdout, stderr, result, stdin)
            child.give_up_rights(start["uid"], start["cpu_s"])
            child.serve_calls(source, start["module"], start["entry"])

        self.process = Watched(body, self.cap)
        how = self.process.wait(began + self.timeout, True)
        facts, blobs = self._facts(self.process, how, kills, began, 0.0)
        if facts["ending"] == "answer":
            blobs["answer"] = self.process.frame()
            if blobs["answer"] == b'{"ready":true}':
                self.said_while_loading = (blobs["stdout"], blobs["stderr"])
                return None
        self._end_process()
        return facts, blobs

    def _end_process(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.close()
        kill_all()

    # programs --------------------------------------------------------------------------------------------------------

    def run(self, header, blobs):  # type: ignore[no-untyped-def]
        """One program or pytest process in a fresh working directory."""
        files = {name[2:]: data for name, data in blobs.items() if name.startswith("f:")}
        start = self.start

        def body(stdin, stdout, stderr, result) -> None:  # type: ignore[no-untyped-def]
            child.arrange(stdin, stdout, stderr, result)
            child.give_up_rights(start["uid"], start["cpu_s"])
            child.lay_out(files)
            child.become(header["argv"])

        kills, began = self.oom.kills(), time.monotonic()
        process = Watched(body, self.cap, blobs.get("stdin", b""))
        how = process.wait(began + self.timeout, False)
        process.kill()
        facts, out = self._facts(process, how, kills, began, 0.0)
        out["records"] = bytes(process.out[process.result])
        process.close()
        kill_all()
        if header.get("collect"):
            facts["rejected"] = self._collect(header["collect"], out)
        wipe(start["uid"])
        return dict(facts, id=header["id"]), out

    def pytest(self, header, blobs):  # type: ignore[no-untyped-def]
        """`run` of the recording pytest over the given test files."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytest_main.py")
        flags = ["-s", "-P", "-S", "-B", script, str(child.RESULT_FD)]
        return self.run(dict(header, argv=flags + header["targets"]), blobs)

    def program(self, header, blobs):  # type: ignore[no-untyped-def]
        """`run` of a script."""
        return self.run(dict(header, argv=["-s", "-P", "-B", *header["argv"]]), blobs)

    def _collect(self, names, out):  # type: ignore[no-untyped-def]
        reader, writer = os.pipe()
        pid = as_candidate(self.start["uid"], lambda: copyout.send(writer, names))
        os.close(writer)
        try:
            header, taken = wire.receive(reader)
        except wire.Broken:
            header, taken = {"rejected": {name: "could not be read" for name in names}}, {}
        os.close(reader)
        os.waitpid(pid, 0)
        out.update({"f:" + name: data for name, data in taken.items()})
        return header["rejected"]

    # both ------------------------------------------------------------------------------------------------------------

    def _facts(self, process, how, kills, began, cpu):  # type: ignore[no-untyped-def]
        facts = {"ending": how, "truncated": False}
        if how == "frame":
            facts["ending"] = "answer"
        else:
            process.kill()
            code = os.waitstatus_to_exitcode(process.status)
            if how == "exit":
                facts.update({"ending": "signal", "signal": -code} if code < 0 else {"exit_code": code})
                if code == -signal.SIGXCPU:
                    facts["ending"] = "timeout"
        if self.oom.kills() > kills:
            facts["ending"] = "oom"
        if facts["ending"] == "timeout":
            self.timeouts += 1
            if self.timeouts >= TIMEOUTS_BEFORE_GIVING_UP:
                self.broken = ({"ending": "timeout", "detail": "not run: earlier cases timed out"}, {})
        facts["wall_s"] = time.monotonic() - began
        facts["cpu_s"] = max(0.0, process.cpu() - cpu) if process.status is None else process.cpu_total - cpu
        out, err = process.take()
        if len(out) + len(err) > self.cap:
            out, err, facts["truncated"] = out[: self.cap], err[: max(0, self.cap - len(out))], True
        return facts, {"stdout": out, "stderr": err}

    def end(self) -> bool:
        """Kill everything of the candidate, wipe what it wrote; whether nothing is left."""
        if self.process is not None:
            self._end_process()
        return kill_all() and wipe(self.start["uid"])


def kill_all() -> bool:
    """Kill every process but this one and PID 1, and wait until they are gone."""
    me = os.getpid()
    for _ in range(400):
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        # Orphans are reaped by PID 1, a moment later.
        if not [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, me)]:
            return True
        time.sleep(0.005)
    return False


def as_candidate(uid, work) -> int:  # type: ignore[no-untyped-def]
    """Fork a helper with the candidate's rights; its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(10)
            child.give_up_rights(uid, 10)
            work()
        finally:
            os._exit(0)
    return pid


def wipe(uid) -> bool:  # type: ignore[no-untyped-def]
    """Empty the scratch directories with the candidate's own rights; whether they are empty now."""
    if not any(_listing()):
        return True

    def work() -> None:
        import shutil

        for directory in SCRATCH:
            for top, folders, _ in os.walk(directory, topdown=True):
                for name in folders:
                    # A mode-000 directory hides what it holds from its own owner.
                    path = os.path.join(top, name)
                    if not os.path.islink(path):
                        os.chmod(path, 0o700)
            for name in os.listdir(directory):
                path = os.path.join(directory, name)
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    os.unlink(path)

    os.waitpid(as_candidate(uid, work), 0)
    return not any(_listing())


def _listing():  # type: ignore[no-untyped-def]
    for directory in SCRATCH:
        try:
            yield from os.listdir(directory)
        except OSError:
            yield directory
