"""The llama.cpp process: started on demand, shared, started again, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.config import ModelProfile, Weights
from harness.content import cache_dir
from harness.errors import ProviderError
from harness.models.llama import RESTARTS, LlamaServer, LlamaSettings, share
from harness.models.local import Local
from harness.types import Request, Sampling
from tests.models.conftest import RealServer, opened

pytestmark = pytest.mark.model

SHORT = Request(prompt="def add(a, b):\n", sampling=Sampling(max_tokens=2))

PARENT = """
import sys
from pathlib import Path
from harness.models.llama import LlamaSettings, share
server = share(LlamaSettings(name="orphan", path=Path(sys.argv[1]), ctx_per_slot=256, slots=1))
server.base_url()
print(server.pid, flush=True)
if sys.argv[2] == "wait":
    sys.stdin.read()
"""


def small(real: RealServer, name: str, ctx: int = 256) -> ModelProfile:
    """`smollm2` under another name, with a context of its own and so a server of its own."""
    sampling = real.profile.sampling.model_copy(update={"num_ctx": ctx})
    return real.profile.model_copy(update={"name": name, "model": name, "sampling": sampling, "concurrency": 1})


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


def server_of(profile: ModelProfile, ctx: int = 256) -> LlamaServer:
    """The running server of a profile, looked at without becoming its user."""
    from harness.models.llama import _running

    return next(server for (_, length), server in _running.items() if length == ctx)


def test_profiles_with_the_same_weights_share_a_process(real_server: RealServer) -> None:
    with opened(small(real_server, "first")) as first, opened(small(real_server, "second")) as second:
        assert first.identity()["status"] == "started with the first request"
        first.complete(SHORT)
        second.complete(SHORT)
        server = server_of(real_server.profile)
        pid = server.pid
        assert pid is not None
        assert server.users == 2
        first.close()
        assert alive(pid)
        assert second.complete(SHORT).text
        assert second.identity()["status"] == "runs"
        second.close()
        assert not alive(pid)


def test_a_server_that_died_is_started_again(real_server: RealServer) -> None:
    with opened(small(real_server, "mortal")) as provider:
        provider.complete(SHORT)
        pid = server_of(real_server.profile).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert ends(pid)
        assert provider.complete(SHORT).text
        assert server_of(real_server.profile).pid != pid


def test_a_server_that_always_dies_is_given_up(
    real_server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not weights")
    profile = ModelProfile(name="broken", provider="local", model="me/broken", weights=Weights(path=broken))
    with opened(profile) as provider:
        for _ in range(RESTARTS + 1):
            with pytest.raises(ProviderError, match="did not start") as caught:
                provider.complete(SHORT)
            assert str(cache_dir() / "logs" / "me_broken.log") in caught.value.remedy
        with pytest.raises(ProviderError, match=f"died {RESTARTS + 1} times"):
            provider.complete(SHORT)


@pytest.mark.parametrize("way", ["exit", "kill"])
def test_no_server_outlives_its_parent(real_server: RealServer, way: str) -> None:
    command = [sys.executable, "-c", PARENT, str(real_server.weights), "wait" if way == "kill" else "exit"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(root)}
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if way == "kill":
            assert alive(pid)
            parent.kill()
        parent.wait(20)
    assert ends(pid)


def test_closing_without_a_request_starts_nothing(real_server: RealServer) -> None:
    provider = Local(small(real_server, "idle", ctx=257))
    provider.close()
    provider.close()
    with pytest.raises(ProviderError, match="closed"):
        provider.complete(SHORT)


def test_strangers_on_this_machine_are_not_served(real_server: RealServer) -> None:
    stranger = ModelProfile(name="s", provider="openai_compatible", base_url=real_server.url, retries=0)
    with opened(stranger) as provider, pytest.raises(ProviderError) as caught:
        provider.complete(SHORT)
    assert caught.value.status == 401


def test_a_fork_does_not_stop_the_server_of_its_parent(real_server: RealServer) -> None:
    server = share(LlamaSettings(name="forked", path=Path("x"), ctx_per_slot=1, slots=1))
    server._owner = -1
    server._process = subprocess.Popen(["sleep", "60"])
    server.stop()
    assert server._process.poll() is None
    server._owner = os.getpid()
    server.stop()
    assert server.pid is None
