"""Serves one candidate: forks its process, feeds it one input at a time, enforces the limits, reports evidence.

A warden is forked for each candidate and ends with it, so its memory holds nothing of any other candidate.
"""

import _signal as signal  # `signal` itself would cost every container milliseconds for `enum`
import os
import time

from . import child, copyout, wire
from .cgroup import Cgroup
from .process import Spent, Watched
from .scratch import as_candidate, kill_all, own_uid, wipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Frame = tuple[dict[str, Any], dict[str, bytes]]

FRAME_BYTES, FRAME_S = 1 << 20, 1.0
"""Evidence of calls is sent when it is so much, or so old: few frames, and none of them huge or late."""


class Warden:
    """One candidate: its limits, and the one process that answers its calls.

    There is never a second one: what a warden has read of inputs would be in the memory of whatever it forks.
    """

    def __init__(self, start: "dict[str, Any]", blobs: "dict[str, bytes]", group: Cgroup) -> None:
        self.start, self.group = start, group
        self.source = blobs.get("source", b"")
        self.files = _files(blobs)
        """A candidate of several files, whose tests are in another box."""
        with open("/proc/self/uid_map") as file:
            self.uid = own_uid(start["uid"], file.read())
        self.timeout = start["timeout_s"]
        self.cap = start["output_kb"] * 1024
        self.process: Watched | None = None
        self.loaded = True
        self.broken: Frame | None = None
        """What every call gets, once there is no process to answer it."""
        self.said_while_loading = (b"", b"")
        self.clean = True
        """Whether a program can start here as if nothing had run before it."""

    # calls -----------------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Fork the process of a candidate that is called, before anything was read of what it will be called with."""
        began = time.monotonic()
        loaded = self._load(self.group.kills(), began)
        if isinstance(loaded, Watched):
            self.process = loaded
        else:
            self.broken, self.loaded = loaded, False

    def calls(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Iterator[Frame]":
        """Frames of evidence of calls of the entry function, in order, up to the first that ends the process.

        With it, and where `end` is asked for, all ends: the last frame then says whether the box is clean.
        """
        gathered = Gathered()
        answered = True
        for call in header["calls"]:
            facts, out = self.call(call, blobs)
            gathered.add(facts, out)
            answered = facts["ending"] == "answer"
            if not answered:
                break
            if gathered.due():
                yield gathered.frame({"last": False})
        said = {"last": True, "loaded": self.loaded}
        if header["end"] or not answered:
            said["clean"] = self.end()
        yield gathered.frame(said)

    def call(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Frame":
        """One call of the entry function, or one question of tests in another box."""
        process = self.process
        if process is None:
            facts, blobs = self.broken or ({"ending": "exit"}, {})
            return dict(facts, id=header["id"]), blobs
        kills, spent = self.group.kills(), Spent(process, self.group)
        process.feed(wire.pack({key: header[key] for key in ("args", "kwargs", "question") if key in header}, {}))
        began = time.monotonic()
        how = process.wait(began, header.get("timeout_s", self.timeout), True, spent)
        facts, blobs = self._facts(process, how, kills, began, spent)
        blobs["stdout"] = self.said_while_loading[0] + blobs["stdout"]
        blobs["stderr"] = self.said_while_loading[1] + blobs["stderr"]
        self.said_while_loading = (b"", b"")
        if facts["ending"] == "answer":
            blobs["answer"] = process.frame() or b""
        else:
            self.broken = facts, blobs
            self._end_process()
        return dict(facts, id=header["id"]), blobs

    def _load(self, kills: int, began: float) -> "Watched | Frame":
        """Fork and load the module: its process when it is ready, otherwise what to report for every call."""
        start, source, files, uid = self.start, self.source, self.files, self.uid
        if start["apart"]:
            from . import asked  # here: no other kind of job should pay for it

        def body(stdin: int, stdout: int, stderr: int, result: int) -> None:
            child.arrange(os.open("/dev/null", os.O_RDONLY), stdout, stderr, result, stdin)
            child.give_up_rights(uid, start["cpu_s"])
            if start["apart"]:
                asked.serve(files)
            else:
                child.serve_calls(source, start["module"], start["entry"])

        process = Watched(body, self.cap)
        spent = Spent(process, self.group)
        how = process.wait(began, self.timeout, True, spent)
        facts, blobs = self._facts(process, how, kills, began, spent)
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
        files = _files(blobs)
        start, uid = self.start, self.uid

        def body(stdin: int, stdout: int, stderr: int, result: int) -> None:
            child.arrange(stdin, stdout, stderr, result)
            child.give_up_rights(uid, start["cpu_s"])
            child.lay_out(files)
            child.become(header["argv"])

        kills, began = self.group.kills(), time.monotonic()
        process = Watched(body, self.cap, blobs.get("stdin", b""))
        spent = Spent(process, self.group)
        how = process.wait(began, self.timeout, False, spent)
        process.kill()
        facts, out = self._facts(process, how, kills, began, spent)
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

    def tests(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Frame":
        """pytest over test files whose candidate is in another box, reached through the host."""
        from . import questions

        files, uid, cpu_s = _files(blobs), self.uid, self.start["cpu_s"]

        def body(stdin: int, stdout: int, stderr: int, result: int) -> None:
            child.arrange(os.open("/dev/null", os.O_RDONLY), stdout, stderr, result, stdin)
            child.give_up_rights(uid, cpu_s)
            child.lay_out(files)
            child.become(questions.command(header["modules"], header["targets"]))

        kills, began = self.group.kills(), time.monotonic()
        process = Watched(body, self.cap)
        spent = Spent(process, self.group)
        how, records = questions.relay(process, self.timeout, spent)
        process.kill()
        facts, out = self._facts(process, how, kills, began, spent)
        process.close()
        killed = kill_all()
        self.clean = wipe(uid) and killed
        return dict(facts, id=header["id"]), dict(out, records=records)

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

    def _facts(self, process: Watched, how: str, kills: int, began: float, spent: Spent) -> "Frame":
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
        if self.group.kills() > kills:
            facts["ending"] = "oom"
        facts["wall_s"] = time.monotonic() - began
        facts["cpu_s"] = spent.seconds()
        out, err = process.take()
        if len(out) + len(err) > self.cap:
            out, err, facts["truncated"] = out[: self.cap], err[: max(0, self.cap - len(out))], True
        return facts, {"stdout": out, "stderr": err}

    def end(self) -> bool:
        """Kill everything of the candidate, wipe what it wrote; whether nothing is left."""
        if self.process is not None:
            self._end_process()
        return kill_all() and wipe(self.uid)


class Gathered:
    """Evidence of several calls on its way into one frame."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._cases: list[dict[str, Any]] = []
        self._blobs: dict[str, bytes] = {}
        self._size = 0

    def add(self, facts: "dict[str, Any]", blobs: "dict[str, bytes]") -> None:
        number = len(self._cases)
        self._cases.append(facts)
        for name, data in blobs.items():
            if data:
                self._blobs[f"{number}:{name}"] = data
                self._size += len(data)

    def due(self) -> bool:
        """Whether it should be sent, although more is to come."""
        return self._size > FRAME_BYTES or time.monotonic() - self._began > FRAME_S

    def frame(self, said: "dict[str, Any]") -> "Frame":
        """What was gathered, and no more of it from now on."""
        header, blobs = dict(said, cases=self._cases), self._blobs
        self.__init__()  # type: ignore[misc]
        return header, blobs


def _files(blobs: "dict[str, bytes]") -> "dict[str, bytes]":
    return {name[2:]: data for name, data in blobs.items() if name.startswith("f:")}


def _put_down(process: Watched) -> None:
    process.kill()
    process.close()
    kill_all()
