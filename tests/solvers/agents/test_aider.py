"""The real aider in real containers, with a scripted model: what it achieves, what it cannot, how it ends."""

from __future__ import annotations

import pytest

from harness.types import AgentEnding, Outcome
from tests.servers.scripted import Exchange, scripted
from tests.solvers.agents.workshop import AFTER, BEFORE, HALF, NEARLY, WIRE, Workshop, asked, never, says, whole

pytestmark = pytest.mark.engine


def test_three_files_are_right_at_the_second_reflection(workshop: Workshop) -> None:
    with scripted(*says(whole(BEFORE), whole(HALF), whole(AFTER))) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    assert attempt.outcome is Outcome.passed
    agent = attempt.agent
    assert agent is not None
    assert agent.ending is AgentEnding.finished
    counts = agent.counts
    assert (counts["turns"], counts["reflections"], counts["test_runs"], counts["tests_failed"]) == (3, 2, 3, 2)
    assert agent.calls == 3
    assert agent.refused == 0
    assert "FAILED visible_tests/test_shown.py::test_shown" in agent.transcript
    for path in AFTER:
        assert f"+++ b/{path}" in agent.diff
    calls = workshop.calls()
    assert [(call.number, call.status) for call in calls] == [(1, 200), (2, 200), (3, 200)]
    assert {call.session for call in calls} == {agent.session}
    assert {call.attempt for call in calls} == {attempt.key}
    assert attempt.cost_usd == pytest.approx(3 * (12 * 1.0 + 34 * 2.0) / 1e6)
    assert attempt.reply is not None
    assert attempt.reply.usage.prompt_tokens == 36
    # The seed of the attempt reaches the model with each call.
    assert [request.body["seed"] for request in server.requests] == [attempt.seed] * 3


def test_an_honest_try_is_told_what_hidden_tests_said_and_passes(workshop: Workshop) -> None:
    workshop.task(feedback="hidden")
    with scripted(*says(whole(NEARLY), whole(AFTER))) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    agent = attempt.agent
    assert agent is not None
    assert attempt.outcome is Outcome.passed
    assert attempt.first_verdict is not None
    assert attempt.first_verdict.outcome is Outcome.wrong_answer
    (first,) = agent.earlier
    assert "test_small_change" in first.told
    assert "test_total_of_none" not in first.told
    told = server.requests[1].body["messages"][-1]["content"]
    assert "test_small_change" in told
    everything = "".join(asked(call) for call in workshop.calls())
    assert "SECRET_OF_THE_TESTS" not in everything
    assert "def test_small_change" not in everything


def test_without_leave_there_is_no_second_try(workshop: Workshop) -> None:
    workshop.task()
    with scripted(*says(whole(NEARLY), whole(AFTER))) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    assert attempt.outcome is Outcome.wrong_answer
    assert len(server.requests) == 1
    assert attempt.agent is not None
    assert attempt.agent.earlier == ()


def test_a_cheat_is_not_passed_and_its_files_stay_behind(workshop: Workshop) -> None:
    cheat = {
        "visible_tests/test_shown.py": "def test_shown():\n    pass\n",
        "conftest.py": "def pytest_collection_modifyitems(items):\n    items.clear()\n",
        "tests/test_hidden.py": "def test_total_of_none():\n    pass\n",
        "../outside.py": "x = 1\n",
        "/tmp/elsewhere.py": "x = 1\n",
        "shop/receipt.py": "",
    }
    with scripted(*says(whole(cheat))) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    assert attempt.outcome not in (Outcome.passed, Outcome.infra_error)
    agent = attempt.agent
    assert agent is not None
    left = "\n".join(agent.left)
    assert "conftest.py: new" in left
    assert "tests/test_hidden.py: new" in left
    assert attempt.extraction is not None
    assert attempt.extraction.candidate is not None
    assert set(attempt.extraction.candidate.files) == set(BEFORE)
    # The tests that ran beside aider were the task's own, whatever it wrote over them.
    assert agent.counts["tests_failed"] == agent.counts["test_runs"] >= 1


def test_code_under_test_reaches_neither_the_model_nor_aider(workshop: Workshop) -> None:
    """What the model writes runs in aider's test loop; it tries everything, and reports through a failing test."""
    probe = """\
import glob, os, socket, pathlib
found = []
for path in ("/run/gateway/gateway.sock", "/run/gateway"):
    try:
        s = socket.socket(socket.AF_UNIX); s.connect(path); found.append("CONNECTED " + path)
    except OSError as error:
        found.append(type(error).__name__)
for address in (("127.0.0.1", 8000), ("1.1.1.1", 53), ("172.17.0.1", 22)):
    try:
        s = socket.create_connection(address, 2); found.append("CONNECTED " + address[0])
    except OSError:
        pass
for place in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/mem") + ["/box/agent/settings.yml"]:
    pid = place.split("/")[2]
    if pid.isdigit() and int(pid) == os.getpid():
        continue
    try:
        with open(place, "rb") as file:
            file.read(1)
        found.append("READ " + place)
    except OSError:
        pass
try:
    pathlib.Path("/box/work/shop/cart.py").write_text("x"); found.append("WROTE")
except OSError:
    pass
for pid in (int(p.split("/")[2]) for p in glob.glob("/proc/[0-9]*/cmdline")):
    if pid not in (os.getpid(), os.getppid()):
        try:
            os.kill(pid, 0); found.append("SIGNALLED")
        except OSError:
            pass
found += ["KEY " + name for name in os.environ if "KEY" in name or "TOKEN" in name]
raise RuntimeError("PROBE " + " ".join(found))
"""
    with scripted(*says(whole({**AFTER, "shop/price.py": probe}), whole(AFTER))) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    told = server.requests[1].body["messages"][-1]["content"]
    assert "PROBE PermissionError PermissionError" in told
    for word in ("CONNECTED", "READ", "WROTE", "SIGNALLED", "KEY"):
        assert word not in told.partition("RuntimeError: PROBE")[2].partition("\n")[0]
    assert attempt.outcome is Outcome.passed


def test_an_aider_that_waits_for_ever_ends_at_its_limit(workshop: Workshop) -> None:
    with scripted(*says(whole(HALF)), never) as server:
        workshop.model(server.url)
        attempt = workshop.one(agent={"timeout_s": 16})
        assert server.gone.wait(10)  # the slot of the model is free again
    agent = attempt.agent
    assert agent is not None
    assert agent.ending is AgentEnding.timeout
    assert "Applied edit to shop/price.py" in agent.transcript
    # What it had done by then is graded.
    assert attempt.outcome not in (Outcome.passed, Outcome.infra_error, Outcome.no_candidate)
    assert [call.status for call in workshop.calls()] == [200, 499]


def test_an_aider_that_never_got_an_answer_counts_as_out_of_time(workshop: Workshop) -> None:
    with scripted(never) as server:
        workshop.model(server.url)
        attempt = workshop.one(agent={"timeout_s": 6})
    assert attempt.outcome is Outcome.timeout
    assert attempt.agent is not None
    assert attempt.agent.ending is AgentEnding.timeout


def test_an_aider_that_edits_nothing_has_no_candidate(workshop: Workshop) -> None:
    with scripted(*says("I would rather not.")) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    assert attempt.outcome is Outcome.no_candidate
    assert attempt.agent is not None
    assert attempt.agent.ending is AgentEnding.no_edit


def test_a_budget_that_is_spent_ends_the_attempt(workshop: Workshop) -> None:
    with scripted(*says(whole(BEFORE), whole(HALF), whole(AFTER))) as server:
        workshop.model(server.url)
        attempt = workshop.one(agent={"calls": 2})
    agent = attempt.agent
    assert agent is not None
    assert agent.ending is AgentEnding.refused
    assert len(server.requests) == 2
    assert [call.status for call in workshop.calls()] == [200, 200, 400]
    assert attempt.outcome not in (Outcome.passed, Outcome.infra_error)


def test_a_model_whose_server_fails_is_no_fault_of_the_model(workshop: Workshop) -> None:
    def fails(exchange: Exchange) -> None:
        exchange.json({"error": {"message": "out of order"}}, 500)

    with scripted(WIRE.says(whole(HALF)), fails) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    assert attempt.verdict is None
    assert "out of order" in attempt.error
    # What was answered is kept, and the server was not asked again and again.
    assert [call.status for call in workshop.calls()] == [200, 502]


def test_replies_that_are_no_edits_are_counted(workshop: Workshop) -> None:
    broken = "```\nno name above this block\n```"
    with scripted(*says(broken, whole(AFTER))) as server:
        workshop.model(server.url)
        attempt = workshop.one()
    assert attempt.agent is not None
    assert attempt.agent.counts["malformed"] == 1
    assert attempt.agent.counts["edit_errors"] == 1
    assert attempt.outcome is Outcome.passed


def test_equal_attempts_ask_equal_questions(workshop: Workshop) -> None:
    """Nothing of machine, day or container is in a prompt."""
    with scripted(*says(whole(AFTER))) as server:
        workshop.model(server.url)
        workshop.run(best_of=2, concurrency=1)
    first, second = (request.body["messages"] for request in server.requests)
    assert first == second


STOPS_ALL = """\
import os
if os.fork() == 0:
    os.setsid()
    while True:
        try:
            os.kill(-1, 19)
        except OSError:
            pass
"""
"""Whatever else runs as the same user stands still."""


def test_tests_that_stop_whoever_would_end_them_are_ended(workshop: Workshop) -> None:
    with scripted(
        *says(whole({**AFTER, "shop/__init__.py": STOPS_ALL}), whole({**AFTER, "shop/__init__.py": ""}))
    ) as server:
        workshop.model(server.url)
        attempt = workshop.one(agent={"test_timeout_s": 5, "timeout_s": 60})
    assert attempt.outcome is Outcome.passed
    assert attempt.agent is not None
    assert (attempt.agent.counts["test_runs"], attempt.agent.counts["tests_failed"]) == (2, 1)


def test_the_linter_runs_nothing_that_the_model_wrote(workshop: Workshop) -> None:
    spy = "import os\nprint('RAN WITH', os.environ.get('OPENAI_API_KEY', '')[:3])\n"
    reply = whole(
        {**AFTER, "shop/flake8.py": spy, "/box/agent/.local/lib/python3.11/site-packages/usercustomize.py": spy}
    )
    with scripted(*says(reply, reply, reply, reply)) as server:
        workshop.model(server.url)
        attempt = workshop.one(agent={"lint": True})
    assert attempt.agent is not None
    assert attempt.agent.counts["lint_runs"] == 1
    assert "RAN WITH hg-" not in attempt.agent.transcript
