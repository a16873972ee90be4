"""Runs aider inside its container for one attempt: told by the supervisor what to do, tells what aider did.

Lines of JSON on descriptor 4 (in) and 3 (out). In: `{"op": "start", ...}`, then `{"op": "again", "message": ...}` for a
further try in the same conversation, `{"op": "end"}`. Out: `{"event": ...}`; `{"ask": "test"}` is answered by a line
with `outcome` and `output`. Everything aider prints goes to stdout and stderr as it is: the transcript.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Self

TOLD, ASKED = 3, 4
HOME = Path(os.environ.get("HOME", "/box/agent"))
MODEL = "openai/gw"
PLATFORM = "- Platform: Linux, Python 3\n"


class Channel:
    """Lines to and from the supervisor."""

    def __init__(self) -> None:
        self._in = os.fdopen(ASKED, "r", encoding="ascii")
        self._out = os.fdopen(TOLD, "w", encoding="ascii")

    def receive(self) -> dict[str, Any]:
        """The next line; the end of the pipe is an order to end."""
        line = self._in.readline()
        return json.loads(line) if line else {"op": "end"}

    def tell(self, **said: Any) -> None:
        self._out.write(json.dumps(said) + "\n")
        self._out.flush()


def main() -> None:
    channel = Channel()
    start = channel.receive()
    coder = _coder(start, channel)
    message = start["message"]
    while True:
        began = time.monotonic()
        # A message that begins with `!` or `/` would otherwise be a command.
        coder.run(with_message=message, preproc=False)
        channel.tell(event="done", seconds=round(time.monotonic() - began, 3), **_counts(coder))
        order = channel.receive()
        if order["op"] != "again":
            return
        message = order["message"]


def _coder(start: dict[str, Any], channel: Channel) -> Any:
    """aider's coder, set up so that its first prompt is the same each time and nothing is asked of anybody."""
    os.environ["OPENAI_API_KEY"] = start["token"]
    os.environ["OPENAI_API_BASE"] = "http://gateway/v1"
    HOME.mkdir(exist_ok=True)
    # Not the task's directory: a `.env` or `.aider.conf.yml` in it would be obeyed.
    os.chdir(HOME)
    import httpx
    import litellm

    litellm.client_session = httpx.Client(
        transport=httpx.HTTPTransport(uds=start["socket"]), timeout=httpx.Timeout(start["wall_s"])
    )
    from aider.coders import base_coder
    from aider.main import main as aider_main

    # The gateway has tried again already where that could help.
    base_coder.RETRY_TIMEOUT = 0
    coder = aider_main(_arguments(start), return_coder=True)
    # aider's own would offer to open an issue in a browser.
    sys.excepthook = sys.__excepthook__
    if not hasattr(coder, "run_one"):
        raise SystemExit(f"aider did not start: {coder!r}")
    # There is no repository: what the model mentions cannot be added behind its back.
    coder.root = start["root"]
    if start["tests"]:
        coder.auto_test, coder.test_cmd = True, _Tests(channel)
    # aider tells kernel, shell and date: the first prompt would be another one on each day and machine.
    coder.get_platform_info = lambda: (
        PLATFORM + (f"- The tests are run with: {coder.test_cmd}\n" if start["tests"] else "")
    )
    _watch(coder, channel)
    channel.tell(event="ready", edit_format=coder.edit_format)
    return coder


def _arguments(start: dict[str, Any]) -> list[str]:
    extra = {"max_retries": 0, **({"max_tokens": start["max_tokens"]} if start["max_tokens"] else {})}
    settings = {
        "name": MODEL,
        **({"edit_format": start["edit_format"]} if start["edit_format"] else {}),
        "weak_model_name": MODEL,
        "editor_model_name": MODEL,
        "use_repo_map": False,
        # The gateway fills in how tokens are drawn, from the model's profile.
        "use_temperature": False,
        "streaming": start["stream"],
        "extra_params": extra,
    }
    window = {"max_input_tokens": start["context_tokens"]} if start["context_tokens"] else {}
    # Without an entry of this very name aider looks prices up on the network.
    known = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
        **window,
    }
    (HOME / "settings.yml").write_text(json.dumps([settings]))
    (HOME / "metadata.json").write_text(json.dumps({MODEL: known}))
    flags = ["no-git", "yes-always", "no-check-update", "no-show-release-notes", "no-analytics"]
    flags += ["no-show-model-warnings", "no-suggest-shell-commands", "no-detect-urls", "no-fancy-input", "no-pretty"]
    flags += [] if start["stream"] else ["no-stream"]
    flags += ["auto-lint" if start["lint"] else "no-auto-lint", "no-gitignore", "no-auto-commits"]
    options = {
        "model": MODEL,
        "model-settings-file": HOME / "settings.yml",
        "model-metadata-file": HOME / "metadata.json",
        "map-tokens": 0,
        # Otherwise a summary of the conversation is asked for, uncounted.
        "max-chat-history-tokens": 10_000_000,
        "input-history-file": HOME / "input.history",
        "chat-history-file": HOME / "chat.history.md",
        "llm-history-file": HOME / "llm.history",
        "encoding": "utf-8",
    }
    if start["edit_format"]:
        options["edit-format"] = start["edit_format"]
    arguments = [f"--{flag}" for flag in flags]
    for name, value in options.items():
        arguments += [f"--{name}", str(value)]
    for path in start["read"]:
        arguments += ["--read", path]
    return [*arguments, *start["files"]]


class _Tests(str):  # noqa: SLOT000  it has a channel
    """aider's test command: the supervisor runs the tests, as somebody who cannot reach what aider can.

    Text too, because aider tells the model its command.
    """

    _channel: Channel

    def __new__(cls, channel: Channel) -> Self:
        made = super().__new__(cls, "pytest")
        made._channel = channel
        return made

    def __call__(self) -> str | None:
        self._channel.tell(ask="test")
        done = self._channel.receive()
        return None if done.get("outcome") == "passed" else str(done.get("output") or "the tests could not be run")


def _watch(coder: Any, channel: Channel) -> None:
    """Tell each turn as it begins and each edit as it is made."""
    send, apply = coder.send_message, coder.apply_updates

    def sending(message: str) -> Any:
        channel.tell(event="turn", reflection=coder.num_reflections, said=message[:200])
        return send(message)

    def applying() -> Any:
        before = coder.num_malformed_responses
        edited = apply()
        malformed = coder.num_malformed_responses > before
        channel.tell(event="edited", files=sorted(edited or ())[:100], malformed=malformed)
        return edited

    coder.send_message, coder.apply_updates = sending, applying


def _counts(coder: Any) -> dict[str, Any]:
    return {
        "reflections": coder.num_reflections,
        "malformed": coder.num_malformed_responses,
        "exhausted": coder.num_exhausted_context_windows,
        "errors": coder.io.num_error_outputs,
        "asks": coder.io.num_user_asks,
        "tests_passed": coder.test_outcome,
        "lint_passed": coder.lint_outcome,
        "edited": sorted(coder.aider_edited_files or ())[:100],
    }


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # the last words that the host can count on
        print(f"driver: {type(error).__name__}: {error}", file=sys.stderr)
        raise
