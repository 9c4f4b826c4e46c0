"""The figures of the README: no measured number stands there that is not declared here."""

from __future__ import annotations

from collections.abc import Iterator

from bcos_core.attribution.registry import METHODS as ALL_METHODS
from bcos_core.lab.measures import MEASURES as LAB_MEASURES
from bcos_core.lab.spec import LabSpec
from bcos_core.model.embedded import EMBEDDED
from bcos_core.registry import Registry
from bcos_core.reproduce.figure import SHARE
from bcos_core.reproduce.grid import Arm, Grid, embedded_task
from bcos_core.reproduce.grid_names import grid_names
from bcos_core.reproduce.measure import Effort, Measure, measure, under
from bcos_core.reproduce.scale import SCALES, Scale
from bcos_core.storage.listing import LeftOut
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.recipe import RECIPES

PREFIX = "ours"
TASKS = ("short-reviews", "long-reviews", "tweets")
METHODS = (
    "bcos",
    "averaged_bcos",
    "pullback",
    "averaged_pullback",
    "integrated_gradients",
    "occlusion",
    "decompx",
    "attnlrp",
    "gradient_shap",
    "banzhaf",
    "kernel_shap",
    "shapley",
)
EVALUATED_METHODS = ("bcos", "integrated_gradients", "occlusion", "input_x_gradient", "saliency", "lime")
"""Of the evaluation that is timed."""
BS = (1.0, 1.5)
STUDY_SIZES = ((20, 24), (8, 12))
TASTES = {"": 0.0, "_tastes_differ": 0.3}
"""How much simulated raters and items differ in what they like, latent scale."""
NOT_HERE = (
    LeftOut("Five-class news", "The package with its texts is no requirement: --tasks file:PATH takes such a file."),
)

_exact = under("Exactness")
_cost = under("What a heatmap costs")
_fit = under("Calibrated conversion")
_speed = under("Training speed")
_page = under("A new sentence")
_beside = under("Beside captum")
_study = under("Statistics of studies, on simulated raters")
_start = under("Quick start")
_timed = under("An evaluation")
_lab = under("Planted truth: a rare word")

MEASURES: Registry[Measure] = Registry("measure")
for _measure in (
    measure(
        "exactness",
        "Exactness",
        (
            _exact("completeness_error_worst", "Largest |Σ contributions − logit| / max(1, |logit|)", better="lower"),
            _exact("padding_difference_worst", "Largest difference alone and in a padded batch", better="lower"),
        ),
        "exactness.exactness",
        (12.0, 0.0),
    ),
    measure(
        "heatmap_cost",
        "What a heatmap costs",
        (
            *(
                _cost(f"heatmap_over_forward_time_batch_{size}", f"Time ÷ a forward pass, batch {size}", "×", "lower")
                for size in (32, 1)
            ),
            _cost("heatmap_over_forward_peak_memory_batch_32", "Peak memory ÷ a forward pass, batch 32", "×", "lower"),
            _cost("resident_growth_mb", "Growth of memory over explanations in a row", "MB", "lower"),
            _cost("pytorch_memory_mb", "Memory of PyTorch and the models’ code", "MB", "lower"),
        ),
        "costs.costs",
        (40.0, 1.5),
        "repeats",
    ),
    measure(
        "calibration",
        "Calibrated conversion",
        (
            *(_fit(f"calibration_seconds_512_texts_b_{b}", f"512 texts, B = {b:g}", "s", "lower") for b in BS),
            *(_fit(f"calibration_cosine_b_{b}", f"Cosine with the original, B = {b:g}", "", "higher") for b in BS),
            _fit("calibration_peak_memory_gib", "Peak memory of the process", "GiB", "lower"),
        ),
        "fits.calibration",
        (70.0, 0.0),
    ),
    measure(
        "training_speed",
        "Training speed",
        tuple(
            _speed(f"training_speed_ratio_b_{b}", f"B-cos ÷ conventional steps a second, B = {b:g}", "×", "higher")
            for b in (1.3, 1.5)
        ),
        "speed.training_speed",
        (4.0, 2.5),
        "repeats",
    ),
    measure(
        "page_latency",
        "A new sentence",
        (
            _page("seconds_bcos_sentence", "B-cos contributions, 25 words", "s", "lower"),
            _page("seconds_four_methods_sentence", "All four usual methods", "s", "lower"),
        ),
        "speed.page_latency",
        (5.0, 1.5),
        "repeats",
    ),
    measure(
        "against_captum",
        "Beside captum",
        tuple(
            place
            for method in ("integrated_gradients", "occlusion")
            for place in (
                _beside(
                    f"{method}_ours_over_captum_time",
                    f"{ALL_METHODS[method].title}: our time ÷ captum’s, one text at a time",
                    "×",
                    "lower",
                ),
                _beside(
                    f"{method}_captum_difference_worst",
                    f"{ALL_METHODS[method].title}: largest difference of a score",
                    better="lower",
                ),
            )
        ),
        "captum.against_captum",
        (3.0, 1.2),
        "beside_captum",
    ),
    measure(
        "study_statistics",
        "Statistics of studies",
        tuple(
            _study(f"study_{what}_{raters}x{items}{name}", f"{title}, {raters} raters, {items} items{said}", SHARE)
            for raters, items in STUDY_SIZES
            for name, said in zip(TASTES, ("", ", tastes differ"), strict=True)
            for what, title in (
                ("interval_coverage", "Intervals that hold the true preference"),
                ("false_positives", "p < 0.05 where there is none"),
            )
        ),
        "studies.recovery",
        (1.0, 0.4),
        "studies",
    ),
    measure(
        "quickstart",
        "Quick start",
        (
            _start("quickstart_seconds", "From the command to both scores", "s", "lower"),
            _start("quickstart_accuracy_bcos", "Accuracy, B-cos", SHARE, "higher"),
            _start("quickstart_accuracy_conventional", "Accuracy, conventional twin", SHARE, "higher"),
            _start("quickstart_calibration_cosine", "Fit of the converted layers", "", "higher"),
            _start("quickstart_peak_memory_gb", "Peak memory of the process", "GB", "lower"),
        ),
        "trained.quickstart",
        (160.0, 0.0),
    ),
    measure(
        "evaluation",
        "An evaluation",
        (
            _timed("evaluation_seconds", "Six methods on the quick start’s B-cos model", "s", "lower"),
            _timed("evaluation_peak_memory_gb", "Peak memory of its process", "GB", "lower"),
        ),
        "evaluations.evaluation",
        (8.0, 1.0),
        "evaluated",
    ),
    measure(
        "planted_truth",
        "Planted truth",
        (
            *(
                _lab(f"planted_flips_{kind}", f"The {title} model changes its answer with the planted word", SHARE)
                for kind, title in (("bcos", "B-cos"), ("conventional", "conventional"))
            ),
            *(
                _lab(
                    f"planted_top_3_{kind}_{method.name}",
                    f"{LAB_MEASURES['top_3'].title}: {method.title}, {title} model",
                    SHARE,
                    "higher",
                )
                for kind, title in (("bcos", "B-cos"), ("conventional", "conventional"))
                for method in ALL_METHODS.values()
            ),
        ),
        "trained.planted_truth",
        (200.0, 0.0),
    ),
):
    MEASURES.register(_measure.name, _measure)


def ours_arms(scale: Scale) -> tuple[Arm, ...]:
    """The twin, plain and with masked texts, and both of this project's recipes."""
    recipes = {
        "twin": ("Conventional twin", RECIPES["conventional"]),
        "masked": ("Masked twin", RECIPES["conventional"].replace(name="masked", masking=0.5)),
        "calibrated": ("B-cos, calibrated", RECIPES["calibrated"]),
        "faithful": ("B-cos, faithful", RECIPES["faithful"]),
    }
    return tuple(
        Arm(
            name,
            title,
            recipe.replace(
                epochs=scale.epochs,
                precision="fp32",  # one arithmetic, whatever is faster on a machine
                calibration_texts=scale.calibration_texts,
                learning_rate=scale.learning_rate,
            ),
        )
        for name, (title, recipe) in recipes.items()
    )


def ours_grid(scale: Scale) -> Grid:
    """Every claim about explanations, on each embedded task."""
    return Grid(
        bases=(EMBEDDED,),
        tasks=tuple(embedded_task(name, longest=scale.longest) for name in TASKS),
        arms=ours_arms(scale),
        methods=METHODS,
        scores=("naopc", "comprehensiveness", "sufficiency", "comp_minus_suff", "seqpg"),
        seeds=scale.seeds,
        examples=scale.examples,
        texts=scale.texts,
        pairs=scale.pairs,
        bounded_texts=scale.bounded_texts,
        bounded_length=scale.bounded_length,
        against=("bcos", "averaged_bcos", "integrated_gradients"),
        options=scale.options,
        removals=("delete", "pad"),  # those that no recipe trains towards
        removal_methods=("bcos", "averaged_bcos", "integrated_gradients", "occlusion"),
        left_out=NOT_HERE,
    )


def ours_effort(scale: Scale) -> Effort:
    """Everything is measured at every scale: a quick one repeats less, and plants in fewer texts."""
    quick = scale.name == "quick"
    lab = LabSpec()
    if quick:
        lab = LabSpec(recipe=lab.recipe.replace(examples=400, calibration_texts=64), limit=10)
    return Effort(
        repeats=scale.repeats,
        evaluated=10 if quick else 500,
        studies=10 if quick else 200,
        explanations=100 if quick else 500,
        beside_captum=8 if quick else 64,
        quickstart=quickstart_spec(),
        lab=lab,
    )


def ours_names() -> Iterator[str]:
    """The name of every figure that `reproduce ours` can print."""
    for one in MEASURES.values():
        yield from one.places
    yield from grid_names(PREFIX, ours_grid(SCALES["whole"]))
