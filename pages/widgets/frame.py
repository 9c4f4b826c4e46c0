"""What every page has: a head of one title and one sentence, and a way on where there is nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.later import IMPORTING
from pages.server.roles import require_member
from pages.widgets.errors import guard
from pages.widgets.plain import plain

Drawing = TypeVar("Drawing", bound=Callable[..., Any])


def head(title: str, sentence: str, *, action: Action = Action.BROWSE) -> None:
    """Begin a page of the dashboard: for those who may do what it is about, its title, and what it is for."""
    require_member(action)
    st.title(title, anchor=False)
    st.markdown(f":gray[{plain(sentence)}]")


def fragment(
    *, run_every: float | None = None, parallel: bool = False, key: str | None = None
) -> Callable[[Drawing], Drawing]:
    """`st.fragment` for the dashboard: runs by itself, without the page, and therefore asks by itself who is there."""

    alone = st.fragment(run_every=run_every, parallel=parallel, key=key)

    def decorate(draw: Drawing) -> Drawing:
        return alone(_for_members(draw))

    return decorate


def by_itself(*, run_every: float) -> Callable[[Drawing], Drawing]:
    """`st.fragment` for what shows nothing and is for nobody in particular, such as a look whether there is a database
    that could say who is there."""
    return st.fragment(run_every=run_every)


def dialog(title: str) -> Callable[[Drawing], Drawing]:
    """`st.dialog` for the dashboard: it, too, runs by itself and asks by itself who is there."""

    opened = st.dialog(title)

    def decorate(draw: Drawing) -> Drawing:
        return opened(_for_members(draw))

    return decorate


def _for_members(draw: Drawing) -> Drawing:
    @wraps(draw)
    def checked(*args: Any, **options: Any) -> Any:
        with guard():  # it runs by itself, where no page's guard is around it
            require_member()
            return draw(*args, **options)

    return cast(Drawing, checked)


@contextmanager
def loading(sentence: str = "Loading PyTorch and the models’ code …") -> Iterator[None]:
    """Around the imports of a page that needs PyTorch: seconds on a server's first visit, nothing later. One session
    imports at a time."""
    with st.spinner(sentence), IMPORTING:
        yield


def empty_page(sentence: str, label: str, page: str) -> None:
    """The one thing to do where there is nothing to show."""
    with st.container(border=True, horizontal_alignment="center", gap="medium"):
        st.markdown(plain(sentence), width="content")
        if st.button(label, type="primary"):
            st.switch_page(page)
