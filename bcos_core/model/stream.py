"""One model advanced over many texts a segment at a time: its blocks in order, then its head.

Calibration walks two of these side by side. Every linear runs once per text: what it gave is kept in a
`TensorStore`, and a segment that is run again, to reach a later linear, is answered from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.errors import UnsupportedModelError
from bcos_core.model.families import Family, Stage
from bcos_core.model.tensor_store import TensorStore
from bcos_core.model.view import shared_copy
from bcos_core.text.encoding import Batch


class Stream:
    """A model in evaluation mode, on copies of its modules that share the weights.

    Args:
        b: the exponent of its B-cos transforms; `None` for a conventional model.
        batches: the texts.
        store: where hidden states and outputs are kept, under keys that start with `name`.
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
    ) -> None:
        self._model = shared_copy(model, {"training": False} if b is None else {"training": False, "b": b})
        self._family, self._batches, self._store, self._name = family, batches, store, name
        blocks = self._model.get_submodule(family.blocks)
        assert isinstance(blocks, nn.ModuleList)
        self._blocks: list[nn.Module] = list(blocks)
        self._blocks_give_tuples = False
        # The model up to its first block, with every argument that the model gives its blocks.
        self._model.set_submodule(family.blocks, nn.ModuleList([_Stop()]))
        for i in range(len(batches)):
            store[name, i] = self._first_call(i)[0][0]

    @property
    def segments(self) -> list[tuple[Stage, ...]]:
        """The stages of each segment."""
        return [*[self._family.stages] * len(self._blocks), self._family.head]

    def hidden(self, i: int) -> Tensor:
        """The hidden states of batch `i` before the current segment, (batch, tokens, hidden)."""
        return self._store[self._name, i]

    def linear(self, segment: int, path: str) -> nn.Module:
        return self._root(segment).get_submodule(path)

    def record(self, segment: int) -> None:
        """Run a segment; keep the target of each of its linears under (path, batch); advance."""
        for i in range(len(self._batches)):
            root = shared_copy(self._root(segment), {})
            recorders = {}
            for part in (part for stage in self.segments[segment] for part in stage):
                path = part.target_input_of or part.path
                recorders[part.path] = _Recorder(root.get_submodule(path), keep_input=part.target_input_of is not None)
                root.set_submodule(path, recorders[part.path])
            output = self._run(segment, i, root)
            for path, recorder in recorders.items():
                self._store[path, i] = recorder.kept
            self._advance(segment, i, output)

    def stage_input(self, segment: int, number: int, i: int) -> tuple[Tensor, Tensor | None]:
        """The input of a stage's linears and, where they feed a residual sum, the rest of that sum."""
        root = self._resumed(segment, number, i)
        silenced: _Silenced | None = None
        for part in self.segments[segment][number]:
            if part.residual:  # with the linear silenced, the sum is the residual
                assert part.target_input_of is not None
                silenced = _Silenced(root.get_submodule(part.path))
                root.set_submodule(part.path, silenced)
                root.set_submodule(part.target_input_of, _Stop())
            else:
                root.set_submodule(part.path, _Stop())
        try:
            self._run(segment, i, root)
        except _Reached as reached:
            if silenced is None:
                return reached.args_[0], None
            assert silenced.kept is not None
            return silenced.kept, reached.args_[0]
        raise UnsupportedModelError(f"Segment {segment} never calls {self.segments[segment][number]}.")

    def finish(self, segment: int) -> None:
        """Run a segment to its end; advance."""
        for i in range(len(self._batches)):
            self._advance(segment, i, self._run(segment, i, self._resumed(segment, len(self.segments[segment]), i)))

    def _root(self, segment: int) -> nn.Module:
        return self._blocks[segment] if segment < len(self._blocks) else self._model

    def _resumed(self, segment: int, number: int, i: int) -> nn.Module:
        """A segment whose linears before stage `number` are answered from the store, but for those of the stage
        just before, which run for the first time and are kept."""
        root = shared_copy(self._root(segment), {})
        for earlier, stage in enumerate(self.segments[segment][:number]):
            for part in stage:
                key = (self._name, part.path, i)
                root.set_submodule(
                    part.path,
                    _Kept(root.get_submodule(part.path), self._store, key)
                    if earlier == number - 1
                    else _Answer(self._store[key]),
                )
        return root

    def _run(self, segment: int, i: int, root: nn.Module) -> Tensor:
        batch, hidden = self._batches[i], self.hidden(i)
        if segment == len(self._blocks):
            answer = (hidden,) if self._blocks_give_tuples else hidden
            root.set_submodule(self._family.blocks, nn.ModuleList([_Answer(answer)]))
            return root(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
        args, kwargs = self._first_call(i)
        output = root(hidden, *args[1:], **kwargs)
        self._blocks_give_tuples = isinstance(output, tuple)
        return output[0] if isinstance(output, tuple) else output

    def _first_call(self, i: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the model gives its first block. Not kept: the masks of many texts would outgrow the store's limit."""
        batch = self._batches[i]
        try:
            self._model(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
        except _Reached as reached:
            return reached.args_, reached.kwargs
        raise UnsupportedModelError(f"{self._family.blocks} of {type(self._model).__name__} is never called.")

    def _advance(self, segment: int, i: int, output: Tensor) -> None:
        if segment < len(self._blocks):  # past the head there is nothing to go on from
            self._store[self._name, i] = output


class _Reached(Exception):
    """Carries a module's arguments out of a forward pass that need not go on."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args_, self.kwargs = args, kwargs


class _Stop(nn.Module):
    """Ends the forward pass where it stands."""

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        raise _Reached(args, kwargs)


class _Answer(nn.Module):
    """Gives what is known already."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.output


class _Kept(nn.Module):
    """Does what `inner` does and keeps the output in the store."""

    def __init__(self, inner: nn.Module, store: TensorStore, key: tuple[object, ...]) -> None:
        super().__init__()
        self.inner, self.store, self.key = inner, store, key

    def forward(self, x: Tensor) -> Tensor:
        output = self.inner(x)
        self.store[self.key] = output
        return output


class _Recorder(nn.Module):
    """Does what `inner` does and keeps its input or its output."""

    def __init__(self, inner: nn.Module, *, keep_input: bool) -> None:
        super().__init__()
        self.inner, self.keep_input = inner, keep_input
        self.kept: Tensor

    def forward(self, x: Tensor) -> Tensor:
        output = self.inner(x)
        self.kept = x if self.keep_input else output
        return output


class _Silenced(nn.Module):
    """Keeps its input and gives zeros in the shape of the linear's output."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.width = len(linear.weight)  # type: ignore[arg-type]
        self.kept: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.kept = x
        return x.new_zeros(*x.shape[:-1], self.width)
