"""Methods that fit a linear model to what the model says of a text without random subsets of its pieces.

scikit-learn is imported here, with the module: captum would import it at the first text, whose time that would be.
"""

from __future__ import annotations

from collections.abc import Iterator

import sklearn.linear_model  # noqa: F401
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import KernelShap, Lime
from torch import Tensor

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.perturbation import TextsToScore, piece_count
from bcos_core.attribution.seeds import text_by_text

# Of LIME for text, as its authors' package has it: weight exp(−d² / 2w²), d the cosine distance, w = 0.25.
LIME_WIDTH = 0.25
LIME_RIDGE = 1.0


@text_by_text
def kernel_shap(inputs: MethodInput) -> MethodOutput:
    """KernelSHAP (Lundberg & Lee, arXiv 1705.07874 §4.1): Shapley values as the weighted least-squares fit to
    `samples` random subsets of the pieces."""
    score = TextsToScore(inputs)
    share = score.without_anything()
    if piece_count(score.pieces) == 1:  # the kernel is not defined for one piece, whose Shapley value is all there is
        return score.output(
            (inputs.select(score.logits).double() - share)[:, None].expand_as(score.pieces), share=share
        )
    found = score.attributed_by(KernelShap(score), n_samples=int(inputs.parameters["samples"]))
    return score.output(found, share=share)


@text_by_text
def lime(inputs: MethodInput) -> MethodOutput:
    """LIME for text (Ribeiro et al., arXiv 1602.04938 §3): coefficients of a ridge regression on `samples` random
    subsets of the pieces, those near the whole text weighing more."""
    score = TextsToScore(inputs)
    method = Lime(
        score,
        interpretable_model=SkLearnRidge(alpha=LIME_RIDGE),
        similarity_func=_lime_similarity,
        perturb_func=_lime_subsets,
    )
    found = score.attributed_by(method, n_samples=int(inputs.parameters["samples"]))
    return score.output(found)


def _lime_subsets(original: Tensor, **options: int) -> Iterator[Tensor]:
    """The whole text, then subsets: how many pieces go is uniform in 1 … all, which ones is uniform."""
    count = options["num_interp_features"]
    yield torch.ones(1, count, dtype=torch.long, device=original.device)
    while True:
        subset = torch.ones(1, count, dtype=torch.long, device=original.device)
        gone = int(torch.randint(1, count + 1, ()))
        subset[0, torch.randperm(count)[:gone]] = 0
        yield subset


def _lime_similarity(original: Tensor, perturbed: Tensor, subset: Tensor, **options: object) -> Tensor:
    kept = subset.double().mean()
    distance = 1 - kept.sqrt()  # 1 − cosine of the subset with the whole text, both as vectors of zeros and ones
    return torch.exp(-(distance**2) / (2 * LIME_WIDTH**2)).reshape(1)
