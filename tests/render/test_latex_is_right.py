"""Every LaTeX that is written passes a reader that knows the commands, their packages and the tables' columns."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from latex_reader import NotLatex, read
from records import FAILED, RECORD, SEEDED, of_one_token, record
from sheets import SHEET

from bcos_core.attribution.record import Target, Token
from bcos_core.render.latex import latex_table, sheet_latex
from bcos_core.render.sheet import Sheet, sheet_of

HOSTILE = "\\input{/etc/passwd} $x$ 100% #1 & | `a` __b__ ~c~ -- ,, '' <<>> \"q\" ^^41 [*] \\\\ {"
TOKENS = (Token("[CLS]", None, None), Token("Not", 1, 4), Token("so", 5, 7), Token("x", 8, 9))
SHEETS = {
    "two models": SHEET,
    "seeds": sheet_of(SEEDED),
    "failed": sheet_of(FAILED),
    "tokens": sheet_of(RECORD, granularity="token"),
    "sentences": sheet_of(RECORD, granularity="sentence"),
    "contrast": sheet_of(record(target=Target(0, "negative", 1, "positive"))),
    "pair": sheet_of(
        record(text="good\x1fbad", tokens=(Token("good", 0, 4), Token("bad", 5, 8)), scores=(1.0, -0.5), logit=1.5)
    ),
    "line ends": sheet_of(record(text="\nNot\nso\tx\n\n", tokens=TOKENS, scores=(0.0, 1.0, -1.0, 0.5))),
    "cut": sheet_of(record(text="Not bad. And more", truncated_at=8)),
    "hostile": replace(
        sheet_of(
            of_one_token(HOSTILE, labels=("no", HOSTILE), target=Target(1, HOSTILE), model=HOSTILE, method=HOSTILE)
        ),
        notes=(HOSTILE,),
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_heatmap_is_right_and_has_a_cell_for_each_model_in_every_row(name: str) -> None:
    sheet: Sheet = SHEETS[name]
    (table,) = read(sheet_latex(sheet)).rows
    assert table == [1 + len(sheet.models)] * (1 + len(sheet.rows))


def test_a_heatmap_says_what_is_on_it() -> None:
    said = " ".join(read(sheet_latex(SHEETS["hostile"])).text.split())
    for part in ("input{/etc/passwd}", "100%", "#1 &", "__b__", "--"):
        assert part in said


@given(st.text(), st.text(), st.floats())
def test_a_table_is_right_whatever_its_cells_say(name: str, cell: str, value: float) -> None:
    frame = pd.DataFrame({f"a{name}": [cell, "b"], "value": [value, 1.0]})
    (table,) = read(latex_table(frame, caption=cell)).rows
    assert table == [2, 2, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        "{",
        "a & b",
        "50 % off_",
        r"\foo",
        r"\sout{a}",
        "% \\usepackage{xcolor}\n\\colorbox[HTML]{12345}{a}",
        "% \\usepackage{xcolor}\n{\\color{mauve}a}",
        r"\begin{tabular}{ll} a & b \\ a \\ \end{tabular}",
        r"\begin{table} a \end{tabular}",
        r"\times",
        "it's",
    ],
)
def test_the_reader_refuses_what_tex_would_not_set(wrong: str) -> None:
    with pytest.raises(NotLatex):
        read(wrong)
