"""Carries bytes between a port of this container's loopback and the gateway's socket.

For agents that can only be told an address. It runs as a user of its own: the socket's directory is closed to the agent
and to everything the agent starts, which all have to come through here, with a token.
"""

import socket
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 8000
MOST = 64
"""Connections at once."""
CHUNK = 1 << 16


def listen() -> socket.socket:
    """The port, taken before any agent could take it."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", PORT))
    door.listen(MOST)
    return door


def serve(door: socket.socket, target: str) -> None:
    """Accept for ever."""
    free = threading.BoundedSemaphore(MOST)
    while True:
        free.acquire()
        try:
            client, _ = door.accept()
        except OSError:
            free.release()
            continue
        threading.Thread(target=_carry, args=(client, target, free.release), daemon=True).start()


def _carry(client: socket.socket, target: str, done: "Callable[[], None]") -> None:
    upstream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        upstream.connect(target)
        back = threading.Thread(target=_pump, args=(upstream, client), daemon=True)
        back.start()
        _pump(client, upstream)
        back.join()
    except OSError:
        pass
    finally:
        client.close()
        upstream.close()
        done()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Until either side ends; the end is passed on, so that the gateway sees a client that hangs up."""
    try:
        while True:
            data = source.recv(CHUNK)
            if not data:
                break
            target.sendall(data)
    except OSError:
        pass
    for one, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:  # noqa: SIM105  `contextlib` takes milliseconds to import
            one.shutdown(how)
        except OSError:
            pass
