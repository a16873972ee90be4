"""How strong a sandbox is (`harness.types.SandboxLevel`), and the refusal of one that is too weak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.types import SandboxLevel

if TYPE_CHECKING:
    from harness.sandbox.engine import EngineInfo

REACHED_BY = {
    SandboxLevel.namespaces: "--sandbox bubblewrap, or any container engine",
    SandboxLevel.container: "a container engine (Docker, Podman) with its ordinary runtime",
    SandboxLevel.userns: "a rootless engine, or one that remaps users (dockerd --userns-remap)",
    SandboxLevel.gvisor: "an engine with gVisor (runtime runsc)",
    SandboxLevel.vm: "an engine with Kata Containers or Firecracker",
}


def engine_level(runtime: str, *, seccomp: bool, own_users: bool) -> SandboxLevel:
    """Of containers that `runtime` starts; `own_users`: rootless, or users remapped."""
    if runtime.startswith(("kata", "firecracker", "io.containerd.kata", "io.containerd.firecracker")):
        return SandboxLevel.vm
    if runtime.startswith(("runsc", "io.containerd.runsc")):
        return SandboxLevel.gvisor
    if not seccomp:
        return SandboxLevel.namespaces
    return SandboxLevel.userns if own_users else SandboxLevel.container


def engine_layers(info: EngineInfo) -> dict[str, str]:
    """The layers an engine adds by itself, with the level that its best runtime reaches."""
    own_users = info.rootless or info.userns
    level = engine_level(info.runtime, seccomp="seccomp" in info.security, own_users=own_users)
    return {"level": level.value, **info.layers}


def check_level(name: str, layers: Mapping[str, str], wanted: SandboxLevel) -> None:
    """Raise UsageError when a backend with these layers is weaker than `wanted`; one that names no level is."""
    there = layers.get("level", "")
    if there in list(SandboxLevel) and SandboxLevel(there).reaches(wanted):
        return
    enough = [level for level in SandboxLevel if level.reaches(wanted)]
    raise UsageError(
        f"isolation {wanted.value} is required, and the sandbox {name} has {there or 'none that it names'}"
        + (f" ({layers['runtime']})" if layers.get("runtime") else ""),
        remedy="this would do: " + "; ".join(f"{level.value}: {REACHED_BY[level]}" for level in enough),
    )
