"""The llama.cpp server's process. Run as a file, not imported: it needs xllamacpp and nothing of harness.

stdin   one line of JSON: path, alias, api_key, slots, ctx_per_slot, threads; then held open for as long as the server
        shall live. Its end, also by the parent's death of whatever cause, ends this process. (PR_SET_PDEATHSIG would
        not do: it fires when the *thread* that started us ends, and trials run in threads.)
stdout  one line of JSON when the model is loaded: address
stderr  the log
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time


def main() -> None:
    """Serve until stdin ends."""
    answer = os.fdopen(os.dup(1), "w")
    # llama.cpp prints to stdout now and then; the answer must stand alone there.
    os.dup2(2, 1)
    settings = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_watch, daemon=True).start()

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {settings["alias"]}
    params.api_keys = [settings["api_key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = settings["slots"]
    # llama.cpp divides the context among the slots.
    params.n_ctx = settings["slots"] * settings["ctx_per_slot"]
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.ui = False
    # Warnings and errors: every request would leave half a kilobyte otherwise.
    params.verbosity = 2
    server = xllamacpp.Server(params)
    answer.write(json.dumps({"address": server.listening_address}) + "\n")
    answer.close()
    while True:
        time.sleep(3600)


def _watch() -> None:
    while os.read(0, 1024):
        pass
    # Not sys.exit: the main thread may be deep inside llama.cpp.
    os._exit(0)


if __name__ == "__main__":
    main()
