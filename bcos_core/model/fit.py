"""Do the tensors of a weight file fit a model? Decided by names and shapes, before a tensor is read.

A part that is missing would be drawn at random, and nothing in the model's answers would show it. So every part must
be there; only training may begin with a new head, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bcos_core.errors import CheckpointError
from bcos_core.families import LANGUAGE_HEAD, Family, is_within, linears_of
from bcos_core.model.headers import StoredTensor
from bcos_core.model.variants import require_own_tensors

# What wrappers of a model put before every name, and who they are.
WRAPPERS = {
    "module.": "DataParallel",
    "_orig_mod.": "torch.compile",
    "_fsdp_wrapped_module.": "FSDP",
    "model.": "a training module",
}
# Names of TensorFlow's layers, which the first published BERT weights have.
OLD_ENDINGS = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
# Counters, masks and frequencies that older versions of transformers stored; the model makes its own.
BUFFERS = ("position_ids", "token_type_ids", "rotary_emb.inv_freq", ".attn.bias", "attention.bias", "masked_bias")
LISTED = 6


@dataclass(frozen=True)
class Fit:
    """What goes where: `tensors` by the model's names; `new` the modules of the head that are drawn; `notes` what a
    person should know of it, in whole sentences."""

    tensors: Mapping[str, StoredTensor]
    new: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def fit(
    stored: Mapping[str, StoredTensor],
    expected: Mapping[str, tuple[int, ...]],
    family: Family,
    *,
    name: str,
    new_head: bool = False,
    keep_output: bool = True,
) -> Fit:
    """Match the tensors of a folder with the parameters of a classifier or language model.

    Args:
        expected: the shapes of the model's parameters by their names.
        name: what to call the folder.
        new_head: training's way. Parts of the head may be missing or, in the last, have another number of classes:
            they are drawn. Heads for other purposes are left out. Both are said.
        keep_output: whether the folder's last layer is one of this kind, so that it may be kept.

    Raises:
        CheckpointError: parts that are missing, of another shape, or that the model does not have; all are named.
        UnsupportedModelError: an adapter that was not merged, or quantised weights.
    """
    require_own_tensors(stored, name)
    renamed, notes = _model_names(stored, expected, family)
    new = _new_head(renamed, expected, family, keep_output=keep_output) if new_head else ()
    wanted = {key: shape for key, shape in expected.items() if not any(is_within(key, part) for part in new)}
    left_out = [key for key in renamed if key not in wanted and not key.endswith(BUFFERS)]
    _refuse_other_depth(renamed, wanted, family, name)
    if missing := [key for key in wanted if key not in renamed]:
        raise CheckpointError(_missing(missing, wanted, family, name))
    shapes = [
        f"{key} is {_shape(renamed[key].shape)} in the weights and {_shape(shape)} by config.json"
        for key, shape in wanted.items()
        if renamed[key].shape != shape
    ]
    if shapes:
        raise CheckpointError(
            f"The weights of {name} do not fit its config.json: {_listed(shapes, '; ')}. "
            "They are of two models, or one of the files was changed. Copy the folder anew."
        )
    if quantised := [key for key in wanted if not renamed[key].floating]:
        raise CheckpointError(
            f"{quantised[0]} of {name} has the type {renamed[quantised[0]].dtype}; expected floating-point numbers of "
            "16 bits or more. Quantised models cannot be read: use the one that this was made from."
        )
    unread = [key for key in left_out if not _harmless(key, family, other_heads=new_head)]
    if unread:
        raise CheckpointError(
            f"The weights of {name} have parts that a {family.title} {family.what} by its config.json does not have: "
            f"{_listed(_modules(unread))}. Leaving them out would make another model of it. Copy the folder anew, or "
            "use a model of the plain architecture."
        )
    if new:
        notes.append(f"The head is new, drawn from the seed: {_listed(new)}.")
    if new_head and (others := [part for part in _modules(left_out) if not _is_head(part, family)]):
        notes.append(f"Left out of the pretrained weights, since a classifier does not use them: {_listed(others)}.")
    return Fit({key: renamed[key] for key in wanted}, new, tuple(notes))


def _model_names(
    stored: Mapping[str, StoredTensor], expected: Mapping[str, tuple[int, ...]], family: Family
) -> tuple[dict[str, StoredTensor], list[str]]:
    """The tensors by the names that the model gives them, and what is to be said about that."""
    names = {key: key for key in stored}
    notes = []
    base = family.base
    wrappers = [wrapper for wrapper in WRAPPERS if wrapper != f"{base}."]
    while wrapper := next((w for w in wrappers if names and all(n.startswith(w) for n in names.values())), None):
        names = {key: name.removeprefix(wrapper) for key, name in names.items()}
        notes.append(f"The names of the weights begin with {wrapper!r}, as {WRAPPERS[wrapper]} writes them; it is off.")
    for old, new in OLD_ENDINGS.items():
        names = {key: name.removesuffix(old) + new if name.endswith(old) else name for key, name in names.items()}
    if family.speaks:
        head = f"{family.language_head}.weight"
        names = {key: f"{family.output}.weight" if name == head else name for key, name in names.items()}
    if not any(is_within(name, base) for name in names.values()):  # a bare encoder, saved without its classifier
        heads = tuple(part for part in expected if not is_within(part, base))
        names = {key: name if name in heads else f"{base}.{name}" for key, name in names.items()}
    return {name: stored[key] for key, name in names.items()}, notes


def _new_head(
    renamed: Mapping[str, StoredTensor],
    expected: Mapping[str, tuple[int, ...]],
    family: Family,
    *,
    keep_output: bool,
) -> tuple[str, ...]:
    """The modules of the head that must be drawn: the first that the folder lacks, and all that read its output."""
    head = head_modules(family)
    for place, module in enumerate(head):
        parameters = [key for key in expected if is_within(key, module)]
        absent = not any(key in renamed for key in parameters)
        last = place == len(head) - 1
        other_classes = last and any(
            key in renamed
            and renamed[key].shape[1:] == expected[key][1:]
            and renamed[key].shape[:1] != expected[key][:1]
            for key in parameters
        )
        if absent or other_classes or (last and not keep_output):
            return head[place:]
    return ()


def head_modules(family: Family) -> tuple[str, ...]:
    """The linears after the blocks, in the order in which they run, and the norms of the head before the last."""
    *first, last = linears_of(family.head)
    return (*first, *(norm for norm in family.head_norms if not is_within(norm, family.base)), last)


def _is_head(module: str, family: Family) -> bool:
    return any(is_within(module, part) for part in head_modules(family))


def _refuse_other_depth(
    renamed: Mapping[str, StoredTensor], wanted: Mapping[str, tuple[int, ...]], family: Family, name: str
) -> None:
    held, asked = _depth(renamed, family), _depth(wanted, family)
    if held and held != asked:
        raise CheckpointError(
            f"The weights of {name} have {held} layers, but its config.json says {asked}. "
            "They are of two models, or one of the files was changed. Copy the folder anew."
        )


def _depth(keys: Iterable[str], family: Family) -> int:
    return len(block_numbers(keys, family))


def block_numbers(keys: Iterable[str], family: Family) -> set[int]:
    """The numbers of the transformer blocks that names belong to."""
    pattern = re.compile(re.escape(family.blocks) + r"\.(\d{1,9})\.")
    return {int(found.group(1)) for key in keys if (found := pattern.match(key))}


def _missing(missing: Sequence[str], wanted: Mapping[str, object], family: Family, name: str) -> str:
    modules = _modules(missing)
    if len(missing) == len(wanted):
        return (
            f"The weights of {name} have none of the parts of a {family.title} {family.what}, such as {modules[0]}. "
            "They are of another kind of model. Copy the folder anew."
        )
    if all(_is_head(module, family) for module in modules) and family.speaks:
        return (
            f"The weights of {name} lack the head of a language model, {_listed(modules)}, and its config.json does "
            "not say that the head is the word embeddings (tie_word_embeddings). Without it no word follows: copy the "
            "folder anew."
        )
    if all(_is_head(module, family) for module in modules):
        return (
            f"The weights of {name} lack a part of the head of a classifier: {_listed(modules)}. It was pretrained, "
            "but not trained to classify. Train it first (train --model), and use the checkpoint that this makes."
        )
    return (
        f"The weights of {name} lack parts of the model: {_listed(modules)}. Drawn at random they would give answers "
        "that mean nothing. Copy the folder anew."
    )


def _harmless(key: str, family: Family, *, other_heads: bool) -> bool:
    """Whether leaving a tensor out leaves a model's answers as they are: it is of a pooler that the family's
    classifier does not run, or of a head for another purpose."""
    base = family.base
    if is_within(key, f"{base}.pooler"):
        return True
    if is_within(key, base):
        return False
    return other_heads or is_within(key, "cls") or key.startswith((f"{LANGUAGE_HEAD}.", "embed_out.", "vocab_"))


def _modules(keys: Iterable[str]) -> list[str]:
    """The modules that parameters belong to, each once."""
    return list(dict.fromkeys(key.rpartition(".")[0] or key for key in keys))


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _listed(items: Sequence[str], separator: str = ", ") -> str:
    more = len(items) - LISTED
    return separator.join(items[:LISTED]) + (f" and {more} more" if more > 0 else "")
