"""One limit of length for each use, and the same one on both sides of a comparison."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from folders import save_folder
from tiny_pair import save_pair

from bcos_core.attribution.api import explain
from bcos_core.attribution.rerun import rerun
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load, predict
from bcos_core.model.info import read_info
from bcos_core.model.predictions import known_at_full_length, logits_on
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.study.edits import try_edit
from bcos_core.text.encoding import encode, fit_within

TRAINED = 12
SHORT = "the film is good"
EXACT = " ".join(["film"] * (TRAINED - 2))  # with [CLS] and [SEP] just the limit
LONG = "the film is good and the plot is thin but the acting is never dull and charming"


@pytest.fixture
def classifier(home: Home) -> Classifier:
    return load(save_pair(home.create())[0], device="cpu")


@pytest.fixture
def trained(classifier: Classifier) -> Classifier:
    return replace(classifier, max_length=TRAINED)


def test_an_edit_is_read_as_far_as_the_text_was(classifier: Classifier, trained: Classifier) -> None:
    record = explain(trained, LONG, method="bcos")
    assert record.truncated_at is not None
    edited = LONG[:-8] + "dull"  # after the cut: the model never read it, so nothing changes
    outcome = try_edit(record, edited, classifier)
    assert outcome.change == pytest.approx(0.0, abs=1e-6) and not outcome.flipped
    # A text that was read to its end is compared with all of the edited one.
    short = explain(trained, SHORT, method="bcos")
    (before,), (after,) = predict(classifier, [SHORT]), predict(classifier, [LONG])
    outcome = try_edit(short, LONG, classifier)
    expected = before.probabilities[before.index] - after.probabilities[before.index]
    assert outcome.change == pytest.approx(expected, abs=1e-5)


def test_a_record_of_a_cut_text_is_computed_again_as_it_was(classifier: Classifier, trained: Classifier) -> None:
    for text in (SHORT, LONG):
        assert rerun(explain(trained, text, method="bcos"), classifier).matches


def test_answers_at_full_length_use_those_of_training_where_nothing_was_cut(
    home: Home, classifier: Classifier, trained: Classifier
) -> None:
    store, texts = EvidenceStore(open_database(home)), [SHORT, EXACT, LONG]
    logits_on(trained, texts, store)
    (whole,) = logits_on(classifier, [LONG], store)
    assert whole != pytest.approx(predict(trained, [LONG])[0].logits, abs=1e-4)  # the cut makes a difference
    found = known_at_full_length(classifier, texts, store, trained_length=TRAINED)
    for text, logits in zip(texts, found, strict=True):
        assert logits == pytest.approx(predict(classifier, [text])[0].logits, abs=1e-5)


def test_answers_to_cut_texts_are_not_known(home: Home, classifier: Classifier, trained: Classifier) -> None:
    store, texts = EvidenceStore(open_database(home)), [SHORT, LONG, EXACT]
    logits_on(trained, texts, store)
    found = known_at_full_length(classifier, texts, store, trained_length=TRAINED)
    assert [logits is None for logits in found] == [False, True, False]


def test_which_texts_fit(classifier: Classifier) -> None:
    texts = [SHORT, EXACT, f"{EXACT} film", LONG]
    assert fit_within(classifier.tokenizer, texts, TRAINED) == [True, True, False, False]
    cut = [one.truncated_at is None for one in encode(classifier.tokenizer, texts, TRAINED)]
    assert fit_within(classifier.tokenizer, texts, TRAINED) == cut


def test_the_limit_of_a_model_from_elsewhere_is_what_it_can_read(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "roberta")  # 66 positions, counted from 2
    assert read_info(folder).max_length == load(folder).max_length == 64
