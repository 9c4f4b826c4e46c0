"""What a process does while it reads something hostile: files that are opened, code and programs that are run.

Python tells of these by audit events (PEP 578). A hook cannot be taken away again, so that a campaign has processes of
its own. What a library does in C or Rust tells of nothing: there a file outside is known by its content (`SECRET`), and
the folder outside by what lies in it.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from bcos_core.home import CHECKOUT

MARK = "H0STILE"
"""In whatever would be code if somebody ran it."""
SECRET = "a secret that lies outside"
"""What the files outside of the home have in them."""

Kind = Literal["code_run", "outside_files", "network"]

_SPAWNED = (
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"),
    *("os.startfile", "webbrowser.open"),
)
_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request")
# Event → which of its arguments are paths that are changed.
_CHANGED: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.truncate", "os.utime"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "shutil.move", "shutil.copyfile", "shutil.copytree"), (0, 1)),
    **dict.fromkeys(("os.symlink",), (1,)),
    **dict.fromkeys(("shutil.rmtree", "shutil.make_archive", "shutil.unpack_archive", "sqlite3.connect"), (0,)),
}
_LISTED = ("os.listdir", "os.scandir", "glob.glob")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which code made of a string is a library's own: these write their classes' methods so.
_WRITERS = (
    *("dataclasses", "collections", "enum", "typing", "attr", "jinja2", "sqlalchemy", "importlib", "torch.fx"),
    *("fontTools", "_plotly_utils"),
)
# Pages keep what they have computed in the memory of their process, pickled by Streamlit.
_CACHED = ("streamlit.", "bcos_core.", "pages.")
# What a machine has for every program.
_EVERYBODYS = ("/proc", "/sys", "/dev", "/etc/localtime", "/usr/share/zoneinfo", "/etc/mime.types", "/usr/share/fonts")


@dataclass(frozen=True)
class Breach:
    """Something that nothing hostile may bring about; `what` is the event with its argument."""

    kind: Kind
    what: str


class Watch:
    """Looks on from `install` to the end of the process, and notes what happens between `begin` and `end`.

    `inside` are the folders that may be read and written: the home, a folder for temporary files.
    """

    def __init__(self, inside: Iterable[Path]) -> None:
        self._inside = tuple(os.path.realpath(one) for one in inside)
        paths = sysconfig.get_paths()
        own = {sys.prefix, sys.base_prefix, *(paths[name] for name in ("stdlib", "platlib", "purelib"))}
        packages = {os.path.realpath(part) for part in sys.path if part}
        self._own = tuple(sorted({os.path.realpath(one) for one in own} | packages | {str(CHECKOUT)}))
        self._on = self._busy = False
        self.breaches: list[Breach] = []

    def install(self) -> None:
        sys.addaudithook(self._hear)

    def begin(self) -> None:
        self.breaches = []
        self._on = True

    def end(self) -> list[Breach]:
        self._on = False
        return self.breaches

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on or self._busy:
            return
        self._busy = True
        try:
            self._judge(event, arguments)
        finally:
            self._busy = False

    def _judge(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            self._file(event, path, writes=isinstance(flags, int) and bool(flags & _WRITING))
        elif event in _CHANGED:
            for place in _CHANGED[event]:
                path, writes = arguments[place], True
                if event == "sqlite3.connect":
                    path, writes = _database(path)
                self._file(event, _in_folder(path, arguments[-1]), writes=writes, follows=False)
        elif event in _LISTED:
            self._file(event, arguments[0], writes=False)
        elif event == "exec":
            self._code(arguments[0])
        elif event == "compile":
            source = arguments[0]
            text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
            if isinstance(text, str) and MARK in text:
                self._note("code_run", f"compile {text[:80]!r}")
        elif event in _SPAWNED:
            self._note("code_run", f"{event} {arguments!r:.120}")
            raise PermissionError(f"{event}: nothing hostile is really run.")
        elif event == "pickle.find_class" and not str(arguments[-2]).startswith(_CACHED):
            self._note("code_run", f"{event} {arguments[-2:]!r:.120}")
        elif event == "ctypes.dlopen" and isinstance(arguments[0], str):
            self._file(event, arguments[0], writes=False)
        elif event in _NETWORK:
            self._note("network", f"{event} {arguments[1:]!r:.120}")
            raise PermissionError(f"{event}: nobody is really asked.")

    def _file(self, event: str, path: object, *, writes: bool, follows: bool = True) -> None:
        """`follows`: what happens to a link happens to the file that it leads to."""
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a descriptor that was opened before
        try:
            name = os.path.abspath(os.fsdecode(path))
            folder, last = os.path.split(name)
            real = os.path.realpath(name) if follows else os.path.join(os.path.realpath(folder), last)
        except ValueError:  # a null character: nothing is opened by it
            return
        if _under(real, self._inside):
            return
        if not writes and (_under(real, self._own) or _under(real, _EVERYBODYS) or os.path.dirname(real) == "/"):
            return
        if not writes and any(one.startswith(f"{real}/") for one in (*self._inside, *self._own)):
            return  # a folder above one that may be read
        if writes and real in ("/dev/null", "/dev/tty"):
            return
        self._note("outside_files", f"{event}{' for writing' if writes else ''}: {real}")

    def _code(self, code: object) -> None:
        name = str(getattr(code, "co_filename", "?"))
        if name.startswith("<frozen") or (name.startswith("/") and _under(os.path.realpath(name), self._own)):
            return
        caller: Any = sys._getframe(3)
        module = str(caller.f_globals.get("__name__", "?"))
        if name.startswith("<") and (module in _WRITERS or module.startswith(tuple(f"{one}." for one in _WRITERS))):
            return
        self._note("code_run", f"exec of {name} by {module}")

    def _note(self, kind: Kind, what: str) -> None:
        if len(self.breaches) < 20:
            self.breaches.append(Breach(kind, what))


def _database(name: object) -> tuple[object, bool]:
    """The file of an address of SQLite's, and whether it may be written."""
    if not isinstance(name, str) or not name.startswith("file:"):
        return name, True
    address = urlsplit(name)
    return unquote(address.path), "mode=ro" not in address.query


def _in_folder(path: object, folder: object) -> object:
    """A relative path that is one in an open folder, whose descriptor is the last argument of such an event."""
    if isinstance(folder, int) and folder > 0 and isinstance(path, str | bytes) and not os.path.isabs(path):
        with suppress(OSError):  # the last argument was something else
            return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))
    return path


def _under(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
