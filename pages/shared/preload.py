"""PyTorch and the models' code, imported while a person still reads the first page."""

from __future__ import annotations

import importlib
import threading

import streamlit as st


@st.cache_resource(show_spinner=False)
def preload() -> threading.Thread:
    """Begin once in a server's life, in a thread of its own: no page waits for it that does not need it."""
    thread = threading.Thread(target=importlib.import_module, args=("bcos_core.attribution.api",), daemon=True)
    thread.start()
    return thread
