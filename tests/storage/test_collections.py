"""Collections of texts: added once, in order, and taken out again."""

from __future__ import annotations

import pytest

from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.storage.collections import Collections
from bcos_core.storage.upgrade import open_database


@pytest.fixture
def collections(home: Home) -> Collections:
    return Collections(open_database(home))


def test_texts_stay_in_the_order_in_which_they_came(collections: Collections) -> None:
    for text, label in (("b", None), ("a", "positive"), ("<script>", None)):
        collections.pin("odd ones", text, label)
    collections.pin("others", "b")
    assert [(one.text, one.label) for one in collections.texts("odd ones")] == [
        ("b", None),
        ("a", "positive"),
        ("<script>", None),
    ]
    assert collections.names() == {"others": 1, "odd ones": 3}
    assert list(collections.names()) == ["others", "odd ones"]


def test_a_text_is_in_a_collection_once(collections: Collections) -> None:
    first = collections.pin(" odd ones ", "a")
    again = collections.pin("odd ones", "a", "negative")
    assert first.item == again.item
    assert [(one.text, one.label) for one in collections.texts("odd ones")] == [("a", "negative")]


def test_a_text_keeps_the_screen_that_it_was_on_last(collections: Collections) -> None:
    collections.pin("c", "a", screen="text=a&method=occlusion")
    collections.pin("c", "b")
    assert [one.screen for one in collections.texts("c")] == ["text=a&method=occlusion", None]
    collections.pin("c", "a", "positive", screen="text=a&strike=0-1")
    assert [(one.text, one.screen) for one in collections.texts("c")] == [("b", None), ("a", "text=a&strike=0-1")]


def test_what_is_taken_out_is_gone(collections: Collections) -> None:
    kept, gone = collections.pin("c", "keep"), collections.pin("c", "go")
    collections.unpin("c", gone.item)
    collections.unpin("c", gone.item)
    assert [one.item for one in collections.texts("c")] == [kept.item]
    collections.unpin("c", kept.item)
    assert collections.names() == {} and collections.texts("c") == []


def test_bad_input(collections: Collections) -> None:
    for name, text in (("", "a"), ("  ", "a"), ("n" * 81, "a"), ("c", " \n ")):
        with pytest.raises(InputError):
            collections.pin(name, text)
    assert collections.names() == {}
