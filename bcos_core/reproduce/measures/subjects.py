"""What is measured: the embedded model, converted, and real texts."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.model.classifier import Classifier, wrap
from bcos_core.model.convert import convert
from bcos_core.model.sources import EMBEDDED, load_pretrained, resolve_model
from bcos_core.text.encoding import Batch, collate, encode
from bcos_core.text.tasks import TaskChoice, TaskData, load_task


@dataclass(frozen=True)
class Subjects:
    """The conventional and the converted model (B = 1.5), both in evaluation mode, and the short reviews."""

    conventional: PreTrainedModel
    bcos: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    data: TaskData

    @property
    def classifier(self) -> Classifier:
        """The converted model."""
        return wrap(self.bcos, self.tokenizer, labels=self.data.labels, name="bench")

    def batch(self, size: int, max_length: int = 64) -> Batch:
        """The first `size` test sentences, padded."""
        return collate(self.tokenizer, encode(self.tokenizer, self.data.test.texts[:size], max_length))


def load_subjects() -> Subjects:
    pretrained = load_pretrained(resolve_model(EMBEDDED), num_labels=2, seed=0)
    model, tokenizer = pretrained.model, pretrained.tokenizer
    data = load_task(TaskChoice("embedded", "short-reviews"))
    return Subjects(model.eval(), convert(model, b=1.5).eval(), tokenizer, data)
