"""What models answer to the texts of a whole test set: asked once, while a person looks and nobody waits."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import streamlit as st

from bcos_core.errors import BcosError
from bcos_core.model.classifier import Classifier
from bcos_core.model.info import CheckpointInfo
from bcos_core.model.predictions import known_at_full_length, logits_on
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.tasks.prediction import Prediction
from pages.server.roles import database
from pages.widgets import resources

CHUNK = 32  # texts between two looks at the clock: a third of a second of a small model on one core
WANTED_SECONDS = 5.0
"""So long after the last look of a person the asking goes on."""
THREAD = "asking"


@dataclass
class _Asked:
    """The answers of one model, None where it was not asked; shared by all who look at the page. Who has the `lock`
    asks for more; `failure` is why nobody can."""

    known: list[Prediction | None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted_until: float = 0.0
    failure: BcosError | None = None

    def ask(self, model: Classifier, texts: Sequence[str], store: EvidenceStore) -> None:
        """Until nobody wants more."""
        while (missing := _missing(self)) and time.monotonic() < self.wanted_until:
            some = missing[:CHUNK]
            for place, logits in zip(some, logits_on(model, [texts[p] for p in some], store), strict=True):
                self.known[place] = model.task_type.prediction(logits, model.labels)

    def ask_and_release(self, model: Classifier, texts: Sequence[str], store: EvidenceStore) -> None:
        try:
            self.ask(model, texts, store)
        except BcosError as error:
            self.failure = error
        finally:
            self.lock.release()


def known_answers(info: CheckpointInfo, texts: Sequence[str]) -> list[Prediction | None]:
    """What a model answers to each text of its test set, read as far as panels read; None where nobody has asked."""
    return _asked(info, texts).known


def ask_more(info: CheckpointInfo, texts: Sequence[str], seconds: float) -> int:
    """Ask for about so long, and keep the answers with everything else that is known of these weights. How many texts
    are left then.

    Raises:
        NotFiniteError: the model's answer to a text is no number.
    """
    asked = _wanted(info, texts, seconds)
    if asked.lock.acquire(blocking=False):  # else somebody asks
        try:
            asked.ask(resources.classifier(info), texts, EvidenceStore(database()))
        finally:
            asked.lock.release()
    return len(_missing(asked))


def ask_meanwhile(info: CheckpointInfo, texts: Sequence[str]) -> None:
    """The same in a thread of its own, for as long as this is called again and again: no page waits.

    Raises:
        NotFiniteError: the model's answer to a text is no number.
    """
    asked = _wanted(info, texts, WANTED_SECONDS)
    if asked.lock.acquire(blocking=False):
        given = (resources.classifier(info), tuple(texts), EvidenceStore(database()))
        threading.Thread(target=asked.ask_and_release, args=given, name=THREAD, daemon=True).start()


def _wanted(info: CheckpointInfo, texts: Sequence[str], seconds: float) -> _Asked:
    asked = _asked(info, texts)
    if asked.failure is not None:
        raise asked.failure
    asked.wanted_until = max(asked.wanted_until, time.monotonic() + seconds)
    return asked


def _missing(asked: _Asked) -> list[int]:
    return [place for place, answer in enumerate(asked.known) if answer is None]


def _asked(info: CheckpointInfo, texts: Sequence[str]) -> _Asked:
    return _known(str(info.path), resources.identity_of(info), _content(tuple(texts)), info, tuple(texts))


@lru_cache(maxsize=8)
def _content(texts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", errors="surrogatepass")).hexdigest()


@st.cache_resource(max_entries=8, show_spinner=False)
def _known(path: str, identity: str, content: str, _info: CheckpointInfo, _texts: tuple[str, ...]) -> _Asked:
    """What an audit, or an earlier visit, has asked; `path`, `identity` and `content` are what it is known by."""
    model = resources.classifier(_info)
    store = EvidenceStore(database())
    known = known_at_full_length(model, _texts, store, trained_length=_info.max_length)
    return _Asked([None if one is None else model.task_type.prediction(one, model.labels) for one in known])
