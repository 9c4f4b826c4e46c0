"""The Models page below its head: all models as a table, and what is known of those that are chosen."""

from __future__ import annotations

import streamlit as st

from bcos_core.model.identity import checkpoint_notes
from bcos_core.model.info import CheckpointInfo
from bcos_core.tasks.registry import TASK_TYPES
from pages.models.about import say_about
from pages.models.audit import show_audit
from pages.models.families import show_families
from pages.models.language_models import show_language_models
from pages.models.making import show_making, show_two_runs
from pages.models.patterns import show_patterns
from pages.models.removal import say_moved, show_trash
from pages.models.shelf import choose_models, pair_of
from pages.models.words import words_of
from pages.widgets import resources
from pages.widgets.errors import guard
from pages.widgets.frame import empty_page
from pages.widgets.left_out import left_out_models
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start


def show_models() -> None:
    say_moved()
    known = resources.checkpoints()
    if not known:
        empty_page("There is no trained model yet.", "Start on Home", "home/page.py")
    else:
        chosen = choose_models(known)
        before_a_start()
        if len(chosen) == 1:
            _one(chosen[0], known)
        elif len(chosen) == 2:
            _two(chosen, known)
        elif chosen:
            st.caption("One or two models at a time are looked at more closely here.")
    show_language_models()
    left_out_models()
    with guard():
        show_trash()
    show_families()


def _one(info: CheckpointInfo, known: dict[str, CheckpointInfo]) -> None:
    st.header(plain(info.name), anchor=False)
    _facts(info)
    with guard():
        for note in checkpoint_notes(info):
            st.warning(plain(note), icon=":material/warning:")
    with guard():
        say_about(info, known)
    with guard():
        show_audit([info], pair_of([info], known))
    with guard():
        show_patterns(pair_of([info], known) or [info])
    with guard():
        words_of(info)
    with guard():
        show_making(info)


def _two(chosen: list[CheckpointInfo], known: dict[str, CheckpointInfo]) -> None:
    with guard():
        show_audit(chosen, pair_of(chosen, known))
    with guard():
        show_patterns(pair_of(chosen, known))
    with guard():
        show_two_runs(chosen)


def _facts(info: CheckpointInfo) -> None:
    kind = f"B-cos, B = {info.b:g}" if info.b is not None else "conventional"
    length = f"trained and measured on texts up to {info.max_length} tokens"
    parts = [kind, info.family, f"{TASK_TYPES[info.task_type].outputs} {', '.join(info.labels)}", length]
    if info.created_at:
        parts.append(f"made {info.created_at[:10]}")
    st.markdown(f":gray[{plain(' · '.join(parts))}]")
    if info.about.tags:
        with st.container(horizontal=True):
            for tag in info.about.tags:
                st.badge(plain(tag), color="gray")
    for line in info.about.notes.splitlines():
        st.markdown(plain(line))
