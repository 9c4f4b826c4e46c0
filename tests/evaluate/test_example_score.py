"""A new score is one small entry: an evaluation computes it, and the table has it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.evaluate.case import Case, Curves
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.text.encoding import Encoded
from bcos_core.text.tasks import TaskChoice
from bcos_core.text.token import Token
from tests.evaluate import example_score
from tests.evaluate.example_score import SCORE, first_tenth


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it stood with the others in `evaluate/scores.py`."""
    monkeypatch.setitem(SCORES._entries, SCORE.name, SCORE)


def test_it_is_small() -> None:
    assert len(inspect.getsource(example_score).splitlines()) <= 40


def case(tokens: int) -> Case:
    """With p = σ(0) = 0.5 of the whole text and σ(−ln 4) = 0.2 without the first tenth."""
    text = Encoded("x" * tokens, (0,) * tokens, tuple(Token("x", n, n + 1) for n in range(tokens)), None)
    gone = (-1.3862943611198906,)
    curves = Curves(whole=(0.0,), empty=gone, without=(gone,) * 9, only=((0.0,),) * 9)
    return Case(text, (1.0,) * tokens, 0, PROBABILITIES["sigmoid"], curves=curves)


def test_by_hand() -> None:
    assert first_tenth(case(10)) == pytest.approx(0.3)
    assert first_tenth(case(9)) is None


def test_an_evaluation_has_it(home: Home) -> None:
    model, _ = save_pair(home.create(), task=TaskChoice("embedded", "short-reviews").to_dict())
    spec = EvaluationSpec((str(model),), ("bcos",), scores=(SCORE.name,), limit=6)
    evaluation = run_evaluation(spec, home=home, name="e", reporter=SilentReporter())
    assert {(row["score"], row["method"]) for row in evaluation.rows()} == {
        ("first_tenth", "bcos"),
        ("first_tenth", "random"),
    }
    assert Path(home.evaluations / "e" / "evaluation.json").is_file()
