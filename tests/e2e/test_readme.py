"""What README.md tells a reader to type exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import COMMANDS


def blocks(text: str) -> list[str]:
    """Bodies of the fenced blocks without a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [body for language, body in found if not language]


def commands(root: Path) -> list[str]:
    """Lines of code blocks that are calls of harness."""
    lines = [
        line.partition("#")[0].strip()
        for block in blocks((root / "README.md").read_text())
        for line in block.splitlines()
    ]
    return [line for line in lines if line.startswith("harness ")]


def test_every_command_and_flag_of_the_readme_exists(root: Path) -> None:
    found = commands(root)
    assert len(found) >= 6
    for line in found:
        name, *words = line.split()[1:]
        assert name in COMMANDS, line
        sub = [words[0]] if name in ("models", "sandbox") and words and not words[0].startswith("-") else []
        shown = subprocess.run(
            [sys.executable, "-m", "harness", name, *sub, "--help"], capture_output=True, text=True, check=True
        )
        for flag in (word for word in words if word.startswith("--")):
            assert flag in shown.stdout, line


def test_every_link_and_make_target_of_the_readme_exists(root: Path) -> None:
    text = (root / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert "://" in target or (root / target).exists(), target
    makefile = (root / "Makefile").read_text()
    for target in re.findall(r"`?make (\w+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.engine
def test_the_commands_for_own_tasks_work(root: Path, tmp_path: Path, image: object) -> None:
    def harness(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "harness", *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )

    harness("new", "tasks/mine", "--kind", "function")
    assert "1 admitted, 0 refused" in harness("check", "tasks/mine").stdout
    done = harness("run", "tasks/mine", "--model", "reference", "--best-of", "5", "--repeats", "3")
    assert "report: runs/" in done.stdout


def test_every_file_that_the_documentation_names_exists(root: Path) -> None:
    pages = [root / "README.md", root / "CONTRIBUTING.md", root / "SECURITY.md", *(root / "docs").glob("*.md")]
    named = {
        (page.name, path)
        for page in pages
        for path in re.findall(
            r"`((?:harness|reports|sandboxes|tests|verifiers|benchmarks)/[\w./]+)`", page.read_text()
        )
    }
    assert len(named) > 30
    for page, path in sorted(named):
        assert (root / path).exists(), f"{page} names {path}"
