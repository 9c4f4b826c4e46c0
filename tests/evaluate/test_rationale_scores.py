"""Scores against a rationale column: by scikit-learn on explanations of a whole evaluation, and where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.metrics import auc, f1_score, jaccard_score, precision_recall_curve
from tiny_pair import save_pair

from bcos_core import explain, load
from bcos_core.cli.evaluate import show
from bcos_core.cli.main import main
from bcos_core.errors import InputError
from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.render.report import evaluation_html
from bcos_core.storage.content import name_of
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.tasks import TaskChoice, load_task

RATIONALE = ("auprc_rationale", "token_f1_rationale", "token_iou_rationale", "iou_f1_rationale", "tau_rationale")
SUBJECTS = ("film", "plot", "cast", "script", "camera", "ending", "scene", "unforgettableness")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sentences of two classes with rationales of several words; every fifth one has none."""
    lines = []
    for i, one in enumerate(SUBJECTS):
        for j, other in enumerate(SUBJECTS):
            words = f"the {one} and the {other} are {'dull' if (i + j) % 2 else 'charming'}, I think"
            quotes = [f"are {'dull' if (i + j) % 2 else 'charming'}", *([one] if i % 2 else [])]
            why = None if (i + j) % 5 == 0 else quotes
            lines.append(json.dumps({"text": words, "label": ("positive", "negative")[(i + j) % 2], "why": why}))
    monkeypatch.setenv("BCOS_ROOTS", str(tmp_path))  # the checkpoints name the file as their task
    path = tmp_path / "reviews.jsonl"
    path.write_text("\n".join(lines))
    return path


def evaluate(folder: Path, home: Home, choice: TaskChoice | None, scores: tuple[str, ...]) -> Evaluation:
    spec = EvaluationSpec((str(folder),), ("bcos", "saliency"), scores=scores, limit=50, task=choice)
    return run_evaluation(spec, home=home, name="one", reporter=SilentReporter())


def test_values_are_those_of_scikit_learn(table: Path, home: Home) -> None:
    choice = TaskChoice("file", str(table), rationale_column="why")
    folder, _ = save_pair(home.create(), task=choice.to_dict())
    evaluation = evaluate(folder, home, None, RATIONALE)
    data, model = load_task(choice), load(folder)
    for method in ("bcos", "saliency"):
        truths, scores = {}, {}
        for text, label in zip(data.test.texts, data.test.labels, strict=True):
            record = explain(model, text, method=method, reference="mask")
            ordinary = [p for p, token in enumerate(record.tokens) if token.start is not None]
            marked = set().union(*(range(start, end) for one in data.rationales.get(text, ()) for start, end in one))
            truth = [bool(marked & set(range(record.tokens[p].start, record.tokens[p].end))) for p in ordinary]  # type: ignore[arg-type]
            # What people named speaks for the label: where the model answers another class, it is not comparable.
            if record.target.index == label and any(truth) and not all(truth):
                truths[name_of(text)] = truth
                scores[name_of(text)] = [record.scores[p] for p in ordinary]
        values = evaluation.contender(f"{method}@tiny-bcos").values
        assert 2 <= len(truths) < len(data.test)
        assert set(values["auprc_rationale"]) == set(truths)
        share = float(np.mean([np.mean(truth) for truth in truths.values()]))
        for item, truth in truths.items():
            precision, recall, _ = precision_recall_curve(truth, scores[item])
            assert values["auprc_rationale"][item] == pytest.approx(auc(recall, precision), abs=1e-6)
            top = np.zeros(len(truth), dtype=bool)
            top[np.argsort(scores[item])[::-1][: max(1, round(share * len(truth)))]] = True
            assert values["token_f1_rationale"][item] == pytest.approx(f1_score(truth, top))
            assert values["token_iou_rationale"][item] == pytest.approx(jaccard_score(truth, top))
            assert values["iou_f1_rationale"][item] == pytest.approx(eraser_iou_f1(truth, top))
            assert values["tau_rationale"][item] == pytest.approx(kendalltau(scores[item], truth).statistic)
    assert not evaluation.people, "one person alone agrees with nobody"


def eraser_iou_f1(truth: list[bool], top: np.ndarray) -> float:
    """By sets of places, span by span, as ERASER's own code counts it for one text."""

    def spans(marks: list[bool]) -> list[set[int]]:
        found: list[set[int]] = []
        for place, marked in enumerate(marks):
            if marked and place and marks[place - 1]:
                found[-1].add(place)
            elif marked:
                found.append({place})
        return found

    predicted, named = spans(list(top)), spans(truth)
    hits = sum(max(len(one & other) / len(one | other) for other in named) >= 0.5 for one in predicted)
    precision, recall = hits / len(predicted), hits / len(named)
    return 2 * precision * recall / (precision + recall) if hits else 0.0


def test_a_task_without_rationales_leaves_the_scores_out(table: Path, home: Home) -> None:
    choice = TaskChoice("file", str(table))
    folder, _ = save_pair(home.create(), task=choice.to_dict())
    evaluation = evaluate(folder, home, None, ("auprc_rationale", "auprc_plau"))
    assert evaluation.scores == ("auprc_plau",)
    (skipped,) = evaluation.skipped
    assert skipped["score"] == "auprc_rationale" and "--rationale-column" in skipped["reason"]
    assert Evaluation.from_dict(json.loads(json.dumps(evaluation.to_dict()))).skipped == evaluation.skipped
    assert evaluation.renamed({"tiny-bcos": "mine"}).skipped == evaluation.skipped
    assert "Left out: Rationale (AUPRC). Only for texts in which people named the reason" in evaluation_html(
        evaluation, "bcos@tiny-bcos"
    )
    with pytest.raises(InputError, match="None of the scores auprc_rationale can be computed"):
        evaluate(folder, home, None, ("auprc_rationale",))
    # The same checkpoint on the same file, its column named now.
    named = evaluate(folder, home, TaskChoice("file", str(table), rationale_column="why"), ("auprc_rationale",))
    assert named.scores == ("auprc_rationale",) and not named.skipped
    assert named.rows()[0]["n"] > 0 and "their label" in named.rows()[0]["protocol"]["summary"]


def test_the_command_reads_the_column(table: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    save_pair(home.create(), task=TaskChoice("file", str(table)).to_dict())
    words = ["evaluate", "tiny-bcos", "--scores", "token_f1_rationale", "--limit", "20", "--json"]
    assert main(words) == 2
    assert "--rationale-column" in capsys.readouterr().out
    assert main([*words, f"--task={table}", "--rationale-column=why"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {row["method"] for row in result["rows"]} == {"bcos", "random"} and result["skipped"] == []
    assert "token_f1_rationale (higher is better)" in show(result)
    spec = EvaluationSpec(("x",), ("bcos",), task=TaskChoice("file", str(table), rationale_column="why"))
    assert "--rationale-column=why" in EVALUATE.command(spec)
    assert EVALUATE.read(json.loads(json.dumps(spec.to_dict()))) == spec


def test_which_scores_need_a_rationale() -> None:
    without = {
        score.name
        for score in SCORES.values()
        if score.unsupported(TASK_TYPES["single-label"], rationales=False, pairs=False)
    }
    assert without == set(RATIONALE)
    kind = TASK_TYPES["single-label"]
    assert not any(score.unsupported(kind, rationales=True, pairs=False) for score in SCORES.values())
    of_pairs = {score.name for score in SCORES.values() if score.unsupported(kind, rationales=True, pairs=True)}
    assert of_pairs == {score.name for score in SCORES.values() if score.evidence == "pointing"}
