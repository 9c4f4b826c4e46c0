"""The way to a database: a TCP relay on the loopback that can be cut, and held up."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

CHUNK = 65536


class Network:
    """Passes what comes to `port` on to another port of this machine, until it is `cut` or `held`.

    Cut: every connection is broken and none is taken. Held: nothing passes and nobody is told, as behind a switch that
    has lost its power.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._passes = threading.Event()
        self._passes.set()
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            broken, self._open = self._open, set()
        for one in broken:
            _break(one)

    def hold(self) -> None:
        self._passes.clear()

    def restore(self) -> None:
        self._is_cut = False
        self._passes.set()

    def close(self) -> None:
        self._listener.close()
        self.cut()
        self._passes.set()

    def _take(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            self._passes.wait()
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:  # the database itself is down
                _break(near)
                continue
            with self._lock:
                if self._is_cut:
                    _break(near)
                    _break(far)
                    continue
                self._open |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=(source, target), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._passes.wait()
                target.sendall(data)
        for one in (source, target):
            _break(one)
        with self._lock:
            self._open -= {source, target}


def _break(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
