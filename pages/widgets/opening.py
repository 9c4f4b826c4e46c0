"""Which two models a page opens with, decided from what is known of their answers: no model is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from bcos_core.errors import BcosError
from bcos_core.lab.models import is_planted
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import CheckpointInfo
from bcos_core.model.kept_logits import KIND
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.tasks.registry import TASK_TYPES
from pages.server.roles import database

_AGREE, _UNKNOWN, _DISAGREE = 2, 1, 0
_PLANTED = 3  # after all that people trained for themselves


def opening_pair(known: Mapping[str, CheckpointInfo]) -> list[str]:
    """The folder names of the newest B-cos model and its twin that answer some text differently: there is something to
    see. Else of the newest of which nobody knows whether they do, else of the newest; where there is no B-cos model,
    of the newest one. Models of a planted-truth experiment come after all others. `known` has the newest first."""
    best: list[str] = []
    least = _PLANTED * 2
    for name, info in known.items():
        if info.kind != "bcos":
            continue
        pair = [name, *([info.twin] if info.twin and info.twin in known else [])]
        rank = _PLANTED if is_planted(info) else 0
        if rank >= least:  # whatever its answers are
            continue
        rank += _rank([known[one] for one in pair])
        if rank < least:
            best, least = pair, rank
        if least == _DISAGREE:
            break
    own = [name for name, info in known.items() if not is_planted(info)]
    if best and (least < _PLANTED or not own):
        return best
    return (own or list(known))[:1]


def _rank(pair: list[CheckpointInfo]) -> int:
    if len(pair) < 2:
        return _UNKNOWN
    found = answer_differently(*pair)
    return _UNKNOWN if found is None else _DISAGREE if found else _AGREE


def answer_differently(first: CheckpointInfo, second: CheckpointInfo) -> bool | None:
    """Whether two models answer some text differently, of those that both were asked about: by training, an audit, or
    a page. None where there is no such text."""
    apart = _known_distances(first, second)
    return any(apart.values()) if apart else None


def differing_texts(first: CheckpointInfo, second: CheckpointInfo, texts: Sequence[str]) -> tuple[list[int], int]:
    """Which of the texts the models are known to answer differently, and of how many it is known."""
    apart = _known_distances(first, second)
    found = [apart.get(name_of(text)) for text in texts] if apart else []
    return [place for place, distance in enumerate(found) if distance], len(found) - found.count(None)


def _known_distances(first: CheckpointInfo, second: CheckpointInfo) -> dict[str, float]:
    try:
        subjects = [model_subject(folder_identity(info.path), info.max_length) for info in (first, second)]
    except BcosError:  # a folder that is gone or damaged; who opens it is told
        return {}
    store = EvidenceStore(database())
    return _distances(subjects[0], subjects[1], first.task_type, store.count(subjects), store)


@st.cache_data(max_entries=32, show_spinner=False)
def _distances(first: str, second: str, task_type: str, known: int, _store: EvidenceStore) -> dict[str, float]:
    """How far the answers to each text are apart, by the text's name. Known by the models' weights; and by how many
    answers there are, as there may be more the next time."""
    ours, theirs = (_store.all(subject, KIND) for subject in (first, second))
    both = [item for item in ours if item in theirs and len(ours[item]) == len(theirs[item])]
    if not both:
        return {}
    answers = (np.array([one[item] for item in both], dtype=float) for one in (ours, theirs))
    return dict(zip(both, TASK_TYPES[task_type].distances(*answers).tolist(), strict=True))
