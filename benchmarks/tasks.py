"""`python -m benchmarks tasks`: every kind of task, of pairs too, from the file to the scores of its explanations.

Of each: the figures of both models on the test side, how exactly contributions add up, and by how much they are ahead
of the other methods on the B-cos model, with 95 % intervals over texts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bcos_core import explain, load
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.model.sources import EMBEDDED
from bcos_core.progress import SilentReporter
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.recipe import recipe_for
from bcos_core.train.spec import TrainSpec
from benchmarks.tables import aspects, news, rated_sentences
from benchmarks.training import train

Figures = dict[str, float]
METHODS = ("bcos", "integrated_gradients", "occlusion", "input_x_gradient")
SCORES = ("comp_minus_suff",)
EXPLAINED, EVALUATED = 50, 100


@dataclass(frozen=True)
class Case:
    """A task and how it is trained on: texts of the training side, passes over them, tokens of a text; and the scores
    of its explanations."""

    name: str
    table: Callable[[Path], TaskChoice]
    examples: int | None = None
    epochs: float = 2.0
    max_length: int = 64
    scores: tuple[str, ...] = SCORES

    def measure(self) -> Figures:
        """Train both models, explain, evaluate.

        Raises:
            MissingPackage: the texts are not there.
        """
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            task = self.table(root)
            recipe = recipe_for("calibrated", task).replace(
                examples=self.examples, epochs=self.epochs, max_length=self.max_length
            )
            result = train(TrainSpec(EMBEDDED, task, recipe, name=self.name), root)
            assert result.bcos is not None and result.conventional is not None
            figures = {"seconds": result.seconds, "test_texts": float(result.bcos.test_size)}
            for kind, model in (("bcos", result.bcos), ("conventional", result.conventional)):
                figures |= {f"{name}_{kind}": value for name, value in model.metrics.items()}
            figures["completeness_error_worst"] = _completeness(result.bcos.checkpoint, task)
            figures |= _ahead(result.bcos.checkpoint, task, root, self.scores)
        return {f"{self.name}_{name}": value for name, value in figures.items()}


CASES = (
    Case("news_5", news, epochs=1.0, max_length=128),
    Case("news_4", partial(news, without=("tech",)), epochs=1.0, max_length=128),
    Case("rated", rated_sentences, examples=4000),
    Case("aspects", aspects, examples=4000),
    Case(
        "pairs",
        lambda _: TaskChoice("embedded", "template-pairs"),
        epochs=3.0,
        max_length=48,
        scores=(*SCORES, "auprc_rationale"),
    ),
)


def _completeness(checkpoint: str, task: TaskChoice) -> float:
    """Largest |Σ contributions − logit| / max(1, |logit|) over test texts."""
    records = explain(load(checkpoint), load_task(task).test.texts[:EXPLAINED])
    return max(record.completeness_error / max(1.0, abs(record.logit)) for record in records)


def _ahead(checkpoint: str, task: TaskChoice, root: Path, scores: tuple[str, ...]) -> Figures:
    """The scores of each method, and of B-cos minus it, paired."""
    spec = EvaluationSpec((checkpoint,), METHODS, scores, limit=EVALUATED, task=task)
    found = run_evaluation(spec, home=Home(root).create(), name="bench", reporter=SilentReporter())
    figures = {f"{row['score']}_{row['method']}": row["mean"] for row in found.rows()}
    base = next(contender.id for contender in found.contenders if contender.method == "bcos")
    for row in found.differences(base):
        name = f"{row['score']}_bcos_over_{row['method']}"
        # The evaluation has the others minus B-cos.
        figures |= {name: -row["mean"], f"{name}_low": -row["high"], f"{name}_high": -row["low"]}
    return figures
