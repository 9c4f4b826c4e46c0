"""The parameters of every page's address, by the functions that read them: without a browser, and many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from hypothesis import strategies as st

from bcos_core.attribution.registry import METHODS
from pages.compare import examples
from pages.generate import alternatives, asked, continuation, whole
from pages.widgets import kept_text, struck, uploads, url
from pages.widgets.jobs import listed
from tests.hostile import values
from tests.hostile.surface import Ground, Surface

OPTIONS = ("bcos", "lime", "a")


class Parameters(dict[str, list[str]]):
    """As `st.query_params`: the last value of a name."""

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name)[-1]

    def get(self, name: str, default: Any = None) -> Any:
        some = super().get(name)
        return some[-1] if some else default

    def get_all(self, name: str) -> list[str]:
        return super().get(name, [])

    def from_dict(self, given: Any) -> None:
        self.clear()
        for name, value in given.items():
            super().__setitem__(name, [value] if isinstance(value, str) else [str(one) for one in value])


@dataclass(frozen=True)
class Address:
    """`values` of a parameter that the reader `reader` reads."""

    reader: str
    values: tuple[str, ...]


def make(ground: Ground) -> tuple[st.SearchStrategy[Address], Callable[[Address], object]]:
    upload = ground.home.uploads / "0123" / "a.csv"
    upload.parent.mkdir(parents=True, exist_ok=True)
    upload.write_text("text,label\n")
    known = kept_text.keep("A long text.")
    session: dict[str, Any] = {}
    parameters = Parameters()
    url.st = SimpleNamespace(query_params=parameters, session_state=session)  # type: ignore[assignment]

    def bound(name: str, parse: Callable[[str], Any], default: Any) -> Callable[[], object]:
        def read() -> object:
            arguments = url.bound(name, default, parse=parse)
            found = session[arguments["key"]]
            session[arguments["key"]] = parameters.get(name)  # what a browser sends back for it
            arguments["on_change"]()
            return found

        return read

    def opened() -> object:
        url.open_whole(url.read("q"))
        return url.whole()

    def wrote() -> object:
        url.write(text=url.read("q"), more=url.read_all("q"))
        return parse_qs(url.whole())

    readers: dict[str, tuple[str, Callable[[], object]]] = {
        "one": ("model", bound("model", url.one_of(OPTIONS), "a")),
        "whole": ("examples", bound("examples", int, 7)),
        "sure": ("sure", bound("sure", examples._range, (0, 100))),
        "below": ("learned", bound("learned", url.from_to(0, 4), 0)),
        "part": ("part", bound("part", whole._range(9), (1, 9))),
        "temperature": ("temperature", bound("temperature", asked._temperature, 0.0)),
        "list": ("model", lambda: url.bound_list("model", ["a"], OPTIONS)),
        "struck": ("strike", lambda: struck.toggled(struck.struck_spans(20), [(1, 4)])),
        "upload": (uploads.FILE, lambda: [path.relative_to(ground.home.uploads) for path in uploads.uploads()]),
        "kept": ("kept", lambda: kept_text.find(url.read("kept"))),
        "foil": ("foil", alternatives._number_in_address),
        "stopped": ("stopped", lambda: continuation._wanted(50)),
        "at": ("at", lambda: continuation._at(9)),
        "listed": ("listed", lambda: listed(30)),
        "shown": ("shown", lambda: url.number("shown", below=4)),
        "link": ("q", opened),
        "write": ("q", wrote),
    }
    for method in METHODS.values():
        for name, option in method.options.items():
            if not option.choices and option.type is not bool:
                key = f"{method.name}.{name}"
                readers[key] = (key, bound(key, option.type, option.default))
    pieces = st.one_of(
        values.texts,
        values.values.map(lambda one: repr(one)[:6000]),
        st.sampled_from(
            ("1-3", "0-99999999999", "3-1", "0123/a.csv", "0123/../../../outside/secret.csv", "0123", known)
        ),
        st.sampled_from((str(ground.outside / "secret.csv"), "²", "1e5", "nan", " 7 ", "7_0", "٧", "bcos", "-1", "4")),
    )
    cases = st.builds(Address, st.sampled_from(sorted(readers)), st.lists(pieces, max_size=3).map(tuple))

    def send(case: Address) -> object:
        name, read = readers[case.reader]
        session.clear()
        parameters.clear()
        if case.values:
            dict.__setitem__(parameters, name, list(case.values))
        return read()

    return cases, send


SURFACE = Surface("addresses", "parameters of addresses, by the functions that read them", make)
