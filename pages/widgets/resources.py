"""What pages share between reruns and sessions: loaded models, tasks, computed records.

Every cache is bounded. A model is known by its folder and the content of its files, so that a checkpoint that is
replaced is loaded anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import streamlit as st
import torch

from bcos_core.attribution.api import explain
from bcos_core.attribution.question import resolve_target
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.strike import StrikeResult, strike
from bcos_core.home import get_home
from bcos_core.jobs.devices import available_cores
from bcos_core.lab.models import is_planted
from bcos_core.measured import explaining, model_loaded
from bcos_core.model.classifier import Classifier, load, predict
from bcos_core.model.identity import folder_identity
from bcos_core.model.info import CheckpointInfo, list_checkpoints
from bcos_core.model.loaded_models import Loaded, LoadedModels
from bcos_core.tasks.prediction import Prediction
from bcos_core.text.content import choice_hash
from bcos_core.text.encoding import Encoded, encode
from bcos_core.text.tasks import TaskChoice, TaskData, load_task
from pages.widgets.turns import Turns, cost_of, turn

Spans = tuple[tuple[int, int], ...]

# As many records are computed at a time as there are cores, the cheapest first, and none waits for a core that it has
# to share.
TURNS = Turns(available_cores())
MODELS = LoadedModels()
"""Classifiers and language models, of all sessions."""


def checkpoints() -> dict[str, CheckpointInfo]:
    """Finished checkpoints by the name of their folder, newest first; no two are called the same."""
    return {info.path.name: info for info in list_checkpoints(get_home())}


def newest_pair(known: dict[str, CheckpointInfo]) -> list[str]:
    """The folder names of the newest B-cos model and its twin; of the newest model where there is no B-cos one. Those
    of a planted-truth experiment only where there are no others."""
    own = {name: info for name, info in known.items() if not is_planted(info)} or known
    newest = next((name for name, info in own.items() if info.kind == "bcos"), next(iter(own), ""))
    twin = known[newest].twin if newest else None
    return [newest, twin] if twin in known else [newest]


def classifier(info: CheckpointInfo) -> Classifier:
    return _classifier(str(info.path), identity_of(info))


def _classifier(path: str, identity: str) -> Classifier:
    return loaded(("classifier", path, identity), lambda: load(path))


def loaded(key: tuple[str, ...], load: Callable[[], Loaded]) -> Loaded:
    """The model of a key: loaded once for all sessions, and kept as long as there is room (`MODELS`)."""

    def load_it() -> Loaded:
        # Panels compute side by side in threads of their own, and a job may be training: one thread for each
        # passes more texts a second than two that wait for each other's cores.
        torch.set_num_threads(1)
        with st.spinner("Loading the model …"):
            model = load()
        model_loaded(model)
        return model

    return MODELS.get(key, load_it)


def identity_of(info: CheckpointInfo) -> str:
    """Everything in the checkpoint's folder that its answers depend on: what was computed is known by it.

    Raises:
        CheckpointError: the folder is gone.
    """
    return folder_identity(info.path)


def task_data(choice: TaskChoice) -> TaskData:
    """The data of a task.

    Raises:
        DataError: they cannot be used.
        HubUnavailableError: a hub data set, and no hub.
    """
    return _task_data(json.dumps(choice.to_dict(), sort_keys=True), choice_hash(choice))


@st.cache_resource(max_entries=3, show_spinner="Reading the data …")
def _task_data(choice: str, content: str) -> TaskData:
    return load_task(TaskChoice.from_dict(json.loads(choice)))


def predictions(info: CheckpointInfo, texts: tuple[str, ...]) -> list[Prediction]:
    return _predictions(str(info.path), identity_of(info), texts)


@st.cache_data(max_entries=64, show_spinner=False)
def _predictions(path: str, identity: str, texts: tuple[str, ...]) -> list[Prediction]:
    return predict(_classifier(path, identity), texts)


def record(
    info: CheckpointInfo,
    text: str,
    *,
    method: str,
    target: str,
    minus: str | None,
    reference: str | None,
    repeats: int = 1,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Attribution:
    """One text's attribution under one method, for the class named `target`, or for that minus the class `minus`; a
    stochastic method's over `repeats` seeds. `options` are those of the method that are not at their default.

    Raises:
        TextError: there is nothing to explain in the text.
        UnknownNameError: the model has no such class.
    """
    chosen = tuple(sorted(options.items()))
    found = _record(str(info.path), identity_of(info), text, method, target, minus, reference, repeats, chosen)
    return replace(found, model=info.name)  # what it is called by now, though nothing is computed anew


@st.cache_data(max_entries=512, show_spinner=False)
def _record(
    path: str,
    identity: str,
    text: str,
    method: str,
    target: str,
    minus: str | None,
    reference: str | None,
    repeats: int,
    options: tuple[tuple[str, Any], ...],
) -> Attribution:
    model = _classifier(path, identity)
    question = resolve_target(model.labels, target, minus)
    with turn(TURNS, cost=cost_of(method, repeats)), explaining(method):
        return explain(
            model, text, method=method, target=question, reference=reference, repeats=repeats, **dict(options)
        )


def encoded(info: CheckpointInfo, text: str) -> Encoded:
    """A text as a model reads it."""
    model = classifier(info)
    return encode(model.tokenizer, [text], model.max_length)[0]


def struck(info: CheckpointInfo, explained: Attribution, spans: Spans) -> StrikeResult:
    """What really happens when the words at `spans` are struck out, beside what `explained` predicts."""
    return _struck(str(info.path), identity_of(info), explained.to_json(), explained, spans)


@st.cache_data(max_entries=512, show_spinner=False)
def _struck(path: str, identity: str, asked: str, _explained: Attribution, spans: Spans) -> StrikeResult:
    return strike(_classifier(path, identity), _explained, spans)
