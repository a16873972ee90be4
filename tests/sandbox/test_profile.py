"""The profile of a grading container: every line that keeps a candidate in, as the engine is told it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.sandbox import profile

MIB = 1024 * 1024


def body(*, cgroup_v2: bool = False, memory_mb: int = 256) -> dict[str, Any]:
    return profile.container("image", memory_mb, {"a": "b"}, "x86_64", cgroup_v2=cgroup_v2)


def test_a_container_has_no_way_out() -> None:
    host = body()["HostConfig"]
    assert body()["NetworkDisabled"] is True
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert sorted(host["CapAdd"]) == ["KILL", "SETGID", "SETUID"]
    assert "no-new-privileges" in host["SecurityOpt"]
    assert host["IpcMode"] == host["CgroupnsMode"] == "private"
    for opening in ("Binds", "Mounts", "VolumesFrom", "Devices", "PidMode", "UTSMode", "UsernsMode", "Privileged"):
        assert opening not in host
    assert "Volumes" not in body()


def test_resources_are_bounded() -> None:
    host = body(memory_mb=100)["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == (100 + profile.OVERHEAD_MB) * MIB
    assert host["MemorySwappiness"] == 0
    assert 0 < host["PidsLimit"] <= 256
    assert host["NanoCpus"] == 10**9
    for options in host["Tmpfs"].values():
        assert {"nosuid", "nodev", "noexec"} <= set(options.split(","))
        assert "size=" in options
        assert "nr_inodes=" in options
    assert {limit["Name"]: limit["Hard"] for limit in host["Ulimits"]} == profile.ULIMITS
    assert host["LogConfig"]["Type"] == "none"


def test_a_second_cgroup_version_has_no_swappiness() -> None:
    assert "MemorySwappiness" not in body(cgroup_v2=True)["HostConfig"]


def test_a_container_ends_with_its_owner() -> None:
    # Not detached: with StdinOnce the supervisor's input ends when the process that attached is gone.
    assert body()["OpenStdin"] is True
    assert body()["StdinOnce"] is True
    assert body()["Tty"] is False
    assert body()["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert body()["HostConfig"]["AutoRemove"] is False  # it would lose whether memory ran out
    assert body()["Labels"] == {"a": "b"}


@pytest.mark.parametrize(
    ("engine", "architecture"),
    [("x86_64", "SCMP_ARCH_X86_64"), ("aarch64", "SCMP_ARCH_AARCH64"), ("arm64", "SCMP_ARCH_AARCH64")],
)
def test_only_native_calls(engine: str, architecture: str) -> None:
    assert json.loads(profile.seccomp(engine))["architectures"] == [architecture]


def test_the_filter_is_an_allow_list() -> None:
    found = json.loads(profile.seccomp("x86_64"))
    assert found["defaultAction"] == "SCMP_ACT_ERRNO"
    assert "_comment" not in found
    free = {
        name
        for rule in found["syscalls"]
        if rule["action"] == "SCMP_ACT_ALLOW" and "args" not in rule
        for name in rule["names"]
    }
    assert not free & {
        *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"),
        *("io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "perf_event_open", "bpf"),
        *("keyctl", "add_key", "request_key", "memfd_secret", "name_to_handle_at", "open_by_handle_at"),
        *("mount", "umount2", "pivot_root", "chroot", "move_mount", "fsopen", "open_tree", "setns", "unshare"),
        *("shmget", "semget", "msgget", "mq_open", "init_module", "finit_module", "kexec_load", "reboot", "swapon"),
        *(
            "settimeofday",
            "clock_settime",
            "clock_adjtime",
            "adjtimex",
            "syslog",
            "acct",
            "quotactl",
            "mknod",
            "mknodat",
        ),
        *("socket", "clone", "clone3", "personality", "iopl", "ioperm", "modify_ldt", "vmsplice", "lookup_dcookie"),
    }
    families = [rule["args"][0]["value"] for rule in found["syscalls"] if rule["names"] == ["socket"]]
    assert sorted(families) == [1, 2, 10, 16]  # unix, inet, inet6, netlink
