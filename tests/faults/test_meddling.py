"""Somebody else removes the image or the containers, or the engine's disk fills, while commands are under way."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from harness.sandbox.image import Image
from tests.faults.conftest import ROUNDS, Start, Verdicts, under_way
from tests.servers.dockerd import PrivateEngine, wait_until
from tests.store.test_disks import mounted_disk, remount

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300 * max(1, ROUNDS))]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_image_that_is_removed_is_built_again(
    victim: PrivateEngine, archive: tuple[Path, Image], grade: Start, calm: Verdicts, number: int
) -> None:
    before = victim.holdings()
    command = grade("candidate")
    under_way(command, victim, random.Random(number))
    with victim.client() as client:
        client.remove_image(archive[1].tag, force=True)
    done = command.ended()
    assert done.code == 0, done.err
    assert done.verdicts == calm
    assert f"the image {archive[1].tag} is gone" in done.err
    # By one thread for all; twice when the engine, still deleting, took the new one with the old.
    assert 1 <= done.err.count("building harness-sandbox-python:") <= 2, done.err
    after = victim.holdings()
    assert len(after.pop("images")) >= len(before.pop("images")) - 1
    assert after == before


def test_an_image_that_cannot_be_built_again_is_a_clear_message(
    victim: PrivateEngine, archive: tuple[Path, Image], run: Start, whole: Callable[[], None], tmp_path: Path
) -> None:
    with victim.client() as client:
        bases = [item["RepoTags"][0] for item in client.images(name="harness-sandbox-base")]
        # No base in the engine, and nothing at hand to make one of.
        environment = {"PATH": "/nowhere", "XDG_CACHE_HOME": str(tmp_path / "empty")}
        command = run(**environment, HARNESS_ENGINE_WAIT_S="5")
        under_way(command, victim, random.Random(1), 0.3)
        for tag in (*bases, archive[1].tag):
            client.remove_image(tag, force=True)
    done = command.ended()
    assert done.code == 1
    assert f"the image {archive[1].tag} is gone" in done.err
    assert "not complete: sandbox: 5 attempts in a row could not be graded: " in done.err
    victim.load(archive[0])
    assert run().ended().code == 0
    whole()


@contextlib.contextmanager
def remover(victim: PrivateEngine, rng: random.Random, every_s: float, at_least: int = 1) -> Iterator[list[str]]:
    """Removes a container at random now and then, while there are so many; the list holds those that went."""
    gone: list[str] = []
    enough = threading.Event()

    def work() -> None:
        with victim.client() as client:
            while not enough.wait(every_s):
                running = [item["Id"] for item in client.containers()]
                if len(running) >= at_least:
                    with contextlib.suppress(APIError):  # its owner was quicker
                        gone.append(rng.choice(running))
                        client.remove_container(gone[-1], force=True)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield gone
    finally:
        enough.set()
        thread.join()


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("isolation", ["candidate", "task"])
def test_containers_that_somebody_removes_cost_no_verdict(
    victim: PrivateEngine, grade: Start, calm: Verdicts, isolation: str, number: int
) -> None:
    before = victim.holdings()
    with remover(victim, random.Random(f"{isolation} {number}"), 0.3) as gone:
        done = grade(isolation).ended()
    assert gone
    assert done.code == 0, done.err
    assert done.verdicts == calm
    assert victim.holdings() == before


def test_a_container_that_is_removed_every_time_is_no_crash_of_its_candidate(
    victim: PrivateEngine, started: Start, root: Path, tmp_path: Path
) -> None:
    path = tmp_path / "slow.jsonl"
    path.write_text('{"task": "add", "code": "import time\\ntime.sleep(5)\\ndef add(a, b): return a + b\\n"}\n')
    suite = root / "fixtures" / "warmup"
    command = started("grade", suite, "--candidates", path, "--isolation", "candidate", "--json")
    with remover(victim, random.Random(0), 0.05):
        done = command.ended()
    assert done.code == 1
    assert [item[2] for item in done.verdicts] == ["infra_error"]
    assert "a container was removed by somebody else" in done.err
    assert started("grade", suite, "--candidates", path, "--json").ended().code == 0


def test_a_results_directory_that_fills_up_holds_every_record_in_the_end(
    run: Start, whole: Callable[[], None], tmp_path: Path
) -> None:
    with mounted_disk(tmp_path / "hurt", "size=128k") as disk:
        done = run().ended()
        assert done.code == 1
        assert "free space on that disk" in done.err
        remount(disk, "size=16m")
        assert run().ended().code == 0
        whole()


def test_an_engine_whose_disk_is_full_says_so_and_the_rest_is_done_later(
    victim: PrivateEngine, run: Start, rows: Callable[[], list[dict[str, Any]]], whole: Callable[[], None]
) -> None:
    before = victim.holdings()
    with victim.client() as client:
        command = run(HARNESS_ENGINE_WAIT_S="3")
        wait_until(lambda: len(rows()) >= 4, 60)
        with full(victim):
            done = command.ended()
    assert done.code == 1
    assert "no space left on device" in done.err
    assert "free disk space where the engine keeps its data" in done.err
    assert {row["verdict"]["outcome"] for row in rows()} == {"passed", "infra_error"}
    assert run().ended().code == 0
    whole()
    wait_until(lambda: not client.containers(all=True), 20)
    assert victim.holdings() == before


@contextlib.contextmanager
def full(victim: PrivateEngine) -> Iterator[None]:
    """The engine's file system without a free byte; what the engine frees is taken from it again at once."""
    enough = threading.Event()

    def work() -> None:
        while not enough.wait(0.02):
            at = os.statvfs(victim.root)
            size = (at.f_blocks - at.f_bfree) * at.f_frsize
            # Refused when more is used by now: then the next round takes it.
            subprocess.run(["mount", "-o", f"remount,size={size}", victim.root], check=False, capture_output=True)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
        remount(victim.root, "size=2g")
