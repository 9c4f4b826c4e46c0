"""Choosing what to evaluate: models, methods, scores and how many texts; and about how long that takes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.attribution.method import Method
from bcos_core.attribution.references import REFERENCE_TOKENS, tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError, InputError
from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.removal import REMOVALS, require_tokens, usual_removal
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec, usual_scores
from bcos_core.jobs.outlook import about
from bcos_core.model.info import CheckpointInfo, trained_on
from bcos_core.option import options_of
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType
from pages.widgets import resources, url
from pages.widgets.jobs import job_store
from pages.widgets.not_offered import not_offered
from pages.widgets.option import method_options, option_field
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start

_OPTIONS = options_of(EvaluationSpec)
_PROBABILITIES = {"softmax": "Softmax", "sigmoid": "Sigmoid (as B-cos models are trained)", "score": "The score itself"}


def choose_evaluation(known: dict[str, CheckpointInfo]) -> None:
    """The form. The address holds every choice, so that a link proposes the same evaluation."""
    names = st.multiselect(
        "Models",
        list(known),
        format_func=lambda name: known[name].name,
        help="Checkpoints of one task; texts are from the test set of the first one.",
        **url.bound_list("model", resources.newest_pair(known), known),
    )
    models = [known[name] for name in names]
    methods = _choose_methods(models)
    with st.popover("Options of the methods", icon=":material/tune:", disabled=not any(m.options for m in methods)):
        options = method_options(methods)
    scores = _choose_scores(models)
    pointing = any(SCORES[name].evidence == "pointing" for name in scores)
    columns = st.columns(4 if pointing else 3)
    with columns[0]:
        numbers = {"limit": option_field("limit", _OPTIONS["limit"], EvaluationSpec.limit)}
    if pointing:
        with columns[3]:
            numbers["pairs"] = option_field("pairs", _OPTIONS["pairs"], EvaluationSpec.pairs)
    removal = columns[1].selectbox(
        "Removed tokens are",
        list(REMOVALS),
        format_func=lambda name: REMOVALS[name].title,
        help="Methods that compare with a reference use the one that matches.",
        **url.bound("removal", _usual_removal(models), parse=url.one_of(REMOVALS)),
    )
    measures = _kind(models).measures
    probability = (
        columns[2].selectbox(
            "Probability",
            measures,
            format_func=_PROBABILITIES.__getitem__,
            **url.bound("probability", measures[0], parse=url.one_of(measures)),
        )
        if len(measures) > 1
        else measures[0]
    )
    bounds: dict[str, Any] = _choose_limits() if any(SCORES[name].evidence == "limits" for name in scores) else {}
    if not (models and methods and scores):
        st.button("Evaluate", type="primary", disabled=True, help="Choose at least one model, method and score.")
        return
    wrong = [name for name, value in numbers.items() if not _OPTIONS[name].fits(value)]
    if wrong:
        st.error(plain(" ".join(f"{_OPTIONS[name].title}: expected {_OPTIONS[name].expected}." for name in wrong)))
        st.button("Evaluate", type="primary", disabled=True, help="Change the number first.")
        return
    try:
        require_tokens(REMOVALS[str(removal)], resources.classifier(models[0]).tokenizer)
    except InputError as error:
        st.error(plain(str(error)))
        st.button("Evaluate", type="primary", disabled=True, help="Choose another removal or model first.")
        return
    spec = EvaluationSpec(
        checkpoints=tuple(str(model.path) for model in models),
        methods=tuple(method.name for method in methods),
        scores=tuple(scores),
        **numbers,
        removal=str(removal),
        probability=str(probability),
        options=options,
        **bounds,
    )
    before_a_start()
    with st.container(horizontal=True, vertical_alignment="center"):
        if offer(st.button, "Evaluate", Action.SUBMIT_JOB, type="primary"):
            job, _ = EVALUATE.submit(job_store(), spec)
            url.write(evaluation=job.id, against=None)
            st.rerun()
        st.markdown(_price_in_words(spec), width="content")


def _choose_methods(models: list[CheckpointInfo]) -> list[Method]:
    """The methods that one of the models supports; why others are not there stands below."""
    kinds = {(model.kind == "bcos", model.family, model.task_type) for model in models} or {(True, "", USUAL)}
    reasons = {
        m.name: [r for bcos, family, kind in kinds if (r := m.unsupported(is_bcos=bcos, family=family, answers=kind))]
        for m in METHODS.values()
    }
    fitting = [m.name for m in METHODS.values() if len(reasons[m.name]) < len(kinds) and not m.chance]
    names = st.multiselect(
        "Methods",
        fitting,
        format_func=lambda name: METHODS[name].title,
        help="\n".join(
            f"- **{plain(m.title)}**: {plain(m.description)} Cost: {m.cost}." for m in METHODS.values() if not m.chance
        ),
        **url.bound_list("method", [name for name in fitting if METHODS[name].usual], fitting),
    )
    not_offered({METHODS[name].title: found[0] for name, found in reasons.items() if len(found) == len(kinds)})
    return [METHODS[name] for name in METHODS if name in names]


def _choose_scores(models: list[CheckpointInfo]) -> list[str]:
    """The scores that the task of the first model serves; why others are not there stands below."""
    kind = _kind(models)
    has = {"rationales": bool(models) and _has_rationales(models[0]), "pairs": bool(models and models[0].pairs)}
    reasons = {score.name: score.unsupported(kind, **has) for score in SCORES.values()}
    fitting = [name for name, reason in reasons.items() if reason is None]
    scores = st.multiselect(
        "Scores",
        fitting,
        format_func=lambda name: SCORES[name].title,
        help="\n".join(f"- **{plain(SCORES[name].title)}**: {plain(SCORES[name].description)}" for name in fitting),
        **url.bound_list("score", list(usual_scores(len(models))), fitting),
    )
    not_offered({SCORES[name].title: reason for name, reason in reasons.items() if reason})
    return scores


def _choose_limits() -> dict[str, Any]:
    """Of which texts the best and the worst order are searched, and how widely."""
    found: dict[str, Any] = {}
    for column, name in zip(st.columns(3), ("bounded_texts", "bounded_length", "beam_width"), strict=True):
        with column:
            default = _OPTIONS[name].default
            found[name] = option_field(name, _OPTIONS[name], default, bounded=True) or default
    return found


def _kind(models: list[CheckpointInfo]) -> TaskType:
    """What the first model answers."""
    return TASK_TYPES[models[0].task_type if models else USUAL]


def _usual_removal(models: list[CheckpointInfo]) -> str:
    """The first that works with the first model's tokenizer."""
    tokens = tokens_of(resources.classifier(models[0]).tokenizer) if models else REFERENCE_TOKENS
    return usual_removal(tokens).name


def _has_rationales(model: CheckpointInfo) -> bool:
    try:
        return trained_on(model).has_rationales
    except BcosError:  # without a task there is nothing to evaluate on, which is said where that is asked for
        return False


def _price_in_words(spec: EvaluationSpec) -> str:
    """How long it takes here, and what of that the dear kinds of scores do. At most: what was measured before is not
    measured again."""
    store = job_store()
    seconds = EVALUATE.expected_seconds(store, spec)
    if seconds is None:
        return ""
    said = [f"About {about(seconds)} at most on this machine"]
    for evidence, what in (("limits", "the limits"), ("pointing", "the pairs")):
        if spec.needs(evidence) and (others := spec.without(evidence)) is not None:
            of_others = EVALUATE.expected_seconds(store, others) or 0.0
            said.append(f"{about(seconds - of_others)} of it for {what}")
    return f"{', '.join(said)}."
