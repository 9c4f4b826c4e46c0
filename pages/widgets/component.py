"""Streamlit components that are drawn by a script and a style sheet of this project."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.home import CHECKOUT

_ASSETS = CHECKOUT / "assets"


def component(name: str, html: str, file: str) -> Any:
    """What mounts the component `name`: `html`, drawn by the script `file` and styled by the sheet beside it."""
    return st.components.v2.component(name, html=html, css=_read(f"{file}.css"), js=script_of(file))


def unseen(name: str, file: str) -> Any:
    """What mounts the component `name`, which draws nothing: the script `file` alone, at work on the page around it."""
    return st.components.v2.component(name, js=_read(f"{file}.js"))


def script_of(file: str) -> str:
    """The script of a component, after what several draw with (`assets/dom.js`)."""
    return "\n".join(map(_read, ("dom.js", f"{file}.js")))


def _read(file: str) -> str:
    return (_ASSETS / file).read_text(encoding="utf-8")
