"""Everything here that Streamlit does not promise: looked after in one place, with tests that fail when it changes."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit
import streamlit.logger
from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.caching.ttl_cache import TTLCache
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

MEDIA = "/media/"
"""Where Streamlit has the files that pages hand out."""


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


def send_all_that_was_drawn() -> None:
    """What a page has drawn is sent to the browser in the order in which it was drawn, also when a fragment runs anew
    before that was done.

    Streamlit then takes out of the queue what that fragment has drawn, and leaves what others have drawn after it or
    inside of it: a browser is told to draw into a container that it never had, or beside something that is not there,
    at which its whole page goes blank. On a machine whose cores are taken, by a training as like as not, that is a
    matter of minutes. Before a run of the whole page the queue is cleared as ever: that draws everything.
    """
    if hasattr(ForwardMsgQueue.clear, "__wrapped__"):
        return
    usual = ForwardMsgQueue.clear

    @functools.wraps(usual)
    def clear(
        queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        if retain_lifecycle_msgs and fragment_ids_this_run is not None:
            queue._delta_index_map = {}  # what is drawn now comes after what is there, not in its place
        else:
            usual(queue, retain_lifecycle_msgs, fragment_ids_this_run)

    ForwardMsgQueue.clear = clear  # type: ignore[method-assign, assignment]


def forget_left_sessions() -> int:
    """Forget the pages whose connection has ended long enough ago that no browser will come back to them; how many are
    kept on. Streamlit does so when the next one leaves, which at a server that nobody visits any more is never."""
    storage = getattr(streamlit.runtime.get_instance()._session_mgr, "_session_storage", None)
    if not isinstance(storage, MemorySessionStorage) or not isinstance(storage._cache, TTLCache):
        raise RuntimeError("This version of Streamlit keeps what was left elsewhere: see pages/server/seams.py.")
    storage._cache.expire()
    return len(storage._cache)


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


def pressed() -> frozenset[str]:
    """Ids of the widgets that the browser says were pressed or ticked. Streamlit drops that of one that is drawn as
    off, and tells nobody of it."""
    run = get_script_run_ctx(suppress_warning=True)
    if run is None:
        return frozenset()
    states = run.session_state._state._new_widget_state.states
    return frozenset(id for id, state in states.items() if _is_pressed(state.value))


def _is_pressed(state: object) -> bool:
    """Of a widget that was drawn before, its value; of another, the message."""
    return state.trigger_value if isinstance(state, WidgetState) else state is True


@dataclass(frozen=True)
class Heard:
    """What a message from a browser is."""

    kind: str
    widgets: int
    """Widgets whose state it brings."""
    acts: bool = False
    """Whether somebody has done something on the page: fragments also ask by themselves, every few seconds."""


def hear(data: bytes) -> Heard | None:
    """Read a message; None where it is none."""
    try:
        message = BackMsg.FromString(data)
    except DecodeError:
        return None
    kind = message.WhichOneof("type")
    if kind is None:
        return None
    run = message.rerun_script
    return Heard(kind, len(run.widget_states.widgets), kind == "rerun_script" and not run.is_auto_rerun)


def without_path(data: bytes, path: bytes) -> bytes:
    """A message to a browser, without the place of the script on this machine: the page has no use for it."""
    if path not in data:
        return data
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") != "new_session":
        return data
    message.new_session.main_script_path = ""
    return message.SerializeToString()


def files_named(data: bytes) -> list[str]:
    """The addresses of files in a message to a browser, where Streamlit itself puts them: a text that was typed
    names none."""
    if MEDIA.encode() not in data:
        return []
    message = ForwardMsg.FromString(data)
    element = message.delta.new_element
    places = (
        message.backend_operation_response.deferred_file.url,
        message.page_config_changed.favicon,
        element.favicon.url,
        element.download_button.url,
        *(image.url for image in element.imgs.imgs),
    )
    return [place for place in places if place.startswith(MEDIA)]


def provider_says(cookies: Mapping[str, str]) -> dict[str, Any]:
    """What an identity provider has said of whoever sends these cookies: nothing, where this server has signed none."""
    signed = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    try:
        said = json.loads(signed or b"{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def inline_scripts() -> list[str]:
    """The hashes of the scripts that stand in Streamlit's own page, as a Content-Security-Policy names them."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = [hashlib.sha256(script.encode()).digest() for script in re.findall(r"<script>(.*?)</script>", page, re.S)]
    return [f"sha256-{base64.b64encode(digest).decode()}" for digest in digests]
