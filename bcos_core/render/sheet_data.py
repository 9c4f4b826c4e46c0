"""A sheet as data: JSON with its records, and one table."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from bcos_core.render.sheet import Panel, Sheet
from bcos_core.render.table import record_table
from bcos_core.storage.plain import to_plain


def sheet_json(*sheets: Sheet) -> str:
    """`{"screens": [...], "records": [...]}`: what each screen shows beside the records themselves, in the same order,
    whole: `rerun` computes them again. A number that is not finite becomes null."""
    plain = {
        "screens": [_screen(sheet) for sheet in sheets],
        "records": [panel.record.to_dict() for sheet in sheets for _, _, panel in sheet.panels()],
    }
    return json.dumps(to_plain(plain), ensure_ascii=False, allow_nan=False)


def _screen(sheet: Sheet) -> dict[str, Any]:
    return {
        "text": sheet.record.text,
        "explained": sheet.record.target.title,
        "models": list(sheet.models),
        "methods": [row.method for row in sheet.rows],
        "granularity": sheet.style.granularity,
        "colours": sheet.style.palette.name,
        "marks": sheet.style.presentation,
        "struck": [
            {"start": start, "end": end, "text": word}
            for (start, end), word in zip(sheet.struck, sheet.struck_words, strict=True)
        ],
        "notes": list(sheet.notes),
        "panels": [_panel(method, model, panel) for method, model, panel in sheet.panels()],
    }


def _panel(method: str, model: str, panel: Panel) -> dict[str, Any]:
    scale = {"full_colour": panel.scale.limit, "rule": panel.scale.rule}
    change = panel.change and {
        "predicted": panel.change.predicted_change,
        "real": panel.change.actual_change,
        "logit": panel.change.logit,
        "probabilities": list(panel.change.probabilities),
    }
    return {"method": method, "model": model, "scale": scale, "change": change}


def sheet_table(*sheets: Sheet) -> pd.DataFrame:
    """Every panel's table below each other (see `record_table`), with `explained`, `method` and `model` before it, and
    the text where there are several. Where words are struck: whether a row's is (`struck`), and on every row of a panel
    its `predicted change` and `real change`."""
    tables = []
    for sheet in sheets:
        for method, model, panel in sheet.panels():
            table = record_table(panel.record, sheet.style.granularity)
            head = {"explained": panel.record.target.title, "method": method, "model": model}
            if len(sheets) > 1:
                head = {"of": panel.record.text, **head}
            for place, (name, value) in enumerate(head.items()):
                table.insert(place, name, value)
            if panel.change is not None:
                table["struck"] = [
                    not pd.isna(start) and any(first < end and start < last for first, last in sheet.struck)
                    for start, end in zip(table["start"], table["end"], strict=True)
                ]
                table["predicted change"] = panel.change.predicted_change
                table["real change"] = panel.change.actual_change
            tables.append(table)
    return pd.concat(tables, ignore_index=True)
