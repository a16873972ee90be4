"""PID 1 of a sandbox. It reads nothing from the stream: a warden is forked for each candidate and does, so that what
came in for one candidate is gone with its warden's memory.
"""

import _signal as signal  # `signal` itself would cost every container milliseconds for `enum`
import os
import sys

from . import hardening, wire
from .cgroup import Cgroup
from .scratch import kill_all
from .warden import Warden, prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1


def main(settings: "dict[str, Any] | None" = None) -> None:
    """Announce readiness, then serve candidates until the stream ends.

    `settings` where no container engine has prepared this process: see `hardening.set_up`.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Imported before the first fork: a warden then finds it loaded.
    import resource  # noqa: F401

    if settings is not None:
        # Whatever the harness inherited from whoever started it is not for a candidate.
        os.closerange(3, 1 << 20)
    group = Cgroup()
    if settings is not None:
        hardening.set_up(settings)
    with open("/proc/self/uid_map") as file:
        uid_map = file.read()
    wire.send(1, {"op": "hello", "version": VERSION, "python": sys.version.split()[0]}, {})
    while True:
        warden = os.fork()
        if warden == 0:
            _serve(group, uid_map)
        if _reap_until(warden) != 0 or not kill_all():
            # The end of the stream, or not as it was: this container must not see another candidate. At once: to take
            # the interpreter down in order costs every box a millisecond or two.
            os._exit(0)


def _serve(group: Cgroup, uid_map: str) -> None:
    """The warden's life: `start`, inputs until `end` or its candidate's process ends, then whether all is clean."""
    status = 1
    try:
        prepared = prepare()
        start, blobs = wire.receive(0)
        warden = Warden(start, blobs, group, uid_map, prepared)
        handlers = {"question": warden.call, "exec": warden.program, "pytest": warden.pytest, "tests": warden.tests}
        clean: bool | None = None
        while clean is None:
            header, blobs = wire.receive(0)
            if header["op"] == "end":
                clean = warden.end()
                wire.send(1, {"op": "ended", "clean": clean}, {})
            elif header["op"] == "calls":
                for facts, out in warden.calls(header, blobs):
                    clean = facts.get("clean")
                    wire.send(1, dict(facts, op="evidence"), out)
            else:
                facts, out = handlers[header["op"]](header, blobs)
                wire.send(1, dict(facts, op="evidence"), out)
                if not warden.clean:
                    # The host goes on in a fresh container.
                    return
        status = 0 if clean else 1
    except wire.Broken:
        pass
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _reap_until(pid: int) -> int:
    """Reap whoever ends, orphans included, until `pid` does; its exit code."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return os.waitstatus_to_exitcode(status)
