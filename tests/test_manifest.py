"""What a run depended on, as plain JSON, on machines where some of it cannot be found out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import git
import pytest

from harness import __version__
from harness.cli.new import TEMPLATES
from harness.manifest import manifest
from harness.sandbox.docker import DockerSandbox
from harness.tasks import load
from tests.test_executor import NoSandbox


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    shutil.copytree(TEMPLATES / "function", tmp_path / "repository" / "s" / "t")
    return tmp_path / "repository" / "s"


def commit(repository: git.Repo) -> str:
    repository.git.add(all=True)
    author = git.Actor("a", "a@example.org")
    return repository.index.commit("all", author=author, committer=author).hexsha


def test_the_commit_of_a_suite(suite: Path) -> None:
    def facts() -> dict[str, str]:
        found = manifest(load(suite).tasks, NoSandbox(), {})["suites"]["s"]
        assert found.pop("path") == str(suite)
        return dict(found)

    assert facts() == {}, "no repository"
    with git.Repo.init(suite.parent) as repository:
        assert facts() == {}, "no commit"
        made = commit(repository)
        assert facts() == {"commit": made, "changed_since": "no"}
        (suite.parent / "elsewhere").touch()
        assert facts() == {"commit": made, "changed_since": "no"}
        (suite / "t" / "notes.md").touch()
        assert facts() == {"commit": made, "changed_since": "yes"}
        made = commit(repository)
        (suite / "t" / "reference.py").write_text("x = 1\n")
        assert facts() == {"commit": made, "changed_since": "yes"}


def test_a_repository_that_is_none(suite: Path) -> None:
    (suite.parent / ".git").write_text("gitdir: /nowhere\n")
    assert manifest(load(suite).tasks, NoSandbox(), {})["suites"] == {"s": {"path": str(suite)}}


def test_versions_machine_models_and_tasks(suite: Path) -> None:
    tasks = load(suite).tasks
    found = manifest(tasks, NoSandbox(), {"m": {"server": "x", "status": "answers"}})
    assert found["harness"] == __version__
    assert found["packages"]["pydantic"]
    assert found["machine"]["memory_mb"] > 100
    assert found["machine"]["usable_cores"] >= 1
    assert found["models"] == {"m": {"server": "x", "status": "answers"}}
    assert found["tasks"] == {"s/t": tasks[0].content_hash}
    assert found["sandbox"] == {"backend": "none", "layers": {}, "image": None, "engine": None}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.engine
def test_the_real_sandbox(suite: Path, sandbox: DockerSandbox) -> None:
    found = manifest(load(suite).tasks, sandbox, {})["sandbox"]
    assert found["backend"] == "docker"
    assert found["layers"]["network"] == "disabled"
    assert found["image"]["tag"] == sandbox.image.tag
    assert found["engine"]["version"] == sandbox.engine.version
    assert json.loads(json.dumps(found)) == found
