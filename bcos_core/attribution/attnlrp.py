"""AttnLRP (Achtibat et al., arXiv 2402.05602): relevance of the logit, handed back layer by layer by rules."""

from __future__ import annotations

from dataclasses import replace

from bcos_core.attribution.bcos import contributions_under
from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.model.attnlrp import apply_attnlrp
from bcos_core.model.view import ModelView


def attnlrp(inputs: MethodInput) -> MethodOutput:
    """E times the gradient under the rules. Of a B-cos model |cos|^(B−1) is a constant too, by the identity rule."""
    view = ModelView(inputs.text_model.model, explanation_mode=True)
    apply_attnlrp(view.model)
    return replace(contributions_under(view, inputs), bias_share=None)  # what biases take up is lost, and in no part
