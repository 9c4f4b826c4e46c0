"""What a method says that it cannot serve, before anything is loaded, is what it refuses when it is asked."""

from __future__ import annotations

import pytest
from tiny_families import TINY, ids_of, tiny_model
from transformers import AutoTokenizer

from bcos_core.attribution.interface import MethodInput
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import UnsupportedModelError
from bcos_core.model.classifier import wrap
from bcos_core.model.sources import embedded_path
from bcos_core.text.encoding import Batch, Encoded
from bcos_core.text.token import Token

MASK = 4


@pytest.mark.parametrize("name", list(TINY))
def test_every_method_serves_what_it_does_not_refuse(name: str) -> None:
    model = tiny_model(name)
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    tokenizer.mask_token = tokenizer.convert_ids_to_tokens(MASK)  # an id that tiny models have
    classifier = wrap(model, tokenizer, labels=("a", "b", "c"), name=name)
    ids, mask = ids_of(4)
    text = Encoded("a b c d", tuple(ids[0].tolist()), tuple(Token("x", i, i + 1) for i in (0, 2, 4, 6)), None)
    batch = Batch((text,), ids, mask, mask.bool())
    for method in METHODS.values():
        if method.needs_bcos:
            continue
        options = {option: 3 for option in ("samples", "steps", "copies") if option in method.options}
        inputs = MethodInput(classifier, batch, None, method.checked_reference(None), method.checked_options(options))
        if method.unsupported(is_bcos=False, family=classifier.family):
            with pytest.raises(UnsupportedModelError, match=f"{method.title} cannot explain"):
                method.attribute(inputs)
        else:
            found = method.attribute(inputs)
            assert found.scores.shape == (1, 4) and found.scores.isfinite().all(), method.name
