"""A table on a page, to take away: for a spreadsheet, and for a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd
import streamlit as st

from bcos_core.attribution.citations import bibtex
from bcos_core.render.csv_file import csv_file
from bcos_core.render.file_name import file_name
from bcos_core.render.latex import latex_table
from bcos_core.render.markdown import markdown_table


def table_files(
    table: Callable[[], pd.DataFrame], *, name: str, caption: str, key: str, methods: Iterable[str] = ()
) -> None:
    """A menu with the table as CSV, LaTeX and Markdown under a `caption`, and with the papers of `methods`."""
    kinds: dict[str, tuple[str, str, Callable[[], bytes]]] = {
        "CSV": ("csv", "text/csv", lambda: csv_file(table())),
        "LaTeX": ("tex", "application/x-tex", lambda: latex_table(table(), caption).encode()),
        "Markdown": ("md", "text/markdown", lambda: markdown_table(table(), caption).encode()),
    }
    if papers := bibtex(methods):
        kinds["BibTeX of the methods"] = ("bib", "application/x-bibtex", papers.encode)
    with st.popover("Table", icon=":material/download:", type="tertiary", key=key):
        for title, (ending, mime, make) in kinds.items():
            st.download_button(
                title,
                make,
                f"{file_name(name)}.{ending}",
                mime,
                f"{key}-{ending}",
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
            )
