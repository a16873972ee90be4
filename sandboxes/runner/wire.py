"""Frames: a JSON header and named blobs.

    u32 length of what follows | u32 length of header | header JSON | blob | blob ...

`header["blobs"]` lists `[name, size]` in order. All integers big-endian. Host and runner share this file.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

HEAD = 4
MAX_FRAME = 256 * 1024 * 1024


class Broken(Exception):
    """The other side closed the stream, or sent what is no frame."""


class _Context:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = None
    memo: "dict[str, Any]" = {}  # noqa: RUF012  the C scanner wants it there


def _json() -> "tuple[Callable[[str], Any], Callable[[Any], str]]":
    # `import json` costs 4 ms for `re`, which every container would pay; the C parts alone suffice.
    try:
        from _json import encode_basestring_ascii, make_encoder, make_scanner

        scan = make_scanner(_Context)  # type: ignore[arg-type]
        encode = make_encoder(None, None, encode_basestring_ascii, None, ":", ",", False, False, False)  # type: ignore[arg-type]

        def loads(text: str) -> "Any":
            return scan(text, 0)[0]

        def dumps(value: "Any") -> str:
            return "".join(encode(value, 0))

        if loads(dumps({"a": [1, "é", None, True]})) != {"a": [1, "é", None, True]}:
            raise TypeError
    except (ImportError, TypeError, ValueError, StopIteration):
        import json

        return json.loads, json.dumps
    return loads, dumps


loads, dumps = _json()


def pack(header: "dict[str, Any]", blobs: "dict[str, bytes]") -> bytes:
    """One frame. Blobs are bytes by name."""
    header = {**header, "blobs": [[name, len(data)] for name, data in blobs.items()]}
    head = dumps(header).encode("ascii")
    body = b"".join(blobs.values())
    return (len(head) + len(body) + HEAD).to_bytes(4, "big") + len(head).to_bytes(4, "big") + head + body


def unpack(frame: bytes) -> "tuple[dict[str, Any], dict[str, bytes]]":
    """Header and blobs of a frame without its length. Raises Broken."""
    size = int.from_bytes(frame[:HEAD], "big")
    if size > len(frame) - HEAD:
        raise Broken("header longer than its frame")
    try:
        header = loads(frame[HEAD : HEAD + size].decode("ascii"))
        blobs, at = {}, HEAD + size
        for name, length in header.pop("blobs"):
            if length < 0:
                raise ValueError(length)
            blobs[name] = frame[at : at + length]
            at += length
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration) as error:
        raise Broken(f"not a frame: {error!r}") from None
    if at != len(frame):
        raise Broken("blobs and frame differ in length")
    return header, blobs


def read_exact(fd: int, count: int) -> bytes:
    """Exactly `count` bytes from a blocking descriptor, never more: what follows belongs to the next reader."""
    parts = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            raise Broken("end of stream")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive(fd: int) -> "tuple[dict[str, Any], dict[str, bytes]]":
    """The next frame of a blocking descriptor. Raises Broken at its end."""
    size = int.from_bytes(read_exact(fd, HEAD), "big")
    if size > MAX_FRAME:
        raise Broken("frame too long")
    return unpack(read_exact(fd, size))


def send(fd: int, header: "dict[str, Any]", blobs: "dict[str, bytes]") -> None:
    """Write one frame to a blocking descriptor."""
    view = memoryview(pack(header, blobs))
    while view:
        view = view[os.write(fd, view) :]
