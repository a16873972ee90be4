"""The seccomp filter as the kernel takes it: `sandboxes/profile/seccomp.json` as a classic BPF program.

An engine compiles the profile itself. Where there is none this stands in: no maintained compiler comes as a wheel with
its library, and what the profile uses (allow-list, conditions that are equal or equal under a mask) is a page of code.

    not this architecture, or x32 -> the process is killed
    allowed without conditions    -> a comparison a range of call numbers
    allowed under conditions      -> all 64 bits of each argument are compared, rule after rule
    anything else                 -> errno of the profile
"""

from __future__ import annotations

import json
import platform
import struct
from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

from harness.content import content_dir
from harness.errors import SandboxError

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
KILL_PROCESS, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000

_LOAD, _RETURN, _AND = 0x20, 0x06, 0x54
_EQUAL, _GREATER, _GREATER_OR_EQUAL = 0x15, 0x25, 0x35
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Offsets in `struct seccomp_data`."""

Instruction = tuple[int, int, int, int]
"""`struct sock_filter`: code, jump if true, jump if false, operand."""


@cache
def program(architecture: str = "", without: tuple[str, ...] = ()) -> bytes:
    """The filter for a machine (this one without a name), less some calls by name.

    Raises SandboxError for a machine that is not known.
    """
    architecture = (architecture or platform.machine()).replace("arm64", "aarch64")
    directory = content_dir("sandboxes") / "profile"
    profile: dict[str, Any] = json.loads((directory / "seccomp.json").read_text(encoding="utf-8"))
    numbers = json.loads((directory / "syscalls.json").read_text(encoding="utf-8")).get(architecture)
    if architecture not in AUDIT_ARCH or numbers is None:
        raise SandboxError(
            f"no system call filter for {architecture}: the sandbox `bubblewrap` knows {', '.join(AUDIT_ARCH)}",
            remedy="use a container engine: --sandbox docker",
        )
    kept = {name: number for name, number in numbers.items() if name not in without}
    return assemble(compile_filter(profile, kept, architecture))


def assemble(instructions: list[Instruction]) -> bytes:
    """The instructions as an array of `struct sock_filter`."""
    return b"".join(struct.pack("=HBBI", *one) for one in instructions)


def compile_filter(profile: dict[str, Any], numbers: dict[str, int], architecture: str) -> list[Instruction]:
    """The profile as instructions; names that `numbers` lacks are calls this architecture does not have."""
    default = _action(profile["defaultAction"], profile.get("defaultErrnoRet"))
    always: set[int] = set()
    rules: dict[int, list[list[Instruction]]] = defaultdict(list)
    for rule in profile["syscalls"]:
        action = _action(rule["action"], rule.get("errnoRet"))
        for number in (numbers[name] for name in rule["names"] if name in numbers):
            if action == ALLOW and not rule.get("args"):
                always.add(number)
            else:
                rules[number].append(_rule(rule.get("args") or [], action))
    out = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, AUDIT_ARCH[architecture]), _answer(KILL_PROCESS)]
    out.append((_LOAD, 0, 0, _NUMBER))
    if architecture == "x86_64":
        out += [(_GREATER_OR_EQUAL, 0, 1, X32_BIT), _answer(KILL_PROCESS)]
    for first, last in _ranges(always):
        out += [(_GREATER_OR_EQUAL, 0, 2, first), (_GREATER, 1, 0, last), _answer(ALLOW)]
    for number in sorted(rules):
        body = [one for part in rules[number] for one in part] + [_answer(default)]
        out += [(_EQUAL, 0, len(body), number), *body]
    return [*out, _answer(default)]


def _rule(conditions: list[dict[str, Any]], action: int) -> list[Instruction]:
    """The action if every condition holds; otherwise on to what follows."""
    steps: list[Instruction] = []
    for condition in conditions:
        mask, wanted = _comparison(condition)
        for half in (0, 1):  # little-endian: the low half comes first
            low_mask, low_wanted = (mask >> 32 * half) & 0xFFFFFFFF, (wanted >> 32 * half) & 0xFFFFFFFF
            steps.append((_LOAD, 0, 0, _ARGUMENTS + 8 * int(condition["index"]) + 4 * half))
            steps.append((_AND, 0, 0, low_mask))
            steps.append((_EQUAL, 0, 0, low_wanted))
    steps.append(_answer(action))
    # A comparison that fails skips the rest of the rule, its answer included.
    return [
        (code, yes, len(steps) - place - 1 if code == _EQUAL else no, operand)
        for place, (code, yes, no, operand) in enumerate(steps)
    ]


def _comparison(condition: dict[str, Any]) -> tuple[int, int]:
    """(mask, value) of a condition on an argument."""
    if condition["op"] == "SCMP_CMP_EQ":
        return 0xFFFFFFFFFFFFFFFF, int(condition["value"])
    if condition["op"] == "SCMP_CMP_MASKED_EQ":
        return int(condition["value"]), int(condition.get("valueTwo", 0))
    raise SandboxError(f"the seccomp profile compares with {condition['op']}, which is not known here")


def _action(name: str, errno: int | None) -> int:
    if name == "SCMP_ACT_ALLOW":
        return ALLOW
    if name == "SCMP_ACT_ERRNO":
        return ERRNO | (1 if errno is None else errno)
    raise SandboxError(f"the seccomp profile answers with {name}, which is not known here")


def _answer(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _ranges(numbers: set[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers as (first, last)."""
    ordered = sorted(numbers)
    if not ordered:
        return []
    breaks = [(a, b) for a, b in pairwise(ordered) if b != a + 1]
    return list(zip([ordered[0], *(b for _, b in breaks)], [*(a for a, _ in breaks), ordered[-1]], strict=True))
