"""`make bench FULL=1`: the `faithful` recipe over three seeds: its accuracy, and by how much the B-cos contributions of
its models are ahead of every other method on them.

`python -m benchmarks.faithful CHECKPOINT…` asks that of models that are there already; what it has measured stays in
the home folder, so that it can be stopped.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import torch

from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home, get_home
from bcos_core.model.sources import EMBEDDED
from bcos_core.progress import SilentReporter
from bcos_core.tasks.estimates import bootstrap
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import RECIPES
from bcos_core.train.spec import TrainSpec
from benchmarks.accuracy import SEEDS, train

Figures = dict[str, float]
SCORE = "comp_minus_suff"
TEXTS, SHAPLEY_TEXTS = 500, 100
RIVALS = ("integrated_gradients", "occlusion", "kernel_shap", "lime")
# Training has shown the model masked texts; the other removals are those that it was not trained on.
QUESTIONS = (
    ("mask", RIVALS, TEXTS),
    ("mask", ("shapley",), SHAPLEY_TEXTS),
    ("delete", ("integrated_gradients", "occlusion"), SHAPLEY_TEXTS),
    ("pad", ("integrated_gradients", "occlusion"), SHAPLEY_TEXTS),
)


def faithful(root: Path) -> Figures:
    """Train the three models under the folder `root`, and ask everything of them."""
    found = []
    for seed in SEEDS:
        recipe = RECIPES["faithful"].replace(seed=seed, twin=False)
        task = TaskChoice("embedded", "short-reviews")
        result = train(TrainSpec(EMBEDDED, task, recipe, name=f"faithful-{seed}"), root)
        assert result.bcos is not None
        found.append(result.bcos)
    accuracy = statistics.mean(result.metrics["accuracy"] for result in found)
    return {"accuracy_faithful_3_seeds": accuracy, **ahead([result.checkpoint for result in found], Home(root))}


def ahead(checkpoints: list[str], home: Home) -> Figures:
    """B-cos minus each rival, comprehensiveness − sufficiency: the mean over the models for each text, then the mean
    over texts with its 95 % interval; and both scores themselves, by removal."""
    figures: Figures = {}
    for removal, rivals, texts in QUESTIONS:
        spec = EvaluationSpec(tuple(checkpoints), ("bcos", *rivals), (SCORE,), limit=texts, removal=removal)
        evaluation = run_evaluation(spec, home=home.create(), name="bench", reporter=SilentReporter())
        values = {method: _over_models(evaluation, method) for method in spec.contenders}
        for method in rivals:
            gap = bootstrap([values["bcos"][text] - values[method][text] for text in values["bcos"]])
            name = f"faithful_{removal}_bcos_over_{method}"
            figures |= {name: gap.mean, f"{name}_low": gap.low, f"{name}_high": gap.high}
            figures[f"faithful_{removal}_{method}_{texts}_texts"] = statistics.mean(values[method].values())
        figures[f"faithful_{removal}_bcos_{texts}_texts"] = statistics.mean(values["bcos"].values())
    return figures


def _over_models(evaluation: Evaluation, method: str) -> dict[str, float]:
    """Text → mean of the method's score over the models."""
    columns = [one.values[SCORE] for one in evaluation.contenders if one.method == method]
    shared = set.intersection(*(set(column) for column in columns))
    return {text: statistics.mean(column[text] for column in columns) for text in sorted(shared)}


if __name__ == "__main__":
    torch.set_num_threads(2)
    print(json.dumps(ahead(sys.argv[1:], get_home())))
