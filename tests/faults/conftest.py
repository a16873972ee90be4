"""A container engine to hurt, and commands that are hurt with it.

By default each fault strikes once; FAULT_ROUNDS=10 (`make faults`) repeats it at other moments.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import APIError

from harness.sandbox.image import Image
from tests.servers.dockerd import PrivateEngine, wait_until

if TYPE_CHECKING:
    import docker

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
SLOW = "import time\ntime.sleep(0.25)\n"
"""Before a candidate's source, so that there is a middle of it."""
ENDS_S = 120.0
"""In which every command here must end by itself, whatever was done to its engine."""
Verdicts = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Ended:
    """A command that has ended by itself."""

    code: int
    out: str
    err: str
    pid: int

    @property
    def verdicts(self) -> Verdicts:
        """One entry a record, comparable between runs."""
        return sorted(
            (item["line"], item["task"], item["outcome"], item["score"], str(item["cases"]))
            for item in json.loads(self.out)["results"]
        )


class Command:
    """`harness` as a process of its own."""

    def __init__(self, arguments: list[str], **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def ended(self, within_s: float = ENDS_S) -> Ended:
        """What came of it. Killed, and the test failed, when it does not end."""
        try:
            out, err = self.process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            pytest.fail(f"it did not end within {within_s} s; it said: {err[-3000:]}")
        assert "Traceback" not in err, err
        return Ended(self.process.returncode, out, err, self.process.pid)


@pytest.fixture(scope="session")
def archive(
    engine: docker.APIClient, image: Image, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Image]]:
    """The sandbox image and its base, as `docker save` writes them."""
    path = tmp_path_factory.mktemp("images") / "images.tar"
    base = [tag for item in engine.images(name="harness-sandbox-base") for tag in item["RepoTags"] or []]
    with path.open("wb") as file:
        # docker-py's get_image takes one name, and two archives would hold the base twice.
        client: Any = engine
        with client._get(client._url("/images/get"), params={"names": [image.tag, *base]}, stream=True) as reply:
            reply.raise_for_status()
            for part in reply.iter_content(1 << 20):
                file.write(part)
    yield path, image
    path.unlink()


@pytest.fixture(scope="session")
def _one_engine(archive: tuple[Path, Image]) -> Iterator[PrivateEngine]:
    with PrivateEngine() as engine:
        engine.load(archive[0])
        yield engine


@pytest.fixture
def victim(_one_engine: PrivateEngine, archive: tuple[Path, Image]) -> Iterator[PrivateEngine]:
    """An engine of our own with the sandbox image; whatever a test did to it, the next one finds it well and empty."""
    yield _one_engine
    with contextlib.suppress(ProcessLookupError):
        _one_engine.go_on()
    if not _one_engine.answers():
        _one_engine.kill(everything=True)
        _one_engine.start()
    with _one_engine.client() as client:

        def empty() -> bool:
            # Again and again: what was asked for while it hung is only made now.
            for item in client.containers(all=True):
                with contextlib.suppress(APIError):  # gone, or about to
                    client.remove_container(item["Id"], force=True, v=True)
            return not client.containers(all=True)

        wait_until(empty, 30)
        found = client.images(name=archive[1].tag)
    if not found:
        _one_engine.load(archive[0])


@pytest.fixture(scope="session")
def candidates(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Right and wrong answers to the warm-up tasks, each taking its time."""
    path = tmp_path_factory.mktemp("candidates") / "candidates.jsonl"
    lines = []
    for task in sorted((root / "fixtures" / "warmup").iterdir()):
        answers = [task / "reference.py", *sorted(task.glob("wrong/*.py"))] if task.is_dir() else []
        lines += [{"task": task.name, "code": SLOW + answer.read_text()} for answer in answers]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


Start = Callable[..., Command]


@pytest.fixture
def started(victim: PrivateEngine) -> Iterator[Start]:
    """Starts `harness ...` on the engine of our own; whatever still runs at the end is killed."""
    commands: list[Command] = []

    def start(*arguments: object, **environment: str) -> Command:
        given = {"DOCKER_HOST": victim.address, "HARNESS_ENGINE_WAIT_S": "60", **environment}
        commands.append(Command([str(item) for item in arguments], **given))
        return commands[-1]

    yield start
    for command in commands:
        if command.running:
            command.process.kill()
            command.process.communicate()


@pytest.fixture
def grade(started: Start, root: Path, candidates: Path) -> Start:
    """Starts `harness grade` of all candidates."""
    suite = root / "fixtures" / "warmup"

    def start(isolation: str = "task", *flags: object, **environment: str) -> Command:
        # By name: without an answer `auto` would take bubblewrap.
        arguments = ("--candidates", candidates, "--isolation", isolation, "--json", "--sandbox", "docker", *flags)
        return started("grade", suite, *arguments, **environment)

    return start


@pytest.fixture(scope="session")
def calm(_one_engine: PrivateEngine, root: Path, candidates: Path) -> Verdicts:
    """The verdicts when nothing happens."""
    arguments = ["grade", str(root / "fixtures" / "warmup"), "--candidates", str(candidates), "--json"]
    done = Command(arguments, DOCKER_HOST=_one_engine.address).ended()
    assert done.code == 0, done.err
    assert {"passed", "wrong_answer"} <= {item[2] for item in done.verdicts}
    return done.verdicts


@pytest.fixture
def run(started: Start, root: Path, tmp_path: Path) -> Start:
    """Starts, or resumes, `harness run` of the reference model."""

    def start(name: str = "hurt", *flags: object, **environment: str) -> Command:
        arguments = ("--model", "reference", "--best-of", 3, "--out", tmp_path, "--name", name, "--json")
        return started("run", root / "fixtures" / "warmup", *arguments, "--sandbox", "docker", *flags, **environment)

    return start


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """The attempts of a run so far."""

    def read(name: str = "hurt") -> list[dict[str, Any]]:
        path = tmp_path / name / "raw.jsonl"
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]

    return read


@pytest.fixture
def whole(rows: Callable[..., list[dict[str, Any]]]) -> Callable[[], None]:
    """Asserts that the run holds exactly one record an attempt, and that the reference passed everywhere."""

    def check() -> None:
        found = rows()
        keys = Counter((row["task"], row["repeat"], row["attempt"]) for row in found)
        assert set(keys.values()) == {1}
        assert len(keys) == 12 * 3
        assert {row["verdict"]["outcome"] for row in found} == {"passed"}

    return check


def under_way(command: Command, engine: PrivateEngine, rng: random.Random, most_s: float = 1.0) -> None:
    """Wait until a command has containers, and then until a moment that is drawn."""
    with engine.client() as client:
        wait_until(lambda: not command.running or bool(client.containers()), 60)
    time.sleep(rng.uniform(0.2, most_s))
    assert command.running, command.ended()
