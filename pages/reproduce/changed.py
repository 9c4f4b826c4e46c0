"""What changed between two runs: on the Reproduce page, below the tables of one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bcos_core.home import get_home
from bcos_core.numbers import count
from bcos_core.reproduce.changes import Change, changes, only_in
from bcos_core.reproduce.figure import written
from bcos_core.reproduce.report import Report, list_reports, load_report, load_samples
from pages.widgets import url
from pages.widgets.plain import plain
from pages.widgets.table_files import table_files


def show_changes(report: Report) -> None:
    """Against another run of the same figures; nothing where there is none."""
    others = {
        one.name: one
        for one in list_reports(get_home().reproductions)
        if one.name != report.name and one.what == report.what
    }
    if not others:
        return
    earlier = [name for name, one in others.items() if one.made_at < report.made_at]
    first = (earlier or list(others))[0]
    st.header("What changed", anchor=False)
    before = str(
        st.selectbox(
            "Compared with",
            list(others),
            format_func=lambda name: f"{others[name].scale} · {others[name].made_at[:16].replace('T', ' ')} UTC",
            **url.bound("against", first, parse=url.one_of(others)),
        )
    )
    found = _changes(str(get_home().root), report.name, before)
    if not found:
        st.markdown("The two runs have no figure in common.")
        return
    st.markdown(plain(_sentence(found, report, others[before])))
    st.dataframe(_table(found), hide_index=True)
    st.caption(
        "The difference is this run minus the other one, with its 95 % interval: paired where both have the same "
        "texts. With many figures, one in twenty differs by chance alone."
    )
    table_files(
        lambda: _table(found), name=f"changed_{report.name}_{before}", caption="What changed", key="changed-files"
    )


@st.cache_data(max_entries=8, show_spinner="Comparing the two runs …")
def _changes(root: str, now: str, before: str) -> list[Change]:
    folder = get_home().reproductions
    ours, theirs = folder / now, folder / before
    return changes(load_report(ours), load_report(theirs), load_samples(ours), load_samples(theirs))


def _sentence(found: list[Change], now: Report, before: Report) -> str:
    shown = [one for one in found if one.shown]
    better = sum(one.is_better is True for one in shown)
    worse = sum(one.is_better is False for one in shown)
    differ = f"{len(shown) or 'none'} {'is' if len(shown) < 2 else 'are'} shown to differ"
    sides = f": {better} better, {worse} worse" if better or worse else ""
    said = f"Of {count(len(found), 'figure')} in both, {differ}{sides}."
    alone = len(only_in(now, before)), len(only_in(before, now))
    if any(alone):
        said += f" {count(alone[0], 'figure')} only in this run, {alone[1]} only in the other."
    return said


def _table(found: list[Change]) -> pd.DataFrame:
    """The changes that are shown first, then the others, each in the order of the tables."""
    ordered = sorted(found, key=lambda one: not one.shown)
    return pd.DataFrame(
        {
            "Figure": [f"{one.now.row}: {one.now.column}" for one in ordered],
            "Table": [one.now.group for one in ordered],
            "Other run": [one.before.written(one.before.value) for one in ordered],
            "This run": [one.now.written(one.now.value) for one in ordered],
            "Difference": [_difference(one) for one in ordered],
            "Now": [{True: "better", False: "worse"}.get(one.is_better, "") if one.shown else "" for one in ordered],  # type: ignore[arg-type]
        }
    )


def _difference(change: Change) -> str:
    gap, unit = change.difference, change.now.unit
    if not gap.has_interval:
        return written(gap.mean, unit)
    return f"{written(gap.mean, unit)} [{written(gap.low, unit)}, {written(gap.high, unit)}]"
