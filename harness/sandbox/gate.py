"""Lets many work side by side, or one alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Stay:
    """One visit side by side."""

    def __init__(self) -> None:
        self.crowded = False
        """Whether anybody else was inside at any time of it."""


class Gate:
    """Many `side_by_side`, or one `alone` and nobody else; who waits to be alone goes before those who come later."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: set[Stay] = set()
        self._waiting = 0
        self._alone = False

    @property
    def awaited(self) -> bool:
        """Whether somebody waits to be alone."""
        return bool(self._waiting)

    @contextlib.contextmanager
    def side_by_side(self) -> Iterator[Stay]:
        """Work together with others; waits while somebody is alone or waits for that."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._waiting)
            stay = Stay()
            self._inside.add(stay)
            if len(self._inside) > 1:
                for one in self._inside:
                    one.crowded = True
        try:
            yield stay
        finally:
            with self._changed:
                self._inside.remove(stay)
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Work with nobody else inside. Must not be asked for from within either of the two."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: not self._alone and not self._inside)
                self._alone = True
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
