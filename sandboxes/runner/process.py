"""A child process under watch: its pipes, a deadline, a byte cap, and what became of it."""

import _signal as signal  # `signal` itself would cost every container milliseconds for `enum`
import os
import select
import time

from . import hardening, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .cgroup import Cgroup

STREAM = 0
CHUNK = 1 << 16
RESULT_CAP = 4 * 1024 * 1024
STRETCH = 8
"""A time limit may grow to so many times itself for a process that has to wait for a processor."""


class Watched:
    """One forked process of the candidate with pipes on stdin, stdout, stderr and a result descriptor.

    `body(stdin, stdout, stderr, result)` runs in the child with the child's ends. `stdin` is written and then closed;
    with None it stays open for `feed`.
    """

    def __init__(
        self, body: "Callable[[int, int, int, int], None]", output_cap: int = 0, stdin: bytes | None = None
    ) -> None:
        pairs = [os.pipe() for _ in range(4)]
        (in_r, in_w), (out_r, out_w), (err_r, err_w), (res_r, res_w) = pairs
        self.pid = hardening.fork()
        if self.pid == 0:
            status = 70
            try:
                for fd in (in_w, out_r, err_r, res_r):
                    os.close(fd)
                body(in_r, out_w, err_w, res_w)
                status = 0
            except BaseException as error:
                os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode("utf-8", "replace"))
            finally:
                os._exit(status)
        for fd in (in_r, out_w, err_w, res_w):
            os.close(fd)
        self.pidfd = os.pidfd_open(self.pid)
        self.stdin, self.stdout, self.stderr, self.result = in_w, out_r, err_r, res_r
        for fd in (in_w, out_r, err_r, res_r):
            os.set_blocking(fd, False)
        self.output_cap = output_cap
        self.out = {out_r: bytearray(), err_r: bytearray(), res_r: bytearray()}
        self.ends = stdin is not None
        self.to_write = memoryview(stdin or b"")
        self.status: int | None = None
        self.cpu_total = 0.0
        self.held_up = 0.0
        """Seconds of waiting for a processor that were made up for already."""
        self._poll = select.poll()
        for fd in (*self.out, self.pidfd):
            self._poll.register(fd, select.POLLIN)
        # Nothing to read there now; its end means that whoever wants this answer is gone.
        self._poll.register(STREAM, 0)
        if stdin == b"":
            self._end_stdin()

    def cpu(self) -> float:
        """CPU seconds of the process so far, its waited-for children apart."""
        try:
            # The kernel's CPU clock of a process: clock ids are made of the pid, see clock_getcpuclockid(3).
            return time.clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return self.cpu_total

    def feed(self, data: bytes) -> None:
        """More bytes for stdin, written as the process takes them."""
        self.to_write = memoryview(bytes(self.to_write) + data)

    def take(self) -> tuple[bytes, bytes]:
        """(stdout, stderr) since the last call."""
        out, err = bytes(self.out[self.stdout]), bytes(self.out[self.stderr])
        self.out[self.stdout].clear()
        self.out[self.stderr].clear()
        return out, err

    def frame(self) -> bytes | None:
        """A whole length-prefixed answer, or None while it is incomplete."""
        got = self.out[self.result]
        if len(got) < 4:
            return None
        size = int.from_bytes(got[:4], "big")
        if len(got) < 4 + size:
            return None
        answer = bytes(got[4 : 4 + size])
        del got[: 4 + size]
        return answer

    def wait(self, began: float, limit: float, until_frame: bool, spent: "Spent") -> str:
        """Pump the pipes until an answer (frame), the end (exit), the time limit (timeout) or a cap (output_limit).

        The limit is in seconds from `began`, longer by what the candidate had to wait for a processor. The end is the
        process's exit, not end-of-file: a descendant may hold the pipes for ever.
        """
        deadline = began + limit
        poll = self._poll
        if self.to_write and self._write():
            poll.register(self.stdin, select.POLLOUT)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                deadline = spent.deadline(began, limit)
                left = deadline - time.monotonic()
                if left <= 0:
                    return "timeout"
            for fd, event in poll.poll(left * 1000 + 1):
                if fd == self.pidfd:
                    self._drain()
                    if self._over():
                        return "output_limit"
                    return "frame" if until_frame and self._whole() else "exit"
                if fd == STREAM:
                    raise wire.Broken("the host hung up")
                if fd == self.stdin:
                    if not self._write():
                        poll.unregister(fd)  # by number: it may be closed already
                elif not self._read(fd) and event & (select.POLLHUP | select.POLLERR):
                    poll.unregister(fd)
            if self._over():
                return "output_limit"
            if until_frame and self._whole():
                self._drain()
                return "output_limit" if self._over() else "frame"

    def kill(self) -> None:
        """Kill and reap this process."""
        if self.status is None:
            try:  # noqa: SIM105
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            except OSError:
                pass
            self.reap()

    def reap(self) -> None:
        """Collect the exit status."""
        if self.status is None:
            try:
                _, self.status, usage = os.wait4(self.pid, 0)
                self.cpu_total = usage.ru_utime + usage.ru_stime
            except ChildProcessError:
                self.status = 9

    def close(self) -> None:
        """Give the descriptors back."""
        for fd in (self.stdin, self.stdout, self.stderr, self.result, self.pidfd):
            try:  # noqa: SIM105
                os.close(fd)
            except OSError:
                pass

    def _whole(self) -> bool:
        got = self.out[self.result]
        return len(got) >= 4 and len(got) >= 4 + int.from_bytes(got[:4], "big")

    def _over(self) -> bool:
        seen = len(self.out[self.stdout]) + len(self.out[self.stderr])
        return seen > self.output_cap or len(self.out[self.result]) > RESULT_CAP

    def _read(self, fd: int) -> bool:
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.out[fd] += data
        return bool(data)

    def _drain(self) -> None:
        """What was written before the answer, or the end, and is still in the pipes."""
        more = True
        while more and not self._over():
            more = False
            for fd, _ in self._poll.poll(0):
                if fd in self.out:
                    before = len(self.out[fd])
                    more = (self._read(fd) and len(self.out[fd]) > before) or more

    def _write(self) -> bool:
        try:
            self.to_write = self.to_write[os.write(self.stdin, self.to_write[:CHUNK]) :]
        except BlockingIOError:
            return True
        except OSError:
            self.to_write = memoryview(b"")
        if not self.to_write and self.ends:
            self._end_stdin()
        return bool(self.to_write)

    def _end_stdin(self) -> None:
        os.close(self.stdin)
        self.stdin = -1


class Spent:
    """Processor time since now, or since `before`: of the whole container where the kernel counts it, at least of the
    one process."""

    def __init__(
        self,
        process: Watched,
        group: "Cgroup",
        before: "tuple[float, float] | None" = None,
        most_s: float = float("inf"),
    ) -> None:
        """`most_s`: seconds from its beginning beyond which no time limit grows."""
        self._process, self._group, self._most_s = process, group, most_s
        self._before = self.now = before or (process.cpu(), group.cpu_s())
        self._made_up_for = process.held_up

    def seconds(self) -> float:
        own, all_of_them = self._before
        self.now = (self._process.cpu(), self._group.cpu_s())
        return max(0.0, self.now[0] - own, self.now[1] - all_of_them)

    def deadline(self, began: float, limit: float) -> float:
        """The end of a time limit, by what the kernel says now.

        Time in which a process of the candidate could have run and others had the processor is not the candidate's: a
        verdict must not depend on what else the machine does. Bounded, granted once, and only while the candidate has
        used less processor time than the limit.
        """
        if self.seconds() >= limit:
            return began
        held_up = _held_up()
        self._process.held_up = max(held_up, self._process.held_up)
        longer = min(max(0.0, held_up - self._made_up_for), (STRETCH - 1) * limit)
        return began + max(limit, min(limit + longer, self._most_s))


def _held_up() -> float:
    """Seconds that a process in here had to wait for a processor, of those that live the longest such time."""
    longest = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and name not in ("1", str(os.getpid())):
            try:
                with open(f"/proc/{name}/schedstat") as file:
                    longest = max(longest, int(file.read().split()[1]))
            except (OSError, ValueError, IndexError):  # gone, or a kernel that does not say
                continue
    return longest / 1e9
