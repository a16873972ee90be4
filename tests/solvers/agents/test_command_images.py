"""How an agent that is a command line comes into its container: settings, packages, install lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.content import content_dir
from harness.errors import ConfigError, UsageError, WorkError
from harness.solvers.agents.settings import read_settings
from harness.types import Outcome
from tests.servers.scripted import scripted
from tests.solvers.agents.workshop import AFTER, Workshop, bash, never, says

pytestmark = pytest.mark.engine


def test_a_package_of_the_index_becomes_an_agent(workshop: Workshop) -> None:
    """mini-swe-agent, as it ships: reads, edits with shell commands, hands in."""
    write = " && ".join(f"cat > {path} <<'EOF'\n{text}EOF" for path, text in list(AFTER.items())[:1])
    rest = "\n".join(f"cat > {path} <<'EOF'\n{text}EOF" for path, text in list(AFTER.items())[1:])
    spy = "env | grep -c OPENAI_API_KEY=hg; python3 -m pytest --version; ls"
    done = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
    settings = read_settings(content_dir("sandboxes") / "command" / "mini-swe-agent.yaml")
    with scripted(*says(bash("ls; cat shop/*.py"), bash(spy), bash(write), bash(rest), bash(done))) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", settings.model_dump())
    assert attempt.agent is not None
    assert attempt.outcome is Outcome.passed, attempt.agent.transcript[-3000:]
    assert attempt.agent.agent == "mini-swe-agent 2.4.6"
    assert attempt.agent.calls == 5
    # Its commands are not given the token.
    assert "<output>\n0\n" in server.requests[2].body["messages"][-1]["content"]


def test_an_install_line_runs_while_the_image_is_built(workshop: Workshop) -> None:
    line = "mkdir -p /opt/tool && printf '#!/bin/sh\\necho installed tool\\n' > /opt/tool/agent"
    line += " && chmod 755 /opt/tool/agent"
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", {"install": line, "command": "/opt/tool/agent"})
    assert attempt.agent is not None
    assert "installed tool" in attempt.agent.transcript


def test_settings_name_file_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text("command: x\ntimeout_s: -1\n")
    with pytest.raises(ConfigError, match=r"agent\.yaml:2.*timeout_s"):
        read_settings(path)
    path.write_text("command: x\ncomand: y\n")
    with pytest.raises(ConfigError, match=r"agent\.yaml:2.*comand: unknown key; known: .*command"):
        read_settings(path)


def test_a_command_needs_a_command(workshop: Workshop) -> None:
    with scripted(never) as server:
        workshop.model(server.url)
        with pytest.raises(UsageError, match="needs the agent's command"):
            workshop.run("command")


def test_an_image_that_cannot_be_made_ends_the_run_at_once(workshop: Workshop) -> None:
    with scripted(never) as server:
        workshop.model(server.url)
        with pytest.raises(WorkError, match="no agent can be started: the engine has no image nosuch:1"):
            workshop.run("command", {"image": "nosuch:1", "command": "true"}, best_of=6)
    assert workshop.attempts() == []
