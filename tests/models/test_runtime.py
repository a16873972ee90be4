"""What llama.cpp needs of the system. That a library is missing is pretended: this machine needs it for other tests."""

from __future__ import annotations

import pytest

from harness.errors import ProviderError
from harness.models import runtime

MISSING = "libharness-no-such-library.so.1"


def test_a_library_that_is_there_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "LIBRARY", "libc.so.6")
    said: list[str] = []
    runtime.ensure_runtime(said.append)
    assert said == []


def test_whoever_cannot_install_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "LIBRARY", MISSING)
    monkeypatch.setattr("harness.host.can_install", lambda: False)
    with pytest.raises(ProviderError, match=MISSING) as caught:
        runtime.ensure_runtime(print)
    assert "apt-get install libgomp1" in caught.value.remedy


def test_it_is_installed_where_that_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "LIBRARY", MISSING)
    monkeypatch.setattr("harness.host.can_install", lambda: True)
    installed: list[str] = []
    monkeypatch.setattr("harness.host.apt_install", lambda packages, log: installed.extend(packages))
    runtime.ensure_runtime(print)
    assert installed == ["libgomp1"]
