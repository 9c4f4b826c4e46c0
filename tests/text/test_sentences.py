"""Sentences: what ends one, and that nothing is lost."""

from __future__ import annotations

import itertools

import pytest

from bcos_core.text.sentences import sentence_spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A charming film. It drags!", ["A charming film.", "It drags!"]),
        ("no end mark", ["no end mark"]),
        ('He said "never again." And left…', ['He said "never again."', "And left…"]),
        ("Really?! (No.) Yes", ["Really?!", "(No.)", "Yes"]),
        ("Mr. Smith vs. Dr. T. Jones. End.", ["Mr. Smith vs. Dr. T. Jones.", "End."]),
        ("It costs 3.50 at example.com today. Fine", ["It costs 3.50 at example.com today.", "Fine"]),
        ("first line\nsecond line\n\n third", ["first line", "second line", "third"]),
        ("良い映画。とても！でも長い", ["良い映画。", "とても！", "でも長い"]),
        ("  . ", ["."]),
        ("", []),
        ("   \n ", []),
        ("I! I.", ["I!", "I."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == expected


def test_every_character_that_is_no_space_is_in_one_sentence() -> None:
    text = 'One. "Two?" said I. \n\nThree… four!!! 五。六 <b>.</b> seven'
    spans = sentence_spans(text)
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
