"""What a notebook shows of a record, and the record as a table."""

from __future__ import annotations

from html.parser import HTMLParser

import pandas as pd
import pytest
from records import FAILED, RECORD, SEEDED, of_one_token, record

from bcos_core.attribution.record import Target, Token

HOSTILE = '<script>alert("1")</script>"><img src=x onerror=alert(1)>'


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_notebook_shows_the_text_its_answer_and_its_sum() -> None:
    page = _Page(RECORD._repr_html_())
    assert "Not bad." in page.text.replace("[CLS]", "").replace("[SEP]", "")
    assert "B-cos contributions · tiny" in page.text and "Adds to 0.300 of 0.300." in page.text
    assert "the logit of “positive”" in page.text and "positive 0.62" in page.text


def test_it_stands_alone_and_has_its_own_background() -> None:
    html = RECORD._repr_html_()
    page = _Page(html)
    assert page.tags <= {"div", "span", "b"} and page.attributes <= {"style", "title", "dir"}
    assert "http" not in html and "url(" not in html and "background:#ffffff;color:#2f2d2b" in html


def test_text_is_text_whatever_it_says() -> None:
    page = _Page(of_one_token(HOSTILE, model=HOSTILE)._repr_html_())
    assert not page.tags & {"script", "img"} and "onerror" not in page.attributes
    assert page.text.count(HOSTILE) == 2


def test_seeds_and_failures_are_told() -> None:
    assert "underline dotted" in SEEDED._repr_html_()
    assert "Failed. The method gave scores that are not finite" in _Page(FAILED._repr_html_()).text


def test_a_frame_has_a_row_a_token_and_a_share_and_its_scores_add_up() -> None:
    frame = RECORD.to_frame()
    assert list(frame.columns) == ["token", "start", "end", "word", "word_index", "kind", "score"]
    assert frame["token"].tolist() == ["[CLS]", "not", "ba", "##d", ".", "[SEP]", "reference"]
    assert frame["start"].isna().tolist() == [True, False, False, False, False, True, True]
    assert frame["word"].fillna("").tolist() == ["", "Not", "bad", "bad", ".", "", ""]
    assert frame["kind"].tolist() == ["added", "token", "token", "token", "token", "added", "reference"]
    assert frame.groupby("word_index")["score"].sum().tolist() == [0.5, -1.75, 0.25]
    assert frame["score"].sum() == pytest.approx(0.3) == frame.attrs["logit"]


def test_what_a_score_has_before_any_word_is_a_row_of_a_frame() -> None:
    score = {"task_type": "regression", "labels": ("stars",), "logits": (2.3,), "probabilities": (), "logit": 2.3}
    frame = record(**score, target=Target(0, "stars"), bias_share=2.0).to_frame()
    assert frame["kind"].tolist()[-2:] == ["reference", "base score"]
    assert frame["score"].sum() == pytest.approx(2.3)


def test_a_frame_of_several_seeds_has_their_spread_and_one_of_a_pair_the_part() -> None:
    assert SEEDED.to_frame()["spread"].tolist()[:6] == pytest.approx([0.0, 1.0, 1.0, 0.75, 0.0, 0.0])
    tokens = (Token("[CLS]", None, None), Token("good", 0, 4), Token("bad", 5, 8))
    frame = record(text="good\x1fbad", tokens=tokens, scores=(0.0, 1.0, -0.5)).to_frame()
    assert frame["part"].tolist() == [pd.NA, 1, 2, pd.NA]
