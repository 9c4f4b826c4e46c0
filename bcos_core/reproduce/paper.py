"""The grid of the B-cos LM paper (arXiv 2502.12992): its models, tasks, methods and scores, and what is cheap and
strong beside them since."""

from __future__ import annotations

from bcos_core.model.embedded import EMBEDDED
from bcos_core.reproduce.grid import Arm, Grid, GridTask, embedded_task
from bcos_core.reproduce.scale import Scale
from bcos_core.storage.listing import LeftOut
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import RECIPES

BASES = ("google-bert/bert-base-uncased", "distilbert/distilbert-base-uncased", "FacebookAI/roberta-base")
HATEXPLAIN = "Hate-speech-CNERG/hatexplain"
"""Of two labels, as the authors have it: toxic or not."""
AG_NEWS_RATE = 3e-5
"""The authors' learning rate there; 2e-5 elsewhere."""
MINILM_RATES = {"conventional": 1e-4, "paper": 2e-4}
"""MiniLM has a fifth of BERT's weights, and learns at rates at which BERT does not."""
EMBEDDED_HERE = ("short-reviews", "long-reviews", "tweets")

METHODS = (
    "bcos",
    "averaged_bcos",
    "pullback",
    "averaged_pullback",
    "attnlrp",
    "gradient_attention",
    "decompx",
    "integrated_gradients",
    "occlusion",
    "shapley",
    "banzhaf",
    "kernel_shap",
    "lime",
    "input_x_gradient",
    "saliency",
    "attention",
)
"""The authors' baselines that are here, and the strongest cheap ones."""
SCORES = ("comprehensiveness", "sufficiency", "seqpg", "naopc")
NOT_HERE = tuple(
    LeftOut(method, "The authors measure it; it is no method here.")
    for method in ("Sequential integrated gradients (SIG)", "DeepLift", "Guided backpropagation")
)


def paper_grid(scale: Scale) -> Grid:
    """The grid at a scale: whole with the authors' models and data sets, else on what is embedded."""
    tasks, bases, left_out = (_hub_tasks(scale), BASES, ()) if scale.whole else _embedded(scale)
    return Grid(
        bases=bases,
        tasks=tasks,
        arms=paper_arms(scale),
        methods=METHODS,
        scores=SCORES,
        seeds=scale.seeds,
        examples=scale.examples,
        texts=scale.texts,
        pairs=scale.pairs,
        bounded_texts=scale.bounded_texts,
        bounded_length=scale.bounded_length,
        against=("bcos",),
        options=scale.options,
        left_out=(*left_out, *NOT_HERE),
    )


def paper_arms(scale: Scale) -> tuple[Arm, ...]:
    """Fine-tuned as usual, converted by the paper's recipe, and by this project's calibrated one."""
    authors = RECIPES["paper"]
    conventional = authors.replace(name="conventional", bcos=False, twin=False, normalize_weights=False)
    recipes = {"conventional": conventional, "paper": authors, "calibrated": RECIPES["calibrated"]}
    titles = {"conventional": "Conventional", "paper": "B-cos, paper’s recipe", "calibrated": "B-cos, calibrated"}
    return tuple(
        Arm(
            name,
            titles[name],
            recipe.replace(
                epochs=scale.epochs,
                precision="fp32",  # one arithmetic, whatever is faster on a machine
                learning_rate=None if scale.whole else scale.learning_rate or MINILM_RATES.get(name),
                calibration_texts=scale.calibration_texts,
            ),
        )
        for name, recipe in recipes.items()
    )


def _embedded(scale: Scale) -> tuple[tuple[GridTask, ...], tuple[str, ...], tuple[LeftOut, ...]]:
    reason = "It comes from the Hugging Face hub and wants a GPU: take the scale whole."
    names = (*BASES, *(task.title for task in _hub_tasks(scale)))
    tasks = tuple(embedded_task(name, longest=scale.longest) for name in EMBEDDED_HERE)
    return tasks, (EMBEDDED,), tuple(LeftOut(name, reason) for name in names)


def _hub_tasks(scale: Scale) -> tuple[GridTask, ...]:
    return (
        GridTask("imdb", "IMDB", TaskChoice("hub", "stanfordnlp/imdb"), scale.longest),
        GridTask("ag_news", "AG News", TaskChoice("hub", "fancyzhx/ag_news"), scale.longest, AG_NEWS_RATE),
        GridTask("hatexplain", "HateXplain", TaskChoice("hub", HATEXPLAIN, label_column="toxicity"), scale.longest),
    )
