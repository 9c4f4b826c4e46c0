"""Texts of several lines on a page."""

from __future__ import annotations

from pages.widgets.plain import plain, plain_lines


def test_lines_and_paragraphs_stay_and_markup_does_not_act() -> None:
    shown = plain_lines("Read *this*.\r\n- one\n- two\n \n\n# Not a head\n")
    first, second = shown.split("\n\n")
    assert first.split("  \n") == [plain("Read *this*."), plain("- one"), plain("- two")]
    assert second == plain("# Not a head") == "\\# Not a head"
