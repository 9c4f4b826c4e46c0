"""What words are used for: by hand, against scikit-learn, and as a command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from tiny_pair import save_pair

from bcos_core.attribution.record import Attribution, Cost, Target, Token
from bcos_core.cli.main import main
from bcos_core.evaluate.vocabulary import LEAST_TEXTS, counting_model, vocabulary, word_sums
from bcos_core.home import Home
from bcos_core.text.examples import Examples

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


def test_means_counts_and_examples() -> None:
    texts = tuple(f"good film {n}" for n in range(6)) + ("dull film",) * 3
    test = Examples(texts, (1,) * 6 + (0,) * 3)
    train = Examples(("good film", "good one", "dull film", "dull one"), (1, 1, 0, 0))
    good = [{"good": float(n), "film": 0.5} for n in range(6)] + [{"dull": -1.0, "film": 0.5}] * 3
    bad = [{word: -value for word, value in words.items()} for words in good]
    found = vocabulary([bad, good], ("neg", "pos"), train, test)
    uses = {(use.label, use.word): use for use in found.uses}
    assert set(uses) == {(label, word) for label in (0, 1) for word in ("good", "film")}  # dull: fewer than five texts
    assert LEAST_TEXTS == 5
    use = uses[1, "good"]
    assert (use.mean, use.texts, use.examples) == (2.5, 6, (5, 4, 3, 2, 1, 0))
    assert use.low < 2.5 < use.high and use.weight is not None and use.weight > 0
    assert uses[0, "good"].weight == pytest.approx(-use.weight)
    assert uses[1, "film"].weight == pytest.approx(0.0, abs=1e-6)
    assert [one.word for one in found.uses if one.label == 1] == ["good", "film"]
    assert found.counting_accuracy == 1.0 and found.texts == 9


def test_the_counting_model_is_scikit_learns() -> None:
    texts = ("good film", "good plot", "dull film", "dull plot", "odd film", "odd plot")
    train = Examples(texts, (0, 0, 1, 1, 2, 2))
    answer, weights = counting_model(train, 3)
    counts = CountVectorizer(binary=True, min_df=2)
    expected = LogisticRegression(C=1.0, max_iter=1000).fit(counts.fit_transform(texts), train.labels)
    for word, place in counts.vocabulary_.items():
        assert weights[word] == pytest.approx(expected.coef_[:, place].tolist(), abs=1e-6)
    assert answer(["a dull day", "good"]) == [1, 0]


def test_the_command(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    save_pair(home.create(), task=TASK)
    assert main(["words", "tiny-bcos", "--limit", "60", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["method"] == "bcos" and result["texts"] == 60
    assert result["counting_accuracy"] > 0.6
    means = [use["mean"] for use in result["uses"] if use["label"] == 1]
    assert means == sorted(means, reverse=True) and all(use["texts"] >= 5 for use in result["uses"])
    # Again: nothing is explained anew.
    monkeypatch.setattr("bcos_core.evaluate.explainer.explain", None)
    assert main(["words", "tiny-bcos", "--limit", "60"]) == 0
    assert "Words that speak for positive" in capsys.readouterr().out


def test_bad_input(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    assert main(["words", "tiny-conventional", "--method", "bcos"]) == 2
    assert main(["words", "tiny-bcos", "--method", "attention"]) == 2
    assert "the same for every class" in capsys.readouterr().err
    assert main(["words", "tiny-bcos", "--limit", "0"]) == 2
    assert main(["words", str(Path(folder) / "nowhere")]) == 2
