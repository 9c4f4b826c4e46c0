"""Methods of many gradients between a reference and the text, with respect to E.

The reference's share is the explained number at the reference, so that share and scores add up to it at the
text, up to the error of the mean over the way.
"""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from bcos_core.attribution.embeddings import EmbeddingsToScore
from bcos_core.attribution.interface import MethodInput, MethodOutput, select
from bcos_core.attribution.seeds import put_together, seed_of, text_by_text


def integrated_gradients(inputs: MethodInput) -> MethodOutput:
    """Integrated gradients (Sundararajan et al., arXiv 1703.01365), by Gauss–Legendre quadrature with `steps` points.

    Its convergence difference is the record's completeness error. Each text alone: its points fill a pass, and padding
    would be paid for at every one of them.
    """
    return put_together(inputs, [_integrated(alone) for alone in inputs.each_text()])


def _integrated(inputs: MethodInput) -> MethodOutput:
    score = EmbeddingsToScore(inputs)
    ends = _Ends(inputs, score)
    found = IntegratedGradients(score).attribute(
        ends.text,
        baselines=ends.reference,
        additional_forward_args=ends.arguments,
        n_steps=int(inputs.parameters["steps"]),
        internal_batch_size=max(inputs.rows_per_pass, len(inputs.batch)),
    )
    return ends.output(inputs, score, found)


@text_by_text
def gradient_shap(inputs: MethodInput) -> MethodOutput:
    """Expected gradients from the reference (Erion et al., arXiv 1906.10670; SHAP's GradientExplainer): gradients at
    `samples` random points of the way, instead of the chosen ones of integrated gradients."""
    score = EmbeddingsToScore(inputs)
    ends = _Ends(inputs, score)
    # As captum draws them, which does so from NumPy's global generator, for one thread at a time.
    drawn = np.random.RandomState(seed_of(inputs.seed, inputs.batch.texts[0].ids))
    shares = torch.from_numpy(drawn.uniform(0.0, 1.0, int(inputs.parameters["samples"]))).to(ends.text)
    gradient = torch.zeros_like(ends.text)
    for part in shares.split(inputs.rows_per_pass):
        points = torch.lerp(ends.reference, ends.text, part[:, None, None]).requires_grad_()
        rows = (None if one is None else one.expand(len(part), *one.shape[1:]) for one in ends.arguments)
        with torch.enable_grad():
            (found,) = torch.autograd.grad(score(points, *rows).sum(), points)  # type: ignore[arg-type]
        gradient += found.sum(0)
    return ends.output(inputs, score, (ends.text - ends.reference) * gradient / len(shares))


class _Ends:
    """Both ends of the way: E and the explained number, at the reference and at the text."""

    def __init__(self, inputs: MethodInput, score: EmbeddingsToScore) -> None:
        batch, view = inputs.batch, score.view
        types = batch.token_type_ids
        with torch.no_grad():  # E and the logits in one pass
            self.text, self.logits = view.embed_and_go_on(batch.input_ids, batch.attention_mask, types)
        self.text = self.text.detach()
        if inputs.reference_id is None:
            self.reference = torch.zeros_like(self.text)
            with torch.no_grad():
                at_reference = view.logits(self.reference, batch.input_ids, batch.attention_mask, types)
        else:
            with torch.no_grad():
                self.reference, at_reference = view.embed_and_go_on(
                    inputs.reference_ids, batch.attention_mask, types, original=batch.input_ids
                )
            self.reference = self.reference.detach()
        classes = inputs.classes(self.logits)
        self.share = select(at_reference, classes, inputs.target).double()
        self.arguments = (batch.input_ids, batch.attention_mask, types, classes)

    def output(self, inputs: MethodInput, score: EmbeddingsToScore, found: Tensor) -> MethodOutput:
        scores = found.detach().sum(-1, dtype=torch.float64) * inputs.batch.attention_mask
        return MethodOutput(scores, self.share, self.logits, score.passes + 2, score.passes)
