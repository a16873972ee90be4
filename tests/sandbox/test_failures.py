"""What the engine says when it fails, told apart: away, refusing, without what it was asked for."""

from __future__ import annotations

import pytest
from docker.errors import APIError, DockerException
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ReadTimeout

from harness.errors import EngineUnavailable, SandboxError
from harness.sandbox.failures import ImageMissing, Missing, engine_errors, refusal


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (404, "No such container: abc", Missing),
        (404, "No such image: harness-sandbox-python:1", ImageMissing),
        (409, "removal of container abc is already in progress", Missing),
        (409, "the name is taken", SandboxError),
        (400, "OCI runtime create failed: unknown flag", SandboxError),
        (500, "invalid sysctl", SandboxError),
        (500, "mkdir /var/lib/docker/x: no space left on device", EngineUnavailable),
        (500, "connection error: transport: error while dialing containerd.sock: unavailable", EngineUnavailable),
        (500, "ttrpc: closed: unknown", EngineUnavailable),
        (503, "the daemon is shutting down", EngineUnavailable),
    ],
)
def test_answers_of_an_engine(status: int, said: str, kind: type[SandboxError]) -> None:
    error = refusal("make a container", status, said)
    assert type(error) is kind
    assert error.message == f"the container engine could not make a container: {said}"
    assert bool(error.remedy) == ("no space" in said)


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (RequestsConnectionError("refused"), EngineUnavailable),
        (ReadTimeout("60 s"), EngineUnavailable),
        (ConnectionResetError("reset"), EngineUnavailable),
        (DockerException("an argument"), SandboxError),
        (APIError("bad"), SandboxError),
    ],
)
def test_errors_of_a_client(raised: Exception, kind: type[SandboxError]) -> None:
    with pytest.raises(SandboxError, match="start a container") as caught, engine_errors("start a container"):
        raise raised
    assert type(caught.value) is kind
    assert caught.value.__cause__ is raised


def test_what_is_no_failure_of_the_engine_passes() -> None:
    with pytest.raises(ZeroDivisionError), engine_errors("x"):
        _ = 1 / 0
    with engine_errors("x"):
        pass
