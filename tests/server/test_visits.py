"""Places at the server, and what each visit may say: how many, how often, how long without a word."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from pages.server import connections
from pages.server.connections import Connections
from pages.server.left import Left
from pages.server.limits import DASHBOARD, RATERS, Limits, Pace, limits
from pages.server.visits import HEADER, SETTLED_SECONDS, Guest, Visit, Visits

SMALL = Limits(connections=4, connections_per_address=2, guest_bytes=1000, guest_widgets=3)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def enter(visits: Visits, address: str = "127.0.0.1", guest: Guest = Guest.STRANGER) -> str | None:
    id = visits.enter(address, SMALL)
    if id is not None and (visit := visits.get(id)) is not None:
        visit.guest = guest
    return id


def test_places_from_one_address_are_counted_unless_it_is_this_machine() -> None:
    visits = Visits()
    assert enter(visits, "203.0.113.7") and enter(visits, "203.0.113.7")
    assert enter(visits, "203.0.113.7") is None
    assert enter(visits, "::1") and enter(visits, "127.0.0.1")
    assert len(visits) == 4


def test_who_has_one_address_of_ipv6_has_its_whole_network() -> None:
    visits = Visits()
    assert enter(visits, "2001:db8:0:7::1") and enter(visits, "2001:db8:0:7:ffff:1:2:3")
    assert enter(visits, "2001:db8:0:7:8000::") is None
    assert enter(visits, "2001:db8:0:8::1") and enter(visits, "::ffff:127.0.0.1")
    visits = Visits()
    assert enter(visits, "203.0.113.7") and enter(visits, "::ffff:203.0.113.7")
    assert enter(visits, "203.0.113.7") is None and enter(visits, "::ffff:203.0.113.8")


def test_a_full_house_has_no_room_for_more() -> None:
    clock = Clock()
    visits = Visits(clock)
    assert all(enter(visits, guest=Guest.RATER) for _ in range(4))
    clock.now = 1000.0
    assert enter(visits) is None and len(visits) == 4


def test_strangers_keep_no_rater_out() -> None:
    """Whoever came first without an invitation gives way, but not before their page could be drawn."""
    clock = Clock()
    visits = Visits(clock)
    rater = enter(visits, guest=Guest.RATER)
    first, second, third = enter(visits), enter(visits), enter(visits)
    assert rater and first and second and third
    gone = visits.get(first)
    assert enter(visits) is None
    clock.now = SETTLED_SECONDS + 0.1
    assert enter(visits)
    assert gone is not None and gone.evicted and visits.get(first) is None
    assert visits.get(rater) and visits.get(second) and visits.get(third) and len(visits) == 4


def test_only_a_researchers_open_page_takes_files() -> None:
    visits = Visits()
    id = enter(visits, guest=Guest.RATER)
    assert id is not None
    visit = visits.get(id)
    assert visit is not None
    visit.session = "s"
    assert not visits.is_researchers("s") and not visits.is_researchers("")
    visit.guest = Guest.RESEARCHER
    assert visits.is_researchers("s") and not visits.is_researchers("")
    visits.leave(id)
    assert not visits.is_researchers("s")


def test_messages_beyond_the_pace_wait_by_the_clock() -> None:
    visit = Visit("", 0.0)
    pace = Pace(burst=3, per_second=2.0)
    assert [visit.wait(pace, 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert visit.wait(pace, 0.0) == 0.5  # the next half second brings one more
    assert visit.wait(pace, 0.5) == 0.5
    assert visit.wait(pace, 10.0) == 0.0  # rested: all three are there again
    assert [visit.wait(pace, 10.0) for _ in range(3)] == [0.0, 0.0, 0.5]


def test_the_raters_server_is_told_by_its_environment() -> None:
    assert limits({"BCOS_RATERS_ONLY": "1"}) == RATERS
    assert limits({}) == DASHBOARD and limits({"BCOS_RATERS_ONLY": "0"}) == DASHBOARD
    assert RATERS.guest_bytes * RATERS.connections < 100_000_000


class Browser:
    """What comes over one connection, and what is sent back; Streamlit's part is `heard`."""

    def __init__(self, *said: Message, guest: Guest = Guest.STRANGER, bounds: Limits = SMALL) -> None:
        self.coming = [{"type": "websocket.connect"}, *said]
        self.guest = guest
        self.sent: list[Message] = []
        self.heard: list[Message] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.visits = Visits()
        self.bounds = bounds

    async def receive(self) -> Message:
        if self.coming:
            return self.coming.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def streamlit(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers = scope["headers"]
        for visit in self.visits:
            visit.guest = self.guest
        while True:
            message = await receive()
            self.heard.append(message)
            if message["type"] == "websocket.disconnect":
                await send({"type": "websocket.send", "bytes": b"too late"})
                return

    def visit(self, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "client": ("203.0.113.7", 1),
            "headers": headers or [],
        }
        layer = Connections(self.streamlit, limits=self.bounds, visits=self.visits, left=Left())
        asyncio.run(asyncio.wait_for(layer(scope, self.receive, self.send), 10))
        assert len(self.visits) == 0  # whatever happens, the place is free again


def said(**fields: Any) -> Message:
    message = BackMsg()
    for name, value in fields.items():
        setattr(message, name, value)
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


def rerun(*, widgets: int = 0, size: int = 0) -> Message:
    message = BackMsg()
    message.rerun_script.query_string = "x" * size
    for _ in range(widgets):
        message.rerun_script.widget_states.widgets.add()
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


END: Message = {"type": "websocket.disconnect", "code": 1000}


@pytest.mark.parametrize(
    ("guest", "kinds"),
    [
        (Guest.STRANGER, ["rerun_script", "stop_script", "app_heartbeat"]),
        (Guest.RATER, ["rerun_script", "stop_script", "app_heartbeat"]),
        (
            Guest.RESEARCHER,
            ["rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"],
        ),
    ],
)
def test_each_guest_is_heard_about_what_they_need(guest: Guest, kinds: list[str]) -> None:
    """Nobody empties the caches, which are everybody's, or stops the server."""
    every = []
    for name in [field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]:
        message = BackMsg()
        if BackMsg.DESCRIPTOR.fields_by_name[name].message_type is None:
            setattr(message, name, True)
        else:
            getattr(message, name).SetInParent()
        every.append({"type": "websocket.receive", "bytes": message.SerializeToString()})
    browser = Browser(*every, END, guest=guest, bounds=replace(SMALL, stranger=Pace(99, 1.0), rater=Pace(99, 1.0)))
    browser.visit()
    heard = [BackMsg.FromString(one["bytes"]).WhichOneof("type") for one in browser.heard if "bytes" in one]
    assert sorted(heard) == sorted(kinds)


@pytest.mark.parametrize(
    ("message", "guest", "code"),
    [
        (rerun(size=2000), Guest.STRANGER, 1009),
        (rerun(size=2000), Guest.RATER, 1009),
        (rerun(widgets=4), Guest.RATER, 1009),
        (rerun(size=2000, widgets=4), Guest.RESEARCHER, None),
        (rerun(size=900, widgets=3), Guest.STRANGER, None),
        ({"type": "websocket.receive", "text": "words"}, Guest.RESEARCHER, 1008),
        ({"type": "websocket.receive", "bytes": b"\xff"}, Guest.RESEARCHER, 1008),
    ],
)
def test_what_is_too_large_or_no_message_ends_the_connection(message: Message, guest: Guest, code: int | None) -> None:
    browser = Browser(message, END, guest=guest)
    browser.visit()
    closed = [one["code"] for one in browser.sent if one["type"] == "websocket.close"]
    assert closed == ([] if code is None else [code])
    assert (message in browser.heard) == (code is None)
    if code is not None:
        assert browser.sent[-1]["type"] == "websocket.close"  # nothing is sent behind it


def test_whoever_says_nothing_is_not_waited_for() -> None:
    """The request to connect is answered by Streamlit; then a first message has to come."""
    browser = Browser(bounds=replace(SMALL, first_message_seconds=0.05))
    browser.visit()
    assert browser.sent[0] == {"type": "websocket.close", "code": 1008}


def test_whoever_has_spoken_may_read_for_long() -> None:
    browser = Browser(rerun(), bounds=replace(SMALL, first_message_seconds=0.05))
    with pytest.raises(TimeoutError):  # of this test: the connection stays open
        scope: dict[str, Any] = {"type": "websocket", "path": "/_stcore/stream", "client": None, "headers": []}
        layer = Connections(browser.streamlit, limits=browser.bounds, visits=browser.visits, left=Left())
        asyncio.run(asyncio.wait_for(layer(scope, browser.receive, browser.send), 0.5))
    assert browser.sent == []


def test_a_stranger_who_floods_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(connections, "asyncio", type("Loop", (), {**vars(asyncio), "sleep": staticmethod(sleep)}))
    monkeypatch.setattr(connections, "monotonic", lambda: 0.0)
    bounds = replace(SMALL, stranger=Pace(burst=2, per_second=1.0))
    Browser(*[rerun()] * 4, END, bounds=bounds).visit()
    assert waits == [0.0, 0.0, 1.0, 2.0]
    waits.clear()
    Browser(*[rerun()] * 4, END, bounds=bounds, guest=Guest.RESEARCHER).visit()
    assert waits == []


def test_nobody_brings_the_name_of_anothers_visit() -> None:
    browser = Browser(END)
    browser.visit([(HEADER.upper().encode(), b"stolen"), (HEADER.encode(), b"stolen"), (b"host", b"h")])
    named = [value for name, value in browser.headers if name.lower() == HEADER.encode()]
    assert len(named) == 1 and len(named[0]) == 32 and named[0] != b"stolen"
    assert (b"host", b"h") in browser.headers


def test_a_stranger_who_gives_way_is_told_to_come_back() -> None:
    browser = Browser(rerun())
    bounds = replace(SMALL, connections=1)
    scope: dict[str, Any] = {"type": "websocket", "path": "/_stcore/stream", "client": None, "headers": []}

    async def scene() -> list[Message]:
        clock = Clock()
        browser.visits = Visits(clock)
        layer = Connections(browser.streamlit, limits=bounds, visits=browser.visits, left=Left())
        first = asyncio.create_task(layer(scope, browser.receive, browser.send))
        while not browser.heard:
            await asyncio.sleep(0)
        clock.now = 60.0
        second = Browser(rerun(), END)
        second.visits = browser.visits
        await Connections(second.streamlit, limits=bounds, visits=browser.visits, left=Left())(
            scope, second.receive, second.send
        )
        await asyncio.wait_for(first, 10)
        return second.heard

    heard = asyncio.run(scene())
    assert {"type": "websocket.close", "code": 1013} in browser.sent
    assert any("bytes" in one for one in heard)
