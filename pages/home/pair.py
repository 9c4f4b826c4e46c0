"""Which models Home shows: known without loading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from bcos_core.errors import BcosError
from bcos_core.model.info import CheckpointInfo, trained_on
from pages.widgets.opening import opening_pair


def pair_to_show(models: Iterable[CheckpointInfo], named: Sequence[str] = ()) -> list[CheckpointInfo]:
    """The models of the `named` folders, where all are there: those whose words were struck out. Else those to open
    with (see `opening_pair`), of the ones with a test set."""
    known = {info.path.name: info for info in models}
    if named and all(name in known for name in named):
        return [known[name] for name in named[:2]]
    return [known[name] for name in opening_pair({name: info for name, info in known.items() if _has_tests(info)})]


def _has_tests(info: CheckpointInfo) -> bool:
    with suppress(BcosError):
        trained_on(info)
        return True
    return False
