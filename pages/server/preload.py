"""PyTorch and the models' code, imported while a person still reads: for a researcher from the first page on, for a
rater where the study asks a model."""

from __future__ import annotations

import functools
import gc
import importlib
import threading

import streamlit as st

from bcos_core.later import IMPORTING

MODULES = ("bcos_core.attribution.api", "bcos_core.attribution.paths", "bcos_core.attribution.surrogate")
"""Of what is explained on a page, those that bring PyTorch, transformers and captum."""


@st.cache_resource(show_spinner=False)
def preload() -> threading.Thread:
    """Begin once in a server's life, in a thread of its own: no page waits for it that does not need it."""
    thread = threading.Thread(target=_import, daemon=True)
    thread.start()
    return thread


@functools.cache
def settle(what: str) -> None:
    """Say once that `what` is imported: it stays for good, and the garbage collector need not look at it.

    Streamlit collects all garbage after every run of a page, and every session waits meanwhile. With all in sight that
    a server for raters has imported, that takes three times as long (100 ms) as a run of the Rate page itself; with
    PyTorch and its like, ten times.
    """
    gc.collect()
    gc.freeze()


def _import() -> None:
    with IMPORTING:
        for module in MODULES:
            importlib.import_module(module)
    settle("models")
