"""A conventional model as the dynamic-linear network that it is: what explanation mode is without B-cos.

Every transformer of the families here is, for one input, a matrix with biases: attention applies probabilities to
values, a norm multiplies by 1/std, GELU and tanh by a gate g(x) = act(x) / x. With these factors held constant, the
logit is a sum over tokens and biases, exactly, with nothing trained. Ali et al. (arXiv 2202.07304) hold probabilities
and 1/std so; Satkiewicz et al. (arXiv 2507.22832) pull an output back through gates as well. B-cos networks differ by
the factor |cos|^(B−1), by having no biases, and by having been trained so.
"""

from __future__ import annotations

from copy import deepcopy

from transformers import PreTrainedModel

from bcos_core.model.anatomy import family_of
from bcos_core.model.convert import Conversion, replace_modules
from bcos_core.model.shared_copy import shared_copy

AS_IT_IS = Conversion(b=1.0, keep_biases=True, keep_tanh=True)
"""Parts that compute what the original's compute."""


def dynamic_linear(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of a conventional classifier with dynamic-linear parts, which answers as the model does and shares every
    tensor with it; the model itself stays as it is.

    Raises:
        UnsupportedModelError: a setting or a part without a rule.
    """
    copied = shared_copy(model, {"config": deepcopy(model.config)})  # its attention is exchanged, which is set there
    replace_modules(copied, family_of(model), AS_IT_IS)
    return copied
