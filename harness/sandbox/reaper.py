"""Containers know their owner, so that those of a process that died can be told from those of one that works.

A container carries the owner's process id, that process's start time (ids are reused), the boot, the process id
namespace and the machine. It is removed only when its owner is certainly dead: seen from another machine (a remote
engine) or another namespace (harness itself in a container) an owner cannot be judged, and its containers stay.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from harness import host
from harness.errors import EngineUnavailable, SandboxError
from harness.sandbox.failures import Missing, engine_errors
from harness.types import Frozen

if TYPE_CHECKING:
    import docker

OWNER_PID = "harness.owner.pid"
OWNER_START = "harness.owner.start"
OWNER_BOOT = "harness.owner.boot"
OWNER_NAMESPACE = "harness.owner.namespace"
OWNER_MACHINE = "harness.owner.machine"

Owner = Literal["this", "alive", "dead", "elsewhere"]


class Container(Frozen):
    """A container that some harness process made."""

    id: str
    name: str
    state: str
    """`running`, `exited`, ... in the engine's words."""
    pid: int
    """Process id of its owner."""
    owner: Owner


def owner_labels() -> dict[str, str]:
    """The labels every container of this process must carry."""
    return {
        OWNER_PID: str(os.getpid()),
        OWNER_START: host.process_start(os.getpid()) or "",
        OWNER_BOOT: host.boot_id(),
        OWNER_NAMESPACE: host.pid_namespace(),
        OWNER_MACHINE: host.machine_id(),
    }


def owner_of(labels: Mapping[str, str]) -> Owner:
    """What became of the process that these labels name."""
    own = owner_labels()
    if all(labels.get(key) == value for key, value in own.items()):
        return "this"
    if labels.get(OWNER_MACHINE) != own[OWNER_MACHINE]:
        return "elsewhere"
    if labels.get(OWNER_BOOT) != own[OWNER_BOOT]:
        return "dead"
    if labels.get(OWNER_NAMESPACE) != own[OWNER_NAMESPACE]:
        return "elsewhere"
    pid = labels.get(OWNER_PID, "")
    started = host.process_start(int(pid)) if pid.isdecimal() else None
    return "alive" if started is not None and started == labels.get(OWNER_START) else "dead"


def owner_named(pid: str, start: str, namespace: str) -> Owner:
    """What became of a process of this machine and boot: `namespace` is the number of its process id namespace."""
    own = owner_labels()
    here = f"pid:[{namespace}]" == own[OWNER_NAMESPACE]
    labels = {**own, OWNER_PID: pid, OWNER_START: start, OWNER_NAMESPACE: own[OWNER_NAMESPACE] if here else namespace}
    return owner_of(labels)


def list_containers(client: docker.APIClient) -> tuple[Container, ...]:
    """Every container of any harness process, running or not. Raises SandboxError when the engine does not answer."""
    with engine_errors("list its containers"):
        found = client.containers(all=True, filters={"label": OWNER_PID})
    return tuple(
        Container(
            id=str(entry["Id"]),
            name=str((entry.get("Names") or ["?"])[0]).lstrip("/"),
            state=str(entry.get("State", "")),
            pid=int(pid) if (pid := entry["Labels"].get(OWNER_PID, "")).isdecimal() else 0,
            owner=owner_of(entry["Labels"]),
        )
        for entry in found
    )


def reap(client: docker.APIClient, *, everything: bool = False) -> int:
    """Remove the containers whose owner is dead (`everything`: all of them); returns how many went.

    One that another process removes at the same moment is no error. Raises SandboxError for one that cannot be removed,
    after the others went, and EngineUnavailable.
    """
    count = 0
    stuck: SandboxError | None = None
    for container in list_containers(client):
        if not everything and container.owner != "dead":
            continue
        try:
            with engine_errors(f"remove the container {container.name}"):
                client.remove_container(container.id, force=True, v=True)
        except EngineUnavailable:
            raise
        except Missing:
            continue
        except SandboxError as error:
            stuck = error
        else:
            count += 1
    if stuck is not None:
        raise stuck
    return count
