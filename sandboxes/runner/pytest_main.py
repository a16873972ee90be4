"""Runs pytest in the working directory and writes what it does, one JSON line a record, to a descriptor of its own.

Nothing here is a verdict: the tests share a process with the code they test, so the host checks the records against the
ids it expects, the exit code, and mutated tests that must fail.
"""

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CLIP = 600


class Recorder:
    """pytest plugin: collected ids, one record a phase that says something, the exit status.

    Subtests report before their test does, with its id: what came of them is part of the test's one record.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.subtests: dict[str, Any] = {}
        """Id of the test that runs -> the first report of a subtest of it that did not pass."""

    def write(self, record: "dict[str, Any]") -> None:
        data = json.dumps(record).encode() + b"\n"
        while data:
            data = data[os.write(self.fd, data) :]

    def pytest_collection_finish(self, session: "Any") -> None:
        self.write({"collected": [item.nodeid for item in session.items]})

    def pytest_collectreport(self, report: "Any") -> None:
        if report.outcome != "passed":
            self.write({"collect": report.nodeid, "outcome": report.outcome, "message": _message(report)})

    def pytest_runtest_logreport(self, report: "Any") -> None:
        if hasattr(report, "context"):
            first = self.subtests.get(report.nodeid)
            if report.outcome != "passed" and (
                first is None or (first.outcome, report.outcome) == ("skipped", "failed")
            ):
                self.subtests[report.nodeid] = report
            return
        telling = self.subtests.pop(report.nodeid, report) if report.when == "call" else report
        if telling.outcome == "skipped" and report.outcome == "failed":
            telling = report
        if report.when == "call" or report.outcome != "passed":
            self.write(
                {
                    "id": report.nodeid,
                    "when": report.when,
                    "outcome": "xfailed" if hasattr(telling, "wasxfail") else telling.outcome,
                    "message": _message(telling),
                    "seconds": report.duration,
                }
            )

    def pytest_sessionfinish(self, session: "Any", exitstatus: int) -> None:
        self.write({"finish": int(exitstatus)})


def _message(report: "Any") -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)[:CLIP]
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[-1])[:CLIP]
    return str(report.longrepr)[-CLIP:] if report.longrepr else ""


def run(recorder: Recorder, targets: list[str]) -> int:
    """pytest over the given files; its exit code."""
    # At the end: nothing in the working directory may stand in for the standard library or pytest.
    sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "site"))
    sys.path.append(os.getcwd())
    import pytest

    options = ["-q", "--noconftest", "-c", "/dev/null", "--rootdir", os.getcwd(), "--import-mode=importlib"]
    options += ["-p", "no:cacheprovider", "-p", "no:faulthandler", "--tb=short", "--no-header"]
    return int(pytest.main([*options, *targets], plugins=[recorder]))


if __name__ == "__main__":
    # Arguments: result descriptor, then the test files.
    sys.exit(run(Recorder(int(sys.argv[1])), sys.argv[2:]))
