"""Which edited copies are asked about: tokenizers with and without capital letters, a mask token and a limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.encoding import encode
from bcos_core.trust.heatmaps import longer
from bcos_core.trust.questions import Questions, ask_questions
from bcos_core.trust.strongest import candidate_words
from tests.built_tokenizers import tiny_classifier

TEXTS = ("A charming Film, not dull!", "It is good and long", "the film never ends", "It was a good movie")


@pytest.fixture
def store(home: Home) -> EvidenceStore:
    return EvidenceStore(open_database(home.create()))


def asked(kind: str, store: EvidenceStore, **changed: object) -> Questions:
    classifier = replace(tiny_classifier(kind), **changed)  # type: ignore[arg-type]
    return ask_questions(classifier, TEXTS, store, SilentReporter())


def test_capital_letters_are_an_edit_where_the_tokenizer_knows_them(store: EvidenceStore) -> None:
    assert "reads capital letters as small ones" in asked("wordpiece", store).edited["case"].reason
    assert asked("byte-level", store).edited["case"].reason == ""


@pytest.mark.parametrize("kind", ["wordpiece", "byte-level", "unigram"])
def test_hiding_a_word_leaves_all_other_tokens_in_place(kind: str, store: EvidenceStore) -> None:
    classifier = tiny_classifier(kind)
    found = asked(kind, store)
    mask = classifier.tokenizer.mask_token_id
    for row, edit in zip(found.edited["masked"].rows, found.edited["masked"].edits, strict=True):
        before, after = encode(classifier.tokenizer, [TEXTS[row], edit.text], classifier.max_length)
        assert len(before) == len(after)
        assert [new for old, new in zip(before.ids, after.ids, strict=True) if old != new] == [mask]


def test_edits_behind_the_limit_do_not_count(store: EvidenceStore) -> None:
    found = asked("wordpiece", store, max_length=4)  # two tokens of a text
    assert "limit of length cuts them off" in found.edited["sentence"].reason


def test_words_that_the_model_does_not_read_are_not_asked_about() -> None:
    classifier = replace(tiny_classifier("wordpiece"), max_length=5)
    (words,) = candidate_words(classifier, ["film good dull never ends"])
    assert 0 < len(words) <= 3
    (many,) = candidate_words(tiny_classifier("wordpiece"), ["film " * 400])
    assert 0 < len(many) <= 40 and len(set(many)) == len(many)


def test_a_text_beside_a_pair_is_a_pair() -> None:
    assert longer("good film") == "good film good film"
    assert longer("one\x1ftwo") == "one one\x1ftwo two"
