"""What every page has: a head of one title and one sentence, and a way on where there is nothing yet."""

from __future__ import annotations

from contextlib import AbstractContextManager

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.shared.plain import plain


def navigated() -> None:
    """Call it first on every page.

    A server's very first visit to a page's own address would run the page without `app.py`, because Streamlit
    takes a folder named `pages` for its older kind of app until `st.navigation` was called once.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def head(title: str, sentence: str) -> None:
    """Begin a page: its title, and what it is for."""
    navigated()
    st.header(title, anchor=False)
    st.markdown(f":gray[{plain(sentence)}]")


def loading() -> AbstractContextManager[None]:
    """Around the imports of a page that needs PyTorch: seconds on a server's first visit, nothing later."""
    return st.spinner("Loading PyTorch and the models’ code …")


def empty_page(sentence: str, label: str, page: str) -> None:
    """The one thing to do where there is nothing to show."""
    with st.container(border=True, horizontal_alignment="center", gap="medium"):
        st.markdown(plain(sentence), width="content")
        if st.button(label, type="primary"):
            st.switch_page(page)
