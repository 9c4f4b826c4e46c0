"""Soft comprehensiveness and sufficiency: by hand on a linear model, at the ends, and what rescaling changes."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tiny_pair import save_pair

from bcos_core.evaluate.case import TENTHS, Case, Soft
from bcos_core.evaluate.probability import score as the_score
from bcos_core.evaluate.probability import softmax
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.soft import KEPT, by_rank, soft_answers, stretched
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.model.view import ModelView
from bcos_core.progress import SilentReporter
from bcos_core.text.encoding import encode
from bcos_core.text.pair import pair
from tests.built_tokenizers import KINDS, tiny_classifier
from tests.evaluate.conftest import WEIGHTS, BagOfWords

WORDS = ["great", "dull", "film", "good", "awful", "film"]
TRUE = [WEIGHTS[word] for word in WORDS]
NAMES = ("soft_comprehensiveness", "soft_sufficiency", "soft_comprehensiveness_ranks", "soft_sufficiency_ranks")
TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


def found(classifier: Classifier, words: Sequence[str], scores: Sequence[float], *, seed: int = 0) -> dict[str, Soft]:
    (text,) = encode(classifier.tokenizer, [" ".join(words)], 64)
    padded = [(0.0, *scores, 0.0)]
    return {evidence: soft_answers(classifier, [text], padded, evidence=evidence, seed=seed)[0] for evidence in KEPT}


def values(classifier: Classifier, words: Sequence[str], scores: Sequence[float], **given: int) -> list[float | None]:
    (text,) = encode(classifier.tokenizer, [" ".join(words)], 64)
    case = Case(text, (0.0, *scores, 0.0), 1, softmax, soft=found(classifier, words, scores, **given))
    return [SCORES[name].compute(case) for name in NAMES]


def test_scores_are_what_is_worked_out_by_hand(bag: BagOfWords, classifier: Classifier) -> None:
    (text,) = encode(classifier.tokenizer, ["great film"], 64)
    # p falls from 0.9 to 0.5 with nothing left. Without parts it is 0.6 and 0.95 (no fall), with parts 0.7 and 0.4:
    # comprehensiveness (0.3 + 0) / 2 / 0.4, sufficiency ((0.4 − 0.2) + max(0, 0.4 − 0.5)) / 2 / 0.4.
    soft = Soft((0.9,), (0.5,), ((0.7,), (0.4,)), ((0.6,), (0.95,)))
    case = Case(text, (0.0,) * 4, 0, the_score, soft={"soft": soft})
    assert SCORES[NAMES[0]].compute(case) == pytest.approx(0.375)
    assert SCORES[NAMES[1]].compute(case) == pytest.approx(0.25)


def test_no_draw_counts_more_than_the_fall_of_everything(bag: BagOfWords, classifier: Classifier) -> None:
    (text,) = encode(classifier.tokenizer, ["great film"], 64)
    # p falls by 0.001 with nothing left, by 0.4 without parts, then by 0.00025: (1 + 0.25) / 2, not (400 + 0.25) / 2.
    soft = Soft((0.5,), (0.499,), ((0.1,), (0.4995,)), ((0.1,), (0.49975,)))
    case = Case(text, (0.0,) * 4, 0, the_score, soft={"soft": soft, "soft_ranks": soft})
    assert SCORES[NAMES[0]].compute(case) == pytest.approx(0.625)
    assert SCORES[NAMES[1]].compute(case) == pytest.approx(0.25)  # (0 + 0.5) / 2
    assert SCORES[NAMES[2]].compute(case) == pytest.approx(0.625)


def test_a_linear_model_keeps_what_its_words_keep(bag: BagOfWords, classifier: Classifier) -> None:
    """The logit of a text is Σ wᵢ · (what is left of word i), so that of a mean of draws is close to Σ wᵢ qᵢ."""
    bag.word_width = 20_000
    scores = [4.0, 0.0, 1.0, 3.0]  # stretched: 1, 0, 1/4, 3/4
    soft = found(classifier, ["great", "dull", "film", "good"], scores)
    w = [2.0, -1.0, 0.25, 1.0]
    for evidence, ways in (("soft", stretched), ("soft_ranks", by_rank)):
        one = soft[evidence]
        assert one.whole[1] == pytest.approx(2.25) and one.empty[1] == pytest.approx(0.0)
        for draw, kept in enumerate(ways(scores)):
            said = sum(weight * share for weight, share in zip(w, kept, strict=True))
            assert one.kept[draw][1] == pytest.approx(said, abs=0.05)
    for draw in range(len(TENTHS)):  # what is kept in one direction goes in the other
        assert soft["soft"].kept[draw][1] + soft["soft"].without[draw][1] == pytest.approx(2.25, abs=1e-4)


@pytest.mark.parametrize("scores", [[0.1, 5.0, -2.0, 0.3], [1.0, 1.0, 2.0], [7.0], [0.0] * 11, [3.0, 2.0, 1.0] * 9])
def test_by_rank_every_method_keeps_the_same_share_of_a_text(scores: list[float]) -> None:
    for tenth, kept in zip(TENTHS, by_rank(scores), strict=True):
        assert sum(kept) / len(kept) == pytest.approx(tenth / 10)
        assert all(-1e-12 <= share <= 1 + 1e-12 for share in kept)
        ordered = [share for _, share in sorted(zip(scores, kept, strict=True))]
        assert ordered == sorted(ordered)
        assert len({round(share, 9) for share in kept}) == len(set(scores))  # equal scores keep as much


def test_at_a_half_the_shares_are_the_ranks() -> None:
    # π = 1/2: n/2 · ((r/n)² − ((r−1)/n)²) = (2r − 1) / 2n
    assert by_rank([10.0, -3.0, 0.5, 8.0])[4] == pytest.approx([7 / 8, 1 / 8, 3 / 8, 5 / 8])


def test_only_ranks_count_or_the_scores_up_to_their_scale(bag: BagOfWords, classifier: Classifier) -> None:
    scores = [0.3, -0.2, 0.9, 0.1, -1.5, 0.05]
    plain = values(classifier, WORDS, scores)
    rescaled = values(classifier, WORDS, [1e4 * score + 7 for score in scores])
    assert rescaled == pytest.approx(plain, abs=1e-2)
    assert rescaled[2:] == plain[2:]
    bent = values(classifier, WORDS, [math.exp(5 * score) for score in scores])
    assert bent[2:] == plain[2:]
    assert abs(bent[0] - plain[0]) > 0.05  # type: ignore[operator]


def test_the_perfect_a_random_and_the_reversed_explanation(bag: BagOfWords, classifier: Classifier) -> None:
    words = ["great", "good", "film", "film", "the", "the"]
    true = [WEIGHTS.get(word, 0.0) for word in words]
    perfect, turned = values(classifier, words, true), values(classifier, words, [-weight for weight in true])
    drawn = [values(classifier, words, random.Random(seed).sample(range(6), 6)) for seed in range(30)]
    for place in range(len(NAMES)):
        at_random = sum(row[place] for row in drawn) / len(drawn)  # type: ignore[misc]
        assert perfect[place] - 0.1 > at_random > turned[place] + 0.1  # type: ignore[operator]


def test_a_text_that_does_not_speak_for_its_class_has_no_value(bag: BagOfWords, classifier: Classifier) -> None:
    assert values(classifier, ["dull", "the"], [1.0, 0.0]) == [None] * 4  # p of class 1 rises when "dull" goes


def test_methods_that_say_the_same_are_asked_about_once(bag: BagOfWords, classifier: Classifier) -> None:
    (text,) = encode(classifier.tokenizer, [" ".join(WORDS)], 64)
    rows = [(0.0, *TRUE, 0.0), (0.0, *(3 * weight for weight in TRUE), 0.0), (0.0, *reversed(TRUE), 0.0)]
    soft = soft_answers(classifier, [text] * 3, rows, evidence="soft_ranks", seed=0)
    assert soft[0] == soft[1] != soft[2]
    assert bag.rows == 2 + 2 * 2 * len(TENTHS)
    alone = soft_answers(classifier, [text], rows[2:], evidence="soft_ranks", seed=0)
    assert alone == soft[2:]
    assert soft_answers(classifier, [text], rows[2:], evidence="soft_ranks", seed=1) != alone


def test_added_tokens_stay_whole_and_real_models_lose_the_elements(home: Home) -> None:
    """Against the model itself, given the vectors that are left."""
    classifier = load(save_pair(home.create())[1])
    view, table = ModelView(classifier.model), classifier.model.get_input_embeddings()
    (text,) = encode(classifier.tokenizer, ["a great film"], 64)
    ids = torch.tensor([text.ids])
    mask = torch.ones_like(ids)
    left = (torch.rand(1, len(text), view.word_width) < 0.5).float()
    with torch.no_grad():
        expected = classifier.model(inputs_embeds=table(ids) * left, attention_mask=mask).logits
        empty = table(ids)
        empty[:, 1:-1] = 0
        nothing = classifier.model(inputs_embeds=empty, attention_mask=mask).logits
    assert torch.allclose(view.predict(ids, mask, left=left), expected, atol=1e-5)
    assert torch.allclose(view.predict(ids, mask), classifier.model(ids, attention_mask=mask).logits, atol=1e-5)
    soft = soft_answers(classifier, [text], [(0.0, 1.0, 2.0, 3.0, 0.0)], evidence="soft", seed=0)[0]
    assert soft.empty == pytest.approx(nothing[0].tolist(), abs=1e-4)


def test_an_evaluation_keeps_what_it_asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: tuple[Path, Path] = save_pair(home.create(), task=TASK)

    def evaluate(*scores: str) -> dict[str, dict[str, float]]:
        spec = EvaluationSpec(tuple(map(str, saved)), ("bcos", "occlusion"), scores, limit=12)
        done = run_evaluation(spec, home=home, name="one", reporter=SilentReporter())
        protocol = done.contenders[0].protocols[scores[0]]
        assert "vectors" in protocol["summary"] and protocol["removal"] == "parts of the words' vectors"
        return {f"{one.checkpoint} {one.method}": one.values[scores[0]] for one in done.contenders}

    first = evaluate("soft_comprehensiveness_ranks")
    assert len(first) == 5 and all(first.values())  # the twin has no contributions
    assert all(value >= 0 for row in first.values() for value in row.values())
    monkeypatch.setattr("bcos_core.evaluate.gather.soft_answers", None)
    assert evaluate("soft_comprehensiveness_ranks", "soft_sufficiency_ranks") == first


@pytest.mark.parametrize("tokenizer_kind", KINDS)
def test_answers_do_not_depend_on_what_else_is_asked_and_pairs_keep_their_types(tokenizer_kind: str) -> None:
    classifier = tiny_classifier(tokenizer_kind)
    texts = encode(classifier.tokenizer, [pair("A charming film", "it isn't good; long"), "good", "a long film"], 64)
    rows = [tuple(float(place % 3) for place in range(len(text))) for text in texts]
    together = soft_answers(classifier, texts, rows, evidence="soft_ranks", seed=0)
    for text, row, found_together in zip(texts, rows, together, strict=True):
        (alone,) = soft_answers(classifier, [text], [row], evidence="soft_ranks", seed=0)
        both = zip((*alone.kept, *alone.without), (*found_together.kept, *found_together.without), strict=True)
        for one, other in both:
            assert one == pytest.approx(other, abs=1e-5)
    with torch.no_grad():
        inputs = {"input_ids": torch.tensor([texts[0].ids])}
        if (types := texts[0].token_type_ids) is not None:
            inputs["token_type_ids"] = torch.tensor([types])
        assert together[0].whole == pytest.approx(classifier.model(**inputs).logits[0].tolist(), abs=1e-5)
