"""A small study of tiny models, locked and open, with an invitation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.progress import SilentReporter
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.locked import LockedStudy
from bcos_core.study.locking import lock
from bcos_core.study.selection import Candidate, Source
from bcos_core.study.studies import Studies, Study
from bcos_core.text.pair import is_pair
from tests.tiny_pair import save_pair

TEXTS = [Candidate(f"the film number {n} is good and the plot is thin", "positive", True) for n in range(12)]


@dataclass(frozen=True)
class World:
    study: Study
    locked: LockedStudy
    token: str


def make_world(home: Home, *, opened: bool = True, texts: Sequence[Candidate] = TEXTS, **changes: Any) -> World:
    """An open study of four items by the protocol "rating", or as `changes` of the design say; without `opened`, it is
    locked and waits."""
    columns = ("text",) if not is_pair(texts[0].text) else ("premise", "hypothesis")
    bcos, twin = (str(path) for path in save_pair(home.create(), text_columns=columns))
    fields: dict[str, Any] = {
        "conditions": (Condition(bcos, "bcos"), Condition(twin, "input_x_gradient")),
        "source": Source(count=4),
        "items_per_rater": 2,
        "practice": 1,
        "instructed": 1,
        **changes,
    }
    if callable(fields["conditions"]):
        fields["conditions"] = fields["conditions"](bcos, twin)
    locked = lock(StudyDesign("What readers see", **fields), texts, load, SilentReporter())
    database = open_database(home)
    studies = Studies(database)
    study = studies.create(locked.design.title, locked.design.to_dict())
    studies.lock(study, locked.to_dict(), locked.hash)
    study = studies.open(study.id) if opened else studies.get(study.id)
    _, token = Invitations(database).create(study.id, InviteKind.OPEN, cap=50)
    return World(study, locked, token)
