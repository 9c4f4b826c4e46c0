"""`python -m benchmarks load`: many people at once who compare texts, and what the server weighs when they have gone.

Two models of the embedded one's size are served (their weights are random, which changes no time). Each of `SESSIONS`
people has Compare open with its usual methods on both, reads for a while (exponential, `READING_SECONDS` in the mean),
and sends a text that nobody has sent before. The time counts from the sending to the message that has the heatmap of
the B-cos contributions. Then `LATER` sessions more come one after another, each for one text, and all leave.

A session is the browser's side of the wire without a browser: 50 browsers would be the load of this machine.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import psutil
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bcos_core.home import Home
from bcos_core.study.simulated_load import percentile
from benchmarks.compare_page import save_models, served, text
from tests.server.wire import Wire, wire

SESSIONS, TEXTS_EACH = 50, 4
READING_SECONDS = 30.0
LATER = 450
LATER_AT_ONCE = 10
PATIENCE_SECONDS = 120.0
FORGETTING_SECONDS = 300.0
"""Streamlit keeps a session that was left for two minutes, in case its browser comes back."""
HEATMAP = "-heatmap-bcos-bcos"
"""The end of the id of the contributions of the model `bcos`, once they are there."""
TEXT = re.compile(rb"Text(\d+)")


class Visitors:
    """Sessions at one server, and what all of them have seen: seconds to each heatmap, and what went wrong."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._numbers = count()
        self.seconds: list[float] = []
        self.errors: Counter[str] = Counter()

    async def visit(self, *, texts: int, reading: float = 0.0) -> None:
        """One session, from its coming, somewhen, to its leaving."""
        await _read_for(reading)
        async with wire(self._address) as open_wire:
            seen: asyncio.Queue[int] = asyncio.Queue()
            hearing = asyncio.create_task(self._hear(open_wire, seen))  # a browser reads on while its person does
            for number in range(texts):
                if number:
                    await _read_for(reading)
                await self._compare(open_wire, seen)
            hearing.cancel()

    async def _compare(self, open_wire: Wire, seen: asyncio.Queue[int]) -> None:
        number = next(self._numbers)
        began = time.monotonic()
        await open_wire.ask("compare", query=urlencode({"text": text(number)}))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await seen.get() != number:
                    pass
            self.seconds.append(time.monotonic() - began)
        except TimeoutError:
            self.errors[f"No heatmap in {PATIENCE_SECONDS:g} seconds."] += 1

    async def _hear(self, open_wire: Wire, seen: asyncio.Queue[int]) -> None:
        async for frame in open_wire.socket:
            data = frame if isinstance(frame, bytes) else frame.encode()
            element = ForwardMsg.FromString(data).delta.new_element
            if element.WhichOneof("type") == "exception":
                self.errors[element.exception.message[:300]] += 1
            if element.bidi_component.id.endswith(HEATMAP) and (word := TEXT.search(data)):
                seen.put_nowait(int(word[1]))


def measured(
    *, sessions: int = SESSIONS, later: int = LATER, reading: float = READING_SECONDS
) -> Iterator[dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        save_models(home)
        with served(home) as (address, server):
            yield from asyncio.run(_load(address, server, sessions, later, reading))


async def _load(
    address: str, server: psutil.Process, sessions: int, later: int, reading: float
) -> list[dict[str, float]]:
    alone, many, more = Visitors(address), Visitors(address), Visitors(address)
    await alone.visit(texts=3)  # models are loaded, code is imported
    begin = resident_bytes(server)
    resident: list[int] = []
    watching = asyncio.create_task(_watch(server, resident))
    began = time.monotonic()
    await asyncio.gather(*(many.visit(texts=TEXTS_EACH, reading=reading) for _ in range(sessions)))
    lasted = time.monotonic() - began
    left = iter(range(later))

    async def come_and_go() -> None:
        for _ in left:
            await more.visit(texts=1)

    await asyncio.gather(*(come_and_go() for _ in range(LATER_AT_ONCE)))
    end = await _forgotten(server, begin)
    watching.cancel()
    errors = alone.errors + many.errors + more.errors
    for said, times in errors.items():
        print(f"{times} ×: {said}")
    ordered = sorted(many.seconds)
    return [
        {"load_sessions": sessions, "load_reading_seconds": reading, "load_errors": errors.total()},
        {"load_texts": len(ordered), "load_texts_per_second": len(ordered) / lasted},
        {
            "load_heatmap_alone_seconds": alone.seconds[-1],
            "load_heatmap_p50_seconds": statistics.median(ordered),
            "load_heatmap_p95_seconds": percentile(ordered, 95),
            "load_heatmap_max_seconds": ordered[-1],
        },
        {
            "load_resident_begin_mb": begin / 1e6,
            "load_resident_peak_mb": max(resident) / 1e6,
            "load_later_sessions": later,
            "load_resident_end_ratio": end / begin,
        },
        {"load_per_core": os.getloadavg()[0] / (os.cpu_count() or 1)},
    ]


async def _read_for(reading: float) -> None:
    await asyncio.sleep(random.expovariate(1 / reading) if reading else 0.0)


async def _watch(server: psutil.Process, resident: list[int]) -> None:
    while True:
        resident.append(resident_bytes(server))
        await asyncio.sleep(0.5)


def resident_bytes(server: psutil.Process) -> int:
    """Of the dashboard and of everything that it has begun."""
    return sum(one.memory_info().rss for one in (server, *server.children(recursive=True)))


async def _forgotten(server: psutil.Process, begin: int) -> int:
    """The memory when it is within a tenth of the beginning again, or after a while."""
    deadline = time.monotonic() + FORGETTING_SECONDS
    while (now := resident_bytes(server)) > 1.1 * begin and time.monotonic() < deadline:
        await asyncio.sleep(5.0)
    return now
