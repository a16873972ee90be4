"""SWE-ReX: a fresh deployment for each candidate, a container with its server in it, reached over a port of the host.

Isolates with the engine's default profile; the container has a network and a published port, root, no limits. The image
holds swe-rex and its packages already (`run.py` adds them): otherwise every container would fetch them.
"""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version

from swerex.deployment.docker import DockerDeployment
from swerex.runtime.abstract import Command
from unit import check, options, program, run, tell

PROGRAM = program()


async def verdict(image: str, network: str) -> None:
    arguments = [f"--network={network}"] if network else []
    deployment = DockerDeployment(image=image, pull="never", docker_args=arguments, startup_timeout=60.0)
    await deployment.start()
    try:
        found = await deployment.runtime.execute(Command(command=["python3", "-c", PROGRAM], timeout=30))
    finally:
        await deployment.stop()
    if found.exit_code != 0:
        raise ValueError(f"{found.exit_code}: {found.stdout[-500:]} {found.stderr[-500:]}")
    check(found.stdout)


if __name__ == "__main__":
    given = options(__doc__ or "")
    logging.disable()
    # A network of the engine's; without, its default one, which a machine need not have.
    seconds, each = run(lambda _: asyncio.run(verdict(given.image, given.mode)), given.count, given.concurrency)
    text = "fresh container with a network and a published port, default profile, root, writable, no limits"
    tell("swe-rex, fresh container", version("swe-rex"), given, seconds, each, text)
