"""Any agent that is a command: one written here that does what a test wants, and mini-swe-agent as published."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest

from harness.routing.gateway.gateway import SOCKET
from harness.sandbox.agents import DOORS
from harness.types import AgentEnding, Outcome
from tests.servers.scripted import Exchange, scripted
from tests.solvers.agents.workshop import AFTER, HIDDEN, NEARLY, WIRE, Workshop, asked, says

pytestmark = pytest.mark.engine

ASK = '''\
import json, os, sys, urllib.request


def ask(text, token=None, path="/chat/completions"):
    """(status, answer) of one question to the gateway."""
    body = {"model": os.environ["HARNESS_MODEL"], "messages": [{"role": "user", "content": text}]}
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", "Bearer " + (os.environ["OPENAI_API_KEY"] if token is None else token))
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error"]["code"]


def write(files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

'''


def agent(script: str, **keys: object) -> dict[str, object]:
    """Settings of an agent that is this script."""
    return {
        "name": "scripted 1",
        "command": 'exec python3 "$HOME/agent.py"',
        "files": {"agent.py": ASK + script},
        **keys,
    }


def test_a_command_works_in_the_task_and_asks_its_model(workshop: Workshop) -> None:
    script = f"print('model says', ask('what now?'))\nwrite({AFTER!r})\n"
    with scripted(*says("go on")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script))
    assert attempt.outcome is Outcome.passed
    assert attempt.agent is not None
    assert attempt.agent.agent == "scripted 1"
    assert "model says (200, 'go on')" in attempt.agent.transcript
    (call,) = workshop.calls()
    assert "what now?" in asked(call)


def test_a_command_gets_a_second_try_with_its_files_as_they_were(workshop: Workshop) -> None:
    workshop.task(feedback="hidden")
    script = f"""\
if os.environ["HARNESS_TRY"] == "1":
    write({NEARLY!r})
else:
    print("TOLD", os.environ["HARNESS_TASK"])
    assert open("shop/price.py").read() == {NEARLY["shop/price.py"]!r}
    print(ask("second"))
    write({AFTER!r})
"""
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script))
    assert attempt.agent is not None
    assert "test_small_change" in attempt.agent.transcript.partition("TOLD")[2]
    assert attempt.first_verdict is not None
    assert attempt.first_verdict.outcome is Outcome.wrong_answer
    assert attempt.outcome is Outcome.passed
    assert len(workshop.calls()) == 1


def test_the_time_that_hidden_tests_take_is_not_the_agents(workshop: Workshop) -> None:
    slow = f"{HIDDEN}\n\ndef test_slow():\n    import time\n    time.sleep(3)\n"
    workshop.task(feedback="hidden", hidden=slow, limits={"timeout_s": 30})
    script = f"write({NEARLY!r} if os.environ['HARNESS_TRY'] == '1' else {AFTER!r})\n"
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script, timeout_s=5))
    assert attempt.agent is not None
    assert attempt.agent.ending is AgentEnding.finished
    assert attempt.outcome is Outcome.passed


NOSY = """\
import glob, socket, subprocess
for address in (("1.1.1.1", 53), ("172.17.0.1", 22), ("169.254.169.254", 80)):
    try:
        socket.create_connection(address, 2)
        print("REACHED", address)
    except OSError:
        pass
try:
    print("RESOLVED", socket.gethostbyname("example.org"))
except OSError:
    pass
print("INTERFACES", sorted(name for _, name in socket.if_nameindex()))
for path in ("/run/gateway/gateway.sock", "/var/run/docker.sock", "/run/docker.sock"):
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        print("REACHED", path)
    except OSError:
        pass
for top, folders, names in os.walk("/"):
    if top.startswith(("/proc", "/sys", "/dev")):
        folders[:] = []
        continue
    for name in names:
        if name in ("test_hidden.py", "models.yaml", "store.db"):
            print("FOUND", top, name)
        path = os.path.join(top, name)
        try:
            if os.path.getsize(path) < 1_000_000:
                data = open(path, "rb").read()
                for word in (b"SECRET_OF_THE_" + b"TESTS", b"sk-very-" + b"secret"):
                    if word in data:
                        print("READ", word, path)
        except OSError:
            pass
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        data = open(path, "rb").read()
    except OSError:
        continue
    if b"sk-very-" + b"secret" in data:
        print("READ a key in", path)
for path in ("/box/x", "/opt/x", "/etc/x", "/run/gateway/x", "/x"):
    try:
        open(path, "w").close()
        print("WROTE", path)
    except OSError:
        pass
status = open("/proc/self/status").read()
print("UID", os.getuid() >= 100_000, "CAPS", status.partition("CapEff:")[2].split()[0])
print("WRONG TOKEN", ask("let me in", token="hg-guess"))
print("NO TOKEN", ask("let me in", token=""))
print("OTHER MODEL", ask("", path="/models/gpt")[0])
"""
"""An agent that looks for the network, keys, hidden tests, other attempts, and its own door."""


def test_nothing_but_the_gateway_can_be_reached(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_API_KEY", "sk-very-secret-key-of-the-cloud")
    with scripted(*says("yes")) as server:
        workshop.model(server.url, api_key_env="CLOUD_API_KEY")
        attempt = workshop.one("command", agent(NOSY))
    assert attempt.agent is not None
    said = attempt.agent.transcript
    for word in ("REACHED", "RESOLVED", "FOUND", "READ"):
        assert word not in said, said
    assert "INTERFACES ['lo']" in said
    assert [line for line in said.splitlines() if line.startswith("WROTE")] == ["WROTE /box/x"]
    assert "UID True CAPS 0000000000000000" in said
    assert "WRONG TOKEN (401" in said
    assert "NO TOKEN (401" in said
    refused = [call for call in workshop.calls() if call.status == 401]
    assert len(refused) == 2
    assert "let me in" not in "".join(asked(call) for call in refused)
    assert "sk-very-secret" not in "".join(call.model_dump_json() for call in workshop.calls())
    assert server.requests == []


def test_attempts_at_the_same_time_know_nothing_of_each_other(workshop: Workshop) -> None:
    """Each leaves marks wherever it can, waits until the other has done so too, and looks for them."""
    script = """\
import glob, hashlib, socket
own = hashlib.sha256(os.environ["OPENAI_API_KEY"].encode()).hexdigest()[:8]
for place in ("/tmp", "/dev/shm", "/box"):
    try:
        open(f"{place}/mark-{own}", "w").close()
    except OSError as error:
        print("NOT IN", place, error)
abstract, port = socket.socket(socket.AF_UNIX), socket.socket()
abstract.bind("\\0mark-" + own)
port.bind(("127.0.0.1", 0))
port.listen()
print("FIRST", ask("both here?"))
seen = [os.path.basename(path) for place in ("/tmp", "/dev/shm", "/box") for path in glob.glob(place + "/mark-*")]
seen += [line.split("@")[1].strip() for line in open("/proc/net/unix") if "@mark-" in line]
print("MARKS", set(seen) == {"mark-" + own}, len(seen))
print("LISTENING", sum(line.split()[3] == "0A" for line in open("/proc/net/tcp").readlines()[1:]))
print("SOCKETS", glob.glob("/run/**/*.sock", recursive=True))
agents = [path for path in glob.glob("/proc/[0-9]*/cmdline") if b"agent.py" in open(path, "rb").read()]
print("AGENTS", len(agents))
print("SECOND", ask("still?"))
"""
    both = threading.Barrier(2, timeout=60)

    def together(exchange: Exchange) -> None:
        both.wait()
        WIRE.says("yes")(exchange)

    with scripted(together) as server:
        workshop.model(server.url)
        workshop.run("command", agent(script), best_of=2)
    first, second = workshop.attempts()
    for attempt in (first, second):
        assert attempt.agent is not None
        said = attempt.agent.transcript
        # Three files and an abstract socket of its own; two listeners: its own and the porter.
        assert "MARKS True 4" in said, said
        assert "LISTENING 2" in said
        assert "SOCKETS []" in said
        assert "AGENTS 1" in said
        assert "SECOND (200, 'yes')" in said
    assert {call.attempt for call in workshop.calls()} == {first.key, second.key}


def test_a_task_of_any_length_can_be_read(workshop: Workshop) -> None:
    (workshop.suite / "prices" / "instruction.md").write_text("x" * 300_000 + " the end of it")
    script = f"told = open(os.environ['HARNESS_TASK_FILE']).read()\nassert 'the end of it' in told\nwrite({AFTER!r})\n"
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script))
    assert attempt.outcome is Outcome.passed


def test_a_cheating_command_is_not_passed(workshop: Workshop) -> None:
    script = """\
import shutil
os.remove("shop/cart.py")
os.symlink("/etc/passwd", "shop/stolen.py")
try:
    os.mkfifo("shop/pipe.py")
except PermissionError:
    print("no FIFO")
write({"conftest.py": "import os; os._exit(0)", "tests/test_hidden.py": "", "sitecustomize.py": "raise SystemExit(0)"})
shutil.rmtree("visible_tests")
"""
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script))
    assert attempt.outcome is Outcome.artifact_rejected
    assert attempt.extraction is not None
    rejected = "\n".join(attempt.extraction.rejected)
    assert "shop/stolen.py: symbolic link" in rejected
    assert attempt.agent is not None
    assert "no FIFO" in attempt.agent.transcript
    assert "conftest.py: new" in rejected
    assert "visible_tests/test_shown.py: deleted" in rejected


@pytest.mark.parametrize(
    ("script", "rejected"),
    [
        ("os.link('shop/price.py', 'shop/more.py')\n", "hard link"),
        ("open('shop/more.py', 'wb').truncate(5 << 20)\n", "larger than"),
        ("open('shop/more.py', 'wb').write(b'\\xff\\xfe')\n", "not UTF-8"),
        ("for i in range(2100):\n    open(f'shop/f{i}.py', 'w').close()\n", "more than"),
        ("open('shop/more.py', 'w').close(); os.chmod('shop/more.py', 0o4755)\n", "runs as its owner"),
        ("os.rename('shop', 'gone'); os.symlink('gone', 'shop')\n", "shop"),
    ],
)
def test_what_may_not_be_taken_out_is_no_candidate(workshop: Workshop, script: str, rejected: str) -> None:
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script))
    assert attempt.outcome not in (Outcome.passed, Outcome.infra_error)
    assert attempt.extraction is not None
    assert rejected in "\n".join((attempt.extraction.choice, *attempt.extraction.rejected))


@pytest.mark.parametrize(
    "script",
    [
        "os.chmod('shop', 0o444)\n",
        "os.mkdir(b'shop/\\xff'); os.chmod(b'shop/\\xff', 0)\n",
        "open(b'shop/\\xff.py', 'w').close()\n",
        "os.rename('/box/work', '/box/gone'); os.symlink('/proc', '/box/work')\n",
        "for i in range(1900):\n    open(f'f{i}', 'wb').truncate(4 << 20)\n",
        "open('/proc/self/fd/3', 'w').write('NaN\\n{\"event\": 1e999}\\n')\n",
    ],
    ids=["shows-names-only", "closed-no-text", "no-text", "link", "holes", "drivers-pipe"],
)
def test_nothing_an_agent_leaves_is_our_failure(workshop: Workshop, script: str) -> None:
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script))
    assert attempt.outcome not in (None, Outcome.passed, Outcome.infra_error)
    assert attempt.agent is not None


@pytest.mark.parametrize(
    ("script", "ending", "outcome"),
    [
        ("sys.exit(3)\n", AgentEnding.crash, Outcome.crash),
        ("os.kill(os.getpid(), 9)\n", AgentEnding.crash, Outcome.crash),
        ("x = bytearray(3 << 30)\n", AgentEnding.crash, Outcome.crash),
        ("import time\ntime.sleep(1000)\n", AgentEnding.timeout, Outcome.timeout),
        ("while os.fork() == 0: pass\nimport time\ntime.sleep(1000)\n", AgentEnding.timeout, Outcome.timeout),
        ("while True: print('x' * 10000)\n", AgentEnding.timeout, Outcome.timeout),
        ("print('done')\n", AgentEnding.no_edit, Outcome.no_candidate),
        ("while True: ask('more')\n", AgentEnding.refused, Outcome.no_candidate),
    ],
    ids=["exit", "killed", "memory", "sleep", "forks", "flood", "nothing", "budget"],
)
def test_each_way_to_end_is_another_one(workshop: Workshop, script: str, ending: AgentEnding, outcome: Outcome) -> None:
    with scripted(*says("yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script, timeout_s=6, calls=5))
    assert attempt.agent is not None
    assert (attempt.agent.ending, attempt.outcome) == (ending, outcome), attempt.agent.transcript[-2000:]
    assert len(attempt.agent.transcript) < 2_000_000


def test_a_socket_that_is_removed_is_no_failure_of_the_agent(workshop: Workshop) -> None:
    def removes(exchange: Exchange) -> None:
        for path in Path(tempfile.gettempdir()).glob(f"{DOORS}{os.getpid()}-*/{SOCKET}"):
            path.unlink()
        WIRE.says("yes")(exchange)

    script = f"print(ask('a'))\nprint(ask('b'))\nwrite({AFTER!r})\n"
    with scripted(removes, *says("yes", "yes")) as server:
        workshop.model(server.url)
        attempt = workshop.one("command", agent(script))
    assert attempt.outcome is Outcome.passed
    assert len([call for call in workshop.calls() if call.status == 200]) == 3
