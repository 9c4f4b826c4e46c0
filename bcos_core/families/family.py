"""What a model family declares: plain data, read without PyTorch.

E is the input of the first block, so whatever makes it (word, position and type embeddings, projections, norms,
scaling, dropout) stays as it is and needs no rule. Everything after it needs one: a module with parameters that no
rule names is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

BLOCK_OUTPUT = "the output of the block"
"""In place of a module's path in `Step.sum_into`: the sum is what the block gives."""

LANGUAGE_HEAD = "lm_head"
"""What transformers calls the linear that gives a language model's logits, in all families here."""

Kind = Literal["bcos", "plain", "constant"]


@dataclass(frozen=True)
class Step:
    """Linears (`nn.Linear` or `Conv1D`) of a block or a head that read the same input, in the order of execution.

    `kind` is what conversion makes of them: a B-cos transform; a plain linear (value projections, and queries and keys
    whose attention detaches them); or a constant, bias and all (queries and keys of an attention of the family's own).

    Calibration fits them to the original's output, or, with `sum_into`, to the residual sum that they feed, less the
    rest of it: the input of a module, or `BLOCK_OUTPUT`; or, with `until`, to the input of a module past an activation
    that conversion removes. Paths are inside the block, those of a head inside the model.
    """

    linears: tuple[str, ...]
    kind: Kind = "bcos"
    sum_into: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Requires:
    """A setting of config.json that must have one of some values; `reason` completes "… is refused: "."""

    setting: str
    values: tuple[object, ...]
    reason: str


@dataclass(frozen=True)
class Family:
    """The anatomy of a family's sequence classifier, and of its language model; paths as in
    `nn.Module.get_submodule`.

    Attributes:
        model_types: what `config.model_type` may be.
        embeddings: modules that run before the blocks.
        blocks: the list of blocks; `steps` are the linears of one, `norms` its norms.
        head: the linears after the blocks; `head_norms` the norms there.
        kept: modules that E reaches through attention probabilities alone, or not at all (norms of queries and keys,
            embeddings of relative positions): they stay as they are. Inside a block, or inside the model.
        removed: activations without a dynamic-linear form, left out.
        rebuilt: parts of the head that call an activation inside their `forward`, and the class in
            `bcos_core.model.heads` that takes their place.
        centred: norms subtract the mean (LayerNorm), or do not (RMSNorm). `offset`: what is added to their weight.
        gated: the activation of a block is the constant factor of a product act(a) · b; else it is x · g(x).
        pools: the position that the decision is read from, of those that the attention mask shows.
        apart_from: the module of a block that is given what attention gives and the block's input, (batch, tokens,
            hidden) each, from which on no token looks at another; None where the family has no such module.
        shared: the blocks run several times each, with the same weights.
        first_position: the position of a text's first token, counted from there over all ids that are not the padding
            id; None where positions are the columns 0, 1, 2, …
        positions: the setting of config.json that says how many positions there are, the unused first ones included.
        language_head: what weight files call the head of a language model (`LANGUAGE_HEAD` in memory).
        logits_divided_by: the setting of config.json that a language model divides its logits by.
        speaks: the anatomy is the language model's (`Family.language_model`), not the classifier's.
        requires: settings that no other values are exact or tested for.
        weights: pretrained weights that the family was tried on, besides tiny random ones.
    """

    name: str
    title: str
    model_types: tuple[str, ...]
    embeddings: tuple[str, ...]
    blocks: str
    steps: tuple[Step, ...]
    norms: tuple[str, ...]
    head: tuple[Step, ...]
    head_norms: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    rebuilt: tuple[tuple[str, str], ...] = ()
    centred: bool = True
    offset: float = 0.0
    gated: bool = False
    pools: Literal["first", "last"] = "first"
    apart_from: str | None = None
    shared: bool = False
    first_position: Literal["after the padding id"] | None = None
    positions: str = "max_position_embeddings"
    language_head: str = LANGUAGE_HEAD
    logits_divided_by: str | None = None
    speaks: bool = False
    requires: tuple[Requires, ...] = ()
    weights: str | None = None

    @cached_property
    def language_model(self) -> Family:
        """The anatomy of the family's language model. Its head stays a plain linear layer, as in the paper (arXiv
        2502.12992).

        Raises:
            ValueError: an encoder has none.
        """
        if not self.decoder:
            raise ValueError(f"{self.title} is an encoder.")
        return replace(self, head=(Step((LANGUAGE_HEAD,), "plain"),), speaks=True)

    @property
    def fitted_head(self) -> tuple[Step, ...]:
        """The steps of the head that calibration fits. That of a language model, which has no biases and stays linear,
        is right as it is; often it is the word embeddings, too."""
        return () if self.speaks else self.head

    @property
    def what(self) -> str:
        """What a model with this anatomy is."""
        return "language model" if self.speaks else "classifier"

    @property
    def output(self) -> str:
        """The last linear, which gives the logits."""
        return self.head[-1].linears[-1]

    @property
    def value(self) -> str:
        """The linear of a block that gives the value vectors, in most families together with queries and keys."""
        return next(step.linears[-1] for step in self.steps if step.kind == "plain")

    @property
    def attention_output(self) -> str:
        """The linear of a block that what the heads gave goes through; its input has the heads one after another."""
        return self.steps[-3].linears[-1]

    @property
    def block_output(self) -> str:
        """The last linear of a block, the one that the feed-forward part ends with."""
        return self.steps[-1].linears[-1]

    @property
    def base(self) -> str:
        """The model without its classifier."""
        return self.blocks.split(".", 1)[0]

    @property
    def decoder(self) -> bool:
        """Whether a token sees only those before it, so that the last one has seen all."""
        return self.pools == "last"

    @property
    def post_norm(self) -> bool:
        """Whether a residual sum goes into a norm and nowhere else; in the others it also goes on as it is."""
        return self.steps[-1].sum_into not in (None, BLOCK_OUTPUT)

    @property
    def own_attention(self) -> bool:
        """Whether the attention is computed inside the model's code, and not by a function that can be exchanged."""
        return any(step.kind == "constant" for step in self.steps)

    def position_limit(self, positions: int, pad_token_id: int | None) -> int:
        """The most tokens that a model with `positions` positions reads."""
        return positions - (0 if self.first_position is None else padding_id(pad_token_id) + 1)

    def inside(self, path: str) -> str | None:
        """A path of the model as one inside a block; None where it is not in one."""
        if not is_within(path, self.blocks):
            return None
        return path[len(self.blocks) + 1 :].partition(".")[2]

    def step_of(self, path: str) -> Step | None:
        """The step of the linear at a path of the model."""
        inside = self.inside(path)
        steps, name = (self.head, path) if inside is None else (self.steps, inside)
        return next((step for step in steps if name in step.linears), None)

    def is_norm(self, path: str) -> bool:
        inside = self.inside(path)
        return path in self.head_norms if inside is None else inside in self.norms

    def is_kept(self, path: str) -> bool:
        """Whether the module at a path of the model stays as it is."""
        inside = self.inside(path)
        kept = (*self.kept, *self.embeddings)
        return any(is_within(path, part) or (inside is not None and is_within(inside, part)) for part in kept)


def padding_id(pad_token_id: int | None) -> int:
    """The padding id that positions are counted from; 1 is the default of those families' configurations."""
    return 1 if pad_token_id is None else pad_token_id


def linears_of(steps: Sequence[Step]) -> tuple[str, ...]:
    """All linears of some steps, in order."""
    return tuple(path for step in steps for path in step.linears)


def is_within(path: str, ancestor: str) -> bool:
    return path == ancestor or path.startswith(ancestor + ".")
