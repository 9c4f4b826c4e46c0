"""The row of choices under the text of Compare: models, methods, the explained class, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from bcos_core.attribution.method import Method
from bcos_core.attribution.record import Target
from bcos_core.attribution.references import REFERENCE_TOKENS, tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError
from bcos_core.model.info import CheckpointInfo
from bcos_core.render.drawing import Style
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from pages.widgets import resources, url
from pages.widgets.method_checklist import method_checklist
from pages.widgets.missing import missing_in_link
from pages.widgets.opening import opening_pair
from pages.widgets.plain import plain
from pages.widgets.switch import choose_granularity, choose_marks, choose_palette, switch

PREDICTED = ""
NO_CONTRAST = ""
_REFERENCE_TITLES = {"mask": "The mask token", "pad": "The padding token", "none": "Nothing"}
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
    """The checkpoints to compare; a B-cos model and its twin before anyone chooses."""
    missing_in_link("model", known)
    bound = url.bound_list("model", opening_pair(known), known, clears=("strike", "shown"))
    chosen = len(st.session_state[bound["key"]])
    with st.popover(f"Models: {chosen} of {len(known)}", icon=":material/deployed_code:", key="choose-models"):
        names = st.multiselect(
            "Models",
            list(known),
            format_func=lambda name: known[name].name,
            help="The first one decides what is explained.",
            wrap=True,
            **bound,
        )
    return [known[name] for name in names]


def choose_methods(models: list[CheckpointInfo]) -> tuple[list[Method], dict[str, dict[str, Any]]]:
    """A checklist of the methods that fit one of the models, each with its cost and what it does, the usual ones
    before anyone chooses; and the options of the chosen ones that are not at their default."""
    kinds = {(model.kind == "bcos", model.family, model.task_type) for model in models} or {(True, "", USUAL)}
    fitting = [
        method
        for method in METHODS.values()
        if any(not method.unsupported(is_bcos=bcos, family=family, answers=kind) for bcos, family, kind in kinds)
    ]
    known = [method.name for method in fitting]
    tokens = _tokens(models)
    usual = [method.name for method in fitting if method.usual and method.has_reference(tokens)]
    chosen = [name for name in url.read_all("method") if name in known] if "method" in st.query_params else usual
    label = f"Methods: {len(chosen)} of {len(known)}"
    # That nothing is checked is said too: it differs from a link that says nothing.
    return method_checklist(fitting, chosen, label, none=[""])


def _tokens(models: list[CheckpointInfo]) -> tuple[str, ...]:
    """What the first model's tokenizer has to put in place of words."""
    try:
        return tokens_of(resources.classifier(models[0]).tokenizer) if models else REFERENCE_TOKENS
    except BcosError:  # what is wrong with the model is said where it is to answer
        return REFERENCE_TOKENS


@dataclass(frozen=True)
class Question:
    """What every panel explains: the logit of `target`, or that minus the one of `minus`."""

    target: str
    minus: str | None = None


def choose_question(models: list[CheckpointInfo], text: str) -> Question:
    """The class or label that every panel explains: a chosen one, or the one that the first model predicts; and the
    one that it is held against, if any. The button says which."""
    labels, output = list(models[0].labels), TASK_TYPES[models[0].task_type].output
    if len(labels) == 1:  # a score is all that can be asked about, and it is a score rather than nothing
        return Question(labels[0])
    answered = labels[resources.predictions(models[0], (text,))[0].index] if text.strip() else ""
    target_bound = url.bound("target", PREDICTED, parse=url.one_of([PREDICTED, *labels]))
    target = st.session_state[target_bound["key"]] or answered
    others = [label for label in labels if label != target]
    minus_bound = url.bound("minus", NO_CONTRAST, parse=url.one_of([NO_CONTRAST, *others]))
    minus = st.session_state[minus_bound["key"]] or None
    whose = whose_answer(models)
    said = Target(0, target or whose, minus_label=minus).title
    if target and st.session_state[target_bound["key"]] == PREDICTED:
        said += f" ({whose})"
    with st.popover(
        plain(f"Explained {output}: {said}"), icon=":material/help_center:", wrap=True, key="choose-question"
    ):
        st.selectbox(
            f"Explained {output}",
            [PREDICTED, *labels],
            # The same words whatever is answered: a choice is known by them, so it would be lost with the next text.
            format_func=lambda name: whose[0].upper() + whose[1:] if name == PREDICTED else name,
            help=f"Every panel explains the logit of this {output}, so that all answer the same question.",
            **target_bound,
        )
        st.selectbox(
            "Rather than",
            [NO_CONTRAST, *others],
            format_func=lambda name: "No other" if name == NO_CONTRAST else name,
            help=f"With a {output} here, every panel explains the difference of the two logits.",
            **minus_bound,
        )
    return Question(target, minus)


def whose_answer(models: list[CheckpointInfo]) -> str:
    """Which model's answer is explained where nothing else is chosen: the first one's."""
    if sum(model.kind == models[0].kind for model in models) > 1:
        return "the first model’s answer"
    return f"the {'B-cos' if models[0].kind == 'bcos' else 'conventional'} model’s answer"


def choose_look(model: CheckpointInfo) -> Look:
    """Granularity and scale in sight, the rest one click away. The reference begins with one that the model has."""
    tokens = tokens_of(resources.classifier(model).tokenizer)
    usual = next((name for name in _REFERENCE_TITLES if name in tokens), "none")
    granularity = choose_granularity()
    with st.popover("Display", icon=":material/tune:"):
        scale = switch(
            "Scale",
            "scale",
            _SCALES,
            "Own: full colour is each panel's largest value. Absolute: one scale, in logits, for all additive methods.",
        )
        marks, palette = choose_marks(), choose_palette()
        reference = switch(
            "Reference",
            "reference",
            {name: _REFERENCE_TITLES[name] for name in (usual, *_REFERENCE_TITLES) if name in (*tokens, "none")},
            "What a token is measured against: the mask token at its place, the padding token, or nothing. "
            "The reference's own share is part of an additive method's sum, and so is that of biases a model keeps.",
        )
        random = ", ".join(method.title for method in METHODS.values() if method.stochastic and not method.chance)
        seeds = switch(
            "Seeds",
            "seeds",
            {number: number for number in _SEEDS},
            f"Of methods that draw at random ({random}): each seed is another answer, at the full cost. Shown are "
            "their mean and, as a band, one standard deviation.",
        )
    return Look(
        Style(palette, granularity, marks),
        scale == "absolute",
        reference,
        int(seeds),
        {
            "granularity": granularity,
            "scale": scale,
            "marks": marks,
            "colours": palette.name,
            "reference": reference,
            "seeds": seeds,
        },
    )
