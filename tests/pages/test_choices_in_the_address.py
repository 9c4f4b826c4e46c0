"""What a widget writes into the address, and what it does not."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from pages.widgets import url

    options = ("one", "two")
    bound = url.bound("job", "one", parse=url.one_of(options), clears=("part",))
    st.selectbox("Job", options, **bound)

    def send(value: str) -> None:
        """As Streamlit does when the browser has sent a value."""
        st.session_state["url-job"] = value
        bound["on_change"]()

    for value in ("two", "one · Cancelled · just now"):
        st.button(value, on_click=send, args=(value,))


def test_an_option_is_written() -> None:
    shown = AppTest.from_function(page)
    shown.query_params["part"] = "3"
    shown.run().button[0].click().run()
    assert shown.query_params["job"] == "two" and "part" not in shown.query_params
    assert shown.selectbox[0].value == "two"


def test_a_title_that_is_not_up_to_date_is_no_choice() -> None:
    shown = AppTest.from_function(page)
    shown.query_params["job"], shown.query_params["part"] = "two", "3"
    shown.run().button[1].click().run()
    assert shown.query_params["job"] == "two" and shown.query_params["part"] == "3"
    assert shown.selectbox[0].value == "two" and not shown.exception
