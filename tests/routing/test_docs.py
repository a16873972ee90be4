"""docs/gateway.md is true: its curl command works as it is written, its tables have every code and every key."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.cli.gateway import PORT, TOKEN
from harness.models import open_provider
from harness.routing.gateway import Gateway, Served, Session, chat, listener, session
from harness.routing.gateway.asked import _OTHER, _PASSED, _PENALTIES, _RENAMED, _SAMPLING, MAX_BODY
from harness.types import ModelCall
from tests.routing.conftest import WIRE, Calls, profile_of
from tests.servers.scripted import scripted

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "gateway.md").read_text()


def test_the_curl_command_works_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    (command,) = [block for block in re.findall(r"```\n(.*?)```", TEXT, flags=re.DOTALL) if block.startswith("curl")]
    assert f"127.0.0.1:{PORT}/" in command
    assert f"${TOKEN}" in command
    calls = Calls()
    with scripted(WIRE.says("Hello.")) as server, Gateway() as gateway:
        profile = profile_of(server.url)
        with contextlib.closing(open_provider(profile)) as provider:
            opened = Session({"smollm2": Served(profile, provider)}, on_call=calls)
            # Any port but the usual one: somebody may use that.
            port = gateway.listen("127.0.0.1", 0, [opened])
            monkeypatch.setenv(TOKEN, opened.token)
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            typed = command.replace(f":{PORT}/", f":{port}/")
            done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=True)
    assert '"content":"Hello."' in done.stdout
    assert calls.one().status == 200


def test_every_code_is_explained() -> None:
    source = "".join(path.read_text() for path in (ROOT / "harness" / "routing" / "gateway").glob("*.py"))
    codes = set(re.findall(r'Refusal\(\s*(?:\w+, )?(?:\d+, )?"(\w+)"', source)) | {"method_not_allowed", "not_found"}
    assert {"unauthorized", "upstream_error", "model_not_found", "budget_exceeded"} <= codes
    table = TEXT.partition("## Errors")[2].partition("## Budgets")[0]
    assert codes == set(re.findall(r"`([a-z]+_[a-z_]+|unauthorized)`", table)) - {"retries"}


def test_every_parameter_is_named() -> None:
    known = {*_OTHER, *_PASSED, *_PENALTIES, *_RENAMED, *_SAMPLING} - {"model", "messages", "stream_options"}
    assert {name for name in known if f"`{name}`" not in TEXT} == {"repetition_penalty"}


def test_the_record_has_the_keys_that_are_listed() -> None:
    table = TEXT.partition("## What is kept")[2].partition("## Limits")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(ModelCall.model_fields)


def test_the_limits_are_those() -> None:
    told = TEXT.partition("## Limits")[2]
    assert f"{listener.MAX_CONNECTIONS} connections" in told
    assert f"{listener.HEAD_S:g} seconds for the head of a request and {chat.BODY_S:g} for its body" in told
    assert (listener.WRITE_S, MAX_BODY >> 20, session.MAX_UNANSWERED) == (60, 8, 1000)
