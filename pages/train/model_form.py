"""Choosing the pretrained model on the Train page: an embedded one, a local folder, or a hub id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from bcos_core.errors import BcosError, CheckpointError
from bcos_core.model.embedded import EMBEDDED, LANGUAGE_MODEL
from bcos_core.model.info import read_config, read_language_info
from bcos_core.model.sources import HUB_PREFIX, ModelSource, resolve_model
from bcos_core.text.hub import require_hub_id
from pages.train.folder_field import folder_field
from pages.widgets import url
from pages.widgets.errors import show_error
from pages.widgets.plain import plain

_TITLES = {
    EMBEDDED: "MiniLM",
    LANGUAGE_MODEL: "SmolLM2",
    "folder": "Local folder",
    "hub": "Hub model",
}
_ABOUT = {
    EMBEDDED: "all-MiniLM-L6-v2: BERT with 6 layers and 22 million parameters, installed with the dashboard.",
    LANGUAGE_MODEL: "SmolLM2-135M-Instruct: a Llama with 30 layers, 135 million parameters and no biases, "
    "installed with the dashboard.",
}
_REMEMBER_SECONDS = 30.0  # for which an unreachable hub is not asked again


@dataclass(frozen=True)
class ChosenModel:
    """What a `TrainSpec` calls the model, the most tokens it reads, and whether its tokenizer has a mask token (None
    before it was downloaded)."""

    source: str
    position_limit: int | None
    mask_token: bool | None


def choose_model(embedded: str = EMBEDDED) -> ChosenModel | None:
    """The widgets, with what is wrong beside them; None while there is no usable model. `embedded` is the model that is
    offered beside folders and the hub: where it is a language model, so are they."""
    kinds = (embedded, "folder", "hub")
    kind = st.segmented_control(
        "Model",
        kinds,
        format_func=_TITLES.__getitem__,
        required=True,
        **url.bound("from", embedded, parse=url.one_of(kinds)),
    )
    if kind == "folder":
        given = folder_field("Folder", "folder", "/path/to/a/model", "What `save_pretrained` wrote.")
    elif kind == "hub":
        given = st.text_input("Hub id", placeholder="distilbert/distilbert-base-uncased", **url.bound("hub-model", ""))
    else:
        given = embedded
        st.caption(_ABOUT[embedded])
    if not given.strip():
        return None
    source, message = _resolve(str(kind), given.strip(), speaks=embedded == LANGUAGE_MODEL)
    if source is None:
        show_error(message)
        return None
    if kind != embedded:
        st.caption(f"Found: {plain(source.name)}, family {plain(source.family)}.")
    return ChosenModel(source.argument, _position_limit(source), source.mask_token)


@st.cache_data(ttl=_REMEMBER_SECONDS, max_entries=64, show_spinner="Looking for the model …")
def _resolve(kind: str, given: str, *, speaks: bool) -> tuple[ModelSource | None, str]:
    """The source, of a language model where it `speaks`; or why there is none."""
    try:
        if kind == "folder":
            # A lone name is a hub id to `resolve_model`; here it is a folder.
            found = resolve_model(given if given.startswith(("/", "~", ".")) else f"./{given}", restrict=True)
            if speaks:
                read_language_info(found.location)
            return found, ""
        if kind == "hub":
            _require_model_id(given)
            given = HUB_PREFIX + given  # which no folder of that name answers to
        return resolve_model(given, restrict=True), ""
    except BcosError as error:
        return None, str(error)


def _require_model_id(given: str) -> None:
    """Refuse what is not an id before the hub is asked for it."""
    try:
        require_hub_id(given)
    except BcosError:
        raise CheckpointError(
            f"{given!r} is not the id of a hub model. Expected owner/name, as in distilbert/distilbert-base-uncased."
        ) from None


def _position_limit(source: ModelSource) -> int | None:
    if source.kind == "hub" or not Path(source.location).is_dir():  # not downloaded, or not unpacked yet
        return None
    try:
        return read_config(Path(source.location)).position_limit
    except CheckpointError:
        return None
