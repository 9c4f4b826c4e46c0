"""A method as a model is asked by it: what it compares with, its options, and the name that its answers have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from bcos_core.attribution.method import Method
from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.settled import explainer_subject
from bcos_core.minimal_pairs.folders import LanguageFolder
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.model.language_model import LanguageModel


@dataclass(frozen=True)
class Settled:
    """A `method` on one model. Its answers are kept under `subject`."""

    method: Method
    reference: str | None
    options: Mapping[str, Any]
    seed: int
    subject: str

    def explainer(self, model: LanguageModel) -> Explainer[LanguageModel]:
        """What asks the model."""
        return Explainer(model, self.method, self.reference, self.options, self.seed)


def settle(
    method: str, spec: PairsSpec, folder: LanguageFolder, identity: str, tokenizer: PreTrainedTokenizerBase
) -> Settled:
    """Measured against what the spec asks for where the method can be, at first nothing, with the whole of the logit on
    the tokens; else against the first token that the tokenizer has for it. `identity` is that of the folder's files."""
    known = METHODS[method]
    asked = known.fitting_reference(spec.reference)
    reference = known.checked_reference(asked, tokens_of(tokenizer), against_nothing=True)
    options = known.checked_options(spec.options.get(known.name, {}))
    subject = explainer_subject(
        identity, folder.max_length, known, reference=reference, options=options, seed=spec.seed
    )
    return Settled(known, reference, options, spec.seed, subject)
