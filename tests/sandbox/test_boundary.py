"""What a candidate cannot do or see, tried from inside a real container."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.sandbox.pool import Pool
from harness.types import (
    CaseEvidence,
    ExecInput,
    Job,
    Limits,
)
from tests.sandbox.conftest import Calls, Plain

Program = Callable[..., CaseEvidence]

PROBE = r"""
import ctypes, errno, json, mmap, os, resource, socket, sys
fds = sorted(int(fd) for fd in os.listdir('/proc/self/fd'))
libc = ctypes.CDLL(None, use_errno=True)
NR = {'x86_64': dict(ptrace=101, process_vm_readv=310, process_vm_writev=311, io_uring_setup=425, keyctl=250,
    add_key=248, request_key=249, unshare=272, setns=308, mount=165, umount2=166, pivot_root=155, chroot=161, bpf=321,
    perf_event_open=298, userfaultfd=323, memfd_secret=447, pidfd_getfd=438, kcmp=312, shmget=29, msgget=68, semget=64,
    mq_open=240, init_module=175, finit_module=313, kexec_load=246, reboot=169, swapon=167, settimeofday=164,
    clock_settime=227, adjtimex=159, syslog=103, acct=163, mknod=133, mknodat=259, name_to_handle_at=303,
    open_by_handle_at=304, fsopen=430, open_tree=428, move_mount=429, iopl=172, ioperm=173, modify_ldt=154,
    vmsplice=278, sethostname=170, quotactl=179, lookup_dcookie=212, personality=135, clone=56, clone3=435, socket=41),
    'aarch64': dict(ptrace=117, process_vm_readv=270, process_vm_writev=271, io_uring_setup=425, keyctl=219,
    unshare=97, setns=268, mount=40, bpf=280, perf_event_open=241, userfaultfd=282, pidfd_getfd=438, chroot=51,
    personality=92, clone=220, clone3=435, socket=198)}[os.uname().machine]

def errno_of(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(arg) for arg in args])
    return errno.errorcode.get(ctypes.get_errno(), '') if result < 0 else f'allowed: {result}'

def attempt(what):
    try:
        return f'allowed: {what()!r}'
    except BaseException as error:
        return errno.errorcode.get(getattr(error, 'errno', None), type(error).__name__)

found = {name: errno_of(nr, 0, 0, 0, 0, 0) for name, nr in NR.items()
         if name not in ('personality', 'clone', 'clone3', 'socket', 'unshare')}
found['unshare'] = errno_of(NR['unshare'], 0x10000000)
found['clone newuser'] = errno_of(NR['clone'], 0x10000000 | 17, 0, 0, 0, 0)
found['clone newnet'] = errno_of(NR['clone'], 0x40000000 | 17, 0, 0, 0, 0)
found['clone newns'] = errno_of(NR['clone'], 0x00020000 | 17, 0, 0, 0, 0)
found['clone3'] = errno_of(NR['clone3'], 0, 88)
found['personality no randomize'] = errno_of(NR['personality'], 0x0040000)
families = dict(vsock=40, packet=17, alg=38, bluetooth=31, can=29, tipc=30, xdp=44, rds=21, key=15, nfc=39)
for name, family in families.items():
    found['socket ' + name] = errno_of(NR['socket'], family, 1, 0)
def in_a_child(work):
    pid = os.fork()
    if pid == 0:
        try: work()
        finally: os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return 'SIGSYS' if code == -31 else f'allowed: {code}'
def int_0x80():
    code = mmap.mmap(-1, 4096, prot=7)
    code.write(bytes.fromhex('b814000000cd80c3'))  # mov eax, 20 (getpid); int 0x80; ret
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
if os.uname().machine == 'x86_64':
    found['x32 call'] = in_a_child(lambda: errno_of(0x40000000 + 39))
    found['32-bit call'] = in_a_child(int_0x80)
found['socket raw'] = attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
found['connect out'] = attempt(lambda: socket.create_connection(('1.1.1.1', 53), 2))
found['resolve'] = attempt(lambda: socket.getaddrinfo('example.com', 80))
found['setuid'] = attempt(lambda: os.setuid(0))
found['setgroups'] = attempt(lambda: os.setgroups([0]))
found['signal 1'] = attempt(lambda: os.kill(1, 9))
found['signal parent'] = attempt(lambda: os.kill(os.getppid() or 1, 9))
found['nice'] = attempt(lambda: os.nice(-5))
found['oom score'] = attempt(lambda: os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000'))
found['raise nproc'] = attempt(lambda: resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6)))
found['raise nofile'] = attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10**6, 10**6)))
found['raise fsize'] = attempt(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1)))
found['environ of 1'] = attempt(lambda: open('/proc/1/environ').read())
found['memory of 1'] = attempt(lambda: open('/proc/1/mem', 'rb'))
found['maps of 1'] = attempt(lambda: open('/proc/1/maps').read())
found['fds of 1'] = attempt(lambda: os.listdir('/proc/1/fd'))
found['memory of parent'] = attempt(lambda: open(f'/proc/{os.getppid()}/mem', 'rb'))
for path in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/etc/passwd', '/opt/harness/runner/wire.py',
             '/usr/x', '/x', '/dev/x', '/var/tmp/x', '/run/x', '/root/x', '/dev/mqueue/x', '/sys/fs/cgroup/x'):
    found['write ' + path] = attempt(lambda: open(path, 'w').write('x'))
for path in ('/var/run/docker.sock', '/proc/kcore', '/dev/mem', '/dev/kmsg', '/dev/sda', '/etc/shadow'):
    found['read ' + path] = attempt(lambda: open(path, 'rb').read(1)[0])
found['list /root'] = attempt(lambda: os.listdir('/root'))
def execute():
    with open('/tmp/tool', 'w') as file: file.write('#!/bin/sh\n')
    os.chmod('/tmp/tool', 0o755); os.execv('/tmp/tool', ['tool'])
found['exec from tmp'] = attempt(execute)
status = dict(line.split(':\t', 1) for line in open('/proc/self/status').read().splitlines())
facts = dict(uid=os.getresuid(), gid=os.getresgid(), groups=os.getgroups(), environ=dict(os.environ),
    status={key: status[key].strip() for key in ('Seccomp', 'NoNewPrivs', 'CapInh', 'CapPrm', 'CapEff', 'CapAmb')},
    interfaces=[name for _, name in socket.if_nameindex()], fds=fds,
    processes=sorted(int(name) for name in os.listdir('/proc') if name.isdigit()), pid=os.getpid(),
    setuid_files=[os.path.join(top, name) for top, _, names in os.walk('/usr') for name in names
                  if not os.path.islink(path := os.path.join(top, name)) and os.lstat(path).st_mode & 0o6000],
    mounts=open('/proc/self/mountinfo').read(), hostname=socket.gethostname(),
    oom=open('/proc/self/oom_score_adj').read())
print(json.dumps([found, facts]))
"""
DENIED = ("SIGSYS", "EPERM", "EACCES", "EROFS", "ENOSYS", "ENETUNREACH", "ENOENT", "gaierror", "PermissionError")


@pytest.fixture(scope="module")
def probed(pool: Pool) -> tuple[dict[str, str], dict[str, Any]]:
    """(what came of each attempt, what the process looks like) from inside."""
    item = ExecInput(id="probe", files={"probe.py": PROBE}, argv=("probe.py",))
    (seen,) = pool.run(Job(limits=Limits(timeout_s=30), inputs=(item,))).cases
    assert seen.exit_code == 0, seen.stderr.decode()
    found, facts = json.loads(seen.stdout)
    return found, facts


def test_everything_that_could_lead_out_is_denied(
    probed: tuple[dict[str, str], dict[str, Any]], one_user: bool
) -> None:
    found, _ = probed
    assert len(found) > 60
    harmless = {
        name: said for name, said in found.items() if said not in DENIED and not said.startswith("EAFNOSUPPORT")
    }
    # An empty queue file system, kept so by its own limit; and limits that can only be lowered.
    harmless.pop("write /dev/mqueue/x", None)
    for name in ("raise nproc", "raise nofile", "raise fsize"):
        assert harmless.pop(name, "ValueError") in ("ValueError", "EPERM")
    if one_user:
        # Its process 1 is its own namespace's, which the kernel lets nobody inside kill; and no other uid exists.
        assert harmless.pop("signal 1") == harmless.pop("signal parent") == "allowed: None"
        assert harmless.pop("setuid") == "EINVAL"
    assert harmless == {}


def test_the_filter_is_really_there(probed: tuple[dict[str, str], dict[str, Any]]) -> None:
    found, facts = probed
    assert facts["status"]["Seccomp"] == "2"
    assert facts["status"]["NoNewPrivs"] == "1"
    # The filter itself says no, not a missing capability: nobody needs one for these.
    for name in ("ptrace", "process_vm_readv", "io_uring_setup", "keyctl", "unshare", "clone newuser", "socket vsock"):
        assert found[name] == "EPERM", name
    assert found["clone3"] == "ENOSYS"


def test_a_candidate_is_nobody(probed: tuple[dict[str, str], dict[str, Any]]) -> None:
    _, facts = probed
    assert len(set(facts["uid"] + facts["gid"])) == 1
    assert facts["uid"][0] >= 1000
    assert facts["groups"] == []
    assert {facts["status"][name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert facts["setuid_files"] == []
    assert facts["oom"].strip() == "1000"


def test_a_candidate_sees_little(probed: tuple[dict[str, str], dict[str, Any]]) -> None:
    _, facts = probed
    assert facts["interfaces"] == ["lo"]
    assert len([fd for fd in facts["fds"] if fd > 3]) <= 1  # the listing's own
    assert len(facts["processes"]) <= 3  # supervisor, warden, itself
    assert facts["hostname"] == "sandbox"
    assert set(facts["environ"]) <= {
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "LC_CTYPE",
        "PYTHONHASHSEED",
        "PYTHONDONTWRITEBYTECODE",
    }
    root = next(line for line in facts["mounts"].splitlines() if line.split()[4] == "/")
    assert root.split()[5].startswith("ro")


def test_two_candidates_never_share_a_user(calls: Calls, plain: Plain, one_user: bool) -> None:
    found = [plain(calls("import os\ndef f():\n    return os.getuid()\n")[0]) for _ in range(3)]
    assert len(set(found)) == (1 if one_user else 3)


# limits --------------------------------------------------------------------------------------------------------------

HOGS = {
    "fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
    "fork bomb that ends": "import os\nfor _ in range(12): os.fork()\n",
    "zombies": "import os\nwhile True:\n    if os.fork() == 0: os._exit(0)\n",
    "threads": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()\n",
    "disk": "f = open('/tmp/x', 'wb')\nwhile True: f.write(bytes(1 << 20))\n",
    "inodes": "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'w'); n += 1\n",
    "descriptors": "x = []\nwhile True: x.append(open('/dev/null'))\n",
    "large file": "f = open('/dev/shm/x', 'wb')\nf.truncate(1 << 40)\n",
    "memfd": "import os\nfd = os.memfd_create('x')\nwhile True: os.write(fd, bytes(1 << 20))\n",
    "mmap": "import mmap\nm = mmap.mmap(-1, 1 << 30)\nwhile True: m.write(bytes(1 << 20))\n",
    "ignored signals": (
        "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\nwhile True: pass\n"
    ),
}


@pytest.mark.parametrize("name", HOGS)
def test_a_hog_ends_in_time_and_is_no_failure_of_ours(pool: Pool, name: str) -> None:
    hog = ExecInput(id="hog", files={"main.py": HOGS[name]}, argv=("main.py",))
    honest = ExecInput(id="honest", files={"main.py": "print(6 * 7)"}, argv=("main.py",))
    start = time.monotonic()
    evidence = pool.run(Job(limits=Limits(timeout_s=2, memory_mb=64), inputs=(hog, honest)))
    assert time.monotonic() - start < 20
    assert not evidence.infra
    first, second = evidence.cases
    assert first.ending in ("timeout", "exit", "oom", "signal"), first
    assert first.exit_code != 0 or name.startswith("fork")
    assert (second.ending, second.stdout) == ("exit", b"42\n")


def test_a_flood_costs_the_host_nothing(program: Program) -> None:
    import resource

    program("print('warm')")
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.monotonic()
    seen = program("import os\nfor _ in range(100): os.write(1, bytes(1 << 20))\n", timeout_s=30, output_kb=1024)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert seen.ending == "output_limit"
    assert len(seen.stdout) == 1 << 20
    assert time.monotonic() - start < 5
    assert after.ru_maxrss - before.ru_maxrss < 24 * 1024  # KiB
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


# one input at a time -------------------------------------------------------------------------------------------------
