"""What an engine or its client says when it fails, as our errors: the one place that tells an engine that can make no
container at all (EngineUnavailable: waiting may help) from one that refuses this request (SandboxError)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from http.client import HTTPException

from harness.errors import EngineUnavailable, SandboxError

AWAY = re.compile(
    r"unavailable|transport is closing|connection (refused|reset)|broken pipe|connection error|ttrpc: closed|"
    r"context (canceled|deadline exceeded)|shutting down|is not running containerd|containerd\.sock",
    re.IGNORECASE,
)
"""In an answer of the engine: it is going down, or the containerd below it is."""
FREE_SPACE = "free disk space where the engine keeps its data, then repeat the command"


class Missing(SandboxError):
    """The engine knows no such container or image."""


class ImageMissing(Missing):
    """The image that a container was to be made from."""


@contextlib.contextmanager
def engine_errors(action: str) -> Iterator[None]:
    """Failures of an engine that was asked to `action` ("make a container"), as EngineUnavailable or SandboxError."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise refusal(action, error.status_code or 500, str(error.explanation or error)) from error
    except (RequestException, HTTPException, OSError) as error:
        raise EngineUnavailable(f"the container engine did not answer when asked to {action}: {error}") from error
    except DockerException as error:
        raise SandboxError(f"the container engine could not {action}: {error}") from error


def refusal(action: str, status: int, said: str) -> SandboxError:
    """The error for an answer other than success: HTTP status and the engine's own words."""
    message = f"the container engine could not {action}: {said}"
    if status == 404 or (status == 409 and "removal of container" in said):
        # A removal that is in progress is as good as done.
        return ImageMissing(message) if "no such image" in said.lower() else Missing(message)
    if "no space left" in said.lower():
        return EngineUnavailable(message, remedy=FREE_SPACE)
    if status >= 500 and AWAY.search(said):
        return EngineUnavailable(message)
    return SandboxError(message)
