"""What a widget writes into the address, and what it does not."""

from __future__ import annotations

import pytest
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


def several() -> None:
    import streamlit as st

    from pages.widgets import url

    url.read("a")
    for name in ("a", "b", "c"):
        st.button(name, on_click=url.write, kwargs={name: "1"})


def test_clicks_that_come_before_the_browser_knows_the_address_add_up() -> None:
    shown = AppTest.from_function(several).run()
    for place in range(3):
        shown.query_params.clear()  # what the browser had at the first of them
        shown.button[place].click().run()
    assert set(shown.query_params) == {"a", "b", "c"}


def test_who_goes_back_is_not_held() -> None:
    shown = AppTest.from_function(several).run()
    shown.button[0].click().run()
    shown.query_params.clear()
    shown.run()  # back, without a click
    shown.button[1].click().run()
    assert set(shown.query_params) == {"b"}


def numbers() -> None:
    import streamlit as st

    from pages.widgets import url

    st.write(f"number {url.number('shown', below=4)}")
    st.number_input("Examples", 100, 1_000, **url.bound("examples", 200, parse=url.from_to(100, 1_000)))


@pytest.mark.parametrize(
    ("given", "found"), [("3", 3), ("٣", 3), ("4", None), ("-1", None), ("²", None), ("", None), ("9" * 5_000, None)]
)
def test_a_number_that_counts_something(given: str, found: int | None) -> None:
    shown = AppTest.from_function(numbers)
    shown.query_params["shown"] = given
    assert f"number {found}" in shown.run().markdown[0].value


@pytest.mark.parametrize("given", ["5", "1001", "9" * 30, "9" * 5_000, "nan", "1.5", "", "²"])
def test_a_field_takes_no_number_beyond_its_ends(given: str) -> None:
    shown = AppTest.from_function(numbers)
    shown.query_params["examples"] = given
    assert not shown.run().exception and shown.number_input[0].value == 200


def linked() -> None:
    import streamlit as st

    from pages.widgets import url

    url.write(text="a \udfff")
    st.code(url.whole())


def test_a_link_to_half_of_a_character() -> None:
    assert AppTest.from_function(linked).run().code[0].value == "text=a+%EF%BF%BD"
