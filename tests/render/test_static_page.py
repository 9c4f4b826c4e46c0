"""A saved page is text, whatever the text says."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from records import RECORD, of_one_token

from bcos_core.attribution.record import Target
from bcos_core.render.html import sheet_html
from bcos_core.render.sheet import sheet_of

HOSTILE = '<script>alert("1")</script>'


class _Page(HTMLParser):
    """What a browser would see: the tags, and the visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markup_in_text_label_model_and_method_stays_text() -> None:
    hostile = of_one_token(
        HOSTILE, labels=("negative", HOSTILE), target=Target(1, HOSTILE), model=HOSTILE, method=HOSTILE
    )
    page = _Page(sheet_html(replace(sheet_of(hostile), notes=(HOSTILE,))))
    assert "script" not in page.tags
    # the page's title, the question, both ends of the legend, model and answer, method, the text, the note, the weights
    assert page.text.count(HOSTILE) >= 9


def test_the_page_shows_the_whole_text_and_what_it_adds_to() -> None:
    page = _Page(sheet_html(sheet_of(RECORD)))
    assert "Not bad." in page.text.replace("[CLS] ", "")
    assert "0.300" in page.text


def test_several_panels_stand_on_one_page_that_loads_nothing() -> None:
    html = sheet_html(
        sheet_of(RECORD, granularity="token"), sheet_of(of_one_token("dull", method="occlusion", additive=False))
    )
    page = _Page(html)
    assert html.count("<table>") == 2
    assert "Occlusion" in page.text and "B-cos contributions" in page.text
    assert not page.tags & {"script", "link", "img", "iframe"} and "http" not in html and "url(" not in html
