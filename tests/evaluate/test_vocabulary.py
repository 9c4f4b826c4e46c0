"""What words are used for: by hand, against scikit-learn, and as a command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer
from tiny_pair import save_pair

from bcos_core.attribution.record import Attribution, Cost, Target, Token
from bcos_core.cli.main import main
from bcos_core.evaluate.vocabulary import LEAST_TEXTS, counting_model, vocabulary, word_sums
from bcos_core.evaluate.vocabulary_run import run_vocabulary
from bcos_core.home import Home
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.tasks.task_type import Gold
from bcos_core.text.examples import Examples, TaskData

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


def test_sums_of_words_in_one_text() -> None:
    spans = [("Good", 0, 4), ("go", 5, 7), ("##od", 7, 9), ("!", 9, 10), ("42", 11, 13)]
    record = Attribution(
        text="Good good! 42",
        tokens=tuple(Token(*span) for span in spans),
        scores=(1.0, 0.25, 0.5, 9.0, 9.0),
        method="bcos",
        parameters={},
        target=Target(0, "a"),
        logit=0.0,
        reference_share=0.0,
        bias_share=0.0,
        additive=True,
        logits=(0.0,),
        probabilities=(1.0,),
        labels=("a",),
        model="m",
        weights_hash="0",
        cost=Cost(1, 1, 0.0),
    )
    assert word_sums(record) == {"good": 1.75}


def data_of(
    train: Sequence[tuple[str, Gold]], test: Sequence[tuple[str, Gold]], labels: tuple[str, ...], kind: str
) -> TaskData:
    sides = (Examples(tuple(text for text, _ in side), tuple(gold for _, gold in side)) for side in (train, (), test))
    return TaskData("data", labels, *sides, type=kind)


def test_means_counts_and_examples() -> None:
    test = [(f"good film {n}", 1) for n in range(6)] + 3 * [("dull film", 0)]
    train = [("good film", 1), ("good one", 1), ("dull film", 0), ("dull one", 0)]
    good = [{"good": float(n), "film": 0.5} for n in range(6)] + [{"dull": -1.0, "film": 0.5}] * 3
    bad = [{word: -value for word, value in words.items()} for words in good]
    found = vocabulary([bad, good], data_of(train, test, ("neg", "pos"), "single-label"))
    uses = {(use.label, use.word): use for use in found.uses}
    assert set(uses) == {(label, word) for label in (0, 1) for word in ("good", "film")}  # dull: fewer than five texts
    assert LEAST_TEXTS == 5
    use = uses[1, "good"]
    assert (use.mean, use.texts, use.examples) == (2.5, 6, (5, 4, 3, 2, 1, 0))
    assert use.low < 2.5 < use.high and use.weight is not None and use.weight > 0
    assert uses[0, "good"].weight == pytest.approx(-use.weight)
    assert uses[1, "film"].weight == pytest.approx(0.0, abs=1e-6)
    assert [one.word for one in found.uses if one.label == 1] == ["good", "film"]
    assert found.counting["accuracy"] == 1.0 and found.texts == 9


def test_the_counting_model_is_scikit_learns() -> None:
    texts = ("good film", "good plot", "dull film", "dull plot", "odd film", "odd plot")
    golds = (0, 0, 1, 1, 2, 2)
    vectorizer, model = counting_model(data_of(list(zip(texts, golds, strict=True)), [], tuple("abc"), "single-label"))
    counts = CountVectorizer(binary=True, min_df=2)
    expected = LogisticRegression(C=1.0, max_iter=1000).fit(counts.fit_transform(texts), golds)
    assert dict(vectorizer.vocabulary_) == dict(counts.vocabulary_)
    assert model.weights == pytest.approx(expected.coef_, abs=1e-6)
    logits = np.array(model.logits(vectorizer.transform(["a dull day", "good"])))
    assert logits == pytest.approx(expected.decision_function(counts.transform(["a dull day", "good"])), abs=1e-6)


def test_two_classes_have_opposite_weights() -> None:
    texts, golds = ("good film", "good plot", "dull film", "dull plot"), (1, 1, 0, 0)
    vectorizer, model = counting_model(data_of(list(zip(texts, golds, strict=True)), [], ("n", "p"), "single-label"))
    expected = LogisticRegression(C=1.0, max_iter=1000).fit(vectorizer.transform(texts), golds)
    logits = np.array(model.logits(vectorizer.transform(texts)))
    assert logits[:, 1] - logits[:, 0] == pytest.approx(expected.decision_function(vectorizer.transform(texts)))


def test_words_of_several_labels() -> None:
    texts = ("good film", "good plot", "loud film", "loud plot", "good loud film", "plot")
    golds = ((0, 2), (0, 2), (1, 2), (1, 2), (0, 1, 2), (2,))
    test = [("good day", (0, 2)), ("loud day", (2,))] + [("plot", (2,))] * 4
    data = data_of(list(zip(texts, golds, strict=True)), test, ("kind", "noisy", "text"), "multi-label")
    vectorizer, model = counting_model(data)
    expected = OneVsRestClassifier(LogisticRegression(C=1.0, max_iter=1000)).fit(
        vectorizer.transform(texts), MultiLabelBinarizer().fit_transform(golds)[:, :2]
    )
    for label, estimator in enumerate(expected.estimators_):
        assert model.weights[label] == pytest.approx(estimator.coef_[0], abs=1e-6)
        assert model.intercepts[label] == pytest.approx(estimator.intercept_[0], abs=1e-6)
    assert not model.weights[2].any() and model.intercepts[2] > 0  # every text has it
    sums = [[{"plot": float(label)} for _ in test] for label in range(3)]
    found = vocabulary(sums, data)
    assert [(use.label, use.mean) for use in found.uses] == [(0, 0.0), (1, 1.0), (2, 2.0)]
    # It gives noisy to “loud day”, which has no such label: five of six texts have all labels right.
    assert found.counting["exact"] == pytest.approx(5 / 6)


def test_words_of_a_score() -> None:
    texts, stars = ("good film", "good plot", "dull film", "dull plot"), (5.0, 4.0, 2.0, 1.0)
    test = 6 * [("good film", 4.5)]
    data = data_of(list(zip(texts, stars, strict=True)), test, ("stars",), "regression")
    vectorizer, model = counting_model(data)
    # Of four texts, each word in two: with centred counts x ± ½ and ridge 1, the weight is Σ x·y / (Σ x² + 1): good
    # against dull, the two share the difference; XᵀX + 1 of such a pair is [[2, −1], [−1, 2]], Xᵀy = ±3.
    weights = {word: model.weights[0, place] for word, place in vectorizer.vocabulary_.items()}
    assert weights["good"] == pytest.approx(1.0) and weights["dull"] == pytest.approx(-1.0)
    assert weights["film"] == pytest.approx(1 / 3) and weights["plot"] == pytest.approx(-1 / 3)
    assert model.intercepts[0] == pytest.approx(3.0)
    assert isinstance(model.logits(vectorizer.transform(["good"]))[0][0], float)
    assert Ridge(alpha=1.0).fit(vectorizer.transform(texts), stars).predict(
        vectorizer.transform(["good film"])
    ) == pytest.approx(model.logits(vectorizer.transform(["good film"]))[0])
    found = vocabulary([[{"good": 0.5} for _ in test]], data)
    assert [(use.word, use.mean, use.weight) for use in found.uses] == [("good", 0.5, pytest.approx(1.0))]
    assert found.counting["mae"] == pytest.approx(4.5 - (3 + 1 + 1 / 3), abs=1e-6)


def test_the_command(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    save_pair(home.create(), task=TASK)
    assert main(["words", "tiny-bcos", "--limit", "60", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["method"] == "bcos" and result["texts"] == 60
    assert result["counting"]["accuracy"] > 0.6
    means = [use["mean"] for use in result["uses"] if use["label"] == 1]
    assert means == sorted(means, reverse=True) and all(use["texts"] >= 5 for use in result["uses"])
    # Again: nothing is explained anew.
    monkeypatch.setattr("bcos_core.evaluate.explainer.explain", None)
    assert main(["words", "tiny-bcos", "--limit", "60"]) == 0
    assert "What most supports positive" in capsys.readouterr().out


def test_bad_input(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    assert main(["words", "tiny-conventional", "--method", "bcos"]) == 2
    assert main(["words", "tiny-bcos", "--method", "attention"]) == 2
    assert "says the same whatever is explained" in capsys.readouterr().err
    assert main(["words", "tiny-bcos", "--limit", "0"]) == 2
    assert main(["words", str(Path(folder) / "nowhere")]) == 2


class Told(SilentReporter):
    def __init__(self) -> None:
        self.counts: list[tuple[str, float, float]] = []

    def progress(self, done: float, total: float, part: str = "") -> None:
        self.counts.append(("done", done, total))

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        self.counts.append(("given", done, total))


def test_what_was_counted_before_is_told_first(home: Home) -> None:
    info = read_info(save_pair(home.create(), task=TASK)[0])
    run_vocabulary(info, method="bcos", limit=40, seed=0, home=home, reporter=SilentReporter())
    told = Told()
    run_vocabulary(info, method="bcos", limit=50, seed=0, home=home, reporter=told)
    # Of either class 40 of 50 texts; then the ten new ones of each, which are in the second chunk of 32.
    assert told.counts == [("given", 40, 100), ("given", 80, 100), ("done", 90, 100), ("done", 100, 100)]
