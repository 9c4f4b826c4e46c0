"""The state of a page in its address: a link reproduces the screen, and the browser's back button works.

The address is the authority. A widget made with `bound` shows what the address says, and writes there when a
person changes it; nothing else holds page state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

import streamlit as st

from bcos_core.text.decode import encodable
from pages.server.seams import in_callback, page_now

Value = TypeVar("Value")
_COMPLETION = "completion-of-the-address"
_SENT = "addresses-sent"
_KEPT_SENT = 8
_DIGITS = 9
"""Of a number in an address: more belong to nothing that is counted here."""
Address = dict[str, list[str]]


def read(name: str, default: str = "") -> str:
    """The parameter's value, `default` without one."""
    _catch_up()
    return str(st.query_params.get(name, default))


def read_all(name: str) -> list[str]:
    """Every value of a parameter that may be repeated."""
    _catch_up()
    return list(st.query_params.get_all(name))


def number(name: str, *, below: int) -> int | None:
    """The parameter as a number that counts something, from 0; None without one, and where it is `below` or more."""
    given = read(name)
    value = int(given) if given.isdecimal() and len(given) <= _DIGITS else below
    return value if value < below else None


def write(**changes: str | Iterable[str] | None) -> None:
    """Set parameters in one step of the browser's history; None removes one."""
    _catch_up()
    given = _now()
    new = {name: _in_address(value) for name, value in changes.items() if value is not None}
    whole = {**_completion(), **given}
    st.query_params.from_dict({**{name: value for name, value in whole.items() if name not in changes}, **new})
    _sent(given)


def complete(parameters: Mapping[str, str | Iterable[str]]) -> None:
    """Say what the address of the page that is being drawn leaves open: all choices on it that nobody has made yet.
    They are written with the next change, so that what it leaves is a whole link. The browser's own address is
    completed without a step in its history (`pages.widgets.copying`), of which the server hears nothing."""
    st.session_state[_COMPLETION] = (page_now(), dict(parameters))


def whole() -> str:
    """The address of the screen, with what it leaves open, as the query of a link."""
    given = {name: _in_address(value) for name, value in _now().items()}
    completion = {name: _in_address(value) for name, value in _completion().items()}
    return urlencode({**completion, **given}, doseq=True)


def open_whole(query: str) -> None:
    """Go to the screen of a link to this page."""
    st.query_params.from_dict(parse_qs(query, keep_blank_values=True))


def _in_address(value: str | Iterable[str]) -> str | list[str]:
    """Without halves of characters: no address can have one."""
    return encodable(value) if isinstance(value, str) else [encodable(one) for one in value]


def _now() -> Address:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _sent(before: Address) -> None:
    """Remember which addresses the browser may still have, until it hears of this one."""
    page, _, earlier = st.session_state.get(_SENT, (None, {}, []))
    older = [*(earlier if page == page_now() else []), before]
    after = _now()
    st.session_state[_SENT] = (page_now(), after, [one for one in older if one != after][-_KEPT_SENT:])


def _catch_up() -> None:
    """A click brings the address that the browser had. Where it came before the browser heard of an earlier one's
    change, that change would be lost: it is made again. Who goes back in the browser's history does so without a
    click, and is not held."""
    page, latest, older = st.session_state.get(_SENT, (None, {}, []))
    if page is None or (now := _now()) == latest:
        return
    if in_callback() and page == page_now() and now in older:
        st.query_params.from_dict(latest)
    else:
        st.session_state.pop(_SENT, None)  # panels are drawn side by side


def _completion() -> dict[str, str | Iterable[str]]:
    page, parameters = st.session_state.get(_COMPLETION, (None, {}))
    return dict(parameters) if page == page_now() else {}


def remember(page: str) -> None:
    """Keep the address of a page with a form, so that who comes back in this tab finds the form as it was."""
    st.session_state[_kept(page)] = {name: st.query_params.get_all(name) for name in st.query_params}


def come_back(page: str) -> None:
    """Take up the address that the page had, where it was opened without one: from the sidebar, as a rule."""
    if not st.query_params and (kept := st.session_state.get(_kept(page))):
        st.query_params.from_dict(kept)


def forget(page: str) -> None:
    """Begin a page anew."""
    st.session_state.pop(_kept(page), None)
    st.query_params.clear()


def bound(
    name: str,
    default: Value,
    *,
    parse: Callable[[str], Value] = str,  # type: ignore[assignment]
    show: Callable[[Value], str] = str,
    clears: Iterable[str] = (),
) -> dict[str, Any]:
    """Arguments (`key`, `on_change`) for a widget whose value is the parameter `name`.

    A value that `parse` refuses (ValueError) is read as `default`. `clears` names parameters that lose their
    meaning when this one changes. A text that comes from the browser and is refused is not written: of options whose
    titles change, as those of jobs do, a page that has not drawn the new ones yet sends an old one.
    """
    try:
        value = parse(st.query_params[name])
    except (KeyError, ValueError):
        value = default

    def is_refused(chosen: Any) -> bool:
        if not isinstance(chosen, str):
            return False
        try:
            parse(chosen)
        except ValueError:
            return True
        return False

    return _bind(name, value, lambda chosen: None if chosen is None else show(chosen), clears, is_refused)


def bound_list(name: str, default: list[str], options: Iterable[str], *, clears: Iterable[str] = ()) -> dict[str, Any]:
    """The same for a widget of several options, kept as a repeated parameter; unknown ones are left out.

    Choosing none is kept too, as an empty value: it differs from a link that says nothing.
    """
    known = set(options)
    value = [given for given in read_all(name) if given in known] if name in st.query_params else default
    return _bind(name, value, lambda chosen: chosen or [""], clears)


def key_of(name: str) -> str:
    """The key of the widget that is bound to a parameter."""
    return f"url-{name}"


def one_of(options: Iterable[str]) -> Callable[[str], str]:
    """A `parse` that refuses what is not among the options."""
    known = tuple(options)

    def parse(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return parse


def from_to(least: int, most: int) -> Callable[[str], int]:
    """A `parse` that refuses what is no whole number from `least` to `most`: a field of numbers takes no other."""

    def parse(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return parse


def _bind(
    name: str,
    value: Any,
    show: Callable[[Any], Any],
    clears: Iterable[str],
    is_refused: Callable[[Any], bool] = lambda chosen: False,
) -> dict[str, Any]:
    key = key_of(name)
    # On every run: a widget in a closed popover is made when it opens, and would then show none of an older run.
    st.session_state[key] = value

    def changed() -> None:
        if not is_refused(st.session_state[key]):
            write(**{name: show(st.session_state[key]), **dict.fromkeys(clears)})

    return {"key": key, "on_change": changed}


def _kept(page: str) -> str:
    return f"address-of-{page}"
