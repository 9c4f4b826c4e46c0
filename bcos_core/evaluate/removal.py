"""How a score removes tokens from a text."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcos_core.attribution.references import NOTHING, tokens_of
from bcos_core.errors import InputError
from bcos_core.registry import Registry

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from bcos_core.text.encoding import Encoded


@dataclass(frozen=True)
class Variant:
    """A text with tokens removed, as the model is given it: `ids`, and which of them it may look at. Positions are
    those of `original`: the text's own ids, or what is left of them where the rest moves together. `token_type_ids` are
    those of a pair."""

    ids: tuple[int, ...]
    visible: tuple[bool, ...]
    original: tuple[int, ...]
    token_type_ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Removal:
    """One way to remove tokens. `reference` is what an explanation should compare tokens with to answer the same
    question; the removal `puts` that token in the place of others, or puts none, and does without a tokenizer that has
    it. `apply` takes the text, the positions to remove, and the tokenizer."""

    name: str
    title: str
    reference: str
    apply: Callable[[Encoded, Collection[int], PreTrainedTokenizerBase], Variant]
    puts: bool = True

    def works_with(self, tokens: Collection[str]) -> bool:
        """Whether it does with the `tokens` of a tokenizer (`bcos_core.attribution.references.tokens_of`)."""
        return not self.puts or self.reference in tokens

    def reference_with(self, tokens: Collection[str]) -> str:
        """The reference for a tokenizer with these tokens: without the token, a removal that puts none leaves
        nothing, and with nothing tokens are compared."""
        return self.reference if self.puts or self.reference in tokens else NOTHING


def _replaced_by(kind: str) -> Callable[[Encoded, Collection[int], PreTrainedTokenizerBase], Variant]:
    def apply(text: Encoded, removed: Collection[int], tokenizer: PreTrainedTokenizerBase) -> Variant:
        token_id = getattr(tokenizer, f"{kind}_token_id")
        if token_id is None:
            raise _missing(kind, tokenizer)
        gone = frozenset(removed)
        ids = tuple(token_id if position in gone else id for position, id in enumerate(text.ids))
        return Variant(ids, (True,) * len(ids), text.ids, text.token_type_ids)

    return apply


def require_tokens(removal: Removal, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a removal that puts a token in the place of others which the tokenizer has not.

    Raises:
        InputError: it does; names a removal that would do.
    """
    if not removal.works_with(tokens_of(tokenizer)):
        raise _missing(removal.reference, tokenizer)


def usual_removal(tokens: Collection[str]) -> Removal:
    """The first that works with the tokens of a tokenizer."""
    return next(one for one in REMOVALS.values() if one.works_with(tokens))


def _missing(kind: str, tokenizer: PreTrainedTokenizerBase) -> InputError:
    usable = usual_removal(tokens_of(tokenizer)).name
    return InputError(
        f"The tokenizer has no {kind} token to put in place of words. Choose the removal {usable} (on the command "
        f"line: --removal {usable})."
    )


def _deleted(text: Encoded, removed: Collection[int], tokenizer: PreTrainedTokenizerBase) -> Variant:
    gone = frozenset(removed)
    left = [position for position in range(len(text)) if position not in gone]
    ids = tuple(text.ids[position] for position in left)
    types = text.token_type_ids and tuple(text.token_type_ids[position] for position in left)
    return Variant(ids, (True,) * len(ids), ids, types)


def _hidden(text: Encoded, removed: Collection[int], tokenizer: PreTrainedTokenizerBase) -> Variant:
    gone = frozenset(removed)
    visible = tuple(position not in gone for position in range(len(text)))
    return Variant(text.ids, visible, text.ids, text.token_type_ids)


REMOVALS: Registry[Removal] = Registry("removal")
for _removal in (
    Removal("mask", "replaced by the mask token", "mask", _replaced_by("mask")),
    Removal("pad", "replaced by the padding token", "pad", _replaced_by("pad")),
    Removal("delete", "deleted, the rest moves together to new positions", "mask", _deleted, puts=False),
    Removal("hide", "hidden by the attention mask, the rest stays in place", "mask", _hidden, puts=False),
):
    REMOVALS.register(_removal.name, _removal)
