"""The sandbox images: built when their definition is new, otherwise found by their tag in one call.

    harness-sandbox-python:<hash>   hash of every file of sandboxes/python/ and sandboxes/runner/
    harness-sandbox-aider:<hash>    hash of that tag, on which it stands, and of every file of sandboxes/aider/

So a changed runner is never served by an image that was built before the change.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import ssl
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from harness import host
from harness.content import content_dir
from harness.errors import SandboxError, UsageError
from harness.host import Log
from harness.sandbox import base
from harness.sandbox.failures import engine_errors
from harness.sandbox.reaper import owner_labels
from harness.sandbox.wheels import Target, resolved, wheels
from harness.types import Frozen

if TYPE_CHECKING:
    import docker

PREFIX = "harness-sandbox-"
LABEL = "harness.image"
STAGE = "harness.stage"
"""Label of what a build leaves behind and nobody runs."""
PYTHON = "python"
"""The image that candidates run in, and that all others stand on."""


class Image(Frozen):
    """A sandbox image that is present in the engine."""

    tag: str
    id: str
    """Content digest, `sha256:...`."""
    base: str
    """What it was built on: the official image with its digest, or the distribution's packages and their date."""
    size_mb: int


class Removed(Frozen):
    """What `clean_images` did."""

    tags: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """In use by a container."""


def image_names() -> list[str]:
    """The images there are definitions of."""
    return sorted(path.parent.name for path in content_dir("sandboxes").glob("*/Dockerfile"))


def image_tag(name: str = PYTHON) -> str:
    """The tag that the present definition has or would get. Raises UsageError for an unknown name."""
    digest = hashlib.sha256(b"" if name == PYTHON else image_tag().encode())
    for path, data in _definition(name):
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    return f"{PREFIX}{name}:{digest.hexdigest()[:16]}"


def find_image(client: docker.APIClient, name: str = PYTHON) -> Image | None:
    """The image of the present definition, None when it has to be built."""
    return _found(client, image_tag(name))


def _found(client: docker.APIClient, tag: str) -> Image | None:
    found = base.inspect(client, tag)
    if found is None:
        return None
    labels = (found.get("Config") or {}).get("Labels") or {}
    return Image(
        tag=tag,
        id=str(found["Id"]),
        base=str(labels.get("harness.base", "unknown")),
        size_mb=int(found.get("Size") or 0) // 2**20,
    )


class Recipe(Frozen):
    """An image for a command-line agent, made of what its description says."""

    base: str = ""
    """An image of the engine to stand on; empty takes the one for Python candidates."""
    packages: tuple[str, ...] = ()
    """Requirements of the Python index."""
    install: str = ""
    """A line of shell, run as root while the image is built, with the network."""


def ensure_recipe(client: docker.APIClient, log: Log, recipe: Recipe) -> Image:
    """The image of a recipe, built when it is not there. Raises SandboxError when that fails."""
    python, target = _own_base(client, log)
    stands_on = recipe.base or python.reference
    found = base.inspect(client, stands_on)
    if found is None:
        raise SandboxError(f"the engine has no image {stands_on}", remedy=f"docker pull {stands_on}, or name another")
    dockerfile = (content_dir("sandboxes") / "command" / "agent.dockerfile").read_bytes()
    parts = json.dumps([python.reference, str(found["Id"]), recipe.model_dump()]).encode()
    tag = f"{PREFIX}command:{hashlib.sha256(dockerfile + parts).hexdigest()[:16]}"
    with host.file_lock(host.cache() / "image-command.lock", log, f"it is building {tag}"):
        if _found(client, tag) is None:
            log(f"building {tag}")
            needed = resolved(recipe.packages, log, target) if recipe.packages else []
            files = [("Dockerfile", dockerfile), ("certificates/ca.crt", _certificates()), ("wheels/none", b"")]
            with _context(files, needed) as context:
                arguments = {"BASE": stands_on, "PYTHON": python.reference, "INSTALL": recipe.install}
                _run(client, tag, context, arguments, log, network="host" if recipe.install else "none")
            _drop_stages(client)
    image = _found(client, tag)
    if image is None:
        raise SandboxError(f"the engine does not show the image {tag} that it just built", remedy="see its log")
    return image


def _certificates() -> bytes:
    """The authorities that this machine trusts, of which a mirror's may be one."""
    place = ssl.get_default_verify_paths()
    path = os.environ.get("SSL_CERT_FILE") or place.cafile or ""
    return Path(path).read_bytes() if Path(path).is_file() else b""


def ensure_image(client: docker.APIClient, log: Log, *, name: str = PYTHON) -> Image:
    """The image of the present definition, built when it is not there. Raises SandboxError when that fails."""
    found = find_image(client, name)
    if found is not None:
        return found
    tag = image_tag(name)
    with host.file_lock(host.cache() / f"image-{name}.lock", log, f"it is building {tag}"):
        found = find_image(client, name)
        if found is None:
            log(f"building {tag}")
            chosen, target = (base.choose_base(client, log), None) if name == PYTHON else _own_base(client, log)
            found_wheels = wheels(content_dir("sandboxes") / name / "requirements.txt", log, target)
            with _context(_definition(name), found_wheels) as context:
                log(f"on {chosen.name}")
                arguments = {"BASE": chosen.reference, "BASE_NAME": chosen.name}
                _run(client, tag, context, arguments, log, network="none" if chosen.complete else None)
            _drop_stages(client)
            found = find_image(client, name)
    if found is None:
        raise SandboxError(f"the engine does not show the image {tag} that it just built", remedy="see its log")
    return found


def _own_base(client: docker.APIClient, log: Log) -> tuple[base.Base, Target]:
    """The image for candidates, and the interpreter in it."""
    image = ensure_image(client, log)
    facts = base.inspect(client, image.tag) or {}
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        str(facts.get("Architecture")), str(facts.get("Architecture"))
    )
    # Another run may ask at the same time.
    name = f"{PREFIX}version-{secrets.token_hex(6)}"
    with engine_errors("ask the image for its version of Python"):
        # Never started for a candidate: what runs in it is ours.
        made = client.create_container(
            image.tag, ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], network_disabled=True,
            name=name, labels=owner_labels(),
        )  # fmt: skip
        try:
            client.start(made["Id"])
            client.wait(made["Id"])
            python = client.logs(made["Id"]).decode().strip()
        finally:
            client.remove_container(made["Id"], force=True, v=True)
    return base.Base(reference=image.tag, name=image.base, complete=True), Target(python, machine)


def _drop_stages(client: docker.APIClient) -> None:
    """The first stages of builds: hundreds of megabytes that no image needs."""
    with engine_errors("remove what the build left"):
        client.prune_images(filters={"dangling": True, "label": f"{STAGE}=builder"})


def clean_images(client: docker.APIClient, *, keep_current: bool = True) -> Removed:
    """Remove images of older definitions; without `keep_current` the present ones and their base too."""
    from docker.errors import APIError, ImageNotFound

    current = {image_tag(name) for name in image_names()} if keep_current else set()
    removed, kept = [], []
    for image in client.images(filters={"label": f"{LABEL}=1"}) + client.images(name=base.PACKAGES_REPOSITORY):
        tags = [tag for tag in image.get("RepoTags") or [] if tag != "<none>:<none>"]
        is_base = any(tag.startswith(base.PACKAGES_REPOSITORY) for tag in tags)
        if keep_current and (current & set(tags) or is_base):
            continue
        for reference in tags or [str(image["Id"])]:
            try:
                client.remove_image(reference)
            except ImageNotFound:
                continue
            except APIError:
                kept.append(reference)
            else:
                removed.append(reference)
    return Removed(tags=tuple(removed), kept=tuple(kept))


def _definition(name: str) -> Iterator[tuple[str, bytes]]:
    """(path in the build context, content) of every file the image is made of, in a fixed order."""
    root = content_dir("sandboxes")
    if not (root / name / "Dockerfile").is_file():
        raise UsageError(f"there is no sandbox image {name!r}", remedy=f"known: {', '.join(image_names())}")
    yield from _files(root / name, "")
    if name == PYTHON:
        yield from _files(root / "runner", "runner/")


def _files(directory: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(directory.rglob("*")):
        relative = path.relative_to(directory)
        if path.is_file() and "__pycache__" not in relative.parts and not relative.name.startswith("."):
            yield prefix + relative.as_posix(), path.read_bytes()


def _context(*parts: Iterable[tuple[str, bytes]]) -> IO[bytes]:
    """A tar archive for the engine: fixed owner, mode and time, so that an equal definition gives equal layers."""
    buffer = tempfile.TemporaryFile(dir=host.cache())  # noqa: SIM115  the caller closes it
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for files in parts:
            for path, data in files:
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode, entry.mtime = len(data), 0o644, 1_700_000_000
                archive.addfile(entry, io.BytesIO(data))
    buffer.seek(0)
    return buffer


def _run(
    client: docker.APIClient,
    tag: str,
    context: IO[bytes],
    arguments: dict[str, str],
    log: Log,
    *,
    network: str | None,
) -> None:
    """Let the engine build. Raises SandboxError with the end of what it said."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    said: list[str] = []
    error = ""
    try:
        events: Iterable[dict[str, Any]] = client.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
            buildargs=arguments,
            network_mode=network,
            rm=True,
            forcerm=True,
            decode=True,
        )
        for event in events:
            line = str(event.get("stream", "")).strip()
            if line:
                said.append(line)
            error = str(event.get("error") or error)
            if line.startswith("Step "):
                log(f"  {line[:100]}")
    except (DockerException, RequestException) as reason:
        raise _failure(tag, str(reason), said) from reason
    # Only now: leaving a stream before its end would leave its socket open.
    if error:
        raise _failure(tag, error, said)


def _failure(tag: str, reason: str, said: list[str]) -> SandboxError:
    full = "no space left" in reason.lower() or any("no space left" in line.lower() for line in said)
    remedy = "free disk space where the engine keeps its images" if full else "repair what the log names, then repeat"
    log = "\n".join(said)
    return SandboxError(f"building {tag} failed: {reason}\n{host.tail(log)}", remedy=remedy)
