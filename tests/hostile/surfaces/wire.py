"""Messages over the real connection of a real server: broken frames, forged states of widgets and components.

Two servers, one of the dashboard and one for raters. A message is sent as a browser of an open page sends it; after
every few of them somebody else opens a page, which must come. The servers watch themselves (`watched_server`).
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import psutil
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bcos_core.errors import JobError
from bcos_core.home import CHECKOUT
from bcos_core.jobs.supervisor_lock import hold_supervisor_lock
from bcos_core.storage.upgrade import open_database
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.raters import Raters
from bcos_core.study.studies import Studies
from bcos_core.team import RATERS_ONLY
from pages.server.rooms import ROOMS
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.hostile.surfaces.pages import furnish, parameters_of_pages
from tests.hostile.watch import Breach
from tests.ports import free_port
from tests.server.wire import Wire, wire

ANSWER_SECONDS = 8.0
"""For one message: what is not answered by then is judged by whether the server goes on."""
OPEN_SECONDS = 90.0
START_SECONDS = 120.0
MOST_MEMORY = 2_500_000_000
"""Bytes of a server, whatever it was sent."""
MESSAGES_OF_A_CONNECTION = 9  # a stranger who sends more waits
_ID = re.compile(r'id: "(\$\$[^"]{5,300})"')
_COMPONENTS = (
    {"given": [{"slot": "a", "question": "clear", "value": 1, "key": "k"}]},
    {"strike": {"clicks": [{"at": 1.0, "start": 0, "end": 3, "drawn": "x"}]}, "open": True},
    {"choice": {"checkpoint": "a", "method": "bcos", "score": "aopc"}, "switch": "bcos", "shown": 1},
    {"token": {"place": 1, "drawn": "x"}, "row": {"row": 1, "drawn": "x"}, "foil": {"number": 3, "at": 1}},
)
_TRIGGERS = [{"event": "strike", "value": _COMPONENTS[1]["strike"]}, {"event": "choice", "value": {"checkpoint": "a"}}]


@dataclass(frozen=True)
class Message:
    """`frame` as it goes over the wire, or a message with states of widgets, each by the number of a widget that the
    page has shown (or by an id of nobody's); or the address of a file."""

    raters: bool
    page: str
    query: str
    frame: bytes | str | None = None
    kind: str = "rerun_script"
    fragment: str = ""
    widgets: tuple[tuple[int | str, str, Any], ...] = ()
    address: bytes | None = None
    """Of a file, asked for by itself: as it stands in the first line of a request."""


@dataclass
class Server:
    """A watched server, and what goes on with it."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    noted: Path
    read: int = 0
    sent: int = 0
    known: dict[str, list[str]] = field(default_factory=dict)

    def breaches(self) -> list[Breach]:
        text = self.noted.read_text()[self.read :] if self.noted.exists() else ""
        self.read += len(text)
        return [Breach(**json.loads(line)) for line in text.splitlines()]

    def require_alive(self) -> None:
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}"
        memory = psutil.Process(self.process.pid).memory_info().rss
        assert memory < MOST_MEMORY, f"the server has {memory >> 20} MB"


def make(ground: Ground) -> tuple[st.SearchStrategy[Message], Callable[[Message], object]]:
    names = furnish(ground.home)
    database = open_database(ground.home)
    study = next(study.id for study in Studies(database).list())
    raters = Raters(database)
    token = Invitations(database).create(study, InviteKind.OPEN)[1]
    joined = raters.join(token)
    raters.consent(joined.rater.id)
    HELD.enter_context(hold_supervisor_lock(ground.home))  # as if one ran: no page starts another
    servers = {False: _start(ground), True: _start(ground, raters=True)}
    SERVERS.extend(servers.values())
    parameters = parameters_of_pages()
    loop = asyncio.new_event_loop()
    rating = f"rater={joined.resume_token}"
    for server in servers.values():
        for page in ("rate",) if server is servers[True] else ROOMS:
            query = rating if page == "rate" else ""
            heard = loop.run_until_complete(_open(server, page, query))
            server.known[page] = sorted(set(_ID.findall(heard.said)))
        assert all(server.known.values()), "a page has shown no widget"
        server.process.send_signal(signal.SIGUSR1)

    texts = values.texts.map(lambda text: text.encode("utf-8", "replace").decode())
    whole = [_message(Message(False, "compare", "model=a"), ["$$ID-a"]), b"", b"\x00" * 100]
    frames: st.SearchStrategy[bytes | str] = st.one_of(
        st.tuples(st.sampled_from(whole), damage.damages).map(lambda one: damage.damaged(one[0], one[1])),
        texts,
        st.binary(max_size=50),
        st.sampled_from((b"\xff" * 1_500_000, "x" * 300_000, b"")),
    )
    whole_numbers = [number for number in values.NUMBERS if isinstance(number, int) and abs(number) < 2**63]
    numbers = st.one_of(st.sampled_from(whole_numbers), st.just(1))
    contents = {
        "trigger_value": st.booleans(),
        "bool_value": st.booleans(),
        "double_value": st.floats(),
        "int_value": numbers,
        "string_value": texts,
        "int_array_value": st.lists(numbers, max_size=4),
        "double_array_value": st.lists(st.floats(), max_size=4),
        "string_array_value": st.lists(texts, max_size=4),
        "string_trigger_value": texts,
        "bytes_value": st.binary(max_size=20),
        "json_value": st.one_of(
            st.tuples(st.sampled_from(_COMPONENTS), values.changes).map(lambda one: _text(values.changed(*one))), texts
        ),
        "json_trigger_value": values.changes.map(lambda what: _text(values.changed(_TRIGGERS, what))),
    }

    @st.composite
    def messages(draw: st.DrawFn) -> Message:
        of_raters = draw(st.booleans())
        page = "rate" if of_raters else draw(st.sampled_from(sorted(ROOMS)))
        some = st.one_of(texts, st.sampled_from(names))
        given = draw(st.dictionaries(st.sampled_from(parameters[page]), some, max_size=3))
        query = "&".join(f"{name}={quote(value)}" for name, value in given.items())
        if of_raters and draw(st.integers(0, 3)):
            query = rating
        what = draw(st.sampled_from(("frame", "kind", "fragment", *("address",) * 3, *("widgets",) * 5)))
        if what == "address":
            return Message(of_raters, page, query, address=draw(addresses(str(ground.outside))))
        if what == "frame":
            return Message(of_raters, page, query, frame=draw(frames))
        if what == "kind":
            kinds = ("clear_cache", "debug_shutdown_runtime", "load_git_info", "set_run_on_save", "app_heartbeat")
            return Message(of_raters, page, query, kind=draw(st.sampled_from(kinds)))
        if what == "fragment":
            return Message(of_raters, draw(st.one_of(texts, st.just(page))), query, fragment=draw(texts))
        states = []
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(sorted(contents)))
            states.append((draw(st.one_of(st.integers(0, 200), texts)), kind, draw(contents[kind])))
        return Message(of_raters, page, query, widgets=tuple(states))

    connections: dict[bool, Any] = {}

    def send(message: Message) -> object:
        server = servers[message.raters]
        try:
            return loop.run_until_complete(_send(server, message, connections, rating))
        finally:
            server.require_alive()

    return messages(), send


def addresses(outside: str) -> st.SearchStrategy[bytes]:
    """Addresses of files that pages hand out, of components, and of what a server must not have."""
    folders = st.sampled_from(
        (
            *("/media/", "/media/", "/media/", "/_stcore/bidi-components/", "/component/", "/static/", "/app/static/"),
            *("/", "/_stcore/", "/_stcore/upload_file/", "//media//", "/%6dedia/", "/media%2f", "/~/", "/sign-in"),
        )
    )
    texts = values.texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    pieces = st.one_of(
        texts.map(lambda text: quote(text).encode()),
        texts.map(lambda text: text[:300].translate(None, b" \r\n\x00")),
        st.binary(max_size=9).map(lambda some: some.translate(None, b" \r\n\x00")),
        st.sampled_from(
            (b"../", b"..%2f", b"%2e%2e/", b"..\\", b"..;/", b"%00", b"//", b"a.csv", b"%c0%ae%c0%ae/", b"?")
        ),
        st.sampled_from(
            (f"{outside}/secret.csv".encode(), quote(outside, safe="").encode(), b"etc/passwd", b"x" * 9000)
        ),
    )
    return st.builds(
        lambda folder, some: folder.encode() + b"".join(some), folders, st.lists(pieces, min_size=1, max_size=4)
    )


SERVERS: list[Server] = []
HELD = ExitStack()


def breaches() -> list[Breach]:
    return [breach for server in SERVERS for breach in server.breaches()]


async def _send(server: Server, message: Message, connections: dict[bool, Any], rating: str) -> object:
    if message.address is not None:
        return await _fetch(server, message)
    manager, opened, count = connections.pop(message.raters, (None, None, 0))
    if count >= MESSAGES_OF_A_CONNECTION:
        await manager.__aexit__(None, None, None)
        opened = None
        page = "rate" if message.raters else "home"
        another = await _open(server, page, rating if message.raters else "")
        assert "script_finished" in another.said, "no page came to somebody else"
    if opened is None:
        manager, count = wire(server.url), 0
        try:
            opened = await manager.__aenter__()
        except (InvalidStatus, ConnectionClosed, OSError, TimeoutError) as error:
            raise JobError(f"The server takes no further connection now: {type(error).__name__}.") from error
    heard = len(opened.heard)
    try:
        frame = message.frame
        if frame is None:
            frame = _message(message, server.known.get(message.page, []))
        await opened.socket.send(frame)
        is_run = message.frame is None and message.kind == "rerun_script"
        await opened.listen(seconds=ANSWER_SECONDS if is_run else 0.05)
        said = "\n".join(str(one) for one in opened.heard[heard:])
        ended = opened.socket.close_code is not None
    except ConnectionClosed:
        said, ended = "", True
    _judge(said, raters=message.raters)
    if ended:
        with suppress(ConnectionClosed):
            await manager.__aexit__(None, None, None)
        raise JobError("The connection was ended: the server takes no such message.")
    connections[message.raters] = (manager, opened, count + 1)
    return None


async def _fetch(server: Server, message: Message) -> object:
    """A file, as a browser asks for it, whose answer is no error of the server's."""
    to = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(to.hostname, to.port)
    try:
        head = f"Host: {to.netloc}\r\nRange: bytes={message.query[:40].encode('ascii', 'ignore').decode()}\r\n"
        writer.write(
            b"GET " + (message.address or b"/") + b" HTTP/1.1\r\n" + head.encode() + b"Connection: close\r\n\r\n"
        )
        async with asyncio.timeout(ANSWER_SECONDS):
            said = (await reader.read(1_000_000)).decode("latin-1")
    except (ConnectionError, TimeoutError) as error:
        raise JobError(f"The server takes no such address: {type(error).__name__}.") from error
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    status = said[9:12]
    _judge(said, raters=message.raters)
    assert not status.startswith("5"), f"an address is answered by {status}"
    if not status.startswith("2"):
        raise JobError(f"There is no such file; the answer was {status or 'none'}.")
    return said


async def _open(server: Server, page: str, query: str) -> Wire:
    async with wire(server.url) as opened:
        await opened.ask(page, query=query)
        await opened.listen(seconds=OPEN_SECONDS)
        return opened


def _judge(said: str, *, raters: bool) -> None:
    assert "Traceback" not in said and "stack_trace:" not in said, "a stack trace in the browser"
    assert not raters or str(CHECKOUT) not in said, "a rater is told where the server's files are"
    assert not raters or os.environ["BCOS_HOME"] not in said, "a rater is told where the home is"


def _message(message: Message, known: list[str]) -> bytes:
    sent = BackMsg()
    if message.kind != "rerun_script":
        setattr(sent, message.kind, True)
        return sent.SerializeToString()
    run = sent.rerun_script
    run.page_name, run.query_string, run.fragment_id = message.page, message.query, message.fragment
    for which, kind, value in message.widgets:
        state = run.widget_states.widgets.add()
        state.id = which if isinstance(which, str) else known[which % len(known)] if known else "$$ID-none"
        if kind.endswith("_array_value"):
            getattr(state, kind).data.extend(value)
        elif kind == "string_trigger_value":
            state.string_trigger_value.data = value
        else:
            setattr(state, kind, value)
    return sent.SerializeToString()


def _text(tree: Any) -> str:
    return values.written(tree).decode("utf-8", "replace")[:200_000]


def _start(ground: Ground, *, raters: bool = False) -> Server:
    port = free_port()
    folder = ground.temporary / ("raters" if raters else "dashboard")
    folder.mkdir()
    log, noted = folder / "log", folder / "breaches"
    environment = {**os.environ, **({RATERS_ONLY: "1"} if raters else {})}
    command = [sys.executable, "-m", "tests.hostile.watched_server", str(port), str(noted)]
    with log.open("wb") as words:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=words, stderr=words)
    atexit.register(process.kill)
    server = Server(f"http://127.0.0.1:{port}", process, log, noted)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), urlopen(f"{server.url}/_stcore/health", timeout=1):
            return server
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        time.sleep(0.2)
    raise AssertionError("the server does not start")


SURFACE = Surface("wire", "messages over the connection of a server", make, breaches=breaches)
