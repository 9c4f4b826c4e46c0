"""What can be taken away of charts, tables and the screen of Compare."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import save_pair

from bcos_core.attribution.registry import METHODS
from bcos_core.home import Home
from bcos_core.render.formats import FORMATS
from bcos_core.render.sheet import Panel, Sheet
from tests.pages.conftest import OpenPage


def downloads(at: AppTest) -> list[str]:
    return [button.label for button in at.get("download_button")]


def _chart() -> None:
    import plotly.graph_objects as go

    from pages.widgets.chart import chart

    chart(go.Figure(go.Bar(x=["a"], y=[1])), key="bars", name="bars")


def _pie() -> None:
    import plotly.graph_objects as go

    from pages.widgets.chart import chart

    chart(go.Figure(go.Pie(values=[1])), key="bars", name="bars")


def _table() -> None:
    import pandas as pd

    from pages.widgets.table_files import table_files

    table_files(lambda: pd.DataFrame({"a": [1]}), name="t", caption="c", key="t", methods=["lime"])


def test_a_chart_has_its_data_and_pictures(home: Home) -> None:
    at = AppTest.from_function(_chart, default_timeout=60)
    at.session_state["take-bars"] = True
    at.run()
    assert not at.exception and downloads(at) == ["Data (CSV)", "SVG", "PDF", "PNG"]


def test_a_chart_that_cannot_be_a_picture_says_why_and_has_its_data(home: Home) -> None:
    at = AppTest.from_function(_pie, default_timeout=60)
    at.session_state["take-bars"] = True
    at.run()
    assert downloads(at) == ["Data (CSV)"] and "cannot be saved as a picture" in at.error[0].value


def test_a_table_has_what_a_paper_needs(home: Home) -> None:
    at = AppTest.from_function(_table, default_timeout=60).run()
    assert downloads(at) == ["CSV", "LaTeX", "Markdown", "BibTeX of the methods"]


def test_the_menu_offers_every_kind_of_file(open_page: OpenPage, home: Home) -> None:
    save_pair(home.create())
    at = open_page("compare", model=["tiny-bcos"], method=["bcos"], text="a good film")
    at.session_state["export"] = True
    at.run()
    assert not at.exception and not at.error
    assert downloads(at)[: len(FORMATS)] == [kind.title for kind in FORMATS.values()]


def test_the_screen_is_taken_away_as_it_is(open_page: OpenPage, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pair(home.create())
    taken: list[Sheet] = []
    monkeypatch.setattr("pages.compare.export.take_away", lambda sheets, name, key: taken.extend(sheets))
    query = {
        "model": ["tiny-bcos", "tiny-conventional"],
        "method": ["bcos", "occlusion"],
        "text": "a good film",
        "strike": "2-6",
        "colours": "violet-yellow",
        "granularity": "token",
    }
    at = open_page("compare", **query)
    at.session_state["export"] = True
    at.run()
    assert not at.exception
    sheet = taken[-1]
    assert sheet.models == ("tiny-bcos", "tiny-conventional")
    assert [row.method for row in sheet.rows] == [METHODS["bcos"].title, METHODS["occlusion"].title]
    assert isinstance(sheet.rows[0].cells[1], str)  # no B-cos contributions of a conventional model
    assert (sheet.style.palette.name, sheet.style.granularity) == ("violet-yellow", "token")
    assert sheet.struck_words == ("good",)
    for _, _, panel in sheet.panels():
        assert isinstance(panel, Panel) and panel.change is not None
        struck = sum(
            score
            for token, score in zip(panel.record.tokens, panel.record.scores, strict=True)
            if token.start is not None and 2 <= token.start < 6
        )
        assert panel.change.predicted_change == pytest.approx(-struck)


def test_an_edited_copy_is_taken_away_with_what_it_was(
    open_page: OpenPage, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = save_pair(home)
    taken: list[Sheet] = []
    monkeypatch.setattr("pages.compare.export.take_away", lambda sheets, name, key: taken.extend(sheets))
    at = open_page("compare", model=folder.name, method="occlusion", before="A dull film.", text="A fine film.")
    at.session_state["export"] = True
    at.run()
    assert not at.exception and not at.error
    before, after = taken[-2:]
    assert (before.record.text, after.record.text) == ("A dull film.", "A fine film.")
    scales = {panel.scale for sheet in (before, after) for _, _, panel in sheet.panels()}
    assert len(scales) == 1, "one scale for both, as on the screen"
    for kind in FORMATS.values():
        assert kind.file([before, after] if kind.several else [after])
