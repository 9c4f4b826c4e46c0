"""Layers, heads and words: a model's own sum, split by where in the network it passed (`bcos_core.model.passages`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bcos_core.arguments import whole_number
from bcos_core.attribution.answers import kept_outputs
from bcos_core.attribution.interface import MethodInput
from bcos_core.attribution.limit import read_again
from bcos_core.attribution.own import own_method
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.same_model import require_kind, same_model
from bcos_core.errors import InputError, NotFiniteError
from bcos_core.model.passages import passages
from bcos_core.model.text_model import TextModel
from bcos_core.text.encoding import collate

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["embedding", "attention", "feed-forward", "biases"]
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Path:
    """The last step of a part of the sum, and its `share` of the explained number: of attention the `layer` and `head`
    that read a `position`, of a feed-forward part its `layer`, of an embedding its own `position`, which it never left.
    Layers and heads are counted from 1, positions from 0."""

    kind: Kind
    share: float
    layer: int | None = None
    head: int | None = None
    position: int | None = None


@dataclass(frozen=True)
class Components:
    """The number that `record`, the model's own sum, explains, split exactly by where it passed; shares as in
    `bcos_core.model.passages.Passages`.

    Attributes:
        direct: (tokens,), embeddings that went past all layers.
        reads: (layers, heads, tokens), what each head added last, by the position that it read there: what stands at
            a position in the middle of the network is no longer its token alone.
        feed_forward: (layers,). `bias_share`: what no part has.
        sources: (layers + 1, tokens): what each token of the text has of the embeddings' row and of each layer's. Its
            columns add up to the record's scores. `source_shares` (layers + 1,) are those of no token.
        hidden: (layers + 1, tokens): what the hidden states before each layer have, and those after the last, by
            position. Every row, with its share of `hidden_shares` (layers + 1,), adds up to the explained number.
    """

    record: Attribution
    direct: Numbers
    reads: tuple[tuple[Numbers, ...], ...]
    feed_forward: Numbers
    bias_share: float
    sources: tuple[Numbers, ...]
    source_shares: Numbers
    hidden: tuple[Numbers, ...]
    hidden_shares: Numbers

    @property
    def heads(self) -> tuple[Numbers, ...]:
        """(layers, heads), what each head added."""
        return tuple(tuple(math.fsum(read) for read in layer) for layer in self.reads)

    @property
    def attention(self) -> Numbers:
        """(layers,), what the attention of each added: the sum of its heads."""
        return tuple(map(math.fsum, self.heads))

    @property
    def sum(self) -> float:
        """Of all parts; it should be `record.logit`."""
        return math.fsum((*self.direct, *self.attention, *self.feed_forward, self.bias_share))

    @property
    def completeness_error(self) -> float:
        """The largest |sum − logit| of the sum of all parts, and of the hidden states of each layer."""
        sums = [math.fsum((*row, share)) for row, share in zip(self.hidden, self.hidden_shares, strict=True)]
        return max(abs(one - self.record.logit) for one in (self.sum, *sums))

    def strongest(self, most: int = 12) -> list[Path]:
        """The `most` parts with the largest shares, for and against, the largest first: single reads of single heads,
        feed-forward parts, embeddings, biases."""
        found = [path for path in self._paths() if path.share]
        return sorted(found, key=lambda path: -abs(path.share))[: whole_number("most", most, least=1)]

    def _paths(self) -> Iterator[Path]:
        yield Path("biases", self.bias_share)
        for position, share in enumerate(self.direct):
            yield Path("embedding", share, position=position)
        for layer, share in enumerate(self.feed_forward, 1):
            yield Path("feed-forward", share, layer)
        for layer, heads in enumerate(self.reads, 1):
            for head, read in enumerate(heads, 1):
                for position, share in enumerate(read):
                    yield Path("attention", share, layer, head, position)

    def to_frame(self) -> pd.DataFrame:
        """One row a part: "part" ("embeddings", "attention", "feed-forward", "biases"), "layer" and "head" from 1,
        "share". The shares add up to the explained number."""
        import pandas as pd

        rows: list[tuple[str, int | None, int | None, float]] = [("embeddings", None, None, math.fsum(self.direct))]
        for layer, (heads, fed) in enumerate(zip(self.heads, self.feed_forward, strict=True), 1):
            rows += [("attention", layer, head, share) for head, share in enumerate(heads, 1)]
            rows.append(("feed-forward", layer, None, fed))
        if self.bias_share:
            rows.append(("biases", None, None, self.bias_share))
        frame = pd.DataFrame(rows, columns=["part", "layer", "head", "share"])
        return frame.astype({"layer": "Int64", "head": "Int64"})


def components(
    model: TextModel, record: Attribution, *, told: Callable[[int, int], None] = lambda done, of: None
) -> Components:
    """A record of a model's own sum, split by layers, heads and words: two forward passes, and as many backward passes
    as the model has layers, and two.

    Args:
        record: what `explain` gave by the contributions of a B-cos model, or the frozen-linear pullback of any other.
        told: called with how many layers are done, and of how many.

    Raises:
        InputError: a record by another method, or of another model.
        UnsupportedModelError: a conventional model with a part that has no dynamic-linear form.
        NotFiniteError: shares that are no numbers.
    """
    own = own_method(model)
    if record.method != own.name:
        raise InputError(
            f"Layers and heads have shares of a model's own sum alone; got a record of “{record.method}”. Explain the "
            f"text with {own.name}."
        )
    require_kind(record, model)
    read = read_again(record, model)
    batch = collate(model.tokenizer, [read], model.device)
    inputs = MethodInput(model, batch, record.target, record.parameters.get("reference"))
    found = passages(
        model.model,
        batch.input_ids,
        batch.attention_mask,
        inputs.select,
        reference_id=inputs.reference_id,
        token_type_ids=batch.token_type_ids,
        told=told,
    )
    if not same_model(record, model, kept_outputs(record, found.logits.double()).tolist()):
        raise InputError(
            f"The record is of {record.model}, whose weights or settings are not those of {model.name} as it is now. "
            "Explain the text again."
        )
    split = Components(
        record=record,
        direct=tuple(found.direct.tolist()),
        reads=tuple(tuple(map(tuple, layer)) for layer in found.reads.tolist()),
        feed_forward=tuple(found.feed_forward.tolist()),
        bias_share=found.bias_share,
        sources=tuple(map(tuple, found.sources.tolist())),
        source_shares=tuple(found.source_shares.tolist()),
        hidden=tuple(map(tuple, found.hidden.tolist())),
        hidden_shares=tuple(found.hidden_shares.tolist()),
    )
    if not math.isfinite(split.completeness_error) or not all(map(math.isfinite, split.source_shares)):
        raise NotFiniteError(f"The shares of the layers of {model.name} are not all finite numbers.")
    return split
