"""Methods that remove pieces of the text and look at the explained number, through captum.

A piece is a token or a word (`unit`); what is removed becomes the reference's token. Added tokens are never
removed and score 0. A word's score is divided among its tokens.
"""

from __future__ import annotations

from captum.attr import FeatureAblation, PerturbationAttribution, ShapleyValueSampling
from torch import Tensor

from bcos_core.attribution.features import feature_mask, spread_over_tokens
from bcos_core.attribution.interface import MethodInput, MethodOutput, select
from bcos_core.attribution.seeds import text_by_text
from bcos_core.model.view import ModelView


class TextsToScore:
    """The explained number as a function of token ids, (rows, tokens) → (rows,); counts the rows it ran."""

    def __init__(self, inputs: MethodInput) -> None:
        batch = inputs.batch
        self.inputs = inputs
        self.view = ModelView(inputs.text_model.model)
        self.rows = 0
        self.logits = self.view.predict(batch.input_ids, batch.attention_mask, token_type_ids=batch.token_type_ids)
        self.classes = inputs.classes(self.logits)
        self.pieces = feature_mask(batch, inputs.parameters["unit"])
        self.removed = inputs.reference_ids
        self.arguments = (batch.input_ids, batch.attention_mask, batch.token_type_ids, self.classes)
        self.per_pass = max(1, inputs.rows_per_pass // len(batch))

    def __call__(
        self,
        input_ids: Tensor,
        original: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None,
        classes: Tensor,
    ) -> Tensor:
        self.rows += len(input_ids)
        logits = self.view.predict(input_ids, attention_mask, original=original, token_type_ids=token_type_ids)
        return select(logits, classes, self.inputs.target)

    def arguments_of(self, rows: int) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
        """What goes with so many copies of the batch's one text."""
        ids, mask, types, classes = self.arguments
        alike = (ids.expand(rows, -1), mask.expand(rows, -1), None if types is None else types.expand(rows, -1))
        return (*alike, classes.expand(rows))

    def without_anything(self) -> Tensor:
        """The explained number of the reference, (batch,)."""
        return self(self.removed, *self.arguments).double()

    def attributed_by(self, method: PerturbationAttribution, **options: int) -> Tensor:
        """What captum's method gives for the batch, (batch, tokens); `options` are those of the method."""
        return method.attribute(
            self.inputs.batch.input_ids,
            baselines=self.removed,
            additional_forward_args=self.arguments,
            feature_mask=self.pieces,
            perturbations_per_eval=self.per_pass,
            **options,
        )

    def output(self, found: Tensor, *, share: Tensor | None = None) -> MethodOutput:
        scores = spread_over_tokens(found.double(), self.pieces, self.inputs.batch.ordinary)
        passes = self.rows / len(self.inputs.batch) + 1
        return MethodOutput(scores, scores.new_zeros(len(scores)) if share is None else share, self.logits, passes, 0)


def occlusion(inputs: MethodInput) -> MethodOutput:
    """Leave-one-out: how far the number falls when a piece is removed (Zeiler & Fergus, arXiv 1311.2901, on texts).

    Sequential integrated gradients (Enguehard, arXiv 2305.15853 §3), the integral of the gradient while one token moves
    from the reference to its place, are by the fundamental theorem of calculus this same difference.

    The j-th piece of every text in the batch is captum's feature j, so that they are removed in the same pass.
    """
    score = TextsToScore(inputs)
    return score.output(score.attributed_by(FeatureAblation(score)))


@text_by_text
def shapley(inputs: MethodInput) -> MethodOutput:
    """Shapley value sampling (Castro et al., 2009): what a piece adds when pieces come back in a random order, the
    mean over `samples` orders."""
    score = TextsToScore(inputs)
    share = score.without_anything()
    found = score.attributed_by(ShapleyValueSampling(score), n_samples=int(inputs.parameters["samples"]))
    return score.output(found, share=share)


def piece_count(pieces: Tensor) -> int:
    """Of texts whose tokens bear the numbers of their pieces: how many the longest has."""
    return int(pieces.max()) + 1
