"""A batch as a table: everything of a text is escaped, and the numbers are the records'."""

from __future__ import annotations

import pytest
from records import FAILED, RECORD, of_one_token, record

from bcos_core.attribution.record import Target
from bcos_core.render.batch import Row, answers, batch_page, batch_table, contributions

HOSTILE = "<script>alert(1)</script>"


def test_a_row_has_the_text_the_answer_and_the_value() -> None:
    table = batch_table([Row(7, (RECORD,))])
    assert '<td class="number" data-name="No.">7</td>' in table
    assert ">positive</td>" in table and ">0.62</td>" in table and ">0.300</td>" in table
    assert "[CLS]" not in table and table.count('class="unit"') == 3  # Not, bad, the point


def test_a_hostile_text_and_label_stay_text() -> None:
    labels = ("negative", HOSTILE)
    hostile = of_one_token(HOSTILE, labels=labels, target=Target(1, HOSTILE))
    for made in (batch_table([Row(1, (hostile,))]), batch_page([Row(1, (hostile,))], HOSTILE)):
        assert "<script" not in made and "&lt;script&gt;" in made
    assert "src=" not in batch_page([Row(1, (hostile,))], "t") and "http" not in batch_page([Row(1, (hostile,))], "t")


def test_a_number_leads_to_its_text() -> None:
    table = batch_table([Row(7, (RECORD,))], address=lambda record: f'compare?text="{record.text}"&a=1')
    assert '<a href="compare?text=&quot;Not bad.&quot;&amp;a=1" target="_self" ' in table
    assert 'aria-label="7, open this text alone">7</a>' in table and 'title="Open this text alone"' in table
    assert "open this text" not in batch_table([Row(7, (RECORD,))])


def test_a_record_without_numbers_says_so() -> None:
    assert "Failed." in batch_table([Row(1, (FAILED,))])


def test_a_text_that_was_cut_says_so_on_the_page_and_in_the_file() -> None:
    cut = record(text="Not bad. And this is never read.", truncated_at=8)
    assert cut.unread
    for made in (batch_table([Row(1, (cut,))]), batch_page([Row(1, (cut,))], "t")):
        assert "Longer than this model reads: it saw the first 8 of 32 characters" in made


def test_a_long_text_is_folded_and_a_short_one_is_not() -> None:
    long = record(text=f"Not bad.{' more' * 300}", truncated_at=8)
    assert "<details>" in batch_table([Row(1, (long,))]) and "302 words" in batch_table([Row(1, (long,))])
    assert "<details>" not in batch_table([Row(1, (RECORD,))])


def test_contributions_add_up_for_each_text() -> None:
    rows = [Row(1, (RECORD,)), Row(2, (record(text="Not bad."),))]
    table = contributions(rows)
    sums = table.groupby("no")["score"].sum()
    assert sums.tolist() == pytest.approx([0.3, 0.3])
    assert set(table["method"]) == {"bcos"} and set(table["answer"]) == {"positive"}
    assert table["word"].tolist()[:3] == ["[CLS]", "Not", "bad"]


def test_answers_have_every_logit() -> None:
    (row,) = answers([Row(3, (RECORD,))]).to_dict("records")
    assert row == {
        "no": 3,
        "text": "Not bad.",
        "answer": "positive",
        "probability": 0.6225,
        "logit negative": -0.2,
        "logit positive": 0.3,
    }


def test_what_the_data_say_of_a_text_stands_beside_it() -> None:
    rows = [Row(1, (RECORD,), id="r<1>", label="negative"), Row(2, (), " ", "The text is empty.", "r2")]
    table = batch_table(rows)
    assert '<td class="" data-name="Id">r&lt;1&gt;</td>' in table and '<td class="" data-name="Id">r2</td>' in table
    assert '<td class="" data-name="Answer">positive</td><td class="" data-name="Label">negative</td>' in table
    assert table.count("<th ") == 7 and '<td colspan="5"><span class="note">The text is empty.</span>' in table
    first, second = answers(rows).to_dict("records")
    assert (first["id"], first["label"], second["id"], second["left out"]) == (
        *("r<1>", "negative", "r2"),
        "The text is empty.",
    )
    assert set(contributions(rows)["id"]) == {"r<1>"}
    for plain in (batch_table([Row(1, (RECORD,))]), batch_table([Row(1, (), "", "Why.")])):
        assert "Id" not in plain and "Label" not in plain
