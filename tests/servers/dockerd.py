"""A container engine of a test's own, to be killed, stopped and starved without hurting anybody else's."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from harness.sandbox.dockerd import Dockerd, has_ended, spawn_detached

if TYPE_CHECKING:
    import docker

READY_S = 60.0
END_S = 20.0


class PrivateEngine:
    """dockerd with its own data, containerd and socket, and no network; all of it on a file system in memory.

    <root>/data       images and containers
    <root>/run        sockets and state of dockerd and of the containerd it starts
    <root>/d.sock     where it listens
    <root>/log
    """

    def __init__(self, size: str = "2g") -> None:
        if os.geteuid() != 0:
            pytest.skip("only root may start a container engine of its own")
        # Short: the path of a unix socket has 108 bytes at most. Of letters and digits only: containerd makes a
        # namespace of it, and takes no `-_`, which the random names of tempfile can begin with.
        self.root = Path("/tmp", f"hd-{secrets.token_hex(4)}")
        self.root.mkdir(mode=0o700)
        self.address = f"unix://{self.root}/d.sock"
        self.pid = 0
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.root], check=True)
        # Instead of the machine's own /etc/docker/daemon.json.
        (self.root / "none.json").write_text("{}")

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()

    def start(self) -> None:
        """Start dockerd and wait until it answers."""
        Dockerd(pid_file=self.pid_file, containerd_pid_file=self.containerd_pid_file).clear_stale_pids(print)
        self.pid = spawn_detached(self._command(), self.root / "log")
        deadline = time.monotonic() + READY_S
        while not self.answers():
            assert not has_ended(self.pid), (self.root / "log").read_text()[-3000:]
            assert time.monotonic() < deadline, (self.root / "log").read_text()[-3000:]
            time.sleep(0.05)

    @property
    def pid_file(self) -> Path:
        return self.root / "d.pid"

    @property
    def containerd_pid_file(self) -> Path:
        return self.root / "run" / "containerd" / "containerd.pid"

    def _command(self) -> list[str]:
        return [
            # In a network namespace of its own: with `--bridge none` it removes docker0, which may be another engine's.
            *("unshare", "--net", "dockerd"),
            *("--data-root", str(self.root / "data"), "--exec-root", str(self.root / "run")),
            *("--pidfile", str(self.pid_file), "--host", self.address, "--config-file", str(self.root / "none.json")),
            # Where a system service runs containerd, dockerd takes that one: names of our own there too.
            *("--containerd-namespace", self.root.name, "--containerd-plugins-namespace", f"{self.root.name}-plugins"),
            *("--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"),
            *("--userland-proxy=false", "--shutdown-timeout", "2", "--log-level", "warn"),
        ]

    def answers(self) -> bool:
        """Whether it does, within a few seconds."""
        # By hand: docker-py leaves sockets open that nobody answered.
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.settimeout(5)
            probe.connect(str(self.root / "d.sock"))
            probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in probe.recv(64)
        return False

    @contextlib.contextmanager
    def client(self, timeout_s: int = 60) -> Iterator[docker.APIClient]:
        """A client of this engine."""
        import docker

        with contextlib.closing(docker.APIClient(base_url=self.address, timeout=timeout_s, version="1.40")) as client:
            yield client

    def load(self, archive: Path) -> None:
        """Load images from a file that `docker save` wrote."""
        with self.client(300) as client, archive.open("rb") as file:
            client.load_image(file)

    # harm -------------------------------------------------------------------------------------------------------------

    def kill(self, *, everything: bool = False) -> None:
        """SIGKILL dockerd; with `everything` also its containerd and the shims, as a power cut of the engine would."""
        processes = self.processes() if everything else [self.pid]
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in processes:
            wait_until(lambda pid=pid: has_ended(pid), END_S)  # type: ignore[misc]

    def restart(self) -> None:
        """As `systemctl restart docker` does: it stops its containers, ends, and is started again."""
        os.kill(self.pid, signal.SIGTERM)
        wait_until(lambda: has_ended(self.pid), END_S)
        self.start()

    def stop(self) -> None:
        """SIGSTOP dockerd: its socket still takes connections, and nothing ever answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def processes(self) -> list[int]:
        """Every process of this engine: dockerd, containerd and a shim a container, which name its directory."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and str(self.root).encode() in (entry / "cmdline").read_bytes():
                    name = (entry / "comm").read_text().strip()
                    if name.startswith(("dockerd", "containerd")):
                        found.append(int(entry.name))
        return sorted(found)

    # what is there ----------------------------------------------------------------------------------------------------

    def holdings(self) -> dict[str, list[str]]:
        """Containers, volumes, networks and images, by id or name."""
        with self.client() as client:
            return {
                "containers": sorted(item["Id"] for item in client.containers(all=True)),
                "volumes": sorted(item["Name"] for item in client.volumes()["Volumes"] or []),
                "networks": sorted(item["Name"] for item in client.networks()),
                "images": sorted(item["Id"] for item in client.images(all=True)),
            }

    def shims(self) -> list[int]:
        """Processes of the engine that stand by a container, or did when the engine was killed: those stay for good."""
        found = []
        for pid in self.processes():
            with contextlib.suppress(OSError):
                if "shim" in Path(f"/proc/{pid}/comm").read_text():
                    found.append(pid)
        return found

    def destroy(self) -> None:
        """End every process, unmount everything, remove the directory."""
        with contextlib.suppress(ProcessLookupError):
            if self.pid:
                self.go_on()
                os.kill(self.pid, signal.SIGTERM)  # it ends its containers, and their control groups, itself
                with contextlib.suppress(AssertionError):
                    wait_until(lambda: has_ended(self.pid), END_S)
        self.kill(everything=True)
        self.pid = 0
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            place = line.split()[1]
            if place == str(self.root) or place.startswith(f"{self.root}/"):
                subprocess.run(["umount", "--lazy", place], check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def wait_until(condition: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
