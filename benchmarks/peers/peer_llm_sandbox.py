"""llm-sandbox: a session for each candidate, with a container of its own or (`--mode pool`) one of a pool, used again.

Isolates with the engine's default profile. Its defaults are a network, no limits and root; here the network is off and
the memory limited, through `runtime_configs`, as its documentation shows. The set-up of an environment (a venv and pip,
from the network) is skipped; `run.py` gives the image the links that the package then expects. The container runs
`sleep` under an init, so that stopping it does not take ten seconds. In the pool candidates share file system,
processes and user one after another: not disposable.
"""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Any

from llm_sandbox import SandboxSession
from llm_sandbox.pool import PoolConfig, create_pool_manager
from unit import check, options, program, run, tell

RUNTIME = {"network_mode": "none", "mem_limit": "256m", "init": True, "command": "sleep infinity"}
PROGRAM = program()
CONTAINER: dict[str, Any] = {"lang": "python", "runtime_configs": RUNTIME, "skip_environment_setup": True}


def verdict(session: Any) -> None:
    with session:
        found = session.run(PROGRAM)
    if found.exit_code != 0:
        raise ValueError(f"{found.exit_code}: {found.stdout[-500:]} {found.stderr[-500:]}")
    check(found.stdout)


if __name__ == "__main__":
    given = options(__doc__ or "")
    logging.disable()
    CONTAINER["image"] = given.image
    if given.mode == "pool":
        size = given.concurrency
        config = PoolConfig(max_pool_size=size, min_pool_size=size, acquisition_timeout=120.0)
        with create_pool_manager(config=config, **CONTAINER) as pool:
            seconds, each = run(lambda _: verdict(SandboxSession(lang="python", pool=pool)), given.count, size)
        text = "container of a pool, used again; no network, default profile, root, writable"
    else:
        fresh = {**CONTAINER, "keep_template": True}
        seconds, each = run(lambda _: verdict(SandboxSession(**fresh)), given.count, given.concurrency)
        text = "fresh container, no network, default profile, root, writable"
    tell(f"llm-sandbox, {given.mode or 'fresh session'}", version("llm-sandbox"), given, seconds, each, text)
