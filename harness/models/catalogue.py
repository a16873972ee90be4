"""The model catalogue: names -> profiles, from files that win over one another.

    harness/models/models.yaml (shipped)  <  ~/.config/harness/models.yaml  <  ./models.yaml  <  --catalogue FILE

An entry of a later file replaces the whole entry of that name.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from harness.config import ModelProfile, Price, Weights
from harness.errors import ConfigError
from harness.models.located import Located, load_located
from harness.types import Sampling

SHIPPED = Path(__file__).with_name("models.yaml")
FILE_NAME = "models.yaml"
REPLAY_PREFIX = "replay:"

_EXTRAS = {"local": ("xllamacpp", "local"), "litellm": ("litellm", "litellm")}
"""Provider -> module it needs, extra that installs it."""


@dataclass(frozen=True)
class Catalogue:
    """The entries of all files that were read."""

    entries: Mapping[str, ModelProfile]
    files: tuple[Path, ...]
    """Weakest first."""

    def names(self) -> list[str]:
        return sorted(self.entries)

    def get(self, name: str) -> ModelProfile:
        """The profile of `name`; `replay:PATH` needs no entry. Raises ConfigError with the names that are near."""
        if name in self.entries:
            return self.entries[name]
        if name.startswith(REPLAY_PREFIX) and name != REPLAY_PREFIX:
            recording = Path(name.removeprefix(REPLAY_PREFIX)).expanduser()
            return ModelProfile(name=name, provider="replay", recording=recording, price=None, local=True)
        near = difflib.get_close_matches(name, self.names(), n=3, cutoff=0.5)
        places = ", ".join(str(path) for path in self.files)
        raise ConfigError(
            f"no model {name!r} in the catalogue" + (f": did you mean {' or '.join(near)}?" if near else ""),
            remedy=f"known: {', '.join(self.names())} (from {places})",
        )


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read the shipped file, the user's, the project's and `path`, each winning over the ones before.

    Raises ConfigError naming file, line and key for anything that is not a catalogue.
    """
    if path is not None and not path.is_file():
        raise ConfigError(f"there is no catalogue {path}", remedy="--catalogue takes a models.yaml")
    found = [SHIPPED, *(one for one in (_user_file(), Path(FILE_NAME)) if one.is_file())]
    files = [*found, path] if path is not None else found
    entries: dict[str, ModelProfile] = {}
    for one in files:
        entries |= _read(one)
    return Catalogue(entries=entries, files=tuple(files))


def check_ready(profile: ModelProfile) -> None:
    """Raise ConfigError for what can be known to be missing before any call: key, address, model, extra."""
    name = profile.name
    if profile.api_key_env:
        key = os.environ.get(profile.api_key_env, "").strip()
        if not key:
            raise ConfigError(
                f"model {name}: the environment variable {profile.api_key_env} is not set",
                remedy=f"export {profile.api_key_env}=...",
            )
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ConfigError(
                f"model {name}: the value of {profile.api_key_env} cannot be a key: it is no plain ASCII word"
            )
    if profile.provider == "openai_compatible" and not profile.base_url:
        raise ConfigError(f"model {name}: provider openai_compatible needs `base_url`")
    if profile.provider in ("ollama", "litellm") and not profile.model:
        raise ConfigError(f"model {name}: provider {profile.provider} needs `model`")
    if profile.provider == "local" and profile.weights is None:
        raise ConfigError(f"model {name}: provider local needs `weights`")
    if profile.provider == "replay":
        from harness.models.replay import recording_file

        recording_file(profile)
    module, extra = _EXTRAS.get(profile.provider, ("", ""))
    if module and importlib.util.find_spec(module) is None:
        raise ConfigError(
            f"model {name}: provider {profile.provider} needs the package {module}, which is not installed",
            remedy=f"pip install 'harness-eval[{extra}]'",
        )


def _user_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification says to ignore a relative path.
    root = Path(base) if Path(base).is_absolute() else Path("~/.config").expanduser()
    return root / "harness" / FILE_NAME


def _read(path: Path) -> dict[str, ModelProfile]:
    document = load_located(path)
    top = document.value
    if top is None:
        return {}
    if not isinstance(top, dict) or not isinstance(top.get("models", {}), dict | None):
        raise ConfigError(f"{document.at(())}: expected a mapping `models:` of names to entries")
    for key in top:
        if key != "models":
            raise ConfigError(f"{document.at((key,))}: {key}: unknown key; the only one is `models`")
    return {str(name): _profile(document, name, entry) for name, entry in (top.get("models") or {}).items()}


def _profile(document: Located, name: object, entry: object) -> ModelProfile:
    where = ("models", name)
    if not isinstance(name, str) or not name or name.startswith(REPLAY_PREFIX):
        raise ConfigError(f"{document.at(where)}: {name}: a model's name is text, and not `{REPLAY_PREFIX}...`")
    if not isinstance(entry, dict):
        raise ConfigError(f"{document.at(where)}: {name}: expected a mapping with at least `provider`")
    if "name" in entry:
        raise ConfigError(f"{document.at((*where, 'name'))}: {name}.name: unknown key; the name stands above the entry")
    try:
        profile = ModelProfile.model_validate({**entry, "name": name})
    except ValidationError as error:
        # Never the value: it may be a key that was pasted into the file.
        first = error.errors(include_input=False, include_url=False)[0]
        place = tuple(first["loc"])
        dotted = ".".join(str(part) for part in (name, *place))
        raise ConfigError(
            f"{document.at((*where, *place))}: {dotted}: {_told(place, first['type'], first['msg'])}"
        ) from None
    _check(document, profile)
    return _resolved(profile, document.path.parent)


def _told(place: tuple[int | str, ...], kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        # One level of nesting is all there is.
        nested: dict[str, type[BaseModel]] = {"sampling": Sampling, "price": Price, "weights": Weights}
        model = nested.get(str(place[0]), ModelProfile) if len(place) > 1 else ModelProfile
        known = set(model.model_fields) - {"name"}
        return f"unknown key; known: {', '.join(sorted(known))}"
    return "is required" if kind == "missing" else message


def _check(document: Located, profile: ModelProfile) -> None:
    """What the types cannot say."""
    where = ("models", profile.name)
    name = profile.name
    if profile.api_key_env and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", profile.api_key_env):
        raise ConfigError(
            f"{document.at((*where, 'api_key_env'))}: {name}.api_key_env: not the name of an environment variable",
            remedy="keys never stand in a file: put the key into a variable, and the variable's name here",
        )
    if profile.base_url and not re.match(r"https?://[^/]", profile.base_url):
        raise ConfigError(f"{document.at((*where, 'base_url'))}: {name}.base_url: must start with http:// or https://")
    weights = profile.weights
    if weights is not None and weights.path is None and not (weights.packages and weights.files and weights.sha256):
        raise ConfigError(
            f"{document.at((*where, 'weights'))}: {name}.weights: give `path`, or `packages`, `files` and `sha256`"
        )


def _resolved(profile: ModelProfile, base: Path) -> ModelProfile:
    """Relative paths of a file count from that file, not from where the command happens to run."""
    update: dict[str, object] = {}
    if profile.recording is not None:
        update["recording"] = base / profile.recording.expanduser()
    if profile.weights is not None and profile.weights.path is not None:
        path = base / profile.weights.path.expanduser()
        update["weights"] = profile.weights.model_copy(update={"path": path})
    return profile.model_copy(update=update) if update else profile
