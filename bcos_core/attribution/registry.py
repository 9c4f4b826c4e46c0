"""The methods: a row each, and a file of the function that it names.

What a method is can be read without PyTorch: its function is imported when something is explained.
"""

from __future__ import annotations

from bcos_core.attribution.method import Method, Passes
from bcos_core.families import Family
from bcos_core.later import Later
from bcos_core.option import Option
from bcos_core.registry import Registry
from bcos_core.tasks.multi_label import MultiLabel
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.single_label import SingleLabel
from bcos_core.text.units import UNITS

METHODS: Registry[Method] = Registry("method")
CHANCE = "random"
"""The method that gives random scores."""


def is_signed(name: str) -> bool:
    """Whether a method's negative scores mean that a token speaks against the target; so they do where the method, of a
    record from elsewhere, is not known."""
    return name not in METHODS or METHODS[name].signed


def _later(file: str, function: str) -> Later:
    """A function of a file beside this one."""
    return Later(f"bcos_core.attribution.{file}", function)


def _own_attention(family: Family) -> str | None:
    """Where the rule for products cannot be put in."""
    return f"Not for {family.title}: its attention is computed in code of its own." if family.own_attention else None


def _other_blocks(family: Family) -> str | None:
    """Not those of BERT, which DecompX is defined for."""
    fits = family.post_norm and not family.decoder
    return None if fits else f"Not for {family.title}: its blocks have no norm behind each sum, as BERT's have."


_UNIT = Option("token", "Piece", "What is removed in one piece.", choices=UNITS)


def _count(default: int, title: str, help: str, least: int = 1) -> Option:
    return Option(default, title, help, least=least, most=10_000)


def _share(default: float, title: str, help: str) -> Option:
    return Option(default, title, help, least=0.05, most=0.95, step=0.05)


_TOKENS = ("mask", "pad")
_COPIES = {
    "copies": _count(16, "Copies", "The text itself, and copies that lack a part of it."),
    "halves": _count(
        0, "Halves", "Random halves in which every token is also taken out, or put in: 2 passes a token for each.", 0
    ),
}

for _method in (
    Method(
        name="bcos",
        title="B-cos contributions",
        description="What each token adds to the logit. Exact: the contributions are the model's own computation.",
        cost=Passes(1, 1, together=True),
        cites=("boehle2022bcos", "wang2025bcoslm"),
        attribute=_later("bcos", "bcos"),
        usual=True,
        needs_bcos=True,
        additive=True,
        needs_gradients=True,
        references=("mask", "pad", "none"),
    ),
    Method(
        name="pullback",
        title="Frozen-linear pullback",
        description="What each token, and the biases, add to the logit with attention, norms and gates held constant.",
        cost=Passes(1, 1, together=True),
        cites=("ali2022xai", "satkiewicz2025pulling"),
        attribute=_later("bcos", "bcos"),
        on_bcos="bcos",
        additive=True,
        needs_gradients=True,
        references=("mask", "pad", "none"),
    ),
    Method(
        name="averaged_bcos",
        title="Averaged B-cos contributions",
        description="Contributions under the mean of the weights W over copies that lack random halves and thirds.",
        cost=Passes(16, 16),
        cites=("boehle2022bcos", "wang2025bcoslm", "smilkov2017smoothgrad"),
        attribute=_later("averaged", "averaged"),
        needs_bcos=True,
        needs_gradients=True,
        stochastic=True,
        references=_TOKENS,
        options=_COPIES,
    ),
    Method(
        name="averaged_pullback",
        title="Averaged pullback",
        description="The frozen-linear pullback under the mean of its weights over copies that lack random parts.",
        cost=Passes(16, 16),
        cites=("ali2022xai", "satkiewicz2025pulling", "smilkov2017smoothgrad"),
        attribute=_later("averaged", "averaged"),
        on_bcos="averaged_bcos",
        needs_gradients=True,
        stochastic=True,
        references=_TOKENS,
        options=_COPIES,
    ),
    Method(
        name="integrated_gradients",
        title="Integrated gradients",
        description="Gradients averaged on the straight way from the reference to the text (arXiv 1703.01365).",
        cost=Passes(52, 50),
        cites=("sundararajan2017axiomatic",),
        attribute=_later("paths", "integrated_gradients"),
        usual=True,
        additive=True,
        needs_gradients=True,
        references=("mask", "pad", "zero"),
        options={"steps": _count(50, "Steps", "Points of the way at which the gradient is taken.")},
    ),
    Method(
        name="occlusion",
        title="Occlusion",
        description="How much the logit falls when one token is replaced (leave-one-out, arXiv 1311.2901).",
        cost=Passes(1, per_token=1, together=True),
        cites=("zeiler2014visualizing", "enguehard2023sequential"),
        attribute=_later("perturbation", "occlusion"),
        usual=True,
        references=_TOKENS,
        options={"unit": _UNIT},
    ),
    Method(
        name="input_x_gradient",
        title="Gradient × input",
        description="The plain gradient times the embedding, summed over the hidden dimension (arXiv 1605.01713).",
        cost=Passes(1, 1, together=True),
        cites=("shrikumar2016not",),
        attribute=_later("gradients", "input_x_gradient"),
        usual=True,
        needs_gradients=True,
    ),
    Method(
        name="saliency",
        title="Saliency",
        description="The length of the gradient: how much a token matters, not in which direction (arXiv 1312.6034).",
        cost=Passes(1, 1, together=True),
        cites=("simonyan2014deep",),
        attribute=_later("gradients", "saliency"),
        signed=False,
        needs_gradients=True,
    ),
    Method(
        name="attnlrp",
        title="AttnLRP",
        description="Relevance of the logit handed back layer by layer, through attention too (arXiv 2402.05602).",
        cost=Passes(1, 1, together=True),
        cites=("achtibat2024attnlrp",),
        attribute=_later("attnlrp", "attnlrp"),
        refuses=_own_attention,
        needs_gradients=True,
    ),
    Method(
        name="decompx",
        title="DecompX",
        description="Each token's part of the logit, carried forward; biases shared out by size (arXiv 2306.02873).",
        cost=Passes(2, per_token=1),
        cites=("modarressi2023decompx",),
        attribute=_later("decompx", "decompx"),
        refuses=_other_blocks,
        additive=True,
    ),
    Method(
        name="smoothgrad",
        title="SmoothGrad",
        description="Gradient × input, averaged over noisy copies of the embeddings (arXiv 1706.03825).",
        cost=Passes(26, 25),
        cites=("smilkov2017smoothgrad",),
        attribute=_later("gradients", "smoothgrad"),
        needs_gradients=True,
        stochastic=True,
        options={
            "samples": _count(25, "Samples", "Noisy copies."),
            "noise": Option(
                0.15,
                "Noise",
                "Its standard deviation, as a share of the embeddings' range.",
                least=0.0,
                most=10.0,
                step=0.05,
            ),
        },
    ),
    Method(
        name="gradient_shap",
        title="GradientSHAP",
        description="Gradients averaged over random points between the reference and the text (arXiv 1906.10670).",
        cost=Passes(27, 25),
        cites=("erion2021improving",),
        attribute=_later("paths", "gradient_shap"),
        additive=True,
        needs_gradients=True,
        stochastic=True,
        references=("mask", "pad", "zero"),
        options={"samples": _count(25, "Samples", "Random points.")},
    ),
    Method(
        name="shapley",
        title="Shapley values",
        description="What a token adds as the text is filled in random order, mean over orders (Castro et al., 2009).",
        cost=Passes(2, per_token=25),
        cites=("castro2009polynomial",),
        attribute=_later("perturbation", "shapley"),
        additive=True,
        stochastic=True,
        references=_TOKENS,
        options={"samples": _count(25, "Samples", "Random orders."), "unit": _UNIT},
    ),
    Method(
        name="banzhaf",
        title="Banzhaf values",
        description="What a token changes in a random half of the text and in the other half (arXiv 1902.04187).",
        cost=Passes(3, per_token=2),
        cites=("chen2020lstree", "wang2023banzhaf"),
        attribute=_later("banzhaf", "banzhaf"),
        stochastic=True,
        references=_TOKENS,
        options={"samples": _count(1, "Samples", "Random halves, each with the other half."), "unit": _UNIT},
    ),
    Method(
        name="kernel_shap",
        title="KernelSHAP",
        description="Shapley values estimated by a weighted linear fit to random subsets (arXiv 1705.07874).",
        cost=Passes(102),
        cites=("lundberg2017unified",),
        attribute=_later("surrogate", "kernel_shap"),
        additive=True,
        stochastic=True,
        references=_TOKENS,
        options={"samples": _count(100, "Samples", "Random subsets.", 3), "unit": _UNIT},
    ),
    Method(
        name="lime",
        title="LIME",
        description="Coefficients of a ridge regression on random subsets near the text (arXiv 1602.04938).",
        cost=Passes(101),
        cites=("ribeiro2016why",),
        attribute=_later("surrogate", "lime"),
        stochastic=True,
        references=_TOKENS,
        options={"samples": _count(100, "Samples", "Random subsets.", 2), "unit": _UNIT},
    ),
    Method(
        name="attention",
        title="Attention",
        description="Where the last layer looks, from the classified position. The same whatever is explained.",
        cost=Passes(1, together=True),
        cites=("clark2019what",),
        attribute=_later("attention", "attention"),
        signed=False,
        targeted=False,
    ),
    Method(
        name="attention_rollout",
        title="Attention rollout",
        description="Attention of all layers multiplied (arXiv 2005.00928). The same whatever is explained.",
        cost=Passes(1, together=True),
        cites=("abnar2020quantifying",),
        attribute=_later("attention", "attention_rollout"),
        signed=False,
        targeted=False,
    ),
    Method(
        name="gradient_attention",
        title="Gradient-weighted attention",
        description="Attention of all layers, each weight as far as the target gains by it (arXiv 2103.15679).",
        cost=Passes(1, 1, together=True),
        cites=("chefer2021generic",),
        attribute=_later("attention", "gradient_attention"),
        signed=False,
        needs_gradients=True,
    ),
    Method(
        name="value_zeroing",
        title="Value zeroing",
        description="How far each layer's output turns without a token's value, rolled out. The same for all targets.",
        cost=Passes(1, per_token=1),
        cites=("mohebbi2023quantifying",),
        attribute=_later("value_zeroing", "value_zeroing"),
        signed=False,
        targeted=False,
    ),
    Method(
        name="normxlogit",
        title="NormXLogit",
        description="The length of a token's embedding times the logit read off it at the end (arXiv 2411.16252).",
        cost=Passes(1, together=True),
        cites=("abbasi2025normxlogit",),
        attribute=_later("normxlogit", "normxlogit"),
        answers=(SingleLabel.name, MultiLabel.name, NextToken.name),
    ),
    Method(
        name="reagent",
        title="ReAGent",
        description="How much less probable a token is where random parts of the prompt are replaced by what the model "
        "itself says could stand there (arXiv 2402.00794).",
        cost=Passes(501),
        cites=("zhao2024reagent",),
        attribute=_later("reagent", "reagent"),
        answers=(NextToken.name,),
        signed=False,
        stochastic=True,
        options={
            "chains": _count(5, "Chains", "Importances that begin at random; the mean of those that stopped."),
            "steps": _count(50, "Steps", "Of a chain that does not stop before: 2 passes each."),
            "replaced": _share(0.3, "Replaced", "Share of the tokens that a step replaces."),
            "kept": _share(0.3, "Kept", "Share of the tokens that are to bring the answer back, for a chain to stop."),
            "top": _count(3, "Likeliest", "Tokens of which the answer must be one, for a chain to stop."),
        },
    ),
    Method(
        name=CHANCE,
        title="Random",
        description="Random scores: what every method has to beat.",
        cost=Passes(),
        attribute=_later("chance", "random_scores"),
        targeted=False,
        stochastic=True,
        chance=True,
    ),
):
    METHODS.register(_method.name, _method)
