"""The conformance suite once more, as a user who is nobody in particular: bubblewrap must hold without root too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOMEBODY = 61_234
"""No such user has to exist."""
UNSHARE = "import ctypes; sys.exit(ctypes.CDLL(None).unshare(0x10000000 | 0x20000000 | 0x00020000) != 0)"
"""CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS: asked of the kernel, not of our own code."""
FILES = ("test_session.py", "test_boundary.py", "test_pool.py", "test_scratch.py", "test_bubblewrap.py")


@pytest.fixture(scope="module")
def python(root: Path) -> list[str]:
    """This interpreter and its packages, as somebody else can run them: root's home is closed to others."""
    release = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{release}"):
        if runs(candidate, "import sys") and runs(candidate, "open(sys.argv[1]).close()", __file__):
            packages = os.pathsep.join([str(root), *(path for path in sys.path if path.endswith("-packages"))])
            return ["/usr/bin/env", f"PYTHONPATH={packages}", candidate]
    pytest.skip(f"neither this Python nor a system's {release} can be run, or this checkout read, by another user")


def runs(python: str, code: str, *args: str) -> bool:
    """Whether that user can start this interpreter, and the code ends well."""
    command = [python, "-I", "-c", f"import sys; {code}", *args]
    try:
        done = subprocess.run(command, user=SOMEBODY, group=SOMEBODY, extra_groups=[], capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of that user's; pytest's own are closed to others, and are opened on the way to it."""
    path = tmp_path_factory.mktemp("home")
    for above in path.parents:
        if above.stat().st_mode & 0o001:
            break
        above.chmod(0o711)
    os.chown(path, SOMEBODY, SOMEBODY)
    return path


@pytest.mark.skipif(os.geteuid() != 0, reason="this is somebody already")
@pytest.mark.timeout(900)
def test_conformance_without_root(python: list[str], home: Path, root: Path) -> None:
    if not runs(python[-1], UNSHARE):
        pytest.skip("the kernel makes no user namespaces for an ordinary user")
    tests = [str(root / "tests" / "sandbox" / name) for name in FILES]
    options = ["-q", "-k", "bubblewrap", "-p", "no:cacheprovider", "--basetemp", str(home / "tests")]
    keep = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "PATH"}
    done = subprocess.run(
        [*python, "-B", "-m", "pytest", *options, *tests],
        cwd=root,
        env={**keep, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
        user=SOMEBODY,
        group=SOMEBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    counted = re.search(r"(\d+) passed", done.stdout)
    assert counted is not None
    assert int(counted.group(1)) > 120
    assert "skipped" not in done.stdout.splitlines()[-1]
