"""HTTP to a model's server: bounded in size and time, failures as ProviderError, and `close` ends what is under way."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from harness import __version__
from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models.caller import Caller
from harness.models.failures import Refused, excerpt, masked, refused
from harness.models.streams import parse_object, split_lines

MAX_BODY = 64 * 1024 * 1024
"""Bytes of one response; a stream spends about 250 of them on a token."""

PATIENCE = 15
"""A try may take this many times `timeout_s` in all: keep-alives would hold a slot for ever otherwise."""

_CONNECT_S = 10.0
_QUESTION_S = 5.0
_ERROR_BODY = 64 * 1024
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONNECTED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")


class Incoming:
    """A response whose headers are there and whose body is read once, as `text()` or as `lines()`."""

    def __init__(self, response: httpx.Response, profile: ModelProfile, deadline: float) -> None:
        self._response = response
        self._profile = profile
        self._deadline = deadline

    @property
    def content_type(self) -> str:
        kind: str = self._response.headers.get("content-type", "")
        return kind.partition(";")[0].strip().lower()

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def server(self) -> str:
        """What the server calls itself in its headers."""
        name: str = self._response.headers.get("server", "")
        return name

    def lines(self) -> Iterator[str]:
        return split_lines(self._chunks(MAX_BODY))

    def text(self) -> str:
        return b"".join(self._chunks(MAX_BODY)).decode("utf-8", errors="replace")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ProviderError where it is none: retryable, unless it is a web page."""
        text = self.text()
        try:
            return parse_object(text)
        except ValueError as error:
            page = "html" in self.content_type
            raise Refused(
                f"the server of {self._profile.name} answered with {'a web page' if page else 'broken JSON'} "
                f"({error}): {excerpt(text, 120) or 'nothing'}",
                remedy=f"check `base_url` ({masked(self._profile.base_url)}): does it end in /v1?" if page else "",
                retryable=not page,
                body=text,
            ) from None

    def beginning(self) -> str:
        """The first part of an error's body; a transport failure while reading it is not worth another error."""
        kept = bytearray()
        with contextlib.suppress(httpx.HTTPError, ProviderError):
            for chunk in self._chunks(MAX_BODY):
                kept += chunk
                if len(kept) >= _ERROR_BODY:
                    break
        return kept[:_ERROR_BODY].decode("utf-8", errors="replace")

    def _chunks(self, limit: int) -> Iterator[bytes]:
        total = 0
        for chunk in self._response.iter_bytes():
            total += len(chunk)
            if total > limit:
                raise ProviderError(
                    f"the server of {self._profile.name} sent more than {limit >> 20} MiB for one reply"
                )
            if time.monotonic() > self._deadline:
                raise ProviderError(
                    f"the server of {self._profile.name} was still sending after {PATIENCE} times `timeout_s`",
                    remedy="raise `timeout_s`, or lower `max_tokens`",
                )
            yield chunk


class Http:
    """Connections to one server. Thread-safe; `close` drops requests under way, which frees their slots over there."""

    def __init__(self, profile: ModelProfile, base_url: str, api_key: str = "") -> None:
        self.base_url = base_url.rstrip("/")
        self._profile = profile
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._closed = False
        # One encoding fewer to be bombed with; replies are small.
        headers = {"user-agent": f"harness/{__version__}", "accept-encoding": "identity"}
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        address = urlsplit(self.base_url)
        loopback = address.hostname in _LOOPBACK
        self._make = partial(
            httpx.Client,
            headers=headers,
            timeout=httpx.Timeout(profile.timeout_s, connect=min(profile.timeout_s, _CONNECT_S)),
            # A proxy of the environment cannot know what listens on this machine's loopback.
            trust_env=not loopback,
            # Loading all certificates takes longer than asking a local model, which has none.
            verify=not (loopback and address.scheme == "http"),
        )
        self._client = self._make(
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=profile.concurrency)
        )
        self._single: httpx.Client | None = None

    @contextlib.contextmanager
    def post(self, path: str, body: dict[str, Any], caller: Caller | None = None) -> Iterator[Incoming]:
        """Send JSON; the block reads the response. Raises ProviderError for every way in which that fails, also when
        `caller` gives up: the connection is then cut at once, wherever the exchange is."""
        with self._exchange("POST", self.base_url + path, caller, json=body) as incoming:
            yield incoming

    def ask(self, url: str) -> Incoming:
        """GET a small document of the server, already read; `url` is absolute. Raises ProviderError."""
        with self._exchange("GET", url, timeout=_QUESTION_S) as incoming:
            incoming._response.read()
            return incoming

    def close(self) -> None:
        """End requests under way and drop all connections."""
        with self._lock:
            self._closed = True
            sockets = list(self._sockets)
            single = self._single
        for one in sockets:
            _shut(one)
        self._client.close()
        if single is not None:
            single.close()

    @contextlib.contextmanager
    def _exchange(self, method: str, url: str, caller: Caller | None = None, **options: Any) -> Iterator[Incoming]:
        deadline = time.monotonic() + PATIENCE * self._profile.timeout_s
        # Left last, after the response: until then a caller can cut the connection.
        held = contextlib.ExitStack()

        def opened(one: socket.socket) -> None:
            if caller is not None:
                held.enter_context(caller.dropped.calling(partial(_shut, one)))

        trace = partial(self._watch, opened)
        client = self._client if caller is None else self._own()
        try:
            extensions = {"trace": trace, "timeout": self._timeouts(options.pop("timeout", None))}
            with held, client.stream(method, url, extensions=extensions, **options) as response:
                incoming = Incoming(response, self._profile, deadline)
                if not response.is_success:
                    raise refused(self._profile, response.status_code, incoming.beginning(), response.headers)
                yield incoming
        except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError) as error:
            if caller is not None:
                caller.check(self._profile.name)
            raise self._failure(error) from error

    def _own(self) -> httpx.Client:
        """For requests that may be given up: a new connection each. Only of a new one is the socket known before the
        response is there."""
        with self._lock:
            if self._single is None:
                self._single = self._make(limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))
                if self._closed:
                    self._single.close()
            return self._single

    def _timeouts(self, seconds: float | None) -> dict[str, float | None]:
        if seconds is None:
            return self._client.timeout.as_dict()
        return httpx.Timeout(min(seconds, self._profile.timeout_s)).as_dict()

    def _watch(self, told: Callable[[socket.socket], None], event: str, info: dict[str, Any]) -> None:
        """Remember the sockets of this client: closing a client does not wake a thread that waits in `recv`."""
        if not event.endswith(_CONNECTED):
            return
        opened = info["return_value"].get_extra_info("socket")
        if opened is None:
            return
        with self._lock:
            self._sockets.add(opened)
            closed = self._closed
        told(opened)
        if closed:
            _shut(opened)

    def _failure(self, error: Exception) -> ProviderError:
        name, where = self._profile.name, masked(self.base_url)
        if self._closed:
            return ProviderError(f"the request to {name} was given up: its provider was closed")
        if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
            return ProviderError(
                f"cannot reach the server of {name} at {where}: {excerpt(str(error)) or 'no answer'}",
                remedy="is it running, and is `base_url` of the catalogue entry right?",
                # A certificate does not become valid while we wait.
                retryable="CERTIFICATE" not in str(error),
            )
        if isinstance(error, httpx.TimeoutException):
            return ProviderError(
                f"the server of {name} at {where} sent nothing for {self._profile.timeout_s:g} s",
                remedy="raise `timeout_s` of the catalogue entry, or lower its `concurrency`",
                retryable=True,
            )
        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
            return ProviderError(f"{name}: {where} is not an address: {excerpt(str(error))}")
        kind = type(error).__name__
        return ProviderError(
            f"the connection to {name} at {where} broke: {excerpt(str(error)) or kind}", retryable=True
        )


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
