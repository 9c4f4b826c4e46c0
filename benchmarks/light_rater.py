"""Raters without a browser: they speak to the app as Streamlit's page does, and draw nothing.

`python -m benchmarks.light_rater URL KEY…` lets each rater work until it is killed. Twenty browsers' pages on the two
cores that the app needs would measure the browser; these load the app alike.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import uuid
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

BETWEEN_SECONDS = 0.6
READING_SECONDS = (2.0, 4.0)


@dataclass
class LightRater:
    """One rater's page: the address, and what the last run has drawn."""

    socket: ClientConnection
    query: str
    item: str = ""
    """The component's widget."""
    data: dict[str, Any] = field(default_factory=dict)
    next: str = ""
    """The button, where it can be pressed."""
    given: list[dict[str, Any]] = field(default_factory=list)

    async def run(self, *, press: str = "") -> None:
        """One run of the page, to its end, and those that it asks for itself."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_name = self.query, "rate"
        if self.item:
            widget = state.widget_states.widgets.add()
            widget.id, widget.json_value = self.item, json.dumps({"given": self.given})
        if press:
            widget = state.widget_states.widgets.add()
            widget.id, widget.trigger_value = press, True
        await self.socket.send(message.SerializeToString())
        async for frame in self.socket:
            heard = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())
            kind = heard.WhichOneof("type")
            if kind == "page_info_changed":
                self.query = heard.page_info_changed.query_string
            elif kind == "delta":
                self._drawn(heard.delta.new_element)
            elif kind == "script_finished" and heard.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return

    def _drawn(self, element: Any) -> None:
        if element.WhichOneof("type") == "bidi_component":
            component = element.bidi_component
            self.data = json.loads(component.json or component.mixed.json)
            if component.id != self.item:
                self.item, self.given = component.id, []
        elif element.WhichOneof("type") == "button" and element.button.label == "Next":
            self.next = "" if element.button.disabled else element.button.id

    async def rate(self, chance: random.Random) -> None:
        """Every item, at a person's pace."""
        await self.run()
        while self.data.get("questions"):
            await asyncio.sleep(chance.uniform(*READING_SECONDS))
            for question in self.data["questions"]:
                value = chance.choice(question["choices"])["value"]
                answer = {"slot": self.data["slot"], "question": question["name"], "value": value}
                self.given = [*self.given, {**answer, "key": uuid.uuid4().hex}]
                await self.run()
                await asyncio.sleep(BETWEEN_SECONDS)
            assert self.next, "both questions are answered, and there is no way on"
            before, self.data = self.data, {}
            await self.run(press=self.next)
            assert self.data.get("slot") != before["slot"]


async def work(url: str, keys: list[str]) -> None:
    async def one(key: str) -> None:
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        protocols = [Subprotocol("streamlit")]
        async with connect(address, subprotocols=protocols, origin=url, max_size=None) as socket:  # type: ignore[arg-type]
            await LightRater(socket, f"rater={key}").rate(random.Random(key))
            await asyncio.Event().wait()  # nothing is left to rate

    await asyncio.gather(*(one(key) for key in keys))


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2:]))
