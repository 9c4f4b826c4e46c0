"""The row of choices under the text of Compare: models, methods, the explained class, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS, Method
from bcos_core.model.info import CheckpointInfo
from bcos_core.render.drawing import PRESENTATIONS, Style
from bcos_core.render.palette import PALETTES
from bcos_core.render.pieces import GRANULARITIES
from bcos_core.tasks.registry import TASK_TYPES
from pages.widgets import resources, url
from pages.widgets.plain import plain

PREDICTED = ""
NO_CONTRAST = ""
_REFERENCE_TITLES = {"mask": "The mask token", "pad": "The padding token", "none": "Nothing"}
_GRANULARITY_TITLES = {"word": "Words", "token": "Tokens", "sentence": "Sentences"}
_PRESENTATION_TITLES = {"background": "Coloured words", "bars": "Bars under words"}
_SCALES = {"own": "Own", "absolute": "Absolute"}
_SEEDS = ("1", "3", "5")


@dataclass(frozen=True)
class Look:
    """How panels are drawn, what tokens are measured against, and how many seeds a stochastic method answers with."""

    style: Style
    shared_scale: bool
    reference: str
    seeds: int
    parameters: dict[str, str]


def choose_models(known: dict[str, CheckpointInfo]) -> list[CheckpointInfo]:
    """The checkpoints to compare; the newest B-cos model and its twin before anyone chooses."""
    missing = [name for name in url.read_all("model") if name and name not in known]
    if missing:
        st.warning(plain(f"The link names {', '.join(missing)}, which is not here. Choose from the models below."))
    names = st.multiselect(
        "Models",
        list(known),
        format_func=lambda name: known[name].name,
        help="The first one decides what is explained.",
        **url.bound_list("model", resources.newest_pair(known), known, clears=("strike",)),
    )
    return [known[name] for name in names]


def choose_methods(models: list[CheckpointInfo]) -> list[Method]:
    """The methods to show; the usual ones that fit one of the models before anyone chooses."""
    bcos = any(model.kind == "bcos" for model in models)
    fitting = [method.name for method in METHODS.values() if not method.unsupported(is_bcos=bcos)]
    names = st.multiselect(
        "Methods",
        fitting,
        format_func=lambda name: METHODS[name].title,
        help="\n".join(_explain_method(method) for method in METHODS.values()),
        **url.bound_list("method", [name for name in fitting if METHODS[name].usual], fitting),
    )
    return [METHODS[name] for name in METHODS if name in names]


def _explain_method(method: Method) -> str:
    return f"- **{plain(method.title)}**: {plain(method.description)} Cost: {method.cost}."


def choose_target(models: list[CheckpointInfo], text: str) -> str:
    """The class or label that every panel explains: a chosen one, or the one that the first model predicts."""
    labels = list(models[0].labels)
    if len(labels) == 1:  # a score is all that can be asked about
        return labels[0]
    output = TASK_TYPES[models[0].task_type].output
    predicted = labels[resources.predictions(models[0], (text,))[0].index] if text.strip() else ""
    chosen = st.selectbox(
        f"Explained {output}",
        [PREDICTED, *labels],
        # The same words whatever is predicted: a choice is known by them, so it would be lost with the next text.
        format_func=lambda name: "Predicted" if name == PREDICTED else name,
        help=f"Every panel explains the logit of this {output}, so that all answer the same question.",
        **url.bound("target", PREDICTED, parse=url.one_of([PREDICTED, *labels])),
    )
    return predicted if chosen == PREDICTED else str(chosen)


def choose_contrast(models: list[CheckpointInfo], target: str) -> str | None:
    """The class whose logit is subtracted: why this class rather than that one?"""
    others = [label for label in models[0].labels if label != target]
    if not others:  # a score is a score rather than nothing
        return None
    chosen = st.selectbox(
        "Rather than",
        [NO_CONTRAST, *others],
        format_func=lambda name: "No other" if name == NO_CONTRAST else name,
        help=f"With a {TASK_TYPES[models[0].task_type].output} here, every panel explains the difference of the two "
        "logits.",
        **url.bound("minus", NO_CONTRAST, parse=url.one_of([NO_CONTRAST, *others])),
    )
    return None if chosen == NO_CONTRAST else str(chosen)


def choose_look(model: CheckpointInfo) -> Look:
    """Granularity and scale in sight, the rest one click away. The reference begins with one that the model has."""
    tokens = tokens_of(resources.classifier(model).tokenizer)
    usual = next((name for name in _REFERENCE_TITLES if name in tokens), "none")
    granularity = _switch(
        "Granularity",
        "granularity",
        {name: _GRANULARITY_TITLES[name] for name in GRANULARITIES},
        None,
        labelled=False,
    )
    with st.popover("Display", icon=":material/tune:"):
        scale = _switch(
            "Scale",
            "scale",
            _SCALES,
            "Own: full colour is each panel's largest value. Absolute: one scale, in logits, for all additive methods.",
        )
        marks = _switch("Marks", "marks", {name: _PRESENTATION_TITLES[name] for name in PRESENTATIONS}, None)
        palette = _switch("Colours", "colours", {name: PALETTES[name].title for name in PALETTES}, None)
        reference = _switch(
            "Reference",
            "reference",
            {usual: _REFERENCE_TITLES[usual], **_REFERENCE_TITLES},
            "What a token is measured against: the mask token at its place, the padding token, or nothing. "
            "The reference's own share is part of an additive method's sum, and so is that of biases a model keeps.",
        )
        random = ", ".join(method.title for method in METHODS.values() if method.stochastic and not method.chance)
        seeds = _switch(
            "Seeds",
            "seeds",
            {number: number for number in _SEEDS},
            f"Of methods that draw at random ({random}): each seed is another answer, at the full cost. Shown are "
            "their mean and, as a band, one standard deviation.",
        )
    return Look(
        Style(PALETTES[palette], granularity, marks),  # type: ignore[arg-type]
        scale == "absolute",
        reference,
        int(seeds),
        {
            "granularity": granularity,
            "scale": scale,
            "marks": marks,
            "colours": palette,
            "reference": reference,
            "seeds": seeds,
        },
    )


def _switch(label: str, name: str, titles: dict[str, str], help: str | None, *, labelled: bool = True) -> str:
    """One of a few options; the first is the default."""
    default = next(iter(titles))
    chosen = st.segmented_control(
        label,
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        help=help,
        label_visibility="visible" if labelled else "collapsed",
        **url.bound(name, default, parse=url.one_of(titles)),
    )
    return str(chosen or default)
