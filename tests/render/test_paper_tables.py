"""Tables for papers: LaTeX and Markdown that say the same numbers, and nothing more."""

from __future__ import annotations

import pandas as pd

from bcos_core.render.latex import latex_table
from bcos_core.render.markdown import markdown_table

FRAME = pd.DataFrame({"method": ["LIME", "A & B | c"], "mean": [0.12345, float("nan")], "texts": [1200, 3]})


def test_latex() -> None:
    lines = [line.strip() for line in latex_table(FRAME, "100 % of_it").splitlines()]
    assert r"\begin{tabular}{lrr}" in lines and r"\caption{100 \% of\_it}" in lines
    assert r"\textbf{method} & \textbf{mean} & \textbf{texts} \\" in lines
    assert r"LIME & 0.123 & 1{,}200 \\" in lines
    assert r"A \& B \textbar{} c & \textendash{} & 3 \\" in lines


def test_markdown() -> None:
    assert markdown_table(FRAME).splitlines() == [
        "| method | mean | texts |",
        "| --- | ---: | ---: |",
        "| LIME | 0.123 | 1,200 |",
        "| A &amp; B \\| c | – | 3 |",
    ]
