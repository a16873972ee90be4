"""`harness gateway`: a real process, real requests, and what it keeps."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.store import Store
from tests.cli.conftest import Harness
from tests.servers.scripted import Exchange, scripted
from tests.servers.wires import TEXT, Chat

HELLO = {"model": "mine", "messages": [{"role": "user", "content": "x"}]}
TOKEN = "a-token-of-my-own-0123456789"
WIRE = Chat(stream=True)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def catalogue(url: str, **keys: Any) -> Path:
    entry = {"provider": "openai_compatible", "base_url": f"{url}/v1", "model": "m-1", **keys}
    path = Path("mine.yaml")
    path.write_text(json.dumps({"models": {"mine": entry}}))
    return path


@contextlib.contextmanager
def running(*arguments: object, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The process, and what it printed when it was ready: name -> value. It must have ended when the block does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "gateway", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        printed: dict[str, str] = {}
        while "models" not in printed:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            name, value = re.split(r"\s{2,}", line.strip(), maxsplit=1)
            printed[name] = value
        yield process, printed
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """End it from outside, check its exit code, return what it said."""
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number, err
    assert out == ""
    return err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_keeps_and_ends(number: signal.Signals) -> None:
    with scripted(WIRE.says()) as server:
        path = catalogue(server.url, price={"input": 1.0, "output": 1.0})
        with running("--model", "mine", "--catalogue", path, "--port", 0) as (process, printed):
            assert printed["models"] == "mine"
            headers = {"authorization": f"Bearer {printed['token']}"}
            with httpx.Client(base_url=printed["base URL"], headers=headers, trust_env=False) as client:
                assert [one["id"] for one in client.get("/models").json()["data"]] == ["mine"]
                answer = client.post("/chat/completions", json=HELLO).json()
                assert answer["choices"][0]["message"]["content"] == TEXT
                with ThreadPoolExecutor(8) as threads:
                    list(threads.map(lambda _: client.post("/chat/completions", json=HELLO), range(15)))
                assert client.post("/chat/completions", json={}).status_code == 400
            said = ended(process, number)
    assert "16 calls answered, 1 refused, $0.0" in said
    with Store(Path("runs/gateway"), write=False) as store:
        calls = list(store.calls())
        assert store.spent() > 0
    assert [call.number for call in calls] == list(range(1, 18))
    assert [call.status for call in calls] == [200] * 16 + [400]
    assert calls[0].model == "mine"
    assert printed["token"] not in "".join(call.model_dump_json() for call in calls)


def test_a_call_under_way_ends_with_it() -> None:
    def hangs(exchange: Exchange) -> None:
        exchange.until_gone()

    with scripted(hangs) as server, ThreadPoolExecutor(1) as threads:
        path = catalogue(server.url)
        with running("--catalogue", path, "--model", "mine", "--port", 0) as (process, printed):
            headers = {"authorization": f"Bearer {printed['token']}"}
            asked = threads.submit(
                httpx.post, f"{printed['base URL']}/chat/completions", json=HELLO, headers=headers, trust_env=False
            )
            assert server.arrived.wait(10)
            ended(process, signal.SIGINT)
        assert server.gone.wait(10)
        assert isinstance(asked.exception(), httpx.TransportError)
    with Store(Path("runs/gateway"), write=False) as store:
        assert [call.status for call in store.calls()] == [499]


def test_a_socket_a_token_of_ones_own_and_a_budget_over_two_starts(tmp_path: Path) -> None:
    with scripted(WIRE.says()) as server:
        path = catalogue(server.url, price={"input": 1.0, "output": 1.0})
        codes = []
        for _ in range(2):
            options = ("--model", "mine", "--catalogue", path, "--socket", "s", "--budget", 5e-5, "--name", "n")
            with running(*options, HARNESS_GATEWAY_TOKEN=TOKEN) as (process, printed):
                assert set(printed) == {"socket", "token", "models"}
                assert TOKEN not in printed["token"]
                assert Path("s").lstat().st_mode & 0o777 == 0o600
                transport = httpx.HTTPTransport(uds=str(tmp_path / "s"))
                headers = {"authorization": f"Bearer {TOKEN}"}
                with httpx.Client(transport=transport, headers=headers) as client:
                    codes.append(client.post("http://x/v1/chat/completions", json=HELLO).status_code)
                    codes.append(client.post("http://x/v1/chat/completions", json=HELLO).status_code)
                ended(process, signal.SIGINT)
            assert not Path("s").exists()
    assert codes == [200, 200, 400, 400]
    with Store(Path("runs/n"), write=False) as store:
        assert len({call.session for call in store.calls()}) == 2


def test_all_that_are_ready(harness: Harness) -> None:
    path = catalogue("http://127.0.0.1:1", api_key_env="NOT_SET")
    refused = harness("gateway", "--catalogue", path, "--model", "mine").refused()
    assert "NOT_SET" in refused
    with running("--catalogue", path, "--port", 0) as (process, printed):
        assert "mine" not in printed["models"]
        assert "smollm2" in printed["models"]
        assert "reference" not in printed["models"]
        assert "not served: model mine" in ended(process, signal.SIGINT)


def test_what_it_refuses(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    path = catalogue("http://127.0.0.1:1")
    options = ("gateway", "--catalogue", path, "--model")
    assert "from a task" in harness(*options, "reference").refused()
    assert "no model 'other'" in harness(*options, "other").refused()
    with Store(Path("runs/r")) as store:
        store.set_fact("config", {})
    assert "holds a run" in harness(*options, "mine", "--name", "r").refused()
    monkeypatch.setenv("HARNESS_GATEWAY_TOKEN", "short")
    assert "at least 16 characters" in harness(*options, "mine", "--port", 0).refused()
    with Store(Path("runs/gateway")):
        assert "another harness" in harness(*options, "mine").refused(1)
