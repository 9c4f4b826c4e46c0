"""Paired differences as a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st


def show_differences(table: pd.DataFrame) -> None:
    """Differences with the ends of their intervals, and p before and after Holm's correction, by those names."""
    columns = {name: st.column_config.NumberColumn(format="%+.3f") for name in ("difference", "low", "high")}
    p_values = {name: st.column_config.NumberColumn(format="%.4f") for name in ("p", "p (Holm)")}
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(table), 420),
        column_config={**columns, **p_values},
    )
