"""Everything here that Streamlit does not promise: looked after in one place, with tests that fail when it changes."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path

import streamlit
import streamlit.logger
from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState


def leave_folder_mode() -> None:
    """Before anything is served: pages are those of `st.navigation`, for every session from the first on.

    Streamlit takes a folder named `pages` beside the script for its older kind of app until `st.navigation` was called
    once in the process. Until then whoever comes is given any file of that folder, without the script.
    """
    if not hasattr(PagesManager, "uses_pages_directory"):
        raise RuntimeError("This version of Streamlit has another way to find pages: see pages/server/seams.py.")
    PagesManager.uses_pages_directory = False


def log_as(formatter: logging.Formatter) -> None:
    """What Streamlit and its server say, in the words of a formatter: each logger of theirs has a handler of its own,
    made when it is first asked for."""
    if not hasattr(streamlit.logger, "setup_formatter"):
        raise RuntimeError("This version of Streamlit sets its logs up in another way: see pages/server/seams.py.")
    usual = streamlit.logger.setup_formatter

    def set_up(logger: logging.Logger) -> None:
        usual(logger)
        for handler in logger.handlers:
            handler.setFormatter(formatter)

    streamlit.logger.setup_formatter = set_up
    streamlit.logger.update_formatter()


def run_is_over() -> bool:
    """Whether the run of the page that asks has been replaced by a newer one, which waits for it to end."""
    run = get_script_run_ctx(suppress_warning=True)
    return run is not None and run.parallel_coordinator is not None and run.parallel_coordinator.should_stop()


def page_now() -> str | None:
    """Tells pages of the dashboard apart: which of them runs, or runs a callback; None outside of any."""
    run = get_script_run_ctx(suppress_warning=True)
    return None if run is None else run.page_script_hash


def in_callback() -> bool:
    """Whether what a person has just done is being taken up, before the page is drawn."""
    return (
        get_script_run_ctx(suppress_warning=True) is not None and ThreadState.get().run_location is RunLocation.CALLBACK
    )


@dataclass(frozen=True)
class Heard:
    """What a message from a browser is."""

    kind: str
    widgets: int
    """Widgets whose state it brings."""


def hear(data: bytes) -> Heard | None:
    """Read a message; None where it is none."""
    try:
        message = BackMsg.FromString(data)
    except DecodeError:
        return None
    kind = message.WhichOneof("type")
    return None if kind is None else Heard(kind, len(message.rerun_script.widget_states.widgets))


def without_path(data: bytes, path: bytes) -> bytes:
    """A message to a browser, without the place of the script on this machine: the page has no use for it."""
    if path not in data:
        return data
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") != "new_session":
        return data
    message.new_session.main_script_path = ""
    return message.SerializeToString()


def inline_scripts() -> list[str]:
    """The hashes of the scripts that stand in Streamlit's own page, as a Content-Security-Policy names them."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = [hashlib.sha256(script.encode()).digest() for script in re.findall(r"<script>(.*?)</script>", page, re.S)]
    return [f"sha256-{base64.b64encode(digest).decode()}" for digest in digests]
