"""An explanation that nobody wants any more ends before its next pass, and leaves nothing behind."""

from __future__ import annotations

import pytest

from bcos_core.attribution.api import explain
from bcos_core.attribution.registry import METHODS
from bcos_core.model.classifier import Classifier
from bcos_core.wanted import GivenUp, until

TEXT = "a warm and witty film that never feels too long for its story ."


class Asked:
    """Is no longer wanted once it was asked so often."""

    def __init__(self, often: int) -> None:
        self.left = often

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("method", [m.name for m in METHODS.values() if not m.unsupported(is_bcos=True)])
def test_every_method_ends_before_its_next_pass(pair: dict[str, Classifier], method: str) -> None:
    model = pair["bcos"]
    before = explain(model, TEXT, method=method, target=0)
    passes = Asked(10**6)
    with until(passes):
        explain(model, TEXT, method=method, target=0)
    asked = 10**6 - passes.left
    for often in {0, asked // 2, asked - 1}:
        with pytest.raises(GivenUp), until(Asked(often)):
            explain(model, TEXT, method=method, target=0)
    assert explain(model, TEXT, method=method, target=0).scores == before.scores


def test_what_is_asked_stays_within_its_block() -> None:
    with until(lambda: True):
        pass
    with until(lambda: False):
        pass


def test_a_long_text_is_asked_about_many_times(pair: dict[str, Classifier]) -> None:
    """Occlusion takes a pass for each token: a text of hundreds of words must not be one batch."""
    text, passes = " ".join([TEXT] * 25), Asked(10**6)
    with until(passes):
        explain(pair["bcos"], text, method="occlusion", target=0)
    assert 10**6 - passes.left >= 20
