"""PID 1 of a sandbox. It never reads what a candidate sent: a warden is forked for each, and its memory goes with it."""

import os
import signal
import sys

from . import wire
from .warden import Oom, Warden, kill_all

VERSION = 1


def main() -> None:
    """Announce readiness, then serve `start` frames until the stream ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Imported before the first fork: a warden then finds it loaded.
    import resource  # noqa: F401

    oom = Oom()
    wire.send(1, {"op": "hello", "version": VERSION, "python": sys.version.split()[0]}, {})
    while True:
        try:
            header, blobs = wire.receive(0)
        except wire.Broken:
            return
        warden = os.fork()
        if warden == 0:
            _serve(header, blobs.get("source", b""), oom)
        del header, blobs
        status = _reap_until(warden)
        if status != 0 or not kill_all():
            # Not as it was: this container must not see another candidate.
            return


def _serve(start, source, oom) -> None:  # type: ignore[no-untyped-def]
    """The warden's life: inputs until `end`, then whether everything is clean."""
    status = 1
    try:
        warden = Warden(start, source, oom)
        handlers = {"call": warden.call, "exec": warden.program, "pytest": warden.pytest}
        while True:
            header, blobs = wire.receive(0)
            if header["op"] == "end":
                clean = warden.end()
                wire.send(1, {"op": "ended", "clean": clean}, {})
                status = 0 if clean else 1
                return
            facts, out = handlers[header["op"]](header, blobs)
            wire.send(1, dict(facts, op="evidence"), out)
    except wire.Broken:
        pass
    finally:
        os._exit(status)


def _reap_until(pid: int) -> int:
    """Reap whoever ends, orphans included, until `pid` does; its exit code."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return os.waitstatus_to_exitcode(status)
