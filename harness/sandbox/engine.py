"""The container engine: connect to it, describe it, and see to one where none answers.

    connect() -> docker.APIClient       honours DOCKER_HOST (Podman's socket too) and the current docker context
    engine_info(client) -> EngineInfo   what it is and which isolation it offers
    ensure_engine(log) -> client        connect, or install and start Docker on Debian/Ubuntu as root

An engine that answers is never touched. No docker command line is needed.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import host
from harness.errors import EngineUnavailable
from harness.host import Log
from harness.sandbox.dockerd import Dockerd
from harness.sandbox.patience import wait_s
from harness.types import Frozen

if TYPE_CHECKING:
    import docker

LOCK_FILE = Path("/run/harness-engine.lock")
USUAL_SOCKET = "unix:///var/run/docker.sock"
CALL_S = 60.0
"""Seconds an engine may take to answer one call; starting a container on a loaded machine takes some."""
BEST_FIRST = ("runsc", "kata", "crun")

REMEDY = (
    "Debian/Ubuntu: `apt-get install docker.io` and start it (as root, `harness sandbox build` does both); elsewhere "
    "install Docker Engine, or start Podman's service (`systemctl --user start podman.socket`) and set "
    "DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock"
)


class NothingListens(EngineUnavailable):
    """There is no engine at this machine's usual socket: the one case in which starting one is right."""


class EngineInfo(Frozen):
    """A container engine as it describes itself."""

    name: str
    """`docker` or `podman`."""
    version: str
    api: str
    os: str
    arch: str
    kernel: str
    cpus: int
    memory_mb: int
    runtimes: tuple[str, ...]
    default_runtime: str
    runtime_version: str
    """Of runc or crun, where the engine says so; empty otherwise."""
    storage_driver: str
    cgroup_version: str
    """`1` or `2`."""
    security: tuple[str, ...]
    """Names of the engine's security options: `seccomp`, `apparmor`, `selinux`, ..."""
    userns: bool
    """Containers' users are mapped to others on the host."""
    rootless: bool
    """The engine itself does not run as root."""
    warnings: tuple[str, ...] = ()

    @property
    def runtime(self) -> str:
        """The best runtime on offer: gVisor, Kata, then crun, which is the quickest, then the engine's default."""
        for kind in BEST_FIRST:
            for name in self.runtimes:
                if name.startswith(kind):
                    return name
        return self.default_runtime

    @property
    def layers(self) -> dict[str, str]:
        """The isolation this engine adds by itself, for manifests and verdicts."""
        return {
            "runtime": f"{self.default_runtime} {self.runtime_version}".strip(),
            "user_namespace": "rootless" if self.rootless else "remapped" if self.userns else "none",
            "mandatory_access": next((m for m in ("apparmor", "selinux") if m in self.security), "none"),
            "seccomp": "available" if "seccomp" in self.security else "none",
            "cgroup": f"v{self.cgroup_version}",
        }


def connect(timeout_s: float | None = None) -> docker.APIClient:
    """A client of the engine that answers, each time within `timeout_s`: by default `CALL_S`, less for the impatient.

    Raises EngineUnavailable when none does; the message says which address was tried.
    """
    import docker
    from docker.errors import DockerException

    base_url, tls = address()
    if base_url.startswith("unix://"):
        _try_socket(base_url)
    patience = max(1, int(min(CALL_S, max(5.0, wait_s())) if timeout_s is None else timeout_s))
    try:
        # `version="auto"` would ask from inside the constructor, and leave its socket open when nothing answers.
        with closing(docker.APIClient(base_url=base_url, tls=tls, timeout=patience)) as first:
            version = str(first.version(api_version=False)["ApiVersion"])
        # Many threads hold a connection each while a container runs; a smaller pool would log discarded ones.
        return docker.APIClient(base_url=base_url, tls=tls, timeout=patience, version=version, max_pool_size=64)
    except (DockerException, OSError, ValueError, KeyError) as error:
        raise EngineUnavailable(
            f"no container engine answers at {base_url}: {_reason(error)}", remedy=REMEDY
        ) from error


def _try_socket(base_url: str) -> None:
    """Raise the fitting EngineUnavailable when a unix socket cannot be connected to: docker-py says it in riddles."""
    kind: type[EngineUnavailable] = NothingListens if base_url == USUAL_SOCKET else EngineUnavailable
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(10)
            probe.connect("/" + base_url.removeprefix("unix://").lstrip("/"))
        return
    except FileNotFoundError:
        reason = "there is no such socket"
    except ConnectionRefusedError:
        reason = "nothing listens there"
    except PermissionError:
        kind, reason = (
            EngineUnavailable,
            "permission denied (add this user to the group `docker`, or use a rootless engine)",
        )
    except OSError as error:
        kind, reason = EngineUnavailable, str(error)
    raise kind(f"no container engine answers at {base_url}: {reason}", remedy=REMEDY)


def address() -> tuple[str, Any]:
    """Where the engine listens, and its TLS settings: DOCKER_HOST, else the current context, else the usual socket."""
    from docker.context import ContextAPI
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env

    if os.environ.get("DOCKER_HOST"):
        try:
            found = kwargs_from_env()
        except DockerException as error:
            raise EngineUnavailable(f"DOCKER_HOST cannot be used: {error}", remedy="correct or unset it") from error
        return str(found["base_url"]), found.get("tls", False)
    try:
        context = ContextAPI.get_current_context()
        if context.Name != "default" and context.Host:
            return str(context.Host), context.TLSConfig
    except (DockerException, AttributeError, KeyError, OSError, ValueError):
        pass  # an unreadable context file must not hide an engine on the usual socket
    return USUAL_SOCKET, False


def _reason(error: BaseException) -> str:
    """The cause in one line: docker-py wraps what happened several times."""
    text = str(error)
    if "timed out" in text:
        return "it accepted the connection but did not answer in time"
    return text.splitlines()[0][:200] if text else type(error).__name__


def engine_info(client: docker.APIClient) -> EngineInfo:
    """What the engine says of itself. Raises EngineUnavailable when it stops answering."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        version, info = client.version(), client.info()
    except (DockerException, RequestException) as error:
        raise EngineUnavailable(f"the container engine stopped answering: {_reason(error)}", remedy=REMEDY) from error
    return _describe(version, info)


def _describe(version: Mapping[str, Any], info: Mapping[str, Any]) -> EngineInfo:
    components = {str(part.get("Name", "")).lower(): part for part in version.get("Components") or []}
    security = tuple(_option_name(option) for option in info.get("SecurityOptions") or [])
    runtimes = tuple(sorted(name for name in info.get("Runtimes") or {} if not name.startswith("io.containerd")))
    default_runtime = str(info.get("DefaultRuntime") or "runc")
    runtime_version = str((components.get(default_runtime) or {}).get("Version", ""))
    podman = any("podman" in name for name in components)
    return EngineInfo(
        name="podman" if podman else "docker",
        version=str(version.get("Version", "")),
        api=str(version.get("ApiVersion", "")),
        os=str(info.get("OperatingSystem", "")),
        arch=str(info.get("Architecture", "")),
        kernel=str(info.get("KernelVersion", "")),
        cpus=int(info.get("NCPU") or 0),
        memory_mb=int(info.get("MemTotal") or 0) // 2**20,
        runtimes=runtimes,
        default_runtime=default_runtime,
        runtime_version=runtime_version,
        storage_driver=str(info.get("Driver", "")),
        cgroup_version=str(info.get("CgroupVersion") or "1"),
        security=security,
        userns="userns" in security,
        rootless="rootless" in security,
        warnings=_warnings(default_runtime, runtime_version, security, info),
    )


def _option_name(option: str) -> str:
    """`name=seccomp,profile=default` -> `seccomp`."""
    fields = dict(part.partition("=")[::2] for part in option.split(","))
    return fields.get("name") or option


def _warnings(runtime: str, runtime_version: str, security: Sequence[str], info: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    if runtime == "runc" and _runc_escapes(runtime_version):
        found.append(
            f"runc {runtime_version} predates the fixes of the known escapes CVE-2025-31133, CVE-2025-52565 and "
            "CVE-2025-52881 (1.2.8, 1.3.3, 1.4.0-rc.3) unless the distribution has ported them back"
        )
    if "seccomp" not in security:
        found.append("the engine does not support seccomp: candidates keep every system call")
    for key, limit in (("MemoryLimit", "memory"), ("PidsLimit", "process"), ("CpuCfsQuota", "CPU")):
        if info.get(key) is False:
            found.append(f"the kernel does not let the engine set a {limit} limit")
    found += [str(line).removeprefix("WARNING: ") for line in info.get("Warnings") or []]
    return tuple(found)


def _runc_escapes(version: str) -> bool:
    """Whether this version of runc lacks the fixes of November 2025; False when it cannot be told."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)(?:[-~]?rc\.?(\d+))?", version)
    if match is None:
        return False
    major, minor, patch = (int(part) for part in match.groups()[:3])
    candidate = int(match.group(4)) if match.group(4) else None
    if (major, minor) < (1, 2):
        return True
    if (major, minor) in ((1, 2), (1, 3)):
        return patch < (8 if minor == 2 else 3) or candidate is not None
    return (major, minor, patch) == (1, 4, 0) and candidate is not None and candidate < 3


def ensure_engine(log: Log) -> docker.APIClient:
    """A client of the engine that answers; where none does, as root on Debian/Ubuntu, of one installed and started.

    `log` gets a line for everything that is done to the machine. Raises EngineUnavailable otherwise.
    """
    try:
        return connect()
    except NothingListens:
        # An engine that someone named, that refuses us or that hangs is theirs to repair.
        if os.environ.get("DOCKER_HOST") or not host.can_install():
            raise
    with host.file_lock(LOCK_FILE, log, "it is starting the container engine"):
        try:
            return connect()
        except NothingListens:
            log("no container engine answers: starting Docker on this machine")
        _install(log)
        client = Dockerd().start(log, connect)
        log(f"container engine ready: Docker {engine_info(client).version}")
        return client


def _install(log: Log) -> None:
    """Everything dockerd needs to start that this machine lacks."""
    wanted = []
    if shutil.which("dockerd") is None:
        wanted.append("docker.io")
        # An AppArmor kernel refuses every container without apparmor_parser.
        wanted += ["apparmor"] if Path("/sys/module/apparmor").is_dir() else []
    bare = " cgroup" not in Path("/proc/mounts").read_text(encoding="utf-8")
    if bare and shutil.which("cgroupfs-mount") is None:
        wanted.append("cgroupfs-mount")
    if wanted:
        host.apt_install(wanted, log)
    if bare:
        # An init system would have done this.
        log("mounting the control groups (cgroupfs-mount)")
        done = subprocess.run(["cgroupfs-mount"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            log(f"that failed:\n{host.tail(done.stderr)}")
