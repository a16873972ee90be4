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

    That was forked before the first frame was read (`prepare`), and there is never a second one: what a warden has
    read of inputs would be in the memory of whatever it forks.
    """

    def __init__(
        self, start: "dict[str, Any]", blobs: "dict[str, bytes]", group: Cgroup, uid_map: str, prepared: Watched
    ) -> None:
        """`prepared`: see `prepare`; where the candidate is not called, it is not needed."""
        self.start, self.group = start, group
        self.uid = own_uid(start["uid"], uid_map)
        self.timeout = start["timeout_s"]
        self.cap = start["output_kb"] * 1024
        self.process: Watched | None = None
        self.loaded = True
        self.broken: Frame | None = None
        """What every call gets, once there is no process to answer it."""
        self.said_while_loading = (b"", b"")
        self.kills, self.spent = -1, (0.0, 0.0)
        """Of the control group, at the end of the last call."""
        if start["called"]:
            self._load(prepared, blobs)
        else:
            prepared.kill()
            prepared.close()
        self.clean = True
        """Whether a program can start here as if nothing had run before it."""

    # calls -----------------------------------------------------------------------------------------------------------

    def calls(self, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> "Iterator[Frame]":
        """Frames of evidence of calls of the entry function, in order, up to the first that ends the process.

        With it, and where `end` is asked for, all ends: the last frame then says whether the box is clean.
        """
        gathered, answered, began = Gathered(), True, False
        for call in header["calls"]:
            if self.process is None or not began:
                facts, out = self.call(call, blobs)
            else:
                # Where the last call ended this one begins: no need to ask the kernel again.
                facts, out = self._call(self.process, call, self.kills, Spent(self.process, self.group, self.spent))
            began = True
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
        return self._call(process, header, kills, spent)

    def _call(self, process: Watched, header: "dict[str, Any]", kills: int, spent: Spent) -> "Frame":
        process.feed(wire.pack({key: header[key] for key in ("args", "kwargs", "question") if key in header}, {}))
        began = time.monotonic()
        how = process.wait(began, header.get("timeout_s", self.timeout), True, spent)
        facts, blobs = self._facts(process, how, kills, began, spent)
        if self.said_while_loading != (b"", b""):
            blobs["stdout"] = self.said_while_loading[0] + blobs["stdout"]
            blobs["stderr"] = self.said_while_loading[1] + blobs["stderr"]
            self.said_while_loading = (b"", b"")
        if facts["ending"] == "answer":
            blobs["answer"] = process.frame() or b""
        else:
            self.broken = facts, blobs
            self._end_process()
        facts["id"] = header["id"]
        return facts, blobs

    def _load(self, process: Watched, blobs: "dict[str, bytes]") -> None:
        """Give the process its candidate; keep it when that is loaded, otherwise what to report for every call."""
        start = {name: self.start[name] for name in ("cpu_s", "module", "entry", "apart")}
        process.output_cap = self.cap
        kills, began, spent = self.group.kills(), time.monotonic(), Spent(process, self.group)
        process.feed(wire.pack(dict(start, uid=self.uid), blobs))
        how = process.wait(began, self.timeout, True, spent)
        facts, out = self._facts(process, how, kills, began, spent)
        if facts["ending"] == "answer":
            out["answer"] = process.frame() or b""
            if out["answer"] == b'{"ready":true}':
                self.said_while_loading = (out["stdout"], out["stderr"])
                self.process = process
                return
        _put_down(process)
        self.broken, self.loaded = (facts, out), False

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
        self.kills = self.group.kills()
        if self.kills > kills:
            facts["ending"] = "oom"
        facts["wall_s"] = time.monotonic() - began
        facts["cpu_s"], self.spent = spent.seconds(), spent.now
        out, err = process.take()
        if len(out) + len(err) > self.cap:
            out, err, facts["truncated"] = out[: self.cap], err[: max(0, self.cap - len(out))], True
        return facts, {"stdout": out, "stderr": err}

    def end(self) -> bool:
        """Kill everything of the candidate, wipe what it wrote; whether nothing is left."""
        if self.process is not None:
            self._end_process()
        return kill_all() and wipe(self.uid)


def prepare() -> Watched:
    """A process for a candidate that is yet to come. It is forked before anything is known: it has nothing to hide."""

    def body(stdin: int, stdout: int, stderr: int, result: int) -> None:
        child.arrange(os.open("/dev/null", os.O_RDONLY), stdout, stderr, result, stdin)
        child.wait_for_candidate()

    return Watched(body)


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
