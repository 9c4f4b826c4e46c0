"""Before the first item and after the last: the comprehension check, and the code that somebody has earned."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.numbers import count
from bcos_core.study.access import Rater
from bcos_core.study.comprehension import TRIES, CheckQuestion
from bcos_core.study.recruiting import Recruiting, is_link
from bcos_core.study.understanding import standing, try_check
from pages.widgets.plain import plain, plain_lines
from pages.widgets.studies import rating_database, recruiting_of, study_of
from pages.widgets.studies import running as running_of


def ask_check(rater: Rater, questions: Sequence[CheckQuestion]) -> None:
    """The questions about the instructions, with the instructions above them. Which answer is right is not sent."""
    now = standing(rating_database(rater.id), rater.id)
    number = TRIES - now.tries_left + 1
    st.header("Before you begin", anchor=False)
    if number > 1:
        st.warning(
            "That was not right yet. Read the instructions again; you have one more try.", icon=":material/replay:"
        )
    with st.container(border=True):
        st.markdown(plain_lines(running_of(study_of(rater.study)).locked.design.instructions))
    with st.form("comprehension", border=False):
        given = {
            question.prompt: st.radio(
                plain(question.prompt), question.shown(), index=None, format_func=plain, key=f"check-{number}-{place}"
            )
            for place, question in enumerate(questions)
        }
        sent = st.form_submit_button(f"Answer · {count(now.tries_left, 'try', 'tries')} left", type="primary")
    if not sent:
        return
    answers = {prompt: answer for prompt, answer in given.items() if answer is not None}
    if len(answers) < len(questions):
        st.warning("Answer every question first.", icon=":material/edit:")
        return
    try_check(rating_database(rater.id), rater.id, questions, answers, number=number)
    st.rerun()


def screened_out(rater: Rater) -> None:
    """The end for somebody who has not understood the instructions."""
    st.header("Thank you for your interest", anchor=False)
    st.markdown(
        "The answers about the instructions were not right, so this study ends here for you. Nothing is held "
        "against you."
    )
    recruiting = recruiting_of(rater.study) if rater.panel_id is not None else None
    if recruiting and recruiting.screen_out:
        show_end(recruiting.screen_out, recruiting)


def show_end(end: str, recruiting: Recruiting | None) -> None:
    """A code to copy, or the way on to the panel."""
    if is_link(end):
        st.link_button(plain(f"Go back to {recruiting.panel if recruiting else 'the panel'}"), end, type="primary")
        return
    st.markdown("This is your code:")
    st.code(end, language=None)
