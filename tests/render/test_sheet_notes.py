"""What a sheet says of its colours."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bcos_core.attribution.record import Target
from bcos_core.render.sheet_notes import meaning


@pytest.mark.parametrize(("label", "said"), [(" they", "“ they”"), ("they", "“they”")])
def test_what_is_explained_stands_in_quotes_once(label: str, said: str) -> None:
    record = SimpleNamespace(target=Target(1, label), task_type="next-token")
    assert meaning(SimpleNamespace(record=record), "blue", "orange") == (  # type: ignore[arg-type]
        f"Blue supports {said}, orange speaks against it."
    )
