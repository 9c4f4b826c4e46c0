"""The arrangement of the panels, and what clicks on words add up to."""

from __future__ import annotations

from pathlib import Path

from bcos_core.attribution.registry import METHODS, Method
from bcos_core.model.info import CheckpointInfo
from bcos_core.render.drawing import Style
from bcos_core.render.palette import PALETTES
from pages.compare.screen import Screen, arrange
from pages.widgets.struck import toggled

OCCLUSION, BCOS = METHODS["occlusion"], METHODS["bcos"]


def model(name: str, kind: str = "bcos") -> CheckpointInfo:
    return CheckpointInfo(Path(name), name, kind, "BERT", ("no", "yes"), 64)


def layout(models: list[CheckpointInfo], methods: list[Method]) -> list[list[str]]:
    return [[f"{cell.method.name} {cell.model.name}" for cell in row] for row in arrange(models, methods)]


def test_models_stand_side_by_side_and_methods_below_each_other() -> None:
    assert layout([model("a"), model("b", "conventional")], [BCOS, OCCLUSION]) == [
        ["bcos a", "bcos b"],
        ["occlusion a", "occlusion b"],
    ]


def test_a_place_without_a_panel_stays_empty_so_that_columns_keep_their_model() -> None:
    ((left, right), _) = arrange([model("a"), model("b", "conventional")], [BCOS, OCCLUSION])
    assert left.possible and not right.possible


def test_one_model_shows_its_methods_two_by_two() -> None:
    assert layout([model("a", "conventional")], [method for method in METHODS.values() if method.usual]) == [
        ["integrated_gradients a", "occlusion a"],
        ["input_x_gradient a"],
    ]


def test_many_models_go_on_in_the_next_row() -> None:
    assert layout([model(name) for name in "abcd"], [BCOS]) == [["bcos a", "bcos b", "bcos c"], ["bcos d"]]


def screen(names: list[str], seeds: int) -> Screen:
    rows = arrange([model("a")], [METHODS[name] for name in names])
    return Screen("a good film", "yes", None, "mask", Style(PALETTES["blue-orange"]), False, rows, seeds)


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
    once = toggled((), 4, 7)
    assert once == ((4, 7),)
    assert toggled(once, 0, 3) == ((0, 3), (4, 7))
    assert toggled(once, 4, 7) == ()


def test_a_click_on_a_word_restores_every_token_struck_inside_it() -> None:
    assert toggled(((0, 2), (2, 5), (9, 12)), 0, 5) == ((9, 12),)
