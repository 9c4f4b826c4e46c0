"""The explained number as a function of E, the input of the first block: what gradient methods differentiate."""

from __future__ import annotations

from torch import Tensor

from bcos_core.attribution.interface import MethodInput, select
from bcos_core.model.view import ModelView


class EmbeddingsToScore:
    """E (rows, tokens, hidden) → (rows,), in the form that captum calls; counts the rows it ran.

    captum repeats the batch for its steps and hands the ids, mask, types and classes along repeated alike. Without
    classes, they are chosen by the logits of the same pass.
    """

    def __init__(self, inputs: MethodInput) -> None:
        self.inputs = inputs
        self.view = ModelView(inputs.text_model.model)
        self.rows = 0
        self.logits: Tensor | None = None

    @property
    def passes(self) -> float:
        """Rows per text so far."""
        return self.rows / len(self.inputs.batch)

    def __call__(
        self,
        embeddings: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None,
        classes: Tensor | None = None,
    ) -> Tensor:
        self.rows += len(embeddings)
        logits = self.view.logits(embeddings, input_ids, attention_mask, token_type_ids)
        self.logits = logits.detach()
        return select(logits, self.inputs.classes(logits) if classes is None else classes, self.inputs.target)
