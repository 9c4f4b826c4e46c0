"""The models as a table: searched, sorted, chosen; and what can be done with those that are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.lab.models import is_planted
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.render.csv_file import csv_file
from bcos_core.render.models_table import found, models_table
from bcos_core.storage.content import name_of
from pages.models.removal import ask_to_delete
from pages.widgets import resources, url
from pages.widgets.jobs import job_store
from pages.widgets.missing import missing_in_link
from pages.widgets.permission import offer

_ROW, _MOST_ROWS = 35, 10
_COLUMNS = {
    "name": st.column_config.TextColumn("Name", width="medium"),
    "kind": st.column_config.TextColumn("Kind"),
    "task": st.column_config.TextColumn("Task"),
    "figure": st.column_config.TextColumn("On the test texts"),
    "95 % interval": st.column_config.TextColumn("95 % interval"),
    "made": st.column_config.DatetimeColumn("Made (UTC)", format="YYYY-MM-DD"),
    "size": st.column_config.NumberColumn("Size", format="bytes"),
    "twin": st.column_config.TextColumn("Twin"),
    "tags": st.column_config.TextColumn("Tags"),
}


def choose_models(known: Mapping[str, CheckpointInfo]) -> list[CheckpointInfo]:
    """The table, and the models of it that the address names; the newest B-cos model where it names none."""
    planted = [name for name, info in known.items() if is_planted(info)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search",
            placeholder="name, tag, note, task, class",
            icon=":material/search:",
            width=360,
            **url.bound("find", ""),
        )
        with_planted = bool(planted) and st.toggle(
            f"Show {count(len(planted), 'model')} of the Lab",
            help="Models that an experiment with a planted shortcut has made.",
            **url.bound("lab", False, parse=lambda text: text == "1", show=lambda on: "1" if on else "0"),
        )
    chosen = _chosen(known)
    missing_in_link("model", known)
    shown = [
        info
        for info in found(list(known.values()), search)
        if with_planted or info.path.name not in planted or info.path.name in chosen
    ]
    if not shown:
        st.info("No model fits. Search for something else, or show those of the Lab.")
    else:
        _table(shown, known, chosen)
    return [known[name] for name in chosen]


def _chosen(known: Mapping[str, CheckpointInfo]) -> list[str]:
    named = url.read_all("model")
    given = [name for name in dict.fromkeys(named) if name in known]
    # A model that was deleted in another tab: what is typed here must not become another one's name.
    return given if named else resources.newest_pair(dict(known))[:1]


def _table(shown: list[CheckpointInfo], known: Mapping[str, CheckpointInfo], chosen: list[str]) -> None:
    folders = [info.path.name for info in shown]
    # A selection is of places: with other rows it is another table.
    key = f"models-{name_of(folders)}"

    def picked() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        url.write(model=[folders[row] for row in rows] or [""])

    table = models_table(shown, {name: info.name for name, info in known.items()})
    st.dataframe(
        table,
        hide_index=True,
        height=min(len(shown) + 1, _MOST_ROWS + 1) * _ROW + 3,
        column_config=_COLUMNS,
        column_order=[name for name in _COLUMNS if name != "tags" or table["tags"].any()],
        key=key,
        on_select=picked,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [row for row, name in enumerate(folders) if name in chosen]}},
        alt=f"{count(len(shown), 'model')} with task, kind, figure on the test texts, twin, tags, date and size",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        _actions([known[name] for name in chosen], known)
        st.download_button(
            "Download the table",
            lambda: csv_file(table),
            "models.csv",
            "text/csv",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )


def pair_of(chosen: list[CheckpointInfo], known: Mapping[str, CheckpointInfo]) -> list[CheckpointInfo]:
    """Two models to hold against each other, a B-cos one first: those chosen, or the one chosen and its twin."""
    twin = known.get(chosen[0].twin or "") if len(chosen) == 1 else None
    pair = [*chosen, *([twin] if twin else [])]
    return sorted(pair, key=lambda info: info.kind != "bcos") if len(pair) == 2 else []


def _actions(chosen: list[CheckpointInfo], known: Mapping[str, CheckpointInfo]) -> None:
    none = None if chosen else "Choose models in the table first."
    pair = pair_of(chosen, known)
    names = [info.path.name for info in (pair if len(chosen) == 1 and pair else chosen)]
    if st.button("Compare", icon=":material/compare:", disabled=not chosen, help=none):
        st.switch_page("compare/page.py", query_params={"model": names})
    if st.button("Evaluate", icon=":material/leaderboard:", disabled=not chosen, help=none):
        st.switch_page("evaluate/page.py", query_params={"model": names})
    why = none or ("Choose two models of one task, or one that has a twin." if not _one_task(pair) else None)
    audit = "What two models answer alike on the test texts, and what not."
    look: dict[str, Any] = {"icon": ":material/fact_check:", "disabled": why is not None, "help": why or audit}
    if offer(st.button, "Audit", Action.SUBMIT_JOB, **look):
        AUDIT.submit(job_store(), AuditSpec.of(*pair))
        st.rerun()
    if offer(st.button, "Delete …", Action.DELETE_MODEL, disabled=not chosen, help=none):
        ask_to_delete([info.path.name for info in chosen])


def _one_task(pair: list[CheckpointInfo]) -> bool:
    return len(pair) == 2 and pair[0].task is not None and pair[0].task == pair[1].task
