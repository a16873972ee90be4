"""What a container engine has done before a supervisor starts, and bubblewrap has not: done here, by the supervisor.

`set_up` bounds the scratch directories, sets the limits, and where the candidate will have a uid of its own gives up
the right to mount and installs the system call filter for this process and all its descendants.

Where a user namespace maps one uid only, supervisor and candidate are the same user to the kernel. A candidate's
process then starts in a process id and mount namespace of its own (`fork`): it has no name for the warden, so it can
neither signal it nor open its files in /proc. The filter would forbid making these, so each candidate's process
installs it itself, after it gave up every capability (`enter`), and before any line of the candidate runs.
"""

import _signal as signal  # `signal` itself would cost every container milliseconds for `enum`
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILTER, FILTER_WITHOUT_CGROUP = "/opt/harness/seccomp.bpf", "/opt/harness/seccomp-rlimits.bpf"
CLONE_NEWNS, CLONE_NEWPID = 0x00020000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 2, 4, 8, 32
PR_SET_DUMPABLE, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 4, 22, 2
CAPABILITY_VERSION_3 = 0x20080522
KILL, SETGID, SETUID = 1 << 5, 1 << 6, 1 << 7

settings: "dict[str, Any]" = {}
"""Empty where an engine has done all this."""
_own_pid_namespace = -1


_ctypes: "Any" = None
"""`ctypes` without its Python half, which takes a millisecond to load; loaded by `set_up`."""


def set_up(given: "dict[str, Any]") -> None:
    """Make this process the supervisor of a hardened sandbox. Raises OSError: then there must be no sandbox.

    `scratch`: the tmpfs directories; `inodes` of each. `limits`: rlimits by name. `one_user`: see above. `processes`:
    of a candidate's user. `memory_mb`: of each process, where no control group holds the sandbox; otherwise None.
    """
    global _own_pid_namespace, _ctypes
    import _ctypes as loaded
    import resource

    _ctypes = loaded

    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")
    for name, value in given["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name.upper()}")
        hardest = resource.getrlimit(kind)[1]
        value = value if hardest == resource.RLIM_INFINITY else min(value, hardest)
        resource.setrlimit(kind, (value, value))
    flags = MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC
    for directory in given["scratch"]:
        _call("mount", None, directory.encode(), None, flags, b"nr_inodes=%d" % given["inodes"])
    settings.update(given)
    if given["one_user"]:
        _own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    else:
        _keep_capabilities(KILL | SETGID | SETUID)
        _filter_calls()


def limit_candidate() -> None:
    """In a candidate's process: the limits that stand in for a control group."""
    import resource

    if settings.get("processes"):
        resource.setrlimit(resource.RLIMIT_NPROC, (settings["processes"], settings["processes"]))
    if settings.get("memory_mb"):
        # What is written to counts as data, what is only set aside (stacks, arenas) as address space.
        data, space = (settings["memory_mb"] + more << 20 for more in (64, 256))
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))
        resource.setrlimit(resource.RLIMIT_AS, (space, space))


def fork() -> int:
    """`os.fork` of a candidate's process, where all are one user into a process id namespace of its own."""
    if not settings.get("one_user"):
        return os.fork()
    _call("unshare", CLONE_NEWPID)
    if os.fork() == 0:
        _first_process()
    pid = os.fork()
    if pid != 0:
        # This process's later children belong to where it is itself.
        _call("setns", _own_pid_namespace, CLONE_NEWPID)
    return pid


def enter() -> bool:
    """In a candidate's process: give up every right, if they were not given up with the uid; whether it did."""
    if not settings.get("one_user"):
        return False
    _call("unshare", CLONE_NEWNS)
    _call("mount", b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None)
    _keep_capabilities(0)
    # A change of the user would have done this: /proc shows nothing of such a process to itself or its like.
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
    _filter_calls()
    return True


def _first_process() -> None:
    """Process 1 of a candidate's namespace: reaps its orphans, holds nothing, cannot be killed from within."""
    try:
        _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
        os.closerange(0, 256)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            signal.pause()
    finally:
        os._exit(1)


def _keep_capabilities(kept: int) -> None:
    # Effective, permitted, inheritable of the first 32 capabilities, then of the others; ambient ones go with these.
    word = kept.to_bytes(4, sys.byteorder)
    _call("capset", CAPABILITY_VERSION_3.to_bytes(4, sys.byteorder) + bytes(4), word + word + bytes(16))


def _filter_calls() -> None:
    with open(FILTER_WITHOUT_CGROUP if settings["memory_mb"] else FILTER, "rb") as file:
        program = file.read()

    class Length(_ctypes._SimpleCData):  # type: ignore[misc]
        _type_ = "H"

    class Instructions(_ctypes._SimpleCData):  # type: ignore[misc]
        _type_ = "z"

    class Program(_ctypes.Structure):  # type: ignore[misc]
        _fields_ = (("length", Length), ("filter", Instructions))

    given = _ctypes.byref(Program(len(program) // 8, program))
    _call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, given, 0, 0)


def _call(name: str, *args: "Any") -> None:
    """A function of the C library that answers 0, or OSError."""

    class Int(_ctypes._SimpleCData):  # type: ignore[misc]
        _type_ = "i"

    class Function(_ctypes.CFuncPtr):  # type: ignore[misc]
        _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
        _restype_ = Int

    if Function(_ctypes.dlsym(_ctypes.dlopen(None, os.RTLD_NOW), name))(*args) != 0:
        error = _ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
