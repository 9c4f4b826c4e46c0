"""One model advanced over many texts a segment at a time: its blocks in order, then its head.

Calibration walks two of these side by side. Every linear runs once per text: what it gave is kept in a
`TensorStore`, and a segment that is run again, to reach a later linear, is answered from there.

A block that runs as several layers (shared weights) is fitted to all of these calls at once. What it meets in its
later calls depends on the fit itself, so it is fitted more than once: first these calls begin from the other model's
hidden states, then from what the stream came to with the fit before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.errors import UnsupportedModelError
from bcos_core.families import BLOCK_OUTPUT, Family, Step
from bcos_core.model.anatomy import blocks_of, hidden_of, types_of, with_hidden
from bcos_core.model.norm_bias import bias_before
from bcos_core.model.pooling import pool_by_mask
from bcos_core.model.shared_copy import shared_copy
from bcos_core.model.tensor_store import TensorStore
from bcos_core.text.encoding import Batch

Item = tuple[int, int]
"""A call of a block, counted from 0 over the whole forward pass (the head's comes after the last), and a batch."""
ROUNDS = 2
"""How often a shared block is fitted; others are fitted once. At B > 1 more rounds come out worse again."""


class Stream:
    """A model in evaluation mode, on copies of its modules that share the weights.

    Args:
        batches: the texts.
        store: where hidden states and outputs are kept, under keys that start with `name`.
        b: the exponent of its B-cos transforms; `None` for a conventional model.
        teacher: the original's stream, whose hidden states later calls of a shared block begin from; this one if
            `None`.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        family: Family,
        batches: Sequence[Batch],
        store: TensorStore,
        name: str,
        *,
        b: float | None = None,
        teacher: Stream | None = None,
    ) -> None:
        settings: dict[str, object] = {"training": False} if b is None else {"training": False, "b": b}
        self._model = pool_by_mask(shared_copy(model, settings))
        self._family, self._batches, self._store, self.name = family, batches, store, name
        self._teacher = self if teacher is None else teacher
        self._blocks: list[nn.Module] = list(blocks_of(self._model, family))
        self._shell = shared_copy(self._model, {})
        self._answer_of: Callable[[Tensor], Any] = lambda hidden: hidden
        self._calls = self._traced()
        for i in range(len(batches)):
            store[self._place(0, i)] = hidden_of(*self._arguments(0, i))
        self._finished = -1

    @property
    def segments(self) -> list[tuple[Step, ...]]:
        """The steps of each segment."""
        return [*[self._family.steps] * len(self._blocks), self._family.fitted_head]

    def items(self, segment: int) -> Iterator[Item]:
        """What a segment is fitted on."""
        calls = [*self._calls, len(self._blocks)]
        return ((n, i) for n in range(len(calls)) if calls[n] == segment for i in range(len(self._batches)))

    def rounds(self, segment: int) -> int:
        """How often a segment is to be fitted."""
        return ROUNDS if self._calls.count(segment) > 1 else 1

    def final_hidden(self, i: int) -> Tensor:
        """The hidden states of batch `i` after the last block, (batch, tokens, hidden)."""
        return self._store[self._place(len(self._calls), i)]

    def _place(self, call: int, i: int) -> tuple[object, ...]:
        """Where the hidden states of a batch before a call are: one place for all calls, where none is asked for
        again."""
        return (self.name, call if self._family.shared else 0, i)

    def linear(self, segment: int, path: str) -> nn.Module:
        return self._root(segment).get_submodule(path)

    def record(self, segment: int) -> None:
        """Run a segment; keep the target of each of its linears under (path, item); advance."""
        for item in self.items(segment):
            root = shared_copy(self._root(segment), {})
            recorders: dict[str, _Recorder] = {}
            for path, place in self._targets(segment):
                if place != BLOCK_OUTPUT:
                    watched = place or path
                    recorders[path] = _Recorder(root.get_submodule(watched), keep_input=place is not None)
                    root.set_submodule(watched, recorders[path])
            output = self._run(segment, item, root, self._store[self._place(*item)])
            for path, _ in self._targets(segment):
                self._store[path, *item] = recorders[path].kept if path in recorders else output
            self._advance(segment, item, output)

    def step_input(self, segment: int, number: int, item: Item) -> tuple[Tensor, Tensor | None]:
        """The input of a step's linears and, where they feed a residual sum, the rest of that sum."""
        root = self._resumed(segment, number, item)
        step = self.segments[segment][number]
        silenced: _Silenced | None = None
        if step.sum_into is None:
            root.set_submodule(step.linears[0], _Stop())
        else:  # with the linear silenced, the sum is the rest of it
            silenced = _Silenced(root.get_submodule(step.linears[0]))
            root.set_submodule(step.linears[0], silenced)
            if step.sum_into != BLOCK_OUTPUT:
                root.set_submodule(step.sum_into, _Stop())
        seen: Tensor | None = None
        try:
            output = self._run(segment, item, root, self._begin(item))
        except _Reached as reached:
            output = seen = reached.args_[0]
        inputs, rest = (seen, None) if silenced is None else (silenced.kept, output)
        if inputs is None:
            raise UnsupportedModelError(f"Segment {segment} never calls {', '.join(step.linears)}.")
        return inputs, rest

    def size(self, sums: Tensor) -> Tensor:
        """What a norm divides residual sums (…, hidden) by, (…, 1)."""
        centred = sums - sums.mean(-1, keepdim=True) if self._family.centred else sums
        return centred.square().mean(-1, keepdim=True).sqrt().clamp_min_(torch.finfo(sums.dtype).tiny)

    def in_place_of_bias(self, segment: int, step: Step) -> Tensor | float:
        """What the linear of a step is to add to its normed sum, (hidden,), since the norm that alone reads the sum has
        lost its bias; 0 where none has."""
        if step.sum_into is None or not self._family.post_norm:
            return 0.0
        norm, original = (stream._root(segment).get_submodule(step.sum_into) for stream in (self, self._teacher))
        return 0.0 if norm.bias is not None or original.bias is None else bias_before(original.weight, original.bias)

    def finish(self, segment: int) -> None:
        """Run a segment to its end; advance."""
        steps = len(self.segments[segment])
        anew = self._calls.count(segment) > 1  # what is known began from other hidden states
        for item in self.items(segment):
            root = self._root(segment) if anew else self._resumed(segment, steps, item)
            self._advance(segment, item, self._run(segment, item, root, self._store[self._place(*item)]))
        self._finished = segment

    def _targets(self, segment: int) -> Iterator[tuple[str, str | None]]:
        """Every linear, and the place whose input is its target (`BLOCK_OUTPUT` for that); None for its own output."""
        return ((path, step.until or step.sum_into) for step in self.segments[segment] for path in step.linears)

    def _begin(self, item: Item) -> Tensor:
        """The hidden states that an item begins from while its segment is fitted."""
        call, i = item
        first = call == 0 or call == len(self._calls) or self._calls[call - 1] != self._calls[call]
        known = first or self._finished == self._calls[call]
        return self._store[self._place(call, i) if known else self._teacher._place(call, i)]

    def _root(self, segment: int) -> nn.Module:
        return self._blocks[segment] if segment < len(self._blocks) else self._model

    def _resumed(self, segment: int, number: int, item: Item) -> nn.Module:
        """A segment whose linears before step `number` are answered from the store, but for those of the step
        just before, which run for the first time and are kept."""
        root = shared_copy(self._root(segment), {})
        for earlier, step in enumerate(self.segments[segment][:number]):
            for path in step.linears:
                key = (self.name, path, *item)
                inner = root.get_submodule(path)
                root.set_submodule(
                    path,
                    _Kept(inner, self._store, key) if earlier == number - 1 else _Answer(inner, self._store[key]),
                )
        return root

    def _run(self, segment: int, item: Item, root: nn.Module, hidden: Tensor) -> Tensor:
        if segment == len(self._blocks):
            self._put_blocks(root, [lambda *_, **__: self._answer_of(hidden)] * len(self._blocks))
            return self._call(root, item[1])
        args, kwargs = with_hidden(*self._arguments(*item), hidden)
        output = root(*args, **kwargs)
        return output[0] if isinstance(output, tuple) else output

    def _traced(self) -> list[int]:
        """Which block each call of a forward pass is of, in order."""
        calls: list[int] = []

        def passing(block: int) -> Callable[..., Any]:
            def forward(*args: Any, **kwargs: Any) -> Any:
                if not calls:
                    output = self._blocks[block](*args, **kwargs)
                    if isinstance(output, tuple):
                        self._answer_of = lambda hidden: (hidden, *output[1:])
                calls.append(block)
                return self._answer_of(hidden_of(args, kwargs))

            return forward

        self._put_blocks(self._shell, [passing(block) for block in range(len(self._blocks))])
        self._call(self._shell, 0)
        return calls

    def _arguments(self, number: int, i: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the model gives its block in the call of this number, but for the hidden states, which are those of the
        first. Not kept: the masks of many texts would outgrow the store's limit."""
        passed = 0

        def forward(*args: Any, **kwargs: Any) -> Any:
            nonlocal passed
            if passed == number:
                raise _Reached(args, kwargs)
            passed += 1
            return self._answer_of(hidden_of(args, kwargs))

        self._put_blocks(self._shell, [forward] * len(self._blocks))
        try:
            self._call(self._shell, i)
        except _Reached as reached:
            return reached.args_, reached.kwargs
        raise UnsupportedModelError(f"{self._family.blocks} of {type(self._model).__name__} is never called.")

    def _put_blocks(self, root: nn.Module, forwards: Sequence[Callable[..., Any]]) -> None:
        """Make stand-ins of the blocks of a copy of the model: they keep the blocks' attributes, by which some models
        choose what to give them, and do what `forwards` say."""
        for stand_in, forward in zip(blocks_of(root, self._family), forwards, strict=True):
            stand_in.__dict__["forward"] = forward

    def _call(self, root: nn.Module, i: int) -> Tensor:
        batch = self._batches[i]
        types = types_of(root, batch.token_type_ids)
        return root(input_ids=batch.input_ids, attention_mask=batch.attention_mask, **types).logits

    def _advance(self, segment: int, item: Item, output: Tensor) -> None:
        if segment == len(self._blocks):  # past the head there is nothing to go on from
            return
        call, i = item
        self._store[self._place(call + 1, i)] = output


class _Reached(Exception):
    """Carries a module's arguments out of a forward pass that need not go on."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args_, self.kwargs = args, kwargs


class _Stop(nn.Module):
    """Ends the forward pass where it stands."""

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        raise _Reached(args, kwargs)


class _StandIn(nn.Module):
    """In place of a linear or a norm. Only its first call is another than that of `inner`: some blocks send the
    embeddings of relative positions through the linears of words as well."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.called = False

    def forward(self, x: Tensor) -> Tensor:
        if self.called:
            return self.inner(x)
        self.called = True
        return self.first(x)

    def first(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class _Answer(_StandIn):
    """Gives what is known already."""

    def __init__(self, inner: nn.Module, output: Tensor) -> None:
        super().__init__(inner)
        self.output = output

    def first(self, x: Tensor) -> Tensor:
        return self.output


class _Kept(_StandIn):
    """Does what `inner` does and keeps the output in the store."""

    def __init__(self, inner: nn.Module, store: TensorStore, key: tuple[object, ...]) -> None:
        super().__init__(inner)
        self.store, self.key = store, key

    def first(self, x: Tensor) -> Tensor:
        output = self.inner(x)
        self.store[self.key] = output
        return output


class _Recorder(_StandIn):
    """Does what `inner` does and keeps its input or its output."""

    def __init__(self, inner: nn.Module, *, keep_input: bool) -> None:
        super().__init__(inner)
        self.keep_input = keep_input
        self.kept: Tensor

    def first(self, x: Tensor) -> Tensor:
        output = self.inner(x)
        self.kept = x if self.keep_input else output
        return output


class _Silenced(nn.Module):
    """Keeps its input and gives zeros in the shape of the linear's output."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.width = len(linear.rows)  # type: ignore[arg-type]
        self.kept: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.kept = x
        return x.new_zeros(*x.shape[:-1], self.width)
