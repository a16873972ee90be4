"""The pinned wheels that go into a sandbox: checked against their hashes, fetched once into the cache directory."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness import host
from harness.errors import SandboxError
from harness.host import Log


class Target(NamedTuple):
    """The interpreter that wheels are for, which need not be this one."""

    python: str
    """`3.11`"""
    machine: str
    """`x86_64`, `aarch64`, as the engine says."""

    def options(self) -> list[str]:
        """What tells pip so. It takes names of platforms literally, so all that fit are given."""
        tag = "cp" + self.python.replace(".", "")
        given = ["--python-version", self.python, "--implementation", "cp"]
        for name in (tag, "abi3", "none"):
            given += ["--abi", name]
        # glibc 2.36 is Debian 12's.
        for name in [*(f"manylinux_2_{minor}" for minor in range(36, 4, -1)), "manylinux2014", "manylinux1", "linux"]:
            given += ["--platform", f"{name}_{self.machine}"]
        return given


def wheels(requirements: Path, log: Log, target: Target | None = None) -> list[tuple[str, bytes]]:
    """(name, content) of every wheel that the file pins, in a fixed order. Raises SandboxError.

    Without a target they must be pure Python, and fit any.
    """
    options = ["--require-hashes", "--no-deps", "--requirement", str(requirements)]
    digest = hashlib.sha256(requirements.read_bytes())
    return _cached(digest, [*(target.options() if target else []), *options], requirements.parent.name, log)


def resolved(packages: Sequence[str], log: Log, target: Target) -> list[tuple[str, bytes]]:
    """(name, content) of the wheels of some packages and of everything they need, as the index has it today, and of
    pip, which puts them together. Raises SandboxError."""
    options = [*target.options(), *packages, PIP]
    return _cached(hashlib.sha256(), options, ", ".join(packages), log)


PIP = "pip==26.0"


def _cached(digest: hashlib._Hash, options: list[str], what: str, log: Log) -> list[tuple[str, bytes]]:
    # Of where the file lies nothing depends.
    digest.update(" ".join(option for option in options if "/" not in option).encode())
    cache = host.cache() / f"wheels-{digest.hexdigest()[:16]}"
    if not cache.is_dir():
        log(f"fetching the packages of {what} for the sandbox")
        with tempfile.TemporaryDirectory(dir=cache.parent, prefix="wheels-") as scratch:
            _download(options, what, Path(scratch) / "done")
            try:
                (Path(scratch) / "done").rename(cache)
            except OSError:
                if not cache.is_dir():  # otherwise another process was quicker
                    raise
    return [(f"wheels/{path.name}", path.read_bytes()) for path in sorted(cache.glob("*.whl"))]


def _download(options: list[str], what: str, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--only-binary", ":all:", "--dest", str(target), *options]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        missing = b"No module named pip" in done.stdout
        raise SandboxError(
            f"the wheels of {what} could not be fetched:\n{host.tail(done.stdout)}",
            remedy=f"install pip for {sys.executable} (`{sys.executable} -m ensurepip`)"
            if missing
            else "let pip reach a package index (see `pip config list`), then repeat",
        )
