"""The arrangement of the panels, and what clicks on words add up to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.attribution.method import Method
from bcos_core.attribution.registry import METHODS
from bcos_core.model.info import CheckpointInfo
from bcos_core.render.drawing import Style
from bcos_core.render.palette import PALETTES
from pages.compare.screen import Screen, arrange
from pages.compare.strikes import without_struck
from pages.widgets.struck import toggled

OCCLUSION, BCOS = METHODS["occlusion"], METHODS["bcos"]


def model(name: str, kind: str = "bcos") -> CheckpointInfo:
    return CheckpointInfo(Path(name), name, kind, "BERT", ("no", "yes"), 64)


def layout(models: list[CheckpointInfo], methods: list[Method]) -> list[list[str]]:
    bands = arrange(models, methods)
    return [[f"{cell.method.name} {cell.model.name}" for cell in row] for band in bands for row in band.rows]


def test_models_stand_side_by_side_and_methods_below_each_other() -> None:
    assert layout([model("a"), model("b", "conventional")], [BCOS, OCCLUSION]) == [
        ["bcos a", "bcos b"],
        ["occlusion a", "occlusion b"],
    ]


def test_a_place_without_a_panel_stays_empty_so_that_columns_keep_their_model() -> None:
    (band,) = arrange([model("a"), model("b", "conventional")], [BCOS, OCCLUSION])
    ((left, right), _) = band.rows
    assert left.possible and not right.possible


def test_one_model_has_one_column() -> None:
    assert layout([model("a", "conventional")], [method for method in METHODS.values() if method.usual]) == [
        ["bcos a"],  # said in its place that it cannot be, where it was chosen
        ["integrated_gradients a"],
        ["occlusion a"],
        ["input_x_gradient a"],
    ]


def test_many_models_go_on_in_a_band_of_their_own() -> None:
    bands = arrange([model(name) for name in "abcd"], [BCOS, OCCLUSION])
    assert [[info.name for info in band.models] for band in bands] == [["a", "b", "c"], ["d"]]
    assert [len(band.rows) for band in bands] == [2, 2]


def screen(names: list[str], seeds: int) -> Screen:
    bands = arrange([model("a")], [METHODS[name] for name in names])
    return Screen("a good film", "yes", None, "mask", Style(PALETTES["blue-orange"]), False, bands, seeds)


def test_panels_begin_in_the_order_of_their_cost() -> None:
    names = ["integrated_gradients", "occlusion", "input_x_gradient", "smoothgrad"]

    def order(seeds: int) -> list[str]:
        return [cell.method.name for cell in screen(names, seeds).cheapest_first()]

    # Passes for three words: gradient × input 1 + 1, occlusion 1 + 3, SmoothGrad 26 + 25 a seed, and 52 + 50.
    assert order(1) == ["input_x_gradient", "occlusion", "smoothgrad", "integrated_gradients"]
    assert order(3) == ["input_x_gradient", "occlusion", "integrated_gradients", "smoothgrad"]


def test_only_methods_that_draw_at_random_cost_more_with_more_seeds() -> None:
    certain, drawn = screen(["occlusion", "lime"], 5).cells
    assert screen(["occlusion", "lime"], 5).cost(certain) == "1 forward per token"
    assert screen(["occlusion", "lime"], 5).cost(drawn) == "5 × 101 forward"


def test_a_click_strikes_a_word_and_the_next_one_restores_it() -> None:
    once = toggled((), [(4, 7)])
    assert once == ((4, 7),)
    assert toggled(once, [(0, 3)]) == ((0, 3), (4, 7)) == toggled((), [(4, 7), (0, 3)])
    assert toggled(once, [(4, 7)]) == () == toggled((), [(4, 7), (4, 7)])


def test_a_click_on_a_word_restores_every_token_struck_inside_it() -> None:
    assert toggled(((0, 2), (2, 5), (9, 12)), [(0, 5)]) == ((9, 12),)


@pytest.mark.parametrize(
    ("text", "struck", "left"),
    [
        ("A good film.", ["good"], "A film."),
        ("A good film.", ["film"], "A good."),  # no space before the point
        ("A good film.", ["A"], "good film."),
        ("A good film", ["film"], "A good"),
        ("A good film", ["good", "film"], "A"),
        ("A good, honest film.", [","], "A good honest film."),
        ("the book , the film", ["book"], "the , the film"),  # a space before a comma that was there stays
        ("so good!\nA film\nto see", ["film", "to"], "so good!\nA\nsee"),
        ("one\n\ntwo three", ["two"], "one\n\nthree"),
        ("He said (it works) twice", ["said"], "He (it works) twice"),
        ("Dogs bark.\x1fThe cats sleep", ["The", "bark"], "Dogs.\x1fcats sleep"),
        ("Dogs\x1fcats", ["Dogs"], "\x1fcats"),
        ("good film", ["good", "film"], ""),
        ("これは良い映画です", ["良い"], "これは映画です"),
    ],
)
def test_a_text_without_words_is_as_it_would_be_typed(text: str, struck: list[str], left: str) -> None:
    spans = tuple((text.index(word), text.index(word) + len(word)) for word in struck)
    assert without_struck(text, spans) == left


def test_spans_that_overlap_are_taken_out_once() -> None:
    assert without_struck("abcdef gh", ((0, 4), (2, 6))) == "gh"
