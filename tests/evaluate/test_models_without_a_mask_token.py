"""What is asked of a model whose tokenizer has no token to put in place of words: it is measured against nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_pair
import torch
from transformers import AutoTokenizer

from bcos_core import explain, load
from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError
from bcos_core.evaluate.patterns_job import PatternsSpec
from bcos_core.evaluate.patterns_run import run_patterns
from bcos_core.evaluate.retest_run import run_retest
from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.vocabulary_run import run_vocabulary
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier
from bcos_core.model.info import read_info
from bcos_core.model.sources import embedded_path
from bcos_core.progress import SilentReporter
from bcos_core.storage.content import name_of
from bcos_core.text.tasks import TaskChoice, load_task

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


def naive_comprehensiveness(model: Classifier, record: Attribution) -> float:
    """One text at a time: mean over k of p(x) − p(x without its top-k), the tokens really taken out of the ids."""
    ids = model.tokenizer(record.text, truncation=True, max_length=model.max_length)["input_ids"]
    ordinary = [place for place, token in enumerate(record.tokens) if not token.added]
    order = sorted(ordinary, key=lambda place: -record.scores[place])

    def p(kept: list[int]) -> float:
        with torch.no_grad():
            logits = model.model(input_ids=torch.tensor([[ids[place] for place in kept]])).logits[0]
        return float(logits.softmax(-1)[record.target.index])

    falls = []
    for tenth in range(1, 10):
        gone = set(order[: max(1, len(order) * tenth // 10)])
        falls.append(p(list(range(len(ids)))) - p([place for place in range(len(ids)) if place not in gone]))
    return sum(falls) / len(falls)


def test_it_is_evaluated_by_a_removal_that_puts_no_token(home: Home, folder: Path) -> None:
    spec = EvaluationSpec((str(folder),), ("bcos", "occlusion", "input_x_gradient"), limit=6, removal="delete")
    found = run_evaluation(spec, home=home, name="e", reporter=SilentReporter())
    assert [one["method"] for one in found.skipped] == ["occlusion"]
    contributions = next(one for one in found.contenders if one.method == "bcos")
    assert contributions.protocols["comprehensiveness"]["reference"] == "none"
    model = replace(load(folder), max_length=read_info(folder).max_length)
    texts = load_task(TaskChoice(**TASK)).test.take(6, spec.seed).texts
    for text in texts:
        record = explain(model, text, method="bcos", reference="none")
        by_hand = naive_comprehensiveness(model, record)
        assert contributions.values["comprehensiveness"][name_of(text)] == pytest.approx(by_hand, abs=1e-4)
    with pytest.raises(InputError, match="--removal delete"):
        run_evaluation(replace(spec, removal="mask"), home=home, name="f", reporter=SilentReporter())
