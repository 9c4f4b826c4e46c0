"""Methods of one gradient, or of its mean over noise, through captum, with respect to E."""

from __future__ import annotations

import torch
from captum.attr import InputXGradient, NoiseTunnel, Saliency
from torch import Tensor

from bcos_core.attribution.embeddings import EmbeddingsToScore
from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.seeds import text_by_text


def input_x_gradient(inputs: MethodInput) -> MethodOutput:
    """E · ∂score/∂E, summed over the hidden dimension, with the plain gradient (Shrikumar et al., arXiv 1605.01713)."""
    score, embeddings, arguments = _at_the_text(inputs)
    found = InputXGradient(score).attribute(embeddings, additional_forward_args=arguments)
    return _output(inputs, score, found.detach().sum(-1, dtype=torch.float64))


def saliency(inputs: MethodInput) -> MethodOutput:
    """‖∂score/∂E‖₂ over the hidden dimension (Simonyan et al., arXiv 1312.6034): how much, not in which direction."""
    score, embeddings, arguments = _at_the_text(inputs)
    found = Saliency(score).attribute(embeddings, abs=False, additional_forward_args=arguments)
    return _output(inputs, score, found.detach().double().norm(dim=-1))


@text_by_text
def smoothgrad(inputs: MethodInput) -> MethodOutput:
    """E · ∂score/∂E, averaged over texts whose E has Gaussian noise (Smilkov et al., arXiv 1706.03825 §3).

    The noise's standard deviation is `noise` times the range of the text's embeddings, as there.
    """
    score, embeddings, arguments = _at_the_text(inputs)
    input_ids, attention_mask, types = arguments
    logits = score.view.predict(input_ids, attention_mask, token_type_ids=types)
    spread = float(inputs.parameters["noise"]) * float(embeddings.detach().max() - embeddings.detach().min())
    samples = int(inputs.parameters["samples"])
    found = NoiseTunnel(InputXGradient(score)).attribute(
        embeddings,
        nt_type="smoothgrad",
        nt_samples=samples,
        nt_samples_batch_size=min(samples, inputs.rows_per_pass),
        stdevs=spread,
        additional_forward_args=(*arguments, inputs.classes(logits)),
    )
    scores = found.detach().sum(-1, dtype=torch.float64)
    return MethodOutput(scores, scores.new_zeros(1), logits, score.passes + 1, score.passes)


def _at_the_text(inputs: MethodInput) -> tuple[EmbeddingsToScore, Tensor, tuple[Tensor, Tensor, Tensor | None]]:
    """The function, the point E of the texts, and the function's other arguments."""
    batch = inputs.batch
    score = EmbeddingsToScore(inputs)
    arguments = (batch.input_ids, batch.attention_mask, batch.token_type_ids)
    embeddings = score.view.embed(batch.input_ids, batch.attention_mask, token_type_ids=batch.token_type_ids)
    return score, embeddings.requires_grad_(), arguments


def _output(inputs: MethodInput, score: EmbeddingsToScore, scores: Tensor) -> MethodOutput:
    assert score.logits is not None  # of the one pass that captum ran
    scores = scores * inputs.batch.attention_mask
    return MethodOutput(scores, scores.new_zeros(len(scores)), score.logits, score.passes, score.passes)
