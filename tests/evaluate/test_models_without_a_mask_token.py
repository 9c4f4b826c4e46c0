"""What is asked of a model whose tokenizer has no token to put in place of words: it is measured against nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_pair
from transformers import AutoTokenizer

from bcos_core import explain, load
from bcos_core.attribution.aggregation import word_scores
from bcos_core.evaluate.patterns_job import PatternsSpec
from bcos_core.evaluate.patterns_run import run_patterns
from bcos_core.evaluate.retest_run import run_retest
from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.evaluate.vocabulary_run import run_vocabulary
from bcos_core.home import Home
from bcos_core.model.info import read_info
from bcos_core.model.sources import embedded_path
from bcos_core.progress import SilentReporter

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.fixture
def folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As GPT-2's tokenizer is: neither a mask nor a padding token."""
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    tokenizer.mask_token = tokenizer.pad_token = None
    monkeypatch.setattr(tiny_pair.AutoTokenizer, "from_pretrained", lambda path: tokenizer)
    saved, _ = tiny_pair.save_pair(home.create(), task=TASK)
    monkeypatch.undo()
    assert load(saved).tokenizer.mask_token_id is None
    return saved


def test_a_word_is_retested(home: Home, folder: Path) -> None:
    found = run_retest(RetestSpec(str(folder), "the", 1, "bcos", limit=20), home=home, reporter=SilentReporter())
    row = found.texts[0]
    record = explain(load(folder), row.text, method="bcos", target=1, reference="none")
    by_hand = sum(one.score for one in word_scores(record) if one.text.lower() == "the")
    assert row.contribution == pytest.approx(by_hand, abs=1e-4)


def test_words_and_patterns_are_found(home: Home, folder: Path) -> None:
    info = read_info(folder)
    assert run_vocabulary(info, method="bcos", limit=10, seed=0, home=home, reporter=SilentReporter()).method == "bcos"
    spec = PatternsSpec.of([info], ["bcos"], limit=10, seed=0)
    (model,) = run_patterns(spec, home=home, reporter=SilentReporter()).models
    assert model.reference == "none"
