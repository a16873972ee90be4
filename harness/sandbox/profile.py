"""The hardened profile of a grading container, as the engine's create request.

What each line defends against stands in SECURITY.md. The seccomp filter is `sandboxes/profile/seccomp.json`: an
allow-list, native calls only.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from harness.content import content_dir

ARCHITECTURES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64", "arm64": "SCMP_ARCH_AARCH64"}
PIDS = 128
"""Of a whole box."""
PROCESSES = 100
"""Of a candidate: the supervisor keeps some for itself."""
TMPFS_MB = 32
"""Of each scratch directory; together well below any container's memory."""
SMALLEST_MB = 64
"""Memory of a box that only has to come up."""
OVERHEAD_MB = 32
"""What supervisor and scratch need beside the candidate's own memory."""
ULIMITS = {"nofile": 256, "fsize": 64 << 20, "core": 0, "memlock": 65536, "msgqueue": 0, "sigpending": 256}
SYSCTLS = {
    "kernel.shm_rmid_forced": "1",
    "kernel.shmall": "4096",
    "kernel.msgmni": "0",
    "fs.mqueue.queues_max": "1",
}

BOOT = "import sys; sys.path.insert(0, '/opt/harness'); from runner.supervisor import main; main()"
AGENT_BOOT = BOOT.replace("supervisor", "agent")
GATEWAY = "/run/gateway"
"""Where an agent's container has the directory with the gateway's socket."""


class Shape(NamedTuple):
    """What differs between a container for candidates and one for an agent."""

    boot: str
    """Python that becomes process 1."""
    scratch_mb: int
    pids: int
    nofile: int


CANDIDATE = Shape(BOOT, TMPFS_MB, PIDS, 256)
AGENT = Shape(AGENT_BOOT, 128, 256, 1024)


@cache
def seccomp(architecture: str) -> str:
    """The filter for an engine's architecture, as the engine wants it: JSON text."""
    text = (content_dir("sandboxes") / "profile" / "seccomp.json").read_text(encoding="utf-8")
    profile: dict[str, Any] = json.loads(text)
    profile.pop("_comment", None)
    profile["architectures"] = [ARCHITECTURES.get(architecture, "SCMP_ARCH_X86_64")]
    return json.dumps(profile)


def container(
    image: str,
    memory_mb: int,
    labels: dict[str, str],
    architecture: str,
    *,
    cgroup_v2: bool,
    runtime: str = "",
    shape: Shape = CANDIDATE,
    gateway: str = "",
) -> dict[str, Any]:
    """The body of the engine's container-create request for one disposable box; without `runtime`, the engine's own.

    `gateway`: directory of this machine that an agent's container shares, to read: the one mount there is.
    """
    memory = (memory_mb + OVERHEAD_MB) * 1024 * 1024
    scratch = f"rw,nosuid,nodev,noexec,size={shape.scratch_mb}m,nr_inodes=4096,mode=1777"
    limits = {**ULIMITS, "nofile": shape.nofile}
    host = {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "CapAdd": ["SETUID", "SETGID", "KILL"],
        "SecurityOpt": ["no-new-privileges", f"seccomp={seccomp(architecture)}"],
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "Init": False,
        "Memory": memory,
        "MemorySwap": memory,
        "OomScoreAdj": 500,
        "NanoCpus": 1_000_000_000,
        "PidsLimit": shape.pids,
        "ShmSize": 16 * 1024 * 1024,
        "Tmpfs": {"/tmp": scratch, "/box": scratch},
        "Ulimits": [{"Name": name, "Soft": value, "Hard": value} for name, value in limits.items()],
        "Sysctls": SYSCTLS,
        "LogConfig": {"Type": "none", "Config": {}},
        "AutoRemove": False,
        "RestartPolicy": {"Name": "no"},
    }
    if runtime:
        host["Runtime"] = runtime
    if gateway:
        mount = {"Type": "bind", "Source": gateway, "Target": GATEWAY, "ReadOnly": True}
        host["Mounts"] = [{**mount, "BindOptions": {"Propagation": "rprivate"}}]
    if not cgroup_v2:
        # cgroup v2 has no swappiness of its own; there the swap limit above is all there is.
        host["MemorySwappiness"] = 0
    return {
        "Image": image,
        "Entrypoint": [],
        "Cmd": ["python3", "-s", "-P", "-S", "-B", "-c", shape.boot],
        "Env": ["PYTHONHASHSEED=0", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin"],
        "User": "0:0",
        "WorkingDir": "/",
        "Hostname": "sandbox",
        "NetworkDisabled": True,
        "Tty": False,
        "OpenStdin": True,
        # With StdinOnce the container ends with our side of the stream, also when this process is killed.
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": labels,
        "HostConfig": host,
    }
