"""A copy of a model's structure that shares every tensor with it."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

Module = TypeVar("Module", bound=nn.Module)
_FORWARD_HOOKS = (
    *("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"),
    *("_forward_pre_hooks", "_forward_pre_hooks_with_kwargs"),
)


def shared_copy(module: Module, attributes: dict[str, object]) -> Module:
    """A copy of a module tree that shares every tensor with it, the weights detached.

    `attributes` are set on every copied module. The dictionaries of parameters, buffers, submodules and forward hooks
    are new, so that a hook that is put on the copy (transformers does, to tell of hidden states) is not on the module.
    A `forward` that was put on a module itself is not copied: it is bound to
    that module (mixed precision training wraps a model's so), and would run the original in place of the copy.
    """
    twin = object.__new__(type(module))
    children = {n: None if child is None else shared_copy(child, attributes) for n, child in module._modules.items()}
    twin.__dict__.update(  # past nn.Module's setters, which take ten times as long
        module.__dict__,
        _parameters={name: None if p is None else p.detach() for name, p in module._parameters.items()},
        _buffers=dict(module._buffers),
        _modules=children,
        **{name: module.__dict__[name].copy() for name in _FORWARD_HOOKS},
        **attributes,
    )
    twin.__dict__.pop("forward", None)
    return twin
