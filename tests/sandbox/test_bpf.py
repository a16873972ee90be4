"""The compiled filter decides like the profile it was made of, call by call; the kernel's word is in test_boundary."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from harness.content import content_dir
from harness.errors import SandboxError
from harness.sandbox import bpf

PROFILE: dict[str, Any] = json.loads((content_dir("sandboxes") / "profile" / "seccomp.json").read_text())
NUMBERS: dict[str, dict[str, int]] = json.loads((content_dir("sandboxes") / "profile" / "syscalls.json").read_text())
EPERM, ENOSYS = bpf.ERRNO | 1, bpf.ERRNO | 38
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)


def decide(program: bytes, number: int, args: tuple[int, ...] = (), architecture: str = "x86_64") -> int:
    """What a kernel would answer: the few instructions that are used, as seccomp(2) and the kernel's BPF text say."""
    padded = [*args, *([0] * (6 - len(args)))]
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, bpf.AUDIT_ARCH[architecture], 0, *padded)
    place, value = 0, 0
    while True:
        code, yes, no, operand = struct.unpack_from("=HBBI", program, 8 * place)
        place += 1
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            value = int.from_bytes(data[operand : operand + 4], "little")
        elif code == 0x54:
            value &= operand
        else:
            holds = {0x15: value == operand, 0x25: value > operand, 0x35: value >= operand}[code]
            place += yes if holds else no


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_every_number_gets_what_the_profile_says(architecture: str) -> None:
    program, numbers = bpf.program(architecture), NUMBERS[architecture]
    plain = {
        numbers[name]
        for rule in PROFILE["syscalls"]
        if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("args")
        for name in rule["names"]
        if name in numbers
    }
    special = {numbers[name] for name in ("socket", "clone", "clone3", "personality")}
    assert len(plain) > 170
    for number in range(600):
        if number not in special:
            assert decide(program, number, architecture=architecture) == (bpf.ALLOW if number in plain else EPERM)


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_arguments_decide_in_all_their_bits(architecture: str) -> None:
    program, numbers = bpf.program(architecture), NUMBERS[architecture]

    def answer(name: str, *args: int) -> int:
        return decide(program, numbers[name], args, architecture)

    for family in range(64):
        assert answer("socket", family) == (bpf.ALLOW if family in (1, 2, 10, 16) else EPERM)
        assert answer("socket", family | 1 << 32) == EPERM
    assert answer("clone", 17) == bpf.ALLOW
    for flag in NAMESPACES:
        assert answer("clone", flag | 17) == EPERM
    assert answer("clone", 0xFFFFFFFFFFFFFFFF) == EPERM
    assert answer("clone3") == ENOSYS
    assert answer("personality", 0) == answer("personality", 0xFFFFFFFF) == bpf.ALLOW
    assert answer("personality", 0x0040000) == answer("personality", 0xFFFFFFFFFFFFFFFF) == EPERM


def test_calls_of_another_machine_kill() -> None:
    program = bpf.program("x86_64")
    assert decide(program, NUMBERS["x86_64"]["getpid"], architecture="aarch64") == bpf.KILL_PROCESS
    assert decide(program, 0x40000000 + NUMBERS["x86_64"]["getpid"]) == bpf.KILL_PROCESS
    assert decide(program, -1) == bpf.KILL_PROCESS


def test_some_calls_can_be_left_out() -> None:
    number = NUMBERS["x86_64"]["memfd_create"]
    assert decide(bpf.program("x86_64"), number) == bpf.ALLOW
    assert decide(bpf.program("x86_64", without=("memfd_create",)), number) == EPERM


def test_what_is_not_known_is_an_error() -> None:
    with pytest.raises(SandboxError, match="riscv64"):
        bpf.program("riscv64")
    allow = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}
    for change in ({"action": "SCMP_ACT_TRACE"}, {"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_GT"}]}):
        profile = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{**allow, **change}]}
        with pytest.raises(SandboxError, match="not known here"):
            bpf.compile_filter(profile, NUMBERS["x86_64"], "x86_64")


def test_every_call_of_the_profile_has_a_number() -> None:
    named = {name for rule in PROFILE["syscalls"] for name in rule["names"]}
    assert set(NUMBERS["x86_64"]) == named
    assert set(NUMBERS["aarch64"]) < named
