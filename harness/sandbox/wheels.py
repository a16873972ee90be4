"""The pinned wheels that go into a sandbox: checked against their hashes, fetched once into the cache directory."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import host
from harness.errors import SandboxError
from harness.host import Log


def wheels(requirements: Path, log: Log) -> list[tuple[str, bytes]]:
    """(name, content) of every wheel that the file pins, in a fixed order. Raises SandboxError."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    cache = host.cache() / f"wheels-{digest}"
    if not cache.is_dir():
        log("fetching pytest for the sandbox")
        with tempfile.TemporaryDirectory(dir=cache.parent, prefix="wheels-") as scratch:
            _download(requirements, Path(scratch) / "done")
            try:
                (Path(scratch) / "done").rename(cache)
            except OSError:
                if not cache.is_dir():  # otherwise another process was quicker
                    raise
    return [(f"wheels/{path.name}", path.read_bytes()) for path in sorted(cache.glob("*.whl"))]


def _download(requirements: Path, target: Path) -> None:
    # Pure Python wheels only, so that what fits this interpreter fits the image's.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--dest", str(target)]
    command += ["--requirement", str(requirements)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        missing = b"No module named pip" in done.stdout
        raise SandboxError(
            f"the wheels of {requirements} could not be fetched:\n{host.tail(done.stdout)}",
            remedy=f"install pip for {sys.executable} (`{sys.executable} -m ensurepip`)"
            if missing
            else "let pip reach a package index (see `pip config list`), then repeat",
        )
