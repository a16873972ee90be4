"""Serves one candidate: forks its process, feeds it one input at a time, enforces the limits, reports evidence.

A warden is forked for each candidate and ends with it, so its memory holds nothing of any other candidate.
"""

import os
import time

from . import child, copyout, wire
from .process import Watched
from .scratch import as_candidate, kill_all, own_uid, wipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any

    Frame = tuple[dict[str, Any], dict[str, bytes]]
else:
    # `signal` itself loads `enum` and `collections`, which every box would pay for.
    import _signal as signal

TIMEOUTS_BEFORE_GIVING_UP = 3


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

    def __init__(self, start: "dict[str, Any]", source: bytes, oom: Oom) -> None:
        self.start, self.source, self.oom = start, source, oom
        with open("/proc/self/uid_map") as file:
            self.uid = own_uid(start["uid"], file.read())
        self.timeout = start["timeout_s"]
        self.cap = start["output_kb"] * 1024
        self.process: Watched | None = None
        self.broken: Frame | None = None
        self.timeouts = 0
        self.said_while_loading = (b"", b"")
        self.clean = True
        """Whether a program can start here as if nothing had run before it."""

    # calls -----------------------------------------------------------------------------------------------------------

    def call(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Frame":
        """One call of the entry function."""
        if self.broken is not None:
            return dict(self.broken[0], id=header["id"], wall_s=0.0, cpu_s=0.0), self.broken[1]
        kills, began = self.oom.kills(), time.monotonic()
        if self.process is None:
            loaded = self._load(kills, began)
            if not isinstance(loaded, Watched):
                self.broken = loaded
                return dict(loaded[0], id=header["id"]), loaded[1]
            self.process = loaded
        process, cpu = self.process, self.process.cpu()
        process.feed(wire.pack({"args": header["args"], "kwargs": header["kwargs"]}, {}))
        began = time.monotonic()
        how = process.wait(began + self.timeout, True)
        facts, blobs = self._facts(process, how, kills, began, cpu)
        blobs["stdout"] = self.said_while_loading[0] + blobs["stdout"]
        blobs["stderr"] = self.said_while_loading[1] + blobs["stderr"]
        self.said_while_loading = (b"", b"")
        if facts["ending"] == "answer":
            blobs["answer"] = process.frame() or b""
        if facts["ending"] != "answer" or self.start["fresh"]:
            self._end_process()
        return dict(facts, id=header["id"]), blobs

    def _load(self, kills: int, began: float) -> "Watched | Frame":
        """Fork and load the module: its process when it is ready, otherwise what to report for every call."""
        start, source, uid = self.start, self.source, self.uid

        def body(stdin: int, stdout: int, stderr: int, result: int) -> None:
            child.arrange(os.open("/dev/null", os.O_RDONLY), stdout, stderr, result, stdin)
            child.give_up_rights(uid, start["cpu_s"])
            child.serve_calls(source, start["module"], start["entry"])

        process = Watched(body, self.cap)
        how = process.wait(began + self.timeout, True)
        facts, blobs = self._facts(process, how, kills, began, 0.0)
        if facts["ending"] == "answer":
            blobs["answer"] = process.frame() or b""
            if blobs["answer"] == b'{"ready":true}':
                self.said_while_loading = (blobs["stdout"], blobs["stderr"])
                return process
        _put_down(process)
        return facts, blobs

    def _end_process(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            _put_down(process)

    # programs --------------------------------------------------------------------------------------------------------

    def run(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Frame":
        """One program or pytest process in a fresh working directory."""
        files = {name[2:]: data for name, data in blobs.items() if name.startswith("f:")}
        start, uid = self.start, self.uid

        def body(stdin: int, stdout: int, stderr: int, result: int) -> None:
            child.arrange(stdin, stdout, stderr, result)
            child.give_up_rights(uid, start["cpu_s"])
            child.lay_out(files)
            child.become(header["argv"])

        kills, began = self.oom.kills(), time.monotonic()
        process = Watched(body, self.cap, blobs.get("stdin", b""))
        how = process.wait(began + self.timeout, False)
        process.kill()
        facts, out = self._facts(process, how, kills, began, 0.0)
        out["records"] = bytes(process.out[process.result])
        process.close()
        killed = kill_all()
        if header.get("collect"):
            facts["rejected"] = self._collect(header["collect"], out)
        # What one of two test processes leaves could tell the other one which tests were changed.
        self.clean = wipe(uid) and killed
        return dict(facts, id=header["id"]), out

    def pytest(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Frame":
        """`run` of the recording pytest over the given test files."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytest_main.py")
        flags = ["-s", "-P", "-S", "-B", script, str(child.RESULT_FD)]
        return self.run(dict(header, argv=flags + header["targets"]), blobs)

    def program(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Frame":
        """`run` of a script."""
        return self.run(dict(header, argv=["-s", "-P", "-B", *header["argv"]]), blobs)

    def _collect(self, names: list[str], out: "dict[str, bytes]") -> "dict[str, str]":
        reader, writer = os.pipe()
        pid = as_candidate(self.uid, lambda: copyout.send(writer, names))
        os.close(writer)
        try:
            header, taken = wire.receive(reader)
        except wire.Broken:
            header, taken = {"rejected": dict.fromkeys(names, "could not be read")}, {}
        os.close(reader)
        os.waitpid(pid, 0)
        out.update({"f:" + name: data for name, data in taken.items()})
        rejected: dict[str, str] = header["rejected"]
        return rejected

    # both ------------------------------------------------------------------------------------------------------------

    def _facts(self, process: Watched, how: str, kills: int, began: float, cpu: float) -> "Frame":
        facts: dict[str, Any] = {"ending": how, "truncated": False}
        if how == "frame":
            facts["ending"] = "answer"
        else:
            process.kill()
            code = os.waitstatus_to_exitcode(process.status or 0)
            if how == "exit":
                facts.update({"ending": "signal", "signal": -code} if code < 0 else {"exit_code": code})
                # Of the CPU limit the first signal can be ignored, the second cannot.
                if code == -signal.SIGXCPU or (code == -signal.SIGKILL and process.cpu_total >= self.start["cpu_s"]):
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
        return kill_all() and wipe(self.uid)


def _put_down(process: Watched) -> None:
    process.kill()
    process.close()
    kill_all()
