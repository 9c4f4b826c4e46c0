"""The pointing game's pairs and shares, and agreement with word ratings, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bcos_core.errors import DataError
from bcos_core.evaluate import pointing
from bcos_core.evaluate.plausibility import auprc, rated_positions, token_f1, token_iou
from bcos_core.evaluate.pointing import Pair, make_pairs, points
from bcos_core.model.classifier import Classifier, Prediction
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.encoding import encode
from bcos_core.text.examples import Examples
from bcos_core.text.token import Token

GOOD = tuple(f"a great and lovely film number {n} with more words" for n in range(6))
BAD = tuple(f"an awful and dull film number {n} with more words" for n in range(4))
EXAMPLES = Examples((*GOOD, "too short", *BAD), (*[1] * 6, 1, *[0] * 4))


@pytest.fixture
def judge(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """Right and sure about everything, but for one text that it is not sure about and one that it gets wrong."""

    def predict(_: Classifier, texts: list[str]) -> list[Prediction]:
        found = []
        for text in texts:
            right = int("great" in text)
            if "number 0" in text and right:
                found.append(Prediction((0.0, 0.5), (0.4, 0.6), 1, "positive"))
            elif "number 1" in text and not right:
                found.append(Prediction((0.0, 3.0), (0.05, 0.95), 1, "positive"))
            else:
                p = (0.1, 0.9) if right else (0.9, 0.1)
                found.append(Prediction(p, p, right, ""))
        return found

    monkeypatch.setattr(pointing, "predict", predict)
    return named(classifier, "single-label")


def named(classifier: Classifier, kind: str) -> Classifier:
    classifier.name, classifier.task_type = "judge", TASK_TYPES[kind]  # type: ignore[misc]
    return classifier


def test_pairs_are_of_two_classes_cut_and_used_once(judge: Classifier) -> None:
    made = make_pairs(EXAMPLES, judge, length=7, count=10, seed=3)
    assert (made.judge, made.length, len(made.pairs)) == ("judge", 7, 3)  # three bad texts are right and sure
    used: list[str] = []
    for pair in made.pairs:
        halves = [pair.text[: pair.boundary].strip(), pair.text[pair.boundary :]]
        assert sorted(pair.classes) == [0, 1]
        for half, label in zip(halves, pair.classes, strict=True):
            assert ("great" in half) == (label == 1)
            assert sum(not token.added for token in encode(judge.tokenizer, [half], 64)[0].tokens) == 7
            assert any(text.startswith(half) for text in EXAMPLES.texts)
        used += halves
    assert not any("great" in half and "number 0" in half for half in used)
    assert not any("awful" in half and "number 1" in half for half in used)
    assert len(set(used)) == len(used)
    assert make_pairs(EXAMPLES, judge, length=7, count=10, seed=3) == made
    assert make_pairs(EXAMPLES, judge, length=7, count=2, seed=3).pairs == made.pairs[:2]
    assert make_pairs(EXAMPLES, judge, length=7, count=10, seed=4) != made


def test_without_texts_there_are_no_pairs(judge: Classifier) -> None:
    with pytest.raises(DataError, match="at least 40 tokens"):
        make_pairs(EXAMPLES, judge, length=40, count=5, seed=0)


def test_of_several_labels_each_text_has_one_that_the_other_lacks(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"{word} film no. {n} and more" for n in range(3) for word in ("kind", "loud", "kind loud", "odd kind")]
    golds = [tuple(place for place, word in enumerate(("kind", "loud", "film")) if word in text) for text in texts]

    def predict(_: Classifier, texts: list[str]) -> list[Prediction]:
        # Sure of everything, but not that an odd text is not loud.
        found = []
        for text in texts:
            p = tuple(0.9 if word in text else 0.4 if "odd" in text else 0.1 for word in ("kind", "loud", "film"))
            found.append(Prediction(p, p, 2, ""))
        return found

    monkeypatch.setattr(pointing, "predict", predict)
    made = make_pairs(Examples(tuple(texts), tuple(golds)), named(classifier, "multi-label"), length=4, count=9, seed=0)
    assert len(made.pairs) == 3  # of three kind and three loud texts; those that are both, or odd, serve in none
    for pair in made.pairs:
        halves = pair.text[: pair.boundary], pair.text[pair.boundary :]
        assert {half.split()[0] for half in halves} == {"kind", "loud"} and "kind loud" not in pair.text
        assert [("kind", "loud")[label] for label in pair.classes] == [half.split()[0] for half in halves]


def test_points_are_the_positive_share_in_the_right_half() -> None:
    tokens = [
        Token("[CLS]", None, None),
        *(Token("x", start, start + 1) for start in (0, 2, 4, 6)),
        Token("[SEP]", None, None),
    ]
    pair = Pair("a b c d", 4, (1, 0))
    scores = (9.0, 1.0, -5.0, 2.0, 1.0, 9.0)

    def asked(index: int, scores: tuple[float, ...]) -> float | None:
        target = SimpleNamespace(index=index)
        return points(SimpleNamespace(text=pair.text, tokens=tokens, scores=scores, target=target), pair)  # type: ignore[arg-type]

    assert asked(1, scores) == pytest.approx(0.25)  # the first half is class 1's: 1 of 4
    assert asked(0, scores) == pytest.approx(0.75)
    assert asked(0, (9.0, -1.0, 0.0, -2.0, 0.0, 9.0)) is None


def test_which_words_people_rated(classifier: Classifier) -> None:
    (text,) = encode(classifier.tokenizer, ["A charming, brilliant but dull film; Dull!"], 64)
    words = [token.text for token in text.tokens]
    assert {words[p] for p in rated_positions(text, "positive")} == {"charming", "brilliant"}
    assert [words[p] for p in sorted(rated_positions(text, "Negative"))] == ["dull", "dull"]
    assert rated_positions(text, "neutral") == frozenset()


def test_agreement_by_hand() -> None:
    named = [True, False, True, False]
    scores = [0.9, 0.8, 0.3, 0.1]
    # (recall, precision) after 0, 1, 2 and 3 tokens: (0, 1), (½, 1), (½, ½), (1, ⅔); the area of the two slopes.
    assert auprc(scores, named) == pytest.approx(1 / 2 * 1 + 1 / 2 * (1 / 2 + 2 / 3) / 2)
    assert token_f1(scores, named, 2) == pytest.approx(2 * 1 / (2 + 2))
    assert token_iou(scores, named, 2) == pytest.approx(1 / 3)
    assert token_f1([1, 0, 1, 0], named, 2) == 1.0 and token_iou([1, 0, 1, 0], named, 2) == 1.0
    assert token_f1([0, 1, 0, 1], named, 2) == 0.0
