"""Tests in one box, the candidate in another, the host between: every value of the candidate is checked on the way.

    test box    --question-->  host  --question-->  candidate box
                <--answer----        <--answer----

The test box gets the hidden tests and answers, never a byte of the candidate's files; the candidate box gets the
candidate's files and one question at a time, never a test. What the runner's `asked.py` says of answers holds here.
"""

from __future__ import annotations

import json
import re
from typing import Any

from harness.sandbox import Box, BoxLost, session, wire
from harness.types import CaseEvidence, Job, PytestInput

NAME = re.compile(r"[0-9a-f]{1,8}|=[A-Za-z]{1,40}")
"""How an object is called between the two boxes; after `=` comes a class of Python's own."""
KINDS = {"module": 1, "class": 4, "exception": 4, "callable": 2, "object": 1}
"""What is told of a new object -> how many facts."""
LONGEST_NAME = 200
MOST_QUESTIONS = 100_000
"""A loop of the tests over what a candidate answers must end although neither side alone takes long."""
START_S, OF_TESTS = 10.0, 3
"""Seconds, and times the limit of its task, that a test process may take: it is no doing of the candidate."""
SHORT_S, LATENCY = 0.1, 10
"""What is answered faster than this counts its processor time, or a tenth of the wall clock: on a busy machine most of
that is the wait for a turn, a few thousand times."""


class Relay:
    """One test run over two boxes."""

    def __init__(self, tests: Box, candidate: Box, job: Job) -> None:
        self.tests, self.candidate, self.job = tests, candidate, job
        self.left_s = job.limits.timeout_s
        """What is left of the candidate's time: the limit is for all its answers together."""
        self.cpu_s = 0.0
        self.said = [b"", b""]
        """stdout and stderr of the candidate."""
        self.asked = 0

    def run(self, item: PytestInput) -> CaseEvidence:
        """Evidence of the whole run. Raises BoxLost, BoxSilent."""
        limits = self.job.limits.model_copy(update={"timeout_s": OF_TESTS * self.job.limits.timeout_s + START_S})
        # Each enforces its limits itself, longer where it has to wait for a processor.
        patience = wire.STRETCH * limits.timeout_s + session.GRACE_S
        session.begin(self.candidate, self.job, item.candidate)
        session.begin(self.tests, self.job.model_copy(update={"limits": limits}))
        header: dict[str, Any] = {"op": "tests", "id": item.id, "targets": list(item.targets)}
        self.tests.send(({**header, "modules": list(item.modules)}, session.file_blobs(item.files)))
        ended: CaseEvidence | None = None
        while True:
            header, blobs = self.tests.receive(patience)
            if header.get("op") != "question":
                break
            answer, ended = self._answer(blobs["question"], patience)
            if ended is not None:
                self.tests.send(({"op": "stop"}, {}))
                header, blobs = self.tests.receive(patience)
                break
            self.tests.send(({"op": "answer"}, {"answer": answer}))
        if header.get("op") != "evidence" or header.get("id") != item.id:
            raise BoxLost(f"expected evidence of {item.id!r}, got {str(header)[:200]}")
        seen = session.evidence_of(header, blobs)
        if ended is not None:
            return ended.model_copy(update={"id": item.id, "wall_s": seen.wall_s, "cpu_s": self.cpu_s})
        out, err = self.said
        return seen.model_copy(update={"stdout": out + seen.stdout, "stderr": err + seen.stderr})

    def _answer(self, question: bytes, patience: float) -> tuple[bytes, CaseEvidence | None]:
        """(the checked answer to one question, None), or how the candidate's process ended instead."""
        self.asked += 1
        ident = f"question {self.asked}"
        asked = json.loads(question)["question"]
        where = f"while the tests asked for {str(asked.get('name') or 'a call')[:100]}"
        if self.asked > MOST_QUESTIONS:
            return b"", self._ended("timeout", {}, f"more than {MOST_QUESTIONS} questions {where}")
        if self.left_s <= 0:
            return b"", self._ended("timeout", {}, where)
        header: dict[str, Any] = {"op": "question", "id": ident, "question": asked, "timeout_s": self.left_s}
        self.candidate.send((header, {}))
        header, blobs = self.candidate.receive(patience)
        if header.get("op") != "evidence" or header.get("id") != ident:
            raise BoxLost(f"expected evidence of {ident!r}, got {str(header)[:200]}")
        wall_s, cpu_s = header.get("wall_s", 0.0), header.get("cpu_s", 0.0)
        self.left_s -= max(cpu_s, wall_s if wall_s >= SHORT_S else wall_s / LATENCY)
        self.cpu_s += cpu_s
        for number, name in enumerate(("stdout", "stderr")):
            self.said[number] += blobs.get(name, b"")
        if header["ending"] != "answer":
            return b"", self._ended(header["ending"], header, where)
        if sum(map(len, self.said)) > self.job.limits.output_kb * 1024:
            return b"", self._ended("output_limit", header, where)
        answer = checked(wire.load_answer(blobs.get("answer", b"")))
        if answer is None:
            return b"", self._ended("rejected", header, f"no answer in the agreed form {where}")
        return json.dumps(answer).encode("ascii"), None

    def _ended(self, ending: str, header: dict[str, Any], where: str) -> CaseEvidence:
        out, err = (said[: self.job.limits.output_kb * 1024] for said in self.said)
        facts: dict[str, Any] = {
            "id": "",
            "ending": ending,
            "detail": where,
            "signal": header.get("signal"),
            "stdout": out,
        }
        if ending == "exit":
            # Its exit is no test run's, whatever the code.
            code = f"the process exited with code {header.get('exit_code')}"
            facts.update(ending="exception", exception=("SystemExit", code), detail=f"{code} {where}")
        facts.update(stderr=err, truncated=len(out) + len(err) < sum(map(len, self.said)))
        return CaseEvidence.model_validate(facts)


def checked(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """The answer, made of nothing but what an honest process writes; None where it is anything else."""
    if answer is None or not _all_are(answer.get("new"), _is_description):
        return None
    new = answer["new"]
    if "value" in answer and wire.well_formed(answer["value"], NAME):
        return {"value": answer["value"], "new": new}
    if "raised" in answer:
        raised = answer["raised"]
        if type(raised) is not list or len(raised) != 3:
            return None
        name, message, args = raised
        if _is_name(name) and type(message) is str and _all_are(args, lambda item: wire.well_formed(item, NAME)):
            return {"raised": raised, "new": new}
    if type(answer.get("unsupported")) is str:
        return {"unsupported": session.storable(answer["unsupported"][:500]), "new": new}
    return None


def _is_description(found: Any) -> bool:
    """Whether this is [name, kind, facts ...] of a new object."""
    if type(found) is not list or len(found) < 3 or not _is_name(found[0]) or found[0].startswith("="):
        return False
    kind, facts = found[1], found[2:]
    if type(kind) is not str or KINDS.get(kind) != len(facts):
        return False
    if kind == "object":
        return _is_name(facts[0])
    if not _is_word(facts[0]):
        return False
    if kind == "callable":
        return _is_word(facts[1])
    if kind == "module":
        return True
    return _all_are(facts[1], _is_name) and _is_word(facts[2]) and _all_are(facts[3], _is_word)


def _all_are(found: Any, wanted: Any) -> bool:
    return type(found) is list and all(wanted(item) for item in found)


def _is_name(found: Any) -> bool:
    return type(found) is str and NAME.fullmatch(found) is not None


def _is_word(found: Any) -> bool:
    """Identifiers with dots between them."""
    return type(found) is str and len(found) <= LONGEST_NAME and all(part.isidentifier() for part in found.split("."))
