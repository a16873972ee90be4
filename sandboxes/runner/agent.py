"""PID 1 of an agent's container: one attempt, its process, its tests, and what it left, by value.

The agent has a uid of its own; tests of what it wrote run as a second one (`trials`), which can neither change the
agent's files nor reach its models. Whatever the agent says goes to the host as it says it.
"""

import _signal as signal
import os
import select
import sys
import time

from . import child, copyout, listing, porter, trials, wire
from .cgroup import Cgroup
from .scratch import as_candidate, kill_all, own_uid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Frame = tuple[dict[str, Any], dict[str, bytes]]

VERSION = 1
HOST = 0
CHUNK = 1 << 16
LINE_CAP = 1 << 20
EVENTS_CAP = 5000
GATEWAY = "/run/gateway/gateway.sock"
ANSWER_S = 10.0
"""How long the agent's driver may take to accept what it waits for."""


def main() -> None:
    """Announce readiness, then serve one attempt until the stream ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    wire.send(1, {"op": "hello", "version": VERSION, "python": sys.version.split()[0]}, {})
    status = 1
    try:
        Agent(*wire.receive(HOST)).serve()
        status = 0
    except wire.Broken:
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


class Agent:
    """The agent's process and the pipes to it.

    `start` has: `uid`, `tester` (whose tests run), `argv`, `env`, `directory` (where it starts), `task` (a text for
    its home), `cpu_s`, `wall_s`, `said_kb` (of what it says, how much is passed on), `first` (what its driver is told;
    None where it has none), `trials` (see `trials.run`; None without tests), `porter` (uid of who carries a port to the
    gateway's socket; None for an agent that speaks to the socket itself).
    Blobs: `f:PATH` is a file of the workspace, `t:PATH` a test, `h:PATH` a file for the agent's home.
    """

    def __init__(self, start: "dict[str, Any]", blobs: "dict[str, bytes]") -> None:
        with open("/proc/self/uid_map") as file:
            uid_map = file.read()
        self.start = start
        self.uid, self.tester = own_uid(start["uid"], uid_map), own_uid(start["tester"], uid_map)
        self.tests = {name[2:]: data for name, data in blobs.items() if name.startswith("t:")}
        self.group = Cgroup()
        self.kills = self.group.kills()
        self.deadline = time.monotonic() + start["wall_s"]
        self.allowed = start["said_kb"] * 1024
        self.events = 0
        self.lines = bytearray()
        self.poll = select.poll()
        self.poll.register(HOST, select.POLLIN)
        self.porter = None if start["porter"] is None else own_uid(start["porter"], uid_map)
        self.pidfd = -1
        self.waits = False
        """The driver is done and waits for the host: that is not its time."""
        self.pipes: tuple[int, ...] = ()
        self.home = {name[2:]: data for name, data in blobs.items() if name.startswith("h:")}
        self._launch({name[2:]: data for name, data in blobs.items() if name.startswith("f:")})

    # the process -----------------------------------------------------------------------------------------------------

    def _launch(self, files: "dict[str, bytes]") -> None:
        start, uid = self.start, self.uid
        for fd in self.pipes:
            os.close(fd)
        if self.porter is not None:
            _post(self.porter)
        (self.said, said_w), (self.told, told_w), (asked_r, self.asked) = (os.pipe() for _ in range(3))
        self.pid = os.fork()
        if self.pid == 0:
            try:
                nothing = os.open("/dev/null", os.O_RDWR)
                # Only a driver of ours has a say in what counts as done, and when tests run.
                ends = (nothing, None) if start["first"] is None else (told_w, asked_r)
                child.arrange(nothing, said_w, said_w, *ends)
                child.give_up_rights(uid, start["cpu_s"])
                child.lay_out(files)
                os.makedirs(start["env"]["HOME"], 0o700, exist_ok=True)
                task = {"task.md": start["task"].encode()} if start["task"] else {}
                child.lay_out({**self.home, **task}, start["env"]["HOME"], "wb")
                os.chdir(start["directory"])
                os.execve(start["argv"][0], start["argv"], start["env"])
            except BaseException as error:
                os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode("utf-8", "replace"))
            finally:
                os._exit(70)
        for fd in (said_w, told_w, asked_r):
            os.close(fd)
        self.pipes = (self.said, self.told, self.asked)
        self.pidfd = os.pidfd_open(self.pid)
        for fd in (self.said, self.told, self.pidfd):
            self.poll.register(fd, select.POLLIN)
        os.set_blocking(self.asked, False)
        if start["first"] is not None:
            self._answer(start["first"])

    def _answer(self, content: "dict[str, Any]") -> None:
        """One line to the agent's driver, which waits for it; one that does not take it is as good as dead."""
        data = wire.dumps(content).encode("ascii") + b"\n"
        until = time.monotonic() + ANSWER_S
        waiting = select.poll()
        waiting.register(self.asked, select.POLLOUT)
        while data and time.monotonic() < until:
            waiting.poll(100)
            try:
                data = data[os.write(self.asked, data) :]
            except BlockingIOError:
                continue
            except OSError:
                return

    # the loop --------------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Pass on what the agent says and does, and do what the host asks, until the host hangs up."""
        while True:
            left = self.deadline - time.monotonic() if self.pidfd >= 0 and not self.waits else 3600.0
            if left <= 0:
                self._stop("timeout")
                continue
            for fd, event in self.poll.poll(left * 1000 + 1):
                if fd == HOST:
                    self._obey(*wire.receive(HOST))
                elif fd == self.said:
                    self._pass_on(fd, event)
                elif fd == self.told:
                    self._hear(fd, event)
                elif fd == self.pidfd:
                    self._stop("exit")
            _reap_orphans(self.pid if self.pidfd >= 0 else 0)

    def _obey(self, header: "dict[str, Any]", _: "dict[str, bytes]") -> None:
        op = header["op"]
        if op == "again":
            # What the host needed to grade the last try is not the agent's time.
            self.deadline += header["pause_s"]
            self.waits = False
            if self.pidfd >= 0:
                self._answer(header["said"])
            else:
                self.start.update(header["said"])
                self._launch({})
        elif op == "stop":
            self._stop("stopped")
        elif op == "list":
            found = _as(self.uid, lambda fd: wire.send(fd, listing.tree(), {}))
            wire.send(1, dict(found[0], op="listing"), {})
        elif op == "take":
            names = header["names"]
            head, taken = _as(self.uid, lambda fd: copyout.send(fd, names))
            wire.send(1, {"op": "files", "rejected": head.get("rejected", {})}, taken)

    def _pass_on(self, fd: int, event: int) -> bool:
        data = _read(fd)
        if not data:
            if event & (select.POLLHUP | select.POLLERR):
                self.poll.unregister(fd)
            return False
        kept = data[: max(0, self.allowed)]
        self.allowed -= len(kept)
        if kept:
            wire.send(1, {"op": "said"}, {"text": kept})
        return True

    def _hear(self, fd: int, event: int) -> bool:
        """Lines of the agent's driver: events for the host, or the wish for a test run."""
        data = _read(fd)
        if not data:
            if event & (select.POLLHUP | select.POLLERR):
                self.poll.unregister(fd)
            return False
        self.lines += data
        if len(self.lines) > LINE_CAP:
            self._stop("flood")
            return False
        *whole, rest = self.lines.split(b"\n")
        self.lines = bytearray(rest)
        for line in whole:
            self._event(bytes(line))
        return True

    def _event(self, line: bytes) -> None:
        self.events += 1
        try:
            said = wire.loads(line.decode("ascii"))
            ask = said.get("ask")
            if ask is None and self.events <= EVENTS_CAP:
                # What can be read cannot always be written again: numbers without end, a depth just within bounds.
                wire.send(1, {"op": "event", "event": said}, {})
                self.waits = said.get("event") == "done"
        except (ValueError, TypeError, AttributeError, RecursionError, StopIteration):
            return
        if ask == "test" and self.start["trials"] is not None and self.pidfd >= 0:
            left = max(1.0, self.deadline - time.monotonic())
            done = trials.run(self.start["trials"], self.tests, self.tester, left, self.group)
            # What the tests used up is not the agent's doing.
            self.kills = self.group.kills()
            wire.send(1, dict(done, op="tested"), {})
            self._answer(done)

    def _stop(self, why: str) -> None:
        """The end of the agent's process and of all it started; what it said last is passed on before."""
        if self.pidfd < 0:
            return
        oom = self.group.kills() > self.kills
        if why != "exit":
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        kill_all()
        # From here on there is nobody left to stop, whatever its last words are.
        os.close(self.pidfd)
        self.pidfd = -1
        for fd, take in ((self.told, self._hear), (self.said, self._pass_on)):
            os.set_blocking(fd, False)
            while take(fd, 0):
                pass
        self.poll = select.poll()
        self.poll.register(HOST, select.POLLIN)
        wire.send(1, {"op": "stopped", "why": "oom" if oom else why, "code": os.waitstatus_to_exitcode(status)}, {})


def _post(uid: int) -> None:
    """Start the porter; where it cannot, the agent finds nobody at the port."""
    door = porter.listen()
    if os.fork() == 0:
        try:
            os.setsid()
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            porter.serve(door, GATEWAY)
        finally:
            os._exit(1)
    door.close()


def _as(uid: int, work: "Any") -> "Frame":
    """What a helper with the agent's rights writes as a frame."""
    reader, writer = os.pipe()
    pid = as_candidate(uid, lambda: work(writer))
    os.close(writer)
    try:
        return wire.receive(reader)
    except wire.Broken:
        return {"failed": True}, {}
    finally:
        os.close(reader)
        os.waitpid(pid, 0)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, CHUNK)
    except OSError:
        return b""


def _reap_orphans(but: int) -> None:
    """Whoever ended and has no parent left but us; the agent itself is waited for where its end is noticed."""
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if found is None or found.si_pid == but:
            return
        os.waitpid(found.si_pid, 0)
