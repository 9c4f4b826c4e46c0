"""How exactly contributions add up, and how little a text depends on its batch."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from bcos_core.attribution.api import explain
from bcos_core.model.calibrate import calibrate
from bcos_core.model.classifier import wrap
from bcos_core.model.contributions import contributions
from bcos_core.model.convert import convert
from bcos_core.model.view import ModelView
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.measures.subjects import Subjects
from bcos_core.reproduce.ours import MEASURES
from bcos_core.text.encoding import Encoded, collate, encode


def exactness(bench: Bench) -> Iterator[Found]:
    """Over texts of 1 to 512 tokens, with both references; and over sixteen sentences in one batch."""
    places = MEASURES["exactness"].places
    yield places["completeness_error_worst"].alone(completeness(bench.subjects), 48, "records")
    yield places["padding_difference_worst"].alone(padding(bench.subjects), 16, "texts")


def completeness(subjects: Subjects) -> float:
    """Largest |Σ contributions − logit| / max(1, |logit|) over texts of 1 to 512 tokens, both references.

    The model is calibrated and its untrained head made long, so that logits have the size of a trained one's.
    """
    worst = 0.0
    model = convert(subjects.conventional, b=1.5)
    calibrate(model, subjects.conventional, subjects.data.train.texts[:64], subjects.tokenizer)
    batch = subjects.batch(32)
    with torch.no_grad():
        size = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits.abs().mean()
        model.get_parameter("classifier.weight").mul_(3 / size)
    classifier = wrap(model, subjects.tokenizer, labels=subjects.data.labels, name="bench")
    texts = ["film", *subjects.data.test.texts[:20], "a fine film " * 30, "a fine film " * 200]
    for reference in ("none", "mask"):
        for record in explain(classifier, texts, reference=reference):
            worst = max(worst, record.completeness_error / max(1.0, abs(record.logit)))
    return worst


def padding(subjects: Subjects) -> float:
    """Largest difference between one text alone and the same text in a padded batch."""
    view = ModelView(subjects.bcos, explanation_mode=True)
    encoded = encode(subjects.tokenizer, subjects.data.test.texts[:16], 64)

    def scores(texts: list[Encoded]) -> torch.Tensor:
        batch = collate(subjects.tokenizer, texts)
        return contributions(view, batch.input_ids, batch.attention_mask, lambda logits: logits[:, 0]).scores

    together = scores(encoded)
    return max((together[i, : len(text)] - scores([text])[0]).abs().max().item() for i, text in enumerate(encoded))
