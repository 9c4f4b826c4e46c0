"""What was measured, by the item that it is of."""

from __future__ import annotations

from bcos_core.home import Home
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database


def test_what_is_known_of_one_subject_and_kind_says_nothing_of_another(home: Home) -> None:
    store = EvidenceStore(open_database(home.create()))
    store.keep("a", "explanation", {str(item): item for item in range(0, 1200, 2)})  # of more items than a query takes
    asked = [str(item) for item in range(1200)]
    assert store.known("a", "explanation", asked) == {str(item) for item in range(0, 1200, 2)}
    assert store.known("a", "explanation", ["1", "2"]) == {"2"}
    assert store.known("a", "pointing", asked) == store.known("b", "explanation", asked) == set()
