"""What the scores of a method depend on, settled and named: without the libraries that ask the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bcos_core.attribution.method import Method
from bcos_core.attribution.references import REFERENCE_TOKENS
from bcos_core.model.identity import model_subject
from bcos_core.storage.content import name_of


def explainer_subject(
    identity: str, max_length: int, method: Method, *, reference: str | None, options: Mapping[str, Any], seed: int
) -> str:
    """The name under which the evidence of such an explainer is kept; `identity` is that of the model's files."""
    return name_of(
        {
            "model": model_subject(identity, max_length),
            "method": method.name,
            "reference": reference,
            "options": dict(options),
            "seed": seed if method.stochastic else None,
        }
    )


def settled(
    method: Method, *, reference: str | None, options: Mapping[str, Any], tokens: Sequence[str] = REFERENCE_TOKENS
) -> tuple[str | None, dict[str, Any]]:
    """The reference that asks what `reference` asks (where the method offers none such, the first that can be had with
    the `tokens` of a tokenizer), and every option.

    Raises:
        InputError: an option that the method does not have, or a value that it does not take.
    """
    return method.checked_reference(method.fitting_reference(reference), tokens), method.checked_options(options)
