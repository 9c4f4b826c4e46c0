"""What of a grid cannot be trained or scored is refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from bcos_core.errors import BcosError
from bcos_core.reproduce.spec import OURS, PAPER, ReproduceSpec


@pytest.mark.parametrize("what", [PAPER, OURS])
@pytest.mark.parametrize(
    "asked, message",
    [
        ({"seeds": [42, 43, 42]}, "The seed 42 was given twice"),
        ({"tasks": ["short-reviews", "short-reviews"]}, "The task short-reviews was given twice"),
        ({"models": ["minilm", "minilm"]}, "The model minilm was given twice"),
        ({"seeds": [-1]}, "(?i)seed is -1; expected a whole number from 0"),
        ({"texts": 0}, "texts is 0"),
        ({"texts": 10**9}, "limit is 1000000000; expected a whole number from 1 to 1,000,000"),
        ({"examples": 3}, "examples is 3; expected a whole number from 16"),
    ],
)
def test_it_is_refused_at_once(what: str, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(BcosError, match=message):
        ReproduceSpec.of(what, "quick", **asked)


def test_a_part_that_is_not_there_is_named_as_the_page_names_it() -> None:
    with pytest.raises(BcosError, match="Unknown part of “The README’s figures” 'studies'. Known: .*study_statistics"):
        ReproduceSpec.of(OURS, "quick", only=["studies"])
