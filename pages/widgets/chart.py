"""A chart on a page, and what can be taken away of it: its data, and pictures for a paper. Every chart is made here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from bcos_core.render.csv_file import csv_file
from bcos_core.render.file_name import file_name
from pages.widgets.errors import guard
from pages.widgets.frame import fragment, loading

_PICTURES = {"svg": ("SVG", "image/svg+xml"), "pdf": ("PDF", "application/pdf"), "png": ("PNG", "image/png")}


def chart(
    figure: go.Figure,
    *,
    key: str,
    name: str = "",
    data: Callable[[], pd.DataFrame] | None = None,
    picture: go.Figure | None = None,
) -> None:
    """Draw a chart. Its files are called `name`, by its title where none is given; `data` is the table that it shows,
    its points where none is given; `picture` is the chart of its files, where that has to say by itself what on the
    page stands around it."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})
    _downloads(picture or figure, key, file_name(name or str(figure.layout.title.text or "chart")), data)


@fragment()
def _downloads(figure: go.Figure, key: str, name: str, data: Callable[[], pd.DataFrame] | None) -> None:
    with st.container(horizontal=True, horizontal_alignment="right"):
        menu = st.popover("Download", icon=":material/download:", type="tertiary", on_change="rerun", key=f"take-{key}")
    if not menu.open:
        return
    with menu, guard():
        with loading("Drawing …"):
            from bcos_core.render.figures.chart import chart_file, checked_chart
            from bcos_core.render.figures.points import points_table
        _download("Data (CSV)", lambda: csv_file(data() if data else points_table(figure)), f"{name}.csv", "text/csv")
        checked_chart(figure)
        for kind, (title, mime) in _PICTURES.items():
            _download(title, partial(chart_file, figure, kind), f"{name}.{kind}", mime)


def _download(label: str, make: Callable[[], bytes], name: str, mime: str) -> None:
    key = f"{label}-{name}"
    st.download_button(label, make, name, mime, key, type="tertiary", icon=":material/download:", on_click="ignore")
