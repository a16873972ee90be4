"""What llama.cpp needs of the system: the OpenMP library, which its wheel does not carry and small images do not."""

from __future__ import annotations

import ctypes
import sys

from harness import host
from harness.errors import ProviderError

LIBRARY, PACKAGE = "libgomp.so.1", "libgomp1"


def ensure_runtime(log: host.Log) -> None:
    """Install the library where it is missing, as root on Debian and Ubuntu.

    Raises ProviderError where that cannot be done, HostError where apt fails.
    """
    if has_runtime():
        return
    if not host.can_install():
        raise ProviderError(
            f"llama.cpp needs the OpenMP library {LIBRARY}, which this system does not have",
            remedy=f"as root: apt-get install {PACKAGE} (Debian, Ubuntu), dnf install libgomp (Fedora)",
        )
    with host.file_lock(host.cache() / "runtime.lock", log, f"it is installing {PACKAGE}"):
        if not has_runtime():
            host.apt_install([PACKAGE], log)


def has_runtime() -> bool:
    """Whether the loader finds the library; elsewhere than on Linux the wheel has all it needs."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return True
