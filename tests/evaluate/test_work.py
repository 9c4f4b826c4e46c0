"""Progress of an evaluation is in work, not in texts: the longest come first and are most of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.evaluate.plan import CURVES, SINGLES, part_of, pass_seconds
from bcos_core.evaluate.work import Work
from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.model.size import model_size
from bcos_core.text.encoding import encode


@pytest.fixture
def folder(home: Home) -> Path:
    return save_pair(home.create())[0]


def test_a_text_counts_what_its_tokens_cost_each_part(folder: Path) -> None:
    classifier = load(folder)
    texts = ("good", "a good film with a good end " * 2)
    short, long = map(len, encode(classifier.tokenizer, texts, classifier.max_length))
    one, many = (pass_seconds(model_size(folder), tokens) for tokens in (short, long))
    work = Work(classifier, ["bcos", "occlusion"], texts, ())
    expected = {
        part_of("bcos"): (0.002 + 2 * one, 0.002 + 2 * many),
        part_of("occlusion"): (0.002 + (1 + short) * one, 0.002 + (1 + long) * many),
        SINGLES: (short * one, long * many),
        CURVES: (20 * one, 20 * many),
    }
    for part, seconds in expected.items():
        for text, wanted in zip(texts, seconds, strict=True):
            assert work.units(part, [text]) == pytest.approx(1e6 * wanted, abs=1)
        assert work.totals[part] == (2 if part == CURVES else 1) * sum(work.units(part, [text]) for text in texts)
