"""What the sandbox image stands on: the official slim Python image, or the distribution's own packages.

    registry answers -> python:3.11-slim-bookworm, by digest
    otherwise        -> mmdebstrap (minbase + python3, from this machine's package mirror) -> docker import

Either is kept in the engine, so that only the first build of a sandbox image needs the network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import host
from harness.errors import SandboxError
from harness.host import Log
from harness.types import Frozen

if TYPE_CHECKING:
    import docker

OFFICIAL = ("python", "3.11-slim-bookworm")
PACKAGES_REPOSITORY = "harness-sandbox-base"
REGISTRY_TIMEOUT_S = 20
"""Seconds without a byte from the registry, through the engine, before it counts as unreachable."""

_PACKAGES = ("python3", "libnss-myhostname")
_NOT_NEEDED = ("doc", "man", "info", "locale", "lintian", "bug")


class Base(Frozen):
    """An image to build on."""

    reference: str
    """What `FROM` gets."""
    name: str
    """For people and manifests: where it came from."""
    complete: bool
    """Has every package already: the build needs no network."""


def choose_base(client: docker.APIClient, log: Log) -> Base:
    """The base to build on, fetched or made when it is not there yet. Raises SandboxError when neither way works."""
    codename = host.os_release().get("VERSION_CODENAME", "")
    contents = hashlib.sha256(" ".join(_PACKAGES).encode()).hexdigest()[:8]
    own = f"{PACKAGES_REPOSITORY}:{codename or 'none'}-{contents}"
    found = _official(client) or _from_packages(client, own, codename)
    if found is None:
        found = _pull(client, log)
    if found is None:
        _bootstrap(client, own, codename, log)
        found = _from_packages(client, own, codename)
    if found is None:
        raise SandboxError(f"the engine does not show the image {own} that it just imported")
    return found


def inspect(client: docker.APIClient, reference: str) -> dict[str, Any] | None:
    """What the engine knows of an image, None when it is not there."""
    from docker.errors import ImageNotFound

    try:
        found: dict[str, Any] = client.inspect_image(reference)
    except ImageNotFound:
        return None
    return found


def _official(client: docker.APIClient) -> Base | None:
    reference = ":".join(OFFICIAL)
    found = inspect(client, reference)
    if found is None:
        return None
    digests = found.get("RepoDigests") or [found["Id"]]
    return Base(reference=reference, name=f"{reference}@{str(digests[0]).rpartition('@')[2]}", complete=False)


def _from_packages(client: docker.APIClient, tag: str, codename: str) -> Base | None:
    found = inspect(client, tag)
    made = "" if found is None else f", {str(found.get('Created', ''))[:10]}"
    return None if found is None else Base(reference=tag, name=f"{codename} via mmdebstrap{made}", complete=True)


def _pull(client: docker.APIClient, log: Log) -> Base | None:
    """The official image from its registry; None, with the reason in the log, when it cannot be had."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    repository, tag = OFFICIAL
    log(f"pulling {repository}:{tag}")
    patience, client.timeout = client.timeout, REGISTRY_TIMEOUT_S
    refused = ""
    try:
        for event in client.pull(repository, tag=tag, stream=True, decode=True):
            refused = str(event.get("error") or refused)
    except (DockerException, RequestException) as error:
        refused = str(getattr(error, "explanation", None) or error) or type(error).__name__
    finally:
        client.timeout = patience
    if refused:
        log(f"no registry: {refused.splitlines()[0][:160]}")
        return None
    return _official(client)


def _bootstrap(client: docker.APIClient, tag: str, codename: str, log: Log) -> None:
    """Import a minimal system with python3, made of the packages of this machine's distribution."""
    _need_mmdebstrap(codename, log)
    log(f"making a minimal {codename} system with python3 from the distribution's packages")
    with tempfile.TemporaryDirectory(dir=host.cache(), prefix="base-") as scratch:
        archive = Path(scratch) / "system.tar"
        # The host's own settings of how to reach its mirror (proxy, certificates) hold for the new system too.
        settings = Path(scratch) / "apt.conf"
        settings.write_bytes(_output(["apt-config", "dump", "Acquire::http", "Acquire::https", "Acquire::Check-Date"]))
        command = ["mmdebstrap", "--variant=minbase", f"--include={','.join(_PACKAGES)}", f"--aptopt={settings}"]
        command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _NOT_NEEDED]
        _run([*command, codename, str(archive), *_sources(codename)])
        log(f"importing it ({archive.stat().st_size // 2**20} MB)")
        _import(client, archive, tag)


def _need_mmdebstrap(codename: str, log: Log) -> None:
    if shutil.which("mmdebstrap"):
        return
    if not host.is_debian_like() or not codename:
        raise SandboxError(
            f"no registry gives the image {':'.join(OFFICIAL)}, and this is no Debian or Ubuntu",
            remedy=f"let the engine reach a registry, or load that image into it (`docker load`) under the name "
            f"{':'.join(OFFICIAL)}",
        )
    if os.geteuid() != 0:
        raise SandboxError(
            f"no registry gives the image {':'.join(OFFICIAL)}, and mmdebstrap, the other way, is not installed",
            remedy="as root: apt-get install mmdebstrap",
        )
    host.apt_install(["mmdebstrap"], log)


def _sources(codename: str) -> list[str]:
    """One-line package sources: those of the distribution itself that this machine is set up with."""
    keys = {
        "Debian": Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
        "Ubuntu": Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
    }
    columns = "$(ORIGIN) $(CODENAME) $(RELEASE) $(COMPONENT) $(REPO_URI)"
    listing = _output(["apt-get", "indextargets", "--format", columns, "Created-By: Packages"]).decode()
    found = []
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) != 5 or fields[0] not in keys or not fields[1].startswith(codename):
            continue
        origin, _, release, component, address = fields
        if component == "main":
            signed = f"[signed-by={keys[origin]}] " if keys[origin].exists() else ""
            found.append(f"deb {signed}{address} {release} {component}")
    # Without lists (a machine that never ran `apt-get update`) mmdebstrap's own default stands in.
    return sorted(set(found))


def _output(command: list[str]) -> bytes:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        raise SandboxError(
            f"{command[0]} failed with exit code {done.returncode}:\n{host.tail(done.stdout)}",
            remedy="repair what it names (network, package mirror, disk space, not root), then repeat",
        )


def _import(client: docker.APIClient, archive: Path, tag: str) -> None:
    from docker.errors import DockerException

    repository, _, version = tag.partition(":")
    try:
        answer = client.import_image_from_file(str(archive), repository=repository, tag=version)
    except (DockerException, OSError) as error:
        raise SandboxError(f"the engine could not import the base system: {error}", remedy="see its log") from error
    if '"error"' in str(answer):
        raise SandboxError(f"the engine could not import the base system: {answer}", remedy="free disk space, repeat")
