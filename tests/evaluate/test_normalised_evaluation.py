"""Two models set against each other, end to end: which texts have limits, what is kept, what is run again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.evaluate import gather
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec, usual_scores
from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.model.info import read_info, trained_on
from bcos_core.progress import SilentReporter
from bcos_core.storage.content import name_of
from bcos_core.text.encoding import encode
from bcos_core.text.tasks import load_task

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}
LONGEST, TEXTS = 10, 4


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create(), task=TASK)


def evaluate(home: Home, *paths: Path, **changes: object) -> Evaluation:
    given = {"limit": 40, "bounded_texts": TEXTS, "bounded_length": LONGEST, "beam_width": 1, "scores": usual_scores(2)}
    spec = EvaluationSpec(tuple(map(str, paths)), ("bcos", "saliency"), **{**given, **changes})  # type: ignore[arg-type]
    return run_evaluation(spec, home=home, name="one", reporter=SilentReporter())


def test_limits_are_of_short_texts_alone_and_raw_scores_of_all(pair: tuple[Path, Path], home: Home) -> None:
    found = evaluate(home, *pair)
    classifier = load(pair[0])
    texts = load_task(trained_on(read_info(pair[0]))).test.take(40, 0).texts
    short = [
        text
        for text, one in zip(texts, encode(classifier.tokenizer, texts, classifier.max_length), strict=True)
        if len(one) - 2 <= LONGEST
    ]
    assert len(short) >= 2
    for contender in found.contenders:
        assert set(contender.values["naopc"]) <= set(map(name_of, short[:TEXTS]))
        assert contender.values["naopc"] and len(contender.values["comp_minus_suff"]) == 40
        assert all(-1e-6 <= value <= 1.2 for value in contender.values["naopc"].values())
    protocol = found.contenders[0].protocols["naopc"]
    assert (protocol["bounded_length"], protocol["beam_width"]) == (LONGEST, 1)
    assert f"at most {LONGEST} tokens" in protocol["summary"] and "left out" in protocol["summary"]
    assert "bounded_length" not in found.contenders[0].protocols["comp_minus_suff"]


def test_limits_are_kept_and_searched_again_for_another_width_alone(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    original = gather.find_limits

    def counting(answers: object, texts: list[object], *rest: object, **options: object) -> object:
        searched.append(len(texts))
        return original(answers, texts, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(gather, "find_limits", counting)
    first = evaluate(home, pair[0], scores=("naopc",))
    count = sum(searched)
    assert 0 < count <= TEXTS
    again = evaluate(home, pair[0], scores=("naopc", "naopc_sufficiency"))
    assert sum(searched) == count
    assert again.contenders[0].values["naopc"] == first.contenders[0].values["naopc"]
    evaluate(home, pair[0], scores=("naopc",), beam_width=2)
    assert sum(searched) == 2 * count


def test_texts_that_are_all_too_long_have_no_normalised_score(pair: tuple[Path, Path], home: Home) -> None:
    found = evaluate(home, *pair, bounded_length=2, limit=6)
    assert all(not one.values["naopc"] for one in found.contenders)
    assert all(row["n"] == 0 for row in found.rows() if row["score"] == "naopc")
