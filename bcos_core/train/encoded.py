"""Training examples as a model reads them, and the order that they come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase
from transformers.trainer_pt_utils import LengthGroupedSampler

from bcos_core.tasks.task_type import Gold
from bcos_core.text.encoding import encode, padded_types
from bcos_core.text.tasks import Examples


class EncodedExamples(torch.utils.data.Dataset[dict[str, Any]]):
    """Examples tokenized once, cut at `max_length`; padded batch by batch by `collate`. `to_tensor` makes of their
    labels what the loss compares with."""

    def __init__(
        self,
        examples: Examples,
        tokenizer: PreTrainedTokenizerBase,
        max_length: int,
        to_tensor: Callable[[Sequence[Gold]], Tensor],
    ) -> None:
        self._encoded = encode(tokenizer, examples.texts, max_length)
        self._labels, self._to_tensor = examples.labels, to_tensor
        self._pad_id = tokenizer.pad_token_id or 0
        self.lengths = [len(text) for text in self._encoded]

    def __len__(self) -> int:
        return len(self._encoded)

    def __getitem__(self, index: int) -> dict[str, Any]:
        text = self._encoded[index]
        return {
            "input_ids": text.ids,
            "ordinary": [not token.added for token in text.tokens],
            "labels": self._labels[index],
            "length": len(text),
            "token_type_ids": text.token_type_ids,
        }

    def collate(self, rows: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Pad on the right: input_ids, attention_mask, ordinary and, of pairs, token_type_ids (batch, tokens); labels
        (batch, …)."""
        width = max(row["length"] for row in rows)

        def padded(name: str, filler: int) -> Tensor:
            return torch.tensor([[*row[name], *[filler] * (width - row["length"])] for row in rows])

        types = padded_types([row["token_type_ids"] for row in rows], width)
        return {
            **({} if types is None else {"token_type_ids": types}),
            "input_ids": padded("input_ids", self._pad_id),
            "attention_mask": torch.tensor([[1] * r["length"] + [0] * (width - r["length"]) for r in rows]),
            "ordinary": padded("ordinary", 0).bool(),
            "labels": self._to_tensor([row["labels"] for row in rows]),
        }


class EpochOrder(LengthGroupedSampler):
    """Texts of similar length together, in an order that depends on the seed and the epoch alone.

    Processes that train together each take their share of one order. Drawn from the process's own random numbers it
    would differ between them, from the second epoch on: how many they have drawn depends on their texts.
    """

    def __init__(self, lengths: list[int], batch_size: int, seed: int) -> None:
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Called by `Trainer` at the start of every epoch, also of one that it goes on in."""
        self.generator.manual_seed(self.seed * 1_000_003 + epoch)
