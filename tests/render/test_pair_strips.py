"""A pair under heat: words or tokens from the scores of their tokens, the box, the place of the evidence, ties."""

from __future__ import annotations

import pytest

from bcos_core.minimal_pairs.answers import Answer
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.questions import Question
from bcos_core.render.pair_strips import pair_strips
from bcos_core.render.palette import PALETTES
from bcos_core.text.token import Token

PAIR = MinimalPair("The <b>keys here", " are", " is", (4, 11), "any")
TOKENS = (Token("<s>", None, None), *(Token("", *span) for span in ((0, 3), (3, 7), (7, 9), (9, 11), (11, 16))))
QUESTION = Question(PAIR, PAIR.prefix, 1, 2)


def answer(*scores: float) -> Answer:
    """Of <s>, "The", " <b>", "ke", "ys" and " here"."""
    return Answer(1.0, TOKENS, scores, 1.0, 1.0, 0.1)


def rows(unit: str, **answers: Answer) -> list[dict[str, object]]:
    return pair_strips(QUESTION, answers, PALETTES["blue-orange"], unit=unit)


def runs(row: dict[str, object]) -> list[tuple[str, str]]:
    return [(run["text"], run["tip"]) for run in row["runs"] if "tip" in run]  # type: ignore[attr-defined]


def test_tokens_are_ranked_without_added_ones_and_the_best_of_the_evidence_counts() -> None:
    (row,) = rows("token", pullback=answer(9.0, 0.5, -1.0, 0.75, 0.25, 1.5))
    assert row["found"] == "place 2 of 5"
    assert runs(row) == [
        ("The", "+0.500"),
        ("<b>", "−1.00, evidence"),
        ("ke", "+0.750, evidence"),
        ("ys", "+0.250, evidence"),
        ("here", "+1.50"),
    ]
    assert "".join(run["text"] for run in row["runs"]) == PAIR.prefix  # type: ignore[attr-defined]


def test_words_are_sums_of_their_tokens() -> None:
    (row,) = rows("word", pullback=answer(9.0, 0.5, -1.0, 0.75, 0.5, 1.0))
    assert [(text, tip) for text, tip in runs(row) if "keys" in text] == [("keys", "+1.25, evidence")]
    assert str(row["found"]).startswith("place 1 of ")


def test_rows_stand_by_the_place_ties_are_said_and_what_is_no_number_is_last() -> None:
    found = rows(
        "token",
        occlusion=answer(0.0, 1.0, 1.0, 1.0, 0.0, 0.0),
        lime=Answer(1.0, TOKENS, None, 1.0, 1.0, 0.1),
        saliency=answer(0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    )
    assert [row["found"] for row in found] == [
        "place 1 of 5 · strength alone",
        "place 1 to 3 (tied) of 5",
        "no numbers",
    ]
    assert found[-1]["runs"] == [{"text": PAIR.prefix}]


@pytest.mark.parametrize(("method", "said"), [("pullback", ""), ("saliency", "strength alone")])
def test_without_evidence_there_is_no_place(method: str, said: str) -> None:
    question = Question(MinimalPair(PAIR.prefix, " are", " is", None, "any"), PAIR.prefix, 1, 2)
    (row,) = pair_strips(question, {method: answer(*range(6))}, PALETTES["blue-orange"], unit="token")
    assert row["found"] == said and not any(run.get("marked") for run in row["runs"])
