"""Boxes as containers: made, spoken to, lost, removed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from harness.errors import EngineUnavailable, SandboxError, UsageError
from harness.sandbox import BoxLost, BoxSilent, BoxTaken, open_sandbox, session
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.dockerbox import DockerBox
from harness.sandbox.reaper import list_containers
from harness.types import CaseEvidence, Job

if TYPE_CHECKING:
    import docker

    from harness.sandbox.image import Image


@pytest.fixture(scope="session")
def sandbox(docker_sandbox: DockerSandbox) -> DockerSandbox:
    return docker_sandbox


def ident(box: DockerBox) -> str:
    return box.name


def present(engine: docker.APIClient) -> set[str]:
    return {container.name for container in list_containers(engine) if container.owner == "this"}


def gone(engine: docker.APIClient, identity: str, within_s: float = 20) -> bool:
    deadline = time.monotonic() + within_s
    while identity in present(engine):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def box(sandbox: DockerSandbox) -> Iterator[DockerBox]:
    made = sandbox.start(64)
    yield made
    made.close()


def test_a_box_serves_until_it_is_closed(
    sandbox: DockerSandbox, engine: docker.APIClient, make_job: Callable[..., Job]
) -> None:
    box = sandbox.start(64)
    job = make_job("def f(x):\n    return x\n", [(1,)])
    session.begin(box, job)
    assert session.ask(box, job, job.inputs[0]).ending == "value"
    assert session.end(box)
    assert ident(box) in present(engine)
    box.close()
    box.close()
    assert gone(engine, ident(box))
    with pytest.raises(BoxLost):
        box.send(({"op": "start"}, {}))
    with pytest.raises(BoxTaken):
        box.ran_out_of_memory()


def test_a_box_that_says_nothing_is_silent(box: DockerBox) -> None:
    start = time.monotonic()
    with pytest.raises(BoxSilent):
        box.receive(0.3)
    assert 0.25 < time.monotonic() - start < 3


def test_a_box_removed_by_someone_else_is_lost(box: DockerBox, engine: docker.APIClient) -> None:
    remover = threading.Timer(0.2, engine.remove_container, [ident(box)], {"force": True})
    remover.start()
    with pytest.raises(BoxLost):
        box.receive(20)
    remover.join()
    with pytest.raises(BoxTaken, match="removed by somebody else"):
        box.ran_out_of_memory()


def test_a_killed_supervisor_is_a_lost_box(box: DockerBox, engine: docker.APIClient) -> None:
    engine.kill(ident(box))
    with pytest.raises(BoxLost, match="a container ended"):
        box.receive(20)


def test_nonsense_ends_the_warden_and_the_box_says_why(box: DockerBox) -> None:
    box.send(({"op": "start"}, {}))
    box.send(({"op": "no such thing"}, {}))
    with pytest.raises(BoxLost, match="KeyError"):
        box.receive(20)


def test_frames_arrive_whole_and_in_order(box: DockerBox, make_job: Callable[..., Job]) -> None:
    job = make_job("def f(x):\n    return x * 3\n", [("a" * 900_000,), ("b",)])
    found: list[CaseEvidence] = []
    served = session.calls(box, job, job.inputs, found.append, start=True, end=False)
    assert [len(case.value[1]) for case in found] == [2_700_000, 3]
    assert served == (True, None)


def test_an_image_that_is_gone_is_made_or_found_again(image: Image) -> None:
    said: list[str] = []
    backend = DockerSandbox(log=said.append)
    try:
        backend.image = backend.image.model_copy(update={"tag": "harness-no-such-image:0"})
        backend.start(64).close()
        assert backend.image == image
        assert said[0].startswith("the image harness-no-such-image:0 is gone: ")
    finally:
        backend.close()


def test_an_image_that_cannot_be_made_again_is_tried_once_for_all(
    image: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build is made to fail here: taking its base away from the shared engine would hurt others."""
    asked: list[str] = []

    def fails(client: object, log: object) -> Image:
        asked.append("")
        raise SandboxError("there is nothing to build on", remedy="get something")

    backend = DockerSandbox(log=print)
    try:
        backend.image = backend.image.model_copy(update={"tag": "harness-no-such-image:0"})
        monkeypatch.setattr("harness.sandbox.image.ensure_image", fails)
        for _ in range(3):
            with pytest.raises(EngineUnavailable, match="there is nothing to build on") as caught:
                backend.start(64)
            assert caught.value.remedy == "get something"
        assert len(asked) == 1
    finally:
        backend.close()


def test_closing_the_backend_removes_what_it_made(image: object, engine: docker.APIClient) -> None:
    backend = DockerSandbox(log=print)
    # Two are in use, one is on its way out.
    boxes = [backend.start(64) for _ in range(3)]
    boxes[0].close()
    made = {ident(box) for box in boxes[1:]}
    assert made <= present(engine)
    backend.close()
    assert not made & present(engine)


def test_closing_removes_also_what_it_never_heard_of(image: object, engine: docker.APIClient) -> None:
    backend = DockerSandbox(log=print)
    box = backend.start(64)
    box.hang_up()
    backend._live.clear()  # as after a request whose answer never came
    backend.close()
    backend.close()
    assert ident(box) not in present(engine)
    with pytest.raises(SandboxError):
        backend.start(64)
    assert not present(engine) & {ident(box)}


def test_starting_in_several_threads(sandbox: DockerSandbox, engine: docker.APIClient) -> None:
    boxes: list[DockerBox] = []
    threads = [threading.Thread(target=lambda: boxes.append(sandbox.start(64))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({ident(box) for box in boxes}) == 4
    for box in boxes:
        box.close()


def test_layers_name_what_is_in_force(sandbox: DockerSandbox) -> None:
    layers = sandbox.layers()
    assert layers["network"] == "disabled"
    assert layers["seccomp"] == "allow-list"
    assert layers["rootfs"] == "read-only"
    assert layers["runtime"]
    assert layers["cgroup"] in ("v1", "v2")


def test_a_runtime_that_starts_nothing_is_not_used(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine lists a gVisor that is not there: no second engine with a broken runtime is needed for that."""
    from harness.sandbox import engine

    real = engine.engine_info

    def boasting(client: docker.APIClient) -> engine.EngineInfo:
        info = real(client)
        return info.model_copy(update={"runtimes": (*info.runtimes, "runsc")})

    monkeypatch.setattr(engine, "engine_info", boasting)
    said: list[str] = []
    backend = DockerSandbox(log=said.append)
    try:
        assert [line.partition(",")[0] for line in said] == ["runtime runsc starts no container here"]
        assert not backend.layers()["runtime"].startswith("runsc")
        backend.start(64).close()
    finally:
        backend.close()


def test_backends_by_name(image: object) -> None:
    with pytest.raises(UsageError, match="no sandbox 'chroot'") as caught:
        open_sandbox("chroot")
    assert "auto, docker, bubblewrap" in caught.value.remedy
    backend = open_sandbox("auto")
    assert backend.name == "docker"
    backend.close()


def test_a_box_ends_by_itself_before_it_is_removed(
    sandbox: DockerSandbox, engine: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To kill it would cost the engine one more process of its runtime for every verdict."""
    states: list[tuple[bool, int]] = []
    remove = sandbox._api.remove

    def removing(name: str) -> None:
        state = engine.inspect_container(name)["State"]
        states.append((state["Running"], state["ExitCode"]))
        remove(name)

    monkeypatch.setattr(sandbox._api, "remove", removing)
    box = sandbox.start(64)
    box.close()
    assert gone(engine, ident(box))
    assert states == [(False, 0)]
