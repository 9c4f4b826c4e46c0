"""Transformers without its progress bars and notices, and by one thread at a time where it makes models."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging

_IN_TURN = threading.RLock()


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Errors only, no progress bars; the settings are as before on exit."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def transformers_in_turn() -> Iterator[None]:
    """Quiet, and no other thread inside: in here models are made, loaded and saved, and nowhere else.

    While it makes a model, transformers has parts of itself and of PyTorch replaced for the whole process: the tying of
    weights, how parameters are drawn, the default dtype. Of two threads that do so at once, the second takes the first
    one's replacement for the original and puts that back, and from then on no head is tied to its word embeddings.
    """
    with _IN_TURN, quiet_transformers():
        yield
