"""Layers and heads as figures, tables and sentences, by hand."""

from __future__ import annotations

import pytest
from records import record

from bcos_core.attribution.components import Components, Path
from bcos_core.render.components import VIEWS, path_table, path_text, summary, token_names
from bcos_core.render.figures.chart import checked_chart
from bcos_core.text.token import Token

# Two layers of two heads; “<b>” has 0.5 of the 2.0, “keys” 1.5, and [CLS], which was added, nothing but large shares.
FOUND = Components(
    record=record(
        text="<b> keys",
        tokens=(Token("[CLS]", None, None), Token("<b>", 0, 3), Token("keys", 4, 8)),
        scores=(0.0, 0.5, 1.5),
        logit=2.0,
        reference_share=0.0,
    ),
    direct=(0.25, 0.0, 0.0),
    reads=(((0.0, 0.5, 0.25), (0.0, 0.0, -1.0)), ((4.0, 0.0, -3.0), (0.0, 0.0, 0.5))),
    feed_forward=(0.0, 0.5),
    bias_share=0.0,
    sources=((0.25, 0.0, 0.0), (0.0, 0.5, -0.75), (-0.25, 0.0, 2.25)),
    source_shares=(0.0, 0.0, 0.0),
    hidden=((0.0, 0.5, 1.5), (5.0, 0.0, -3.0), (2.0, 0.0, 0.0)),
    hidden_shares=(0.0, 0.0, 0.0),
)


def test_the_parts_of_components() -> None:
    assert FOUND.heads == ((0.75, -1.0), (1.0, 0.5))
    assert FOUND.attention == (-0.25, 1.5)
    assert FOUND.sum == 2.0
    assert FOUND.completeness_error == 0.0
    frame = FOUND.to_frame()
    assert list(frame["part"]) == ["embeddings", *["attention", "attention", "feed-forward"] * 2]
    assert list(frame["share"]) == [0.25, 0.75, -1.0, 0.0, 1.0, 0.5, 0.5]
    assert list(frame["layer"].dropna()) == [1, 1, 1, 2, 2, 2]
    assert list(frame["head"].dropna()) == [1, 2, 1, 2]


def test_the_strongest_paths_are_named() -> None:
    assert FOUND.strongest(3) == [
        Path("attention", 4.0, 2, 1, 0),
        Path("attention", -3.0, 2, 1, 2),
        Path("attention", -1.0, 1, 2, 2),
    ]
    table = path_table(FOUND, 2)
    assert list(table["path"]) == ["layer 2, head 1 reads “[CLS]” (1)", "layer 2, head 1 reads “keys” (3)"]
    assert list(table["share"]) == [4.0, -3.0]
    names = ["[CLS]", "<b>", "keys"]
    assert path_text(Path("embedding", 0.25, position=0), names) == "“[CLS]” (1) itself, past all layers"
    assert path_text(Path("feed-forward", 0.5, 2), names) == "layer 2, feed-forward"
    assert path_text(Path("biases", 0.5), names) == "biases that are added to the stream"


def test_tokens_that_nobody_would_see_have_names() -> None:
    tokens = (Token("Ġ", 0, 1), Token("Ċ", 1, 2), Token("?", 2, 3), Token("Ġa", 3, 5))
    assert token_names(record(text=" \n\u200b a", tokens=tokens, scores=(0.0,) * 4)) == ["␣", "⏎", "<U+200B>", "a"]


def test_the_line_above_says_how_they_add_up() -> None:
    assert summary(FOUND) == "Adds to 2.00 of 2.00: embeddings +0.250, attention +1.25, feed-forward +0.500."


def test_words_set_the_colours_and_markup_stays_text() -> None:
    (tokens,) = VIEWS["tokens"].figure(FOUND).data
    assert [list(row) for row in tokens.z] == [list(row) for row in FOUND.sources]
    assert list(tokens.y) == ["past all layers", "layer 1", "layer 2"]
    assert list(tokens.x) == ["1 [CLS]", "2 &lt;b&gt;", "3 keys"]
    assert (tokens.zmin, tokens.zmax) == (-2.25, 2.25)
    (positions,) = VIEWS["positions"].figure(FOUND).data
    assert (positions.zmin, positions.zmax) == (-3.0, 3.0)  # 5.0 is that of an added token
    assert positions.text[1][2] == "3 keys, after layer 1: −3.00"
    (heads,) = VIEWS["heads"].figure(FOUND).data
    assert [list(row) for row in heads.z] == [[0.75, -1.0, 0.0], [1.0, 0.5, 0.5]]
    assert list(heads.x) == ["head 1", "head 2", "feed-forward"]


@pytest.mark.parametrize("name", list(VIEWS))
def test_every_view_can_be_a_picture_and_has_its_table(name: str) -> None:
    checked_chart(VIEWS[name].figure(FOUND))
    table = VIEWS[name].table(FOUND)
    total = table["share"].sum() if name != "positions" else table[table["layer"] == 1]["share"].sum()
    assert float(total) == pytest.approx(2.0)
