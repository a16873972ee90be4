"""The wheel, installed into an empty environment, does the whole job on a copied suite, outside the checkout."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_an_installed_wheel_runs_a_copied_suite(root: Path, tmp_path: Path, image: object) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    wheel = next((tmp_path / "dist").glob("*.whl"))
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    binaries = tmp_path / "env" / "bin"
    # The pins of the project, so that this test does not fail on the day a dependency publishes a new version.
    pins = tmp_path / "pins.txt"
    lines = (root / "constraints.txt").read_text().splitlines()
    pins.write_text("".join(line.rstrip("\\ ") + "\n" for line in lines if "==" in line and not line.startswith(" ")))
    subprocess.run(
        [binaries / "pip", "install", "--quiet", "--constraint", pins, wheel],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    elsewhere = tmp_path / "elsewhere"
    for name in ("warmup", "real_dev"):
        shutil.copytree(root / "fixtures" / name, elsewhere / name, ignore=shutil.ignore_patterns("__pycache__"))
    flags = [
        "--model",
        "reference",
        "--best-of",
        "2",
        "--task",
        "add",
        "--task",
        "d1_cart_discount",
        "--task",
        "d5_log_summary",
    ]
    done = subprocess.run(
        [binaries / "harness", "run", "warmup", "real_dev", *flags, "--json"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["models"]["reference"]["pass_at_1"]["value"] == 1.0
    assert (elsewhere / document["report"]).stat().st_size > 10_000
