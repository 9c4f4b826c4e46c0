"""What a practice item says about its words is what its heatmap shows."""

from __future__ import annotations

import pytest

from bcos_core.study.protocol import Practised, no_answer_is_wrong


@pytest.mark.parametrize(
    ("heaviest", "said"),
    [
        (
            ("gold", "a"),
            "By this explanation, the words that speak most for the answer are “gold” and “a”.",
        ),
        (
            ("gold",),
            "By this explanation, the word that speaks most for the answer is “gold”.",
        ),
        ((), ""),
    ],
)
def test_words_that_speak_for_the_answer_are_not_called_the_strongest(heaviest: tuple[str, ...], said: str) -> None:
    """A word that speaks against it can be of more weight than either."""
    assert no_answer_is_wrong(Practised("positive", True, heaviest)) == f"{said} No answer is wrong here.".strip()
