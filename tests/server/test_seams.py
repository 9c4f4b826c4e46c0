"""What Streamlit does not promise, and this project relies on: each fails here when an upgrade changes it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from pages.server.handed import MOST, Handed
from pages.server.seams import (
    Heard,
    files_named,
    hear,
    in_callback,
    inline_scripts,
    leave_folder_mode,
    provider_says,
    run_is_over,
    send_all_that_was_drawn,
    without_path,
)
from tests.server.provider import COOKIE_SECRET, signed, user


@pytest.fixture
def fresh() -> Iterator[None]:
    before = PagesManager.uses_pages_directory
    PagesManager.uses_pages_directory = None
    yield
    PagesManager.uses_pages_directory = before


def test_folder_mode_is_what_it_was_and_stays_off(fresh: None, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    script = str(tmp_path / "script.py")
    PagesManager(script)
    assert PagesManager.uses_pages_directory is True, "Streamlit has another folder mode: is it still off?"
    leave_folder_mode()
    PagesManager(script)
    assert PagesManager.uses_pages_directory is False


def drawn(fragment: str, *place: int, text: str = "") -> ForwardMsg:
    """What the fragment of that id draws at a place: a container, or text."""
    message = ForwardMsg()
    message.metadata.delta_path[:] = place
    if text:
        message.delta.new_element.text.body = text
    else:
        message.delta.add_block.vertical.SetInParent()
    message.delta.fragment_id = fragment
    return message


def finished() -> ForwardMsg:
    message = ForwardMsg()
    message.script_finished = ForwardMsg.FINISHED_EARLY_FOR_RERUN
    return message


OUTER = ((0, 1), (0, 1, 0), (0, 1, 0, 0))
INNER = ((0, 1, 0, 1), (0, 1, 0, 1, 0))


def draw(queue: ForwardMsgQueue) -> None:
    """A fragment draws a column with a chart, below which another fragment has its menu."""
    for place in OUTER[:2]:
        queue.enqueue(drawn("outer", *place))
    queue.enqueue(drawn("outer", *OUTER[2], text="a chart"))
    queue.enqueue(drawn("inner", *INNER[0]))
    queue.enqueue(drawn("inner", *INNER[1], text="a menu"))


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> ForwardMsgQueue:
    """A whole page that was drawn and has not been sent yet."""
    # As Streamlit has it, also where another test has begun a server in this process; and as it was, afterwards.
    monkeypatch.setattr(ForwardMsgQueue, "clear", inspect.unwrap(ForwardMsgQueue.clear))
    queue = ForwardMsgQueue()
    queue.enqueue(drawn("", 0, 0, text="a title"))
    draw(queue)
    queue.enqueue(drawn("", 0, 2, text="a foot"))
    return queue


def told(queue: ForwardMsgQueue) -> list[tuple[int, ...]]:
    return [tuple(message.metadata.delta_path) for message in queue.flush()]


def test_a_browser_is_told_all_that_was_drawn_before_a_fragment_runs_anew(queue: ForwardMsgQueue) -> None:
    send_all_that_was_drawn()
    send_all_that_was_drawn()  # of a script that is read twice
    queue.enqueue(finished())
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["outer"])
    draw(queue)
    assert told(queue) == [(0, 0), *OUTER, *INNER, (0, 2), (), *OUTER, *INNER]


def test_before_a_whole_run_the_queue_is_cleared(queue: ForwardMsgQueue) -> None:
    send_all_that_was_drawn()
    queue.enqueue(finished())
    queue.clear(retain_lifecycle_msgs=True)
    assert told(queue) == [()]
    queue.enqueue(drawn("", 0, 0, text="a title"))
    assert told(queue) == [(0, 0)] and told(queue) == []


def test_streamlit_alone_has_a_browser_draw_below_a_chart_that_is_not_there(queue: ForwardMsgQueue) -> None:
    """Where it does not any more, `send_all_that_was_drawn` has nothing left to do, and goes."""
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["outer"])
    assert told(queue) == [(0, 0), *INNER, (0, 2)]


def test_the_script_runner_obeys_the_flag() -> None:
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

    assert "if PagesManager.uses_pages_directory:" in inspect.getsource(ScriptRunner)


def test_another_streamlit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(PagesManager, "uses_pages_directory")
    with pytest.raises(RuntimeError, match="another way to find pages"):
        leave_folder_mode()


def _asks_whether_it_is_over() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from pages.server.seams import run_is_over

    st.text(run_is_over())
    run = get_script_run_ctx()
    assert run is not None and run.parallel_coordinator is not None
    run.parallel_coordinator._stop_event.set()  # as `drain` does when a newer run is there
    st.text(run_is_over())
    run.parallel_coordinator._stop_event.clear()


def test_a_run_knows_that_a_newer_one_waits() -> None:
    page = AppTest.from_function(_asks_whether_it_is_over).run()
    assert not page.exception and [text.value for text in page.text] == ["False", "True"]
    assert not run_is_over()  # outside of a page nothing is


def test_the_kinds_of_messages_are_those_that_were_looked_at() -> None:
    kinds = {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    assert kinds == {
        "rerun_script",
        "stop_script",
        "app_heartbeat",
        "clear_cache",
        "load_git_info",
        "set_run_on_save",
        "file_urls_request",
        "backend_operation_request",
        "debug_disconnect_websocket",
        "debug_shutdown_runtime",
    }


def test_messages_are_read() -> None:
    message = BackMsg()
    message.rerun_script.widget_states.widgets.add()
    message.rerun_script.widget_states.widgets.add()
    assert hear(message.SerializeToString()) == Heard("rerun_script", 2, acts=True)
    message.rerun_script.is_auto_rerun = True
    assert hear(message.SerializeToString()) == Heard("rerun_script", 2)
    message.clear_cache = True
    assert hear(message.SerializeToString()) == Heard("clear_cache", 0)
    assert hear(b"") is None and hear(b"\xff") is None


def test_the_place_of_the_script_is_taken_out_and_nothing_else() -> None:
    message = ForwardMsg()
    message.new_session.main_script_path = "/srv/app/navigation.py"
    message.new_session.page_script_hash = "hash"
    heard = ForwardMsg.FromString(without_path(message.SerializeToString(), b"/srv/app/navigation.py"))
    assert heard.new_session.main_script_path == "" and heard.new_session.page_script_hash == "hash"
    other = ForwardMsg()
    other.delta.new_element.markdown.body = "/srv/app/navigation.py, as somebody typed it"
    assert without_path(other.SerializeToString(), b"/srv/app/navigation.py") == other.SerializeToString()


def test_the_scripts_in_streamlits_page_are_found() -> None:
    assert len(inline_scripts()) == 1 and inline_scripts()[0].startswith("sha256-")


def _says_where_it_is() -> None:
    import streamlit as st

    from pages.server.seams import in_callback

    def clicked() -> None:
        st.session_state["where"] = in_callback()

    st.button("Click", on_click=clicked)
    st.text(f"{st.session_state.get('where')} {in_callback()}")


def test_a_callback_knows_that_it_is_one() -> None:
    shown = AppTest.from_function(_says_where_it_is).run()
    assert shown.text[0].value == "None False"
    assert shown.button[0].click().run().text[0].value == "True False"
    assert not in_callback()


def test_a_press_of_what_is_off_is_seen_before_it_is_dropped() -> None:
    def script() -> None:
        import streamlit as st

        from pages.server.seams import pressed

        before = pressed()
        st.session_state["answer"] = st.button("Off", disabled=True, key="off")
        st.session_state["dropped"] = len(before - pressed())

    at = AppTest.from_function(script).run()
    assert (at.session_state["answer"], at.session_state["dropped"]) == (False, 0)
    at.button[0].proto.disabled = False
    at.button[0].click().run()
    assert (at.session_state["answer"], at.session_state["dropped"]) == (False, 1)


def test_a_message_names_files_where_streamlit_puts_them_and_in_no_text() -> None:
    made = ForwardMsg()
    made.backend_operation_response.deferred_file.url = "/media/one.csv"
    button, image, icon, typed = ForwardMsg(), ForwardMsg(), ForwardMsg(), ForwardMsg()
    button.delta.new_element.download_button.url = "/media/two.json"
    image.delta.new_element.imgs.imgs.add().url = "/media/three.png"
    image.delta.new_element.imgs.imgs.add().url = "https://example.org/media/four.png"
    icon.page_config_changed.favicon = "/media/five.svg"
    typed.delta.new_element.markdown.body = "/media/one.csv"
    named = [files_named(one.SerializeToString()) for one in (made, button, image, icon, typed)]
    assert named == [["/media/one.csv"], ["/media/two.json"], ["/media/three.png"], ["/media/five.svg"], []]


def test_a_file_is_theirs_who_were_told_of_it() -> None:
    handed = Handed()
    handed.note("ann", ["/media/one.csv"])
    handed.note("", ["/media/two.csv"])
    assert handed.has("ann", "/media/one.csv") and handed.has("ann", "/media/one")
    assert not handed.has("bob", "/media/one.csv")
    assert not any(handed.has(name, "/media/two.csv") for name in ("ann", "bob", ""))
    handed.note("bob", (f"/media/{number}.csv" for number in range(MOST)))
    assert not handed.has("ann", "/media/one.csv") and handed.has("bob", "/media/0.csv")


@pytest.mark.parametrize("said", ["[" * 100_000, '{"a":' * 100_000, "[1]", "no JSON", ""])
def test_a_cookie_that_says_nothing_of_anybody_is_nobodys(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.web.server.starlette.starlette_websocket.get_cookie_secret", lambda: COOKIE_SECRET)
    assert provider_says({"_streamlit_user": signed(said)}) == {}
    assert provider_says({"_streamlit_user": signed(user("ada"))}) == user("ada")
