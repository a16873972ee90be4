"""The file system a bubblewrap sandbox shows: a small tree of copies in the cache directory, mounted read-only.

    <cache>/rootfs-<hash>/
        usr/bin/      python3, a shell and the plain tools      usr/lib/pythonX.Y/   its standard library
        lib*, usr/lib*  the shared libraries of these            usr/share/zoneinfo/
        etc/          ours                                       opt/harness/         runner/ site/ seccomp*.bpf
        proc/ dev/ tmp/ box/                                     empty: something is mounted there

Nothing of the host is mounted in, so that no user's file, no set-uid program and no package of the host is there to be
found. The hash covers everything it is made of, the host's interpreter included: a change makes another tree.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness import host
from harness.content import content_dir
from harness.errors import SandboxError
from harness.host import Log
from harness.sandbox import bpf
from harness.sandbox.wheels import wheels
from harness.types import Frozen

PREFIX = "rootfs-"
SYSTEM_PYTHON = "/usr/bin/python3"
OLDEST = (3, 11)
TOOLS = (
    *("sh", "bash", "env", "true", "false", "echo", "printf", "test", "cat", "cp", "mv", "rm", "ln", "ls", "mkdir"),
    *(
        "rmdir",
        "touch",
        "chmod",
        "head",
        "tail",
        "wc",
        "cut",
        "tr",
        "sort",
        "uniq",
        "seq",
        "tee",
        "date",
        "sleep",
        "id",
    ),
    *("whoami", "uname", "pwd", "basename", "dirname", "readlink", "mktemp", "grep", "sed", "diff", "cmp", "kill"),
)
LOADED_BY_NAME = ("libgcc_s.so.1", "libnss_files.so.2")
"""Libraries that no program is linked with."""
HOLDS_MEMORY = ("memfd_create",)
"""Calls that make memory no limit of a process counts: nobody has them where no control group counts it either."""
TREES = ("/usr/share/zoneinfo", "/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8")
LEFT_OUT = (
    *("test", "tests", "idlelib", "lib2to3", "ensurepip", "turtledemo", "site-packages", "dist-packages"),
    *("config-*", "sitecustomize*", "usercustomize*", "*.a", "right", "posix"),
)
DEVICES = ("null", "zero", "full", "random", "urandom")
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}

_PROBE = """
import importlib.util, json, sys, sysconfig
wanted = "_ctypes _decimal _json _socket _bz2 _lzma _sqlite3 _ssl zlib asyncio unittest zoneinfo".split()
lacking = [name for name in wanted if importlib.util.find_spec(name) is None]
print(json.dumps([lacking, sys.version, sys.version_info[:2], sys.executable, sysconfig.get_path("stdlib")]))
"""


class Interpreter(Frozen):
    """A Python of this machine that candidates can have."""

    version: str
    release: tuple[int, int]
    executable: Path
    library: Path
    """Its standard library."""


class Root(Frozen):
    """A tree that is there."""

    path: Path
    version: str
    """Of its Python."""


@contextlib.contextmanager
def root_in_use(log: Log) -> Iterator[Root]:
    """The tree of the present definition, made where it is missing, and kept by `clean_roots` as long as this lasts.

    Raises SandboxError when it cannot be made; nothing is fetched when it is there.
    """
    found = _interpreter()
    path = host.cache() / f"{PREFIX}{_key(found)}"
    with path.with_suffix(".lock").open("a") as lock:
        while not path.is_dir():
            with host.file_lock(host.cache() / f"{PREFIX}making.lock", log, "it is preparing the sandbox's files"):
                if not path.is_dir():
                    log(f"preparing the sandbox's files: Python {found.version.split()[0]} of {found.executable}")
                    _make(path, found, log)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not path.is_dir():
            raise SandboxError(f"{path} was removed while it was opened", remedy="repeat")
        yield Root(path=path, version=found.version.split()[0])


def find_root() -> Root | None:
    """The tree of the present definition, None when it has to be made. Raises SandboxError without a usable Python."""
    found = _interpreter()
    path = host.cache() / f"{PREFIX}{_key(found)}"
    return Root(path=path, version=found.version.split()[0]) if path.is_dir() else None


def clean_roots(*, keep_current: bool = True) -> int:
    """Remove trees that nobody uses; how many. With `keep_current` that of the present definition stays."""
    current = find_root() if keep_current else None
    count = 0
    for path in host.cache().glob(f"{PREFIX}*"):
        if not path.is_dir() or (current is not None and path == current.path):
            continue
        with path.with_suffix(".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(path, ignore_errors=True)
            path.with_suffix(".lock").unlink(missing_ok=True)
            count += 1
    return count


def _interpreter() -> Interpreter:
    """The system's Python if it is complete and new enough, else the one that runs here."""
    own = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    for candidate in (SYSTEM_PYTHON, own, os.path.realpath(sys.executable)):
        try:
            done = subprocess.run([candidate, "-I", "-S", "-c", _PROBE], capture_output=True, check=True, timeout=60)
            lacking, version, release, executable, library = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError):
            continue
        if not lacking and tuple(release) >= OLDEST:
            real = Path(executable).resolve()
            return Interpreter(version=version, release=tuple(release), executable=real, library=Path(library))
    wanted = ".".join(map(str, OLDEST))
    raise SandboxError(
        f"no Python {wanted} or newer with its whole standard library is there for candidates",
        remedy="install the distribution's python3 (Debian/Ubuntu: apt-get install python3)",
    )


def _key(python: Interpreter) -> str:
    """Hash of everything the tree is made of."""
    digest = hashlib.sha256()
    when = [path.stat().st_mtime_ns for path in (python.executable, python.library)]
    digest.update(json.dumps([python.model_dump(mode="json"), when]).encode())
    digest.update(bpf.program())
    shipped = content_dir("sandboxes")
    for path in (
        Path(__file__),
        shipped / "python" / "requirements.txt",
        *_sources(shipped / "python" / "etc"),
        *_runner(shipped),
    ):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))


def _runner(shipped: Path) -> list[Path]:
    return [path for path in _sources(shipped / "runner") if path.suffix == ".py"]


def _make(path: Path, python: Interpreter, log: Log) -> None:
    # This lock's holder is alone: what lies here half made was left by one that was killed.
    for left in path.parent.glob(f"making-{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"making-{PREFIX}") as scratch:
        root = Path(scratch) / "root"
        try:
            _skeleton(root)
            programs = _programs(root, python)
            _libraries(root, programs)
            _own_files(root, log)
            _compile(root, python)
            _readable(root)
        except OSError as error:
            raise SandboxError(
                f"the sandbox's files cannot be prepared: {error}", remedy=f"make room in {path.parent}"
            ) from error
        root.rename(path)


def _skeleton(root: Path) -> None:
    """Directories to mount at, the top-level links of this distribution, and /dev."""
    for name in ("usr/bin", "usr/lib", "proc", "dev/shm", "tmp", "box", "etc", "opt/harness", "sys/fs/cgroup"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        there = Path("/", name)
        if there.is_symlink():
            (root / name).symlink_to(str(there.readlink()).lstrip("/"))
            (root / name).resolve().mkdir(parents=True, exist_ok=True)
    for name in DEVICES:
        (root / "dev" / name).touch()
    # Where the box's own count of kills for want of memory is shown; without a control group it stays empty.
    for name in ("memory.events", "cpu.stat"):
        (root / "sys/fs/cgroup" / name).touch()
    for name, target in LINKS.items():
        (root / "dev" / name).symlink_to(target)


def _programs(root: Path, python: Interpreter) -> list[Path]:
    """Copy the interpreter, its library and the tools; the files on the host whose shared libraries they need."""
    release = ".".join(map(str, python.release))
    ignore = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(python.library, root / "usr/lib" / f"python{release}", ignore=ignore, ignore_dangling_symlinks=True)
    for tree in map(Path, TREES):
        if tree.is_dir() and not tree.is_symlink():
            shutil.copytree(tree, root / tree.relative_to("/"), ignore=ignore, ignore_dangling_symlinks=True)
    shutil.copy2(python.executable, root / "usr/bin" / f"python{release}")
    for name in ("python3", "python"):
        (root / "usr/bin" / name).symlink_to(f"python{release}")
    found = [python.executable, *python.library.rglob("lib-dynload/*.so")]
    for tool in TOOLS:
        path = shutil.which(tool, path="/usr/bin:/bin")
        if path is not None:
            shutil.copy2(path, root / "usr/bin" / tool)
            found.append(Path(path))
    if not (root / "bin").exists():
        (root / "bin").symlink_to("usr/bin")
    return found


def _libraries(root: Path, programs: Iterable[Path]) -> None:
    """Copy every shared library of these programs to where the loader looks for it."""
    said = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    words = (line.split(" (0x")[0].split("=>")[-1].strip() for line in said.splitlines() if "(0x" in line)
    found = {Path(word) for word in words if word.startswith("/")}
    standard = next((path.parent for path in found if path.name.startswith("libc.so")), Path("/usr/lib"))
    found |= {path for name in LOADED_BY_NAME if (path := standard / name).is_file()}
    for path in found:
        # One that lies elsewhere, such as a home, is found in the loader's own directory just as well.
        system = path.parts[1] == "usr" or path.parts[1].startswith("lib")
        place = (path if system else standard / path.name).relative_to("/")
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, root / place)
    with contextlib.suppress(FileNotFoundError):
        # Where each library is; without it the loader tries a dozen places for every one.
        shutil.copy2("/etc/ld.so.cache", root / "etc")


def _own_files(root: Path, log: Log) -> None:
    """What the image has of ours: /etc, runner, pytest, and the filter."""
    shipped, own = content_dir("sandboxes"), root / "opt/harness"
    for path in _sources(shipped / "python" / "etc"):
        shutil.copy2(path, root / "etc" / path.name)
    names = root / "etc/nsswitch.conf"
    # An engine may hide our /etc/hosts, and then this module answers; here nothing does, and it may be missing.
    names.write_text(names.read_text().replace("files myhostname", "files"))
    (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (own / "runner").mkdir()
    for path in _runner(shipped):
        shutil.copy2(path, own / "runner")
    for name, data in wheels(shipped / "python" / "requirements.txt", log):
        wheel = root / "tmp" / Path(name).name
        wheel.write_bytes(data)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(own / "site")
        wheel.unlink()
    (own / "seccomp.bpf").write_bytes(bpf.program())
    (own / "seccomp-rlimits.bpf").write_bytes(bpf.program(without=HOLDS_MEMORY))


def _compile(root: Path, python: Interpreter) -> None:
    """Byte code for everything: nothing can be written there at run time."""
    release = ".".join(map(str, python.release))
    for place in ("opt/harness", f"usr/lib/python{release}"):
        command = [
            str(python.executable),
            "-I",
            "-m",
            "compileall",
            "-q",
            "-s",
            str(root),
            "-p",
            "/",
            str(root / place),
        ]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _readable(root: Path) -> None:
    """Whoever a candidate is can read everything, and nothing is set-uid."""
    for top, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(top, name)
            facts: Any = path.lstat()
            if not stat.S_ISLNK(facts.st_mode):
                path.chmod(0o755 if stat.S_ISDIR(facts.st_mode) or facts.st_mode & 0o100 else 0o644)
    root.chmod(0o755)
