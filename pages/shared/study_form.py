"""Drawing up a study: protocol, conditions, texts, numbers, wording; with a hint at what it can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError
from bcos_core.home import get_home
from bcos_core.model.checkpoint import CheckpointInfo
from bcos_core.render.numbers import count, number
from bcos_core.storage.collections import Collections
from bcos_core.study.demo import demo_design
from bcos_core.study.design import CONSENT, NO_HEATMAP, Condition, Exclusion, StudyDesign
from bcos_core.study.protocols import PROTOCOLS, Protocol, Question
from bcos_core.study.selection import STRATA, Source
from bcos_core.study.statistics.power import Design, detectable_difference
from pages.shared import resources, url
from pages.shared.errors import show_error
from pages.shared.page import empty_page
from pages.shared.plain import plain
from pages.shared.studies import database, studies

_TEST_SET = ""


def new_study() -> None:
    """The form, and the demo in one click."""
    known = resources.checkpoints()
    if not known:
        empty_page("A study needs a model whose explanations people can look at.", "Train one", "pages/train.py")
        return
    if st.button("Make the demo study", icon=":material/bolt:", help="A rating study of the newest B-cos model."):
        design = demo_design(get_home())
        _create(design)
    design = _choose(known)
    if design is None:
        return
    _power(design)
    if st.button("Save as a draft", type="primary"):
        _create(design)


def _create(design: StudyDesign) -> None:
    study = studies().create(design.title, design.to_dict())
    url.write(study=study.id)
    st.rerun()


def _choose(known: dict[str, CheckpointInfo]) -> StudyDesign | None:
    title = st.text_input("Title", "Which explanation helps?", max_chars=120, key="study-title")
    name = str(
        st.segmented_control(
            "Protocol",
            list(PROTOCOLS),
            default="rating",
            format_func=lambda name: PROTOCOLS[name].title,
            required=True,
            key="study-protocol",
        )
    )
    protocol = PROTOCOLS[name]
    st.caption(plain(protocol.description))
    conditions = _conditions(known, protocol)
    source = _texts()
    numbers = _numbers(protocol, source)
    wording = _wording(protocol)
    try:
        return StudyDesign(title, conditions, name, source, **numbers, **wording)
    except BcosError as error:
        st.caption(f":orange[{plain(str(error))}]")
        st.button("Save as a draft", type="primary", disabled=True)
        return None


def _conditions(known: dict[str, CheckpointInfo], protocol: Protocol) -> tuple[Condition, ...]:
    """Every chosen method on every chosen model that it can serve."""
    columns = st.columns(2)
    bcos = [name for name, info in known.items() if info.kind == "bcos"] or list(known)
    models = columns[0].multiselect(
        "Models", list(known), bcos[:1], format_func=lambda name: known[name].name, key="study-models"
    )
    methods = columns[1].multiselect(
        "Methods",
        [method.name for method in METHODS.values() if not method.chance]
        + ([NO_HEATMAP] if protocol.without_heatmap else []),
        [method.name for method in METHODS.values() if method.usual][:2],
        format_func=lambda name: METHODS[name].title if name else "No heatmap",
        key=f"study-methods-{protocol.without_heatmap}",
    )
    conditions = []
    for model in models:
        info = known[model]
        for name in methods:
            reason = METHODS[name].unsupported(is_bcos=info.kind == "bcos") if name else None
            if reason:
                st.caption(plain(f"{METHODS[name].title} on {info.name} is left out. {reason}"))
            else:
                conditions.append(Condition(str(info.path), name))
    return tuple(conditions)


def _texts() -> Source:
    names = Collections(database()).names()
    columns = st.columns(4)
    collection = columns[0].selectbox(
        "Texts",
        [_TEST_SET, *names],
        format_func=lambda name: f"Collection “{name}”, {names[name]}" if name else "Random from the test set",
        key="study-source",
    )
    texts = columns[1].number_input("How many", 1, 5000, 24, key="study-count")
    lengths = columns[2].slider("Words of a text", 1, 200, (5, 60), key="study-lengths")
    strata = columns[3].multiselect(
        "Equal numbers by",
        list(STRATA),
        ["label", "correct"],
        format_func=STRATA.__getitem__,
        disabled=bool(collection),
        key="study-strata",
    )
    return Source(int(texts), str(collection or ""), tuple(strata), lengths[0], lengths[1])


def _numbers(protocol: Protocol, source: Source) -> dict[str, Any]:
    columns = st.columns(4)
    wanted = {
        "items_per_rater": columns[0].number_input("Items for each rater", 1, 500, min(12, source.count)),
        "raters_per_item": columns[1].number_input(
            "Answers for each item", 1, 1000, 6, help="Over all conditions together; they are balanced."
        ),
        "practice": columns[2].number_input("Practice items", 0, 10, 2),
    }
    if protocol.live:
        wanted["tries"] = columns[3].number_input("Tries for each text", 1, 50, 5)
        wanted["instructed"] = 0
    else:
        wanted["instructed"] = columns[3].number_input(
            "Instructed checks", 0, 10, 1, help="Texts that say what to answer: who fails them does not read."
        )
    return {name: int(value) for name, value in wanted.items()}


def _wording(protocol: Protocol) -> dict[str, Any]:
    """What is worded, checked and left out; closed, because the defaults do."""
    with st.expander("Wording, checks and the exclusion rule"):
        instructions = st.text_area("Instructions", protocol.instructions, height=120, key=f"words-{protocol.name}")
        consent = st.text_area("Consent", CONSENT, height=90, key="words-consent")
        questions = tuple(_question(question, protocol) for question in protocol.questions)
        columns = st.columns(4)
        random = columns[0].number_input(
            "Random heatmaps", 0, 10, 0, disabled=not protocol.random_checks, help="Planted, to see who looks."
        )
        failed = columns[1].number_input("Failed checks allowed", 0, 10, 1)
        fastest = columns[2].number_input("Fastest median, seconds", 0.0, 60.0, 0.0, help="0 for no such rule.")
        seed = columns[3].number_input("Seed", 0, 2**32 - 1, 42)
    return {
        "instructions": instructions,
        "consent": consent,
        "questions": questions,
        "random": int(random) if protocol.random_checks else 0,
        "exclusion": Exclusion(int(failed), float(fastest)),
        "seed": int(seed),
    }


def _question(question: Question, protocol: Protocol) -> Question:
    prompt = st.text_input("Question", question.prompt, key=f"prompt-{protocol.name}-{question.name}")
    if question.kind != "scale":
        return replace(question, prompt=prompt or question.prompt)
    labels = st.text_input(
        "Its points, from 1 on, separated by semicolons",
        "; ".join(question.labels),
        key=f"labels-{protocol.name}-{question.name}",
    )
    points = tuple(label.strip() for label in labels.split(";") if label.strip())
    try:
        return replace(question, prompt=prompt or question.prompt, labels=points)
    except BcosError as error:
        show_error(f"{error} The usual points are kept.")
        return replace(question, prompt=prompt or question.prompt)


def _power(design: StudyDesign) -> None:
    """How many people, and what difference the study would show."""
    raters = design.raters_needed
    result = detectable_difference(
        Design(raters, design.source.count, design.items_per_rater, max(2, len(design.conditions)), design.protocol)
    )
    hint = f"{count(raters, 'rater')} who finish fill it. "
    if result.undefined:
        hint += f"What it can show is not defined: {result.undefined}"
    else:
        (found,) = result.quantities
        hint += (
            f"It shows a difference of {number(found.value or 0.0)} ({found.name.partition(', ')[2]}) with 80 % power."
        )
    st.markdown(plain(hint), help=plain(result.assumes))
