"""Gradient methods, through captum, with respect to E, the embedding module's output."""

from __future__ import annotations

import torch
from captum.attr import InputXGradient, IntegratedGradients
from torch import Tensor

from bcos_core.attribution.question import ROWS_PER_PASS, Answer, Question, select
from bcos_core.model.view import ModelView


class EmbeddingsToScore:
    """The explained number as a function of E, in the form that captum calls; counts the rows it ran.

    captum repeats the batch for its steps and hands the ids, mask and classes along repeated alike. Without
    classes, the question decides them by the logits of the same pass.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self.view = ModelView(question.classifier.model)
        self.rows = 0
        self.logits: Tensor | None = None

    def __call__(
        self, embeddings: Tensor, input_ids: Tensor, attention_mask: Tensor, classes: Tensor | None = None
    ) -> Tensor:
        """E (rows, tokens, hidden) → (rows,)."""
        self.rows += len(embeddings)
        logits = self.view.logits(embeddings, input_ids, attention_mask)
        self.logits = logits.detach()
        return select(logits, self.question.classes(logits) if classes is None else classes, self.question.target)


def input_x_gradient(question: Question) -> Answer:
    """E · ∂score/∂E, summed over the hidden dimension, with the plain gradient (Shrikumar et al., arXiv 1605.01713)."""
    batch = question.batch
    score = EmbeddingsToScore(question)
    embeddings = score.view.embed(batch.input_ids, batch.attention_mask).requires_grad_()
    attributions = InputXGradient(score).attribute(
        embeddings, additional_forward_args=(batch.input_ids, batch.attention_mask)
    )
    assert score.logits is not None
    scores = attributions.detach().sum(-1, dtype=torch.float64) * batch.attention_mask
    passes = score.rows / len(batch)
    return Answer(scores, scores.new_zeros(len(batch)), score.logits, passes, passes, parameters={})


def integrated_gradients(question: Question) -> Answer:
    """Integrated gradients from the masked text to the text (Sundararajan et al., arXiv 1703.01365).

    The reference's share is the explained number at the baseline, so that share and scores add up to it at
    the text, up to the error of the quadrature (Gauss–Legendre, `steps` points).
    """
    batch = question.batch
    score = EmbeddingsToScore(question)
    logits = score.view.predict(batch.input_ids, batch.attention_mask)
    baseline_logits = score.view.predict(question.masked_ids, batch.attention_mask)
    classes = question.classes(logits)
    steps = int(question.parameters["steps"])
    attributions = IntegratedGradients(score).attribute(
        score.view.embed(batch.input_ids, batch.attention_mask),
        baselines=score.view.embed(question.masked_ids, batch.attention_mask),
        additional_forward_args=(batch.input_ids, batch.attention_mask, classes),
        n_steps=steps,
        internal_batch_size=max(ROWS_PER_PASS, len(batch)),
    )
    passes = score.rows / len(batch)
    return Answer(
        scores=attributions.detach().sum(-1, dtype=torch.float64) * batch.attention_mask,
        reference_share=select(baseline_logits, classes, question.target).double(),
        logits=logits,
        forward_passes=passes + 2,
        backward_passes=passes,
        parameters={"steps": steps, "baseline": "mask"},
    )
