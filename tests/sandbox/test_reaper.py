"""Containers of dead owners go, those of living ones and of owners that cannot be judged stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from harness import host
from harness.sandbox.image import Image
from harness.sandbox.reaper import (
    OWNER_BOOT,
    OWNER_MACHINE,
    OWNER_NAMESPACE,
    OWNER_PID,
    OWNER_START,
    list_containers,
    owner_labels,
    owner_of,
    reap,
)

if TYPE_CHECKING:
    import docker

Make = Callable[..., str]


@pytest.fixture
def living() -> Iterator[dict[str, str]]:
    """Labels of another process that lives."""
    with subprocess.Popen(["sleep", "300"]) as process:
        yield labels_of(process.pid)
        process.kill()


@pytest.fixture
def dead() -> dict[str, str]:
    """Labels of a process that ended."""
    with subprocess.Popen(["sleep", "300"]) as process:
        labels = labels_of(process.pid)
        process.kill()
    return labels


@pytest.fixture
def make(engine: docker.APIClient, image: Image) -> Iterator[Make]:
    """Makes a container with the given labels and returns its id."""
    made: list[str] = []

    def container(labels: dict[str, str], *, started: bool = False) -> str:
        created = engine.create_container(
            image.tag, ["sleep", "300"], labels=labels, network_disabled=True, host_config=engine.create_host_config()
        )
        made.append(created["Id"])
        if started:
            engine.start(created)
        return str(created["Id"])

    yield container
    present = ids(engine)
    for identity in made:
        if identity in present:
            engine.remove_container(identity, force=True)


@pytest.fixture
def _machine_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process on this machine, all of which remove what the dead left, judges what a test makes then."""
    name = f"machine of {os.getpid()}"
    monkeypatch.setattr(host, "machine_id", lambda: name)


def labels_of(pid: int) -> dict[str, str]:
    return {**owner_labels(), OWNER_PID: str(pid), OWNER_START: host.process_start(pid) or ""}


def ids(engine: docker.APIClient) -> set[str]:
    return {container.id for container in list_containers(engine)}


def test_judges_owners(living: dict[str, str], dead: dict[str, str]) -> None:
    assert owner_of(owner_labels()) == "this"
    assert owner_of(living) == "alive"
    assert owner_of(dead) == "dead"
    assert owner_of({**living, OWNER_START: "1"}) == "dead", "the id belongs to a later process"
    assert owner_of({**owner_labels(), OWNER_BOOT: "an earlier boot"}) == "dead"


def test_does_not_judge_owners_it_cannot_see(dead: dict[str, str]) -> None:
    assert owner_of({**dead, OWNER_MACHINE: "another"}) == "elsewhere"
    assert owner_of({**dead, OWNER_MACHINE: "another", OWNER_BOOT: "another"}) == "elsewhere"
    assert owner_of({**dead, OWNER_NAMESPACE: "pid:[1]"}) == "elsewhere"


@pytest.mark.parametrize("pid", ["", "x", "-1", "0"])
def test_a_label_that_is_no_process_id_is_not_judged_alive(dead: dict[str, str], pid: str) -> None:
    assert owner_of({**dead, OWNER_PID: pid}) == "dead"


@pytest.mark.engine
@pytest.mark.usefixtures("_machine_of_its_own")
def test_reaps_the_dead_and_only_them(
    engine: docker.APIClient, make: Make, living: dict[str, str], dead: dict[str, str]
) -> None:
    gone = {make(dead), make(dead, started=True), make({**owner_labels(), OWNER_BOOT: "an earlier boot"})}
    stay = {make(living), make(owner_labels(), started=True), make({**dead, OWNER_MACHINE: "another"})}
    assert reap(engine) == len(gone)
    present = ids(engine)
    assert stay <= present
    assert not gone & present


@pytest.mark.engine
def test_containers_of_others_are_never_listed(engine: docker.APIClient, make: Make) -> None:
    strange = make({"somebody": "else"})
    assert strange not in ids(engine)
    reap(engine)
    assert engine.inspect_container(strange)["Id"] == strange
    engine.remove_container(strange, force=True)


@pytest.mark.engine
def test_a_killed_process_leaves_nothing_after_the_next_one(engine: docker.APIClient, image: Image) -> None:
    code = (
        "import sys, time\nfrom harness.sandbox.engine import connect\n"
        "from harness.sandbox.reaper import owner_labels\n"
        "client = connect()\n"
        "made = client.create_container(sys.argv[1], ['sleep', '300'], labels=owner_labels(), network_disabled=True)\n"
        "client.start(made)\nprint(made['Id'], flush=True)\ntime.sleep(300)"
    )
    command = [sys.executable, "-c", code, image.tag]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        identity = process.stdout.readline().strip()
        reap(engine)
        assert identity in ids(engine), "its owner lives"
        os.kill(process.pid, signal.SIGKILL)
    reap(engine)
    assert identity not in ids(engine)
