"""Methods of one gradient, or of its mean over noise, through captum, with respect to E."""

from __future__ import annotations

import torch
from captum.attr import InputXGradient, NoiseTunnel, Saliency
from torch import Tensor

from bcos_core.attribution.embeddings import EmbeddingsToScore
from bcos_core.attribution.question import ROWS_PER_PASS, Answer, Question
from bcos_core.attribution.seeds import text_by_text


def input_x_gradient(question: Question) -> Answer:
    """E · ∂score/∂E, summed over the hidden dimension, with the plain gradient (Shrikumar et al., arXiv 1605.01713)."""
    score, embeddings, arguments = _at_the_text(question)
    found = InputXGradient(score).attribute(embeddings, additional_forward_args=arguments)
    return _answer(question, score, found.detach().sum(-1, dtype=torch.float64))


def saliency(question: Question) -> Answer:
    """‖∂score/∂E‖₂ over the hidden dimension (Simonyan et al., arXiv 1312.6034): how much, not in which direction."""
    score, embeddings, arguments = _at_the_text(question)
    found = Saliency(score).attribute(embeddings, abs=False, additional_forward_args=arguments)
    return _answer(question, score, found.detach().double().norm(dim=-1))


@text_by_text
def smoothgrad(question: Question) -> Answer:
    """E · ∂score/∂E, averaged over texts whose E has Gaussian noise (Smilkov et al., arXiv 1706.03825 §3).

    The noise's standard deviation is `noise` times the range of the text's embeddings, as there.
    """
    score, embeddings, (input_ids, attention_mask) = _at_the_text(question)
    logits = score.view.predict(input_ids, attention_mask)
    spread = float(question.parameters["noise"]) * float(embeddings.detach().max() - embeddings.detach().min())
    samples = int(question.parameters["samples"])
    found = NoiseTunnel(InputXGradient(score)).attribute(
        embeddings,
        nt_type="smoothgrad",
        nt_samples=samples,
        nt_samples_batch_size=min(samples, ROWS_PER_PASS),
        stdevs=spread,
        additional_forward_args=(input_ids, attention_mask, question.classes(logits)),
    )
    scores = found.detach().sum(-1, dtype=torch.float64)
    return Answer(scores, scores.new_zeros(1), logits, score.passes + 1, score.passes)


def _at_the_text(question: Question) -> tuple[EmbeddingsToScore, Tensor, tuple[Tensor, Tensor]]:
    """The function, the point E of the texts, and the function's other arguments."""
    batch = question.batch
    score = EmbeddingsToScore(question)
    embeddings = score.view.embed(batch.input_ids, batch.attention_mask).requires_grad_()
    return score, embeddings, (batch.input_ids, batch.attention_mask)


def _answer(question: Question, score: EmbeddingsToScore, scores: Tensor) -> Answer:
    assert score.logits is not None  # of the one pass that captum ran
    scores = scores * question.batch.attention_mask
    return Answer(scores, scores.new_zeros(len(scores)), score.logits, score.passes, score.passes)
