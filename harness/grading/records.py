"""What a pytest process recorded, checked for contradictions before anything is believed."""

from __future__ import annotations

from typing import Any

from harness.types import CaseEvidence

INTERRUPTED, INTERNAL_ERROR, USAGE_ERROR = 2, 3, 4
"""Exit statuses of pytest that say nothing about any test."""


class Records:
    """The records of one pytest process.

    `problem()` names the first thing an untouched pytest cannot have written. The tests share their process with the
    code they test, so records without a problem are evidence, not proof.
    """

    def __init__(self, seen: CaseEvidence) -> None:
        self.exit_code = seen.exit_code
        self.records: list[dict[str, Any]] = list(seen.records)
        self.passed: dict[str, dict[str, Any]] = {}
        self.failed: dict[str, dict[str, Any]] = {}
        self.skipped: dict[str, dict[str, Any]] = {}
        self.errors: list[str] = []
        self.broken_files: dict[str, str] = {}
        """File -> why it could not be collected."""
        self.skipped_files: list[str] = []
        self.collected: list[str] = []
        self._problem = ""
        for record in self.records:
            self._read(record)

    @property
    def ran(self) -> bool:
        """Whether at least one test was carried out."""
        return bool(self.passed or self.failed)

    def problem(self) -> str:
        """Why the records cannot be an honest pytest's; empty when nothing contradicts it."""
        if self._problem:
            return self._problem
        finishes = [record["finish"] for record in self.records if "finish" in record]
        if len(finishes) != 1 or "finish" not in self.records[-1]:
            return f"pytest did not finish its run ({len(finishes)} finish records, exit code {self.exit_code})"
        if finishes[0] != self.exit_code:
            return f"pytest recorded exit status {finishes[0]}, the process ended with {self.exit_code}"
        if self.exit_code in (INTERRUPTED, INTERNAL_ERROR, USAGE_ERROR) and not self.errors:
            return f"pytest did not finish its run (exit status {self.exit_code})"
        if (self.exit_code == 0) != (not self.failed and not self.errors and bool(self.ran or self.skipped)):
            return f"the records and exit code {self.exit_code} contradict each other"
        return ""

    def of(self, ident: str) -> list[tuple[str, dict[str, Any]]]:
        """(group, record) of every instance of a test function, parametrised ones included."""
        groups = (("failed", self.failed), ("skipped", self.skipped), ("passed", self.passed))
        return [
            (group, record)
            for group, known in groups
            for name, record in known.items()
            if name == ident or name.startswith(f"{ident}[")
        ]

    def first_error(self) -> str:
        """The first message of a failure, for people."""
        if self.errors or self.skipped_files:
            return (self.errors + [f"skipped: {text}" for text in self.skipped_files])[0]
        return next((str(record.get("message", "")) for record in self.failed.values()), "")

    def summary(self) -> str:
        groups = {"passed": self.passed, "failed": self.failed, "skipped": self.skipped, "errors": self.errors}
        return ", ".join(f"{len(found)} {name}" for name, found in groups.items())

    def _read(self, record: dict[str, Any]) -> None:
        if "broken" in record:
            self._problem = self._problem or "something wrote to the result channel that is no record"
        elif isinstance(record.get("collected"), list):
            if self.collected:
                self._problem = self._problem or "tests were collected twice"
            self.collected = [str(item) for item in record["collected"]]
        elif "collect" in record and record.get("outcome") == "skipped":
            self.skipped_files.append(str(record.get("message", ""))[:600])
        elif "collect" in record:
            self.errors.append(str(record.get("message", ""))[:600])
            self.broken_files.setdefault(str(record["collect"]), self.errors[-1])
        elif "id" in record:
            self._test(str(record["id"]), record)

    def _test(self, ident: str, record: dict[str, Any]) -> None:
        group = {"passed": self.passed, "failed": self.failed}.get(str(record.get("outcome")), self.skipped)
        if any(ident in known for known in (self.passed, self.failed, self.skipped)):
            # A failing tear-down after a recorded call is the one honest second record.
            if not (record.get("when") == "teardown" and group is self.failed):
                self._problem = self._problem or f"two records for {ident}"
            self.passed.pop(ident, None)
        group[ident] = record
