"""What pages share of language models: loaded ones, and what was asked of them. Every cache is bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import streamlit as st

from bcos_core.attribution.api import explain
from bcos_core.attribution.method import Method
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.strike import StrikeResult, strike
from bcos_core.families import family_named
from bcos_core.home import get_home
from bcos_core.measured import explaining
from bcos_core.model.embedded import LANGUAGE_MODEL, embedded_folder
from bcos_core.model.identity import folder_identity
from bcos_core.model.info import list_language_models
from bcos_core.model.language_model import LanguageModel, load
from bcos_core.model.language_models import conversation_identity, language_model_folder
from bcos_core.storage.listing import LeftOut
from bcos_core.tasks.next_token import NextToken
from bcos_core.text.encoding import Encoded
from pages.widgets.resources import TURNS, Spans, loaded
from pages.widgets.turns import cost_of, turn


def language_models() -> tuple[dict[str, str], Sequence[LeftOut]]:
    """What can be chosen: the names of folders, the embedded model before them, each with a title; and the folders that
    nobody can choose, with why: neither a classifier nor a language model could be read in them."""
    titles = {LANGUAGE_MODEL: f"{LANGUAGE_MODEL} ({family_named('llama').title}, as it stands)"}
    listing = list_language_models(get_home())
    for info in listing:
        kind = "as it stands" if info.b is None else f"B-cos, B = {info.b:g}"
        titles[info.path.name] = f"{info.name} ({info.family}, {kind})"
    return titles, listing.left_out


def is_called(name: str, folder: Path) -> bool:
    """Whether what can be chosen by that name is the model in this folder, and not another one in a folder of the same
    name: a command may have asked a model that lies elsewhere.

    Raises:
        CheckpointError: there is none of that name.
    """
    here = get_home().models / name
    return (here if here.is_dir() else embedded_folder(name)).resolve() == folder.resolve()


def language_model(name: str) -> LanguageModel:
    """The model of that name (`bcos_core.model.language_models`), loaded anew where its files have changed.

    Raises:
        CheckpointError, StorageError, UnsupportedModelError: it is not there, or cannot be read.
    """
    with st.spinner("Preparing the model; the first use of the embedded one takes half a minute …"):
        folder = language_model_folder(get_home(), name)
    key = ("language model", str(folder), folder_identity(folder), conversation_identity(folder))
    return loaded(key, lambda: load(folder))


def unsupported(method: Method, model: LanguageModel) -> str | None:
    """Why a method cannot explain a next token of the model; None if it can."""
    return method.unsupported(
        is_bcos=model.is_bcos, family=model.family, answers=NextToken.name, tokens=tokens_of(model.tokenizer)
    )


def explained(
    model: LanguageModel,
    prefix: Encoded,
    *,
    target: int,
    minus: int | str | None = None,
    method: str | None = None,
    repeats: int = 1,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Attribution:
    """Why the token `target` comes after `prefix`, or it and not `minus`, by the model's own sum or another method.

    Raises:
        InputError: a foil that is the word itself, or begins with it; a method that the model does not support.
    """
    asked = (prefix.text, prefix.ids, prefix.truncated_at, target, minus, method, repeats)
    return _explained(model.name, model.identity, asked, tuple(sorted(options.items())), model, prefix)


@st.cache_data(max_entries=512, show_spinner=False)
def _explained(
    name: str,
    identity: str,
    asked: tuple[Any, ...],
    options: tuple[tuple[str, Any], ...],
    _model: LanguageModel,
    _prefix: Encoded,
) -> Attribution:
    *_, target, minus, method, repeats = asked
    with turn(TURNS, cost=cost_of(method, repeats)), explaining(method):
        return explain(_model, _prefix, target=target, minus=minus, method=method, repeats=repeats, **dict(options))


def struck(model: LanguageModel, record: Attribution, spans: Spans) -> StrikeResult:
    """What really happens to a record's token when the words at `spans` are struck out, beside what is predicted.

    Raises:
        InputError: the tokenizer has no token to put in their place.
    """
    return _struck(model.identity, record.to_json(), spans, model, record)


@st.cache_data(max_entries=512, show_spinner=False)
def _struck(identity: str, asked: str, spans: Spans, _model: LanguageModel, _record: Attribution) -> StrikeResult:
    with turn(TURNS):
        return strike(_model, _record, spans)
