"""What is said first of an experiment, by hand."""

from __future__ import annotations

from bcos_core.lab.result import LabResult, LabRow, Verification
from bcos_core.lab.sentence import lab_sentences


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
    first, second = lab_sentences(result([*rows, *three]))
    assert "by LIME and Saliency, the best of the others, in 75.0 % of 20 texts" in first
    assert "by LIME, Saliency and Occlusion, the best of the methods, in 100.0 % of 20 texts" in second


def test_a_model_that_decides_nothing_by_the_plant() -> None:
    first, second = lab_sentences(
        result([("b", "bcos", None, 0), ("b", "random", None, 0), ("c", "saliency", None, 0)])
    )
    assert "decides no text by the planted words" in first and "conventional model decides no text" in second
