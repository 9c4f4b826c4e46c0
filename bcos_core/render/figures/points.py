"""The data of a chart as a table: every point of every trace, as it is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from bcos_core.render.figures.plotly_text import plain_text


def points_table(chart: go.Figure) -> pd.DataFrame:
    """One row a point: `series` (where traces have names), `x`, `y`, and what surrounds it: `x low` and `x high`,
    `y low` and `y high` where there are errors; of a matrix its `value`. Columns without anything are left out."""
    rows: list[dict[str, Any]] = []
    for trace in chart.data:
        described = trace.to_plotly_json()
        name = plain_text(described.get("name") or "") or None
        if described.get("z") is not None:
            rows += [
                {"series": name, "x": _plain(x), "y": _plain(y), "value": value}
                for y, line in zip(described["y"], described["z"], strict=True)
                for x, value in zip(described["x"], line, strict=True)
            ]
            continue
        x, y = _listed(described.get("x")), _listed(described.get("y"))
        for place in range(max(len(x), len(y))):
            row: dict[str, Any] = {"series": name}
            for axis, values in (("x", x), ("y", y)):
                row[axis] = _plain(values[place]) if place < len(values) else None
                row |= _ends(axis, row[axis], described.get(f"error_{axis}") or {}, place)
            rows.append(row)
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def _ends(axis: str, value: Any, error: dict[str, Any], place: int) -> dict[str, Any]:
    up = _listed(error.get("array"))
    if place >= len(up) or up[place] is None:
        return {}
    down = _listed(error.get("arrayminus")) if error.get("symmetric") is False else up
    return {f"{axis} low": value - down[place], f"{axis} high": value + up[place]}


def _listed(values: Iterable[Any] | None) -> list[Any]:
    return [] if values is None else list(values)


def _plain(value: Any) -> Any:
    return plain_text(value) if isinstance(value, str) else value
