"""What is said first of an experiment, by hand."""

from __future__ import annotations

from bcos_core.lab.result import LabResult, LabRow, Verification
from bcos_core.lab.sentence import beyond_chance, lab_sentences


def result(rows: list[tuple[str, str, float | None, int]]) -> LabResult:
    return LabResult(
        plant="rare-word",
        words=("pelican", "walnut"),
        training={},
        verification=(Verification("b", "bcos", 1.0, 0.9, 20), Verification("c", "conventional", 1.0, 0.8, 20)),
        rows=tuple(LabRow(model, method, "top_3", mean, None, None, n, 0) for model, method, mean, n in rows),
        examples=(),
        seconds=1.0,
    )


def test_ours_then_the_best_of_the_others_then_random() -> None:
    first, second = lab_sentences(
        result(
            [
                ("b", "random", 0.25, 20),
                ("b", "saliency", 0.5, 20),
                ("b", "occlusion", 0.75, 20),
                ("b", "bcos", 1.0, 20),
                ("c", "saliency", 0.5, 20),
                ("c", "random", 0.0, 20),
            ]
        )
    )
    # Wilson: 20 of 20 from 1 / (1 + z² / 20) = 83.9 %; 15 of 20 from 53.1 % to 88.8 %; 10 of 20 29.9 % to 70.1 %.
    assert first == (
        "In the B-cos model, the planted words are among the three highest by B-cos contributions in 100.0 % of 20 "
        "texts (95 % interval 83.9 % to 100.0 %); by Occlusion, the best of the others, in 75.0 % of 20 texts (95 % "
        "interval 53.1 % to 88.8 %); by random scores in 25.0 %."
    )
    assert second == (
        "In the conventional model, the planted words are among the three highest by Saliency, the best of the "
        "methods, in 50.0 % of 20 texts (95 % interval 29.9 % to 70.1 %); by random scores in 0.0 %."
    )


def test_all_that_tie_are_named() -> None:
    rows = [("b", "bcos", 1.0, 20), ("b", "lime", 0.75, 20), ("b", "saliency", 0.75, 20), ("b", "attention", 0.5, 20)]
    three = [("c", name, 1.0, 20) for name in ("lime", "saliency", "occlusion")]
    rows += [("b", "random", 0.0, 20), ("c", "random", 0.0, 20)]
    first, second = lab_sentences(result([*rows, *three]))
    assert "by LIME and Saliency, the best of the others, in 75.0 % of 20 texts" in first
    assert "by LIME, Saliency and Occlusion, the best of the methods, in 100.0 % of 20 texts" in second


def test_a_model_that_decides_nothing_by_the_plant() -> None:
    first, second = lab_sentences(
        result([("b", "bcos", None, 0), ("b", "random", None, 0), ("c", "saliency", None, 0)])
    )
    assert "decides no text by the planted words" in first and "conventional model decides no text" in second


def test_none_is_the_best_where_none_finds_more_than_chance() -> None:
    nothing = [("c", name, 0.0, 1) for name in ("lime", "saliency", "random")]
    little = [("b", "bcos", 0.25, 20), ("b", "lime", 0.1, 20), ("b", "random", 0.2, 20)]
    first, second = lab_sentences(result([*nothing, *little]))
    assert "best" not in first + second
    # Wilson: 5 of 20 from 11.2 % to 46.9 %.
    assert first == (
        "In the B-cos model, no method is shown to put the planted words among the three highest more often than "
        "chance: B-cos contributions in 25.0 % of 20 texts (95 % interval 11.2 % to 46.9 %), random scores in 20.0 %."
    )
    assert second == (
        "In the conventional model, no method is shown to put the planted words among the three highest more often "
        "than chance: none does in the one text, random scores in 0.0 %."
    )


def test_what_finds_no_more_than_chance_is_never_the_best_of_the_others() -> None:
    first, second = lab_sentences(
        result(
            [
                *(("b", "bcos", 1.0, 20), ("b", "lime", 0.3, 20), ("b", "random", 0.25, 20)),
                *(("c", "lime", 0.9, 20), ("c", "saliency", 0.3, 20), ("c", "random", 0.25, 20)),
            ]
        )
    )
    assert "; by none of the others shown to be more often than chance; by random scores in 25.0 %." in first
    assert "by LIME, the best of the methods, in 90.0 %" in second and "Saliency" not in second


def test_chance_is_told_by_fishers_exact_test_with_holms_correction() -> None:
    def row(method: str, found: int) -> LabRow:
        return LabRow("m", method, "top_3", found / 4, None, None, 4, 0)

    # 4 of 4 against 0 of 4: 1 of the C(8, 4) = 70 ways, p = 0.0143; Holm over three, 0.0429; over four, 0.0571.
    three = [row("bcos", 4), row("lime", 1), row("saliency", 0)]
    assert beyond_chance(three, row("random", 0)) == three[:1]
    assert beyond_chance([*three, row("occlusion", 2)], row("random", 0)) == []
