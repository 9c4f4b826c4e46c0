"""Which models Home shows: known without loading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from bcos_core.errors import BcosError
from bcos_core.home import Home
from bcos_core.model.info import CheckpointInfo, trained_on


def pair_to_show(models: Iterable[CheckpointInfo], home: Home, named: Sequence[str] = ()) -> list[CheckpointInfo]:
    """The models of the `named` folders, where all are there: those whose words were struck out. Else the newest B-cos
    model and its twin, or the newest model where there is no B-cos one; those that the lab has trained on a planted
    word come last, and those without a test set not at all."""
    models = list(models)
    known = {info.path.name: info for info in models}
    if named and all(name in known for name in named):
        return [known[name] for name in named[:2]]
    usable = sorted((info for info in models if _has_tests(info)), key=lambda info: planted(info, home))
    first = next((info for info in usable if info.kind == "bcos"), next(iter(usable), None))
    if first is None:
        return []
    return [first, *(info for info in usable if info.path.name == first.twin)]


def planted(info: CheckpointInfo, home: Home) -> bool:
    """Whether the lab has trained it, to look at a word that it planted."""
    return str((info.task or {}).get("name")).startswith(str(home.lab))


def _has_tests(info: CheckpointInfo) -> bool:
    with suppress(BcosError):
        trained_on(info)
        return True
    return False
