"""What panels say about a record, against numbers added up by hand."""

from __future__ import annotations

from typing import Any

import pytest
from records import RECORD, of_one_token, record

from bcos_core.attribution.record import Target, Token
from bcos_core.attribution.strike import StrikeResult
from bcos_core.render.drawing import (
    Style,
    answer_bars,
    before_and_after,
    completeness_meter,
    drawn_runs,
    legend,
    pending_runs,
    predicted_change,
    prediction_bars,
    shared_legend,
    strike_comparison,
    sum_mark,
    truncation_note,
)
from bcos_core.render.markdown import markdown_numbers
from bcos_core.render.palette import PALETTES
from bcos_core.render.pieces import Granularity, pieces, unit_scores
from bcos_core.render.scale import Scale, own_scale
from bcos_core.render.sheet import Panel, Sheet, SheetRow, head_lines
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.registry import TASK_TYPES

STYLE = Style(PALETTES["blue-orange"])


def units(granularity: Granularity = "word", struck: tuple[tuple[int, int], ...] = ()) -> list[dict[str, Any]]:
    style = Style(STYLE.palette, granularity)
    runs = drawn_runs(RECORD, style, own_scale(unit_scores(RECORD, granularity)), struck)
    return [unit for run in runs if run["kind"] == "unit" for unit in run["units"]]


def test_words_sum_their_tokens_and_are_scaled_by_the_largest() -> None:
    shown = [(unit["text"], unit["score"], round(unit["strength"], 4)) for unit in units()]
    assert shown == [("Not", 0.5, 0.2857), ("bad", -1.75, -1.0), (".", 0.25, 0.1429)]


@pytest.mark.parametrize(("text", "shown"), [("\u200b", "<U+200B>"), ("\u0301", "◌\u0301"), ("\x07", "<U+0007>")])
def test_a_share_of_a_character_that_has_no_width_is_seen(text: str, shown: str) -> None:
    """It may be most of the sum: a heatmap that colours nothing for it would hide that."""
    tokens = (Token("a", 0, 1), Token("?", 1, 2), Token("b", 2, 3))
    drawn = record(text=f"a{text}b", tokens=tokens, scores=(0.5, -2.0, 0.5), logit=-1.0, reference_share=0.0)
    runs = drawn_runs(drawn, Style(STYLE.palette, "token"), own_scale(unit_scores(drawn, "token")))
    found = [unit for run in runs if run["kind"] == "unit" for unit in run["units"]]
    assert [(unit["text"], unit["score"]) for unit in found] == [("a", 0.5), (shown, -2.0), ("b", 0.5)]
    assert found[1]["label"].startswith(f"{shown}, ")


def test_answers_and_tables_of_an_export_name_what_nobody_would_see() -> None:
    tokens = (Token("a", 0, 1), Token("?", 1, 2))
    target, labels = Target(1, "\n", 0, "   "), ("   ", "\n")
    asked = record(text="a\u200b", tokens=tokens, scores=(0.5, -2.0), target=target, labels=labels, logit=-1.5)
    style = Style(STYLE.palette, "token")
    panel = Panel(asked, own_scale(unit_scores(asked, "token")), None)
    sheet = Sheet(("tiny",), (SheetRow("Own sum", (panel,)),), style, ())
    assert head_lines(sheet, 0) == ["␣␣␣ 0.38, ⏎ 0.62"] and asked.target.title == "“⏎” rather than “␣␣␣”"
    assert "| &lt;U+200B&gt; | −2.00 |" in markdown_numbers(sheet)
    change = StrikeResult(predicted_change=0.5, actual_change=0.25, logit=-1.25, probabilities=(0.5, 0.5), struck=1)
    assert "probability of ⏎ 0.62 → 0.50" in before_and_after(asked, change)


def test_tokens_are_shown_as_they_stand_in_the_text() -> None:
    assert [(unit["text"], unit["score"]) for unit in units("token")] == [
        ("Not", 0.5),
        ("ba", -2.0),
        ("d", 0.25),
        (".", 0.25),
    ]


@pytest.mark.parametrize("granularity", ["word", "token"])
def test_the_pieces_join_to_the_text(granularity: Granularity) -> None:
    for drawn in (RECORD, record(text="Not bad.  And more\n", truncated_at=8)):
        assert "".join(piece.text for piece in pieces(drawn, granularity) if piece.kind != "added") == drawn.text


def test_the_number_and_its_meaning_are_said_in_words() -> None:
    assert units()[1]["label"] == "bad, −1.75, speaks against positive"
    assert units()[0]["tip"] == "+0.500 · supports positive"


def test_a_struck_span_marks_the_words_that_it_overlaps() -> None:
    assert [unit["struck"] for unit in units(struck=((5, 6),))] == [False, True, False]


def test_the_meter_states_the_sum_its_parts_and_the_difference() -> None:
    meter = completeness_meter(record(logit=0.8))
    assert meter is not None
    assert meter["title"] == "Adds to 0.300 of 0.800"
    assert [bar["shown"] for bar in meter["bars"]] == ["0.300", "0.800"]
    assert meter["note"] == "Difference 0.500. The sum: text −1.00, added tokens +0.300, reference +1.00."


def test_a_method_that_promises_no_sum_has_no_meter() -> None:
    assert completeness_meter(record(additive=False)) is None


def test_predicted_and_real_change_share_one_scale() -> None:
    block = strike_comparison(RECORD, StrikeResult(1.75, -0.875, -0.575, (0.6, 0.4), 1))
    assert [(bar["label"], bar["shown"], bar["share"]) for bar in block["bars"]] == [
        ("predicted", "+1.75", 1.0),
        ("real", "−0.875", 0.5),
    ]


def test_a_row_says_what_is_predicted_and_what_is_real_only_where_that_is_its_own() -> None:
    change = predicted_change(StrikeResult(-3.0, -0.5, -0.2, (0.5, 0.5), 1))
    assert (change["predicted"], change["real"], change["text"]) == (-3.0, -0.5, "predicts −3.00")
    assert "−0.500 is real" in change["tip"]
    assert (
        predicted_change(StrikeResult(-0.5, 1.0, 1.3, (0.5, 0.5), 1), apart=True)["text"]
        == "predicts −0.500, really +1.00"
    )


def test_what_has_no_direction_predicts_nothing() -> None:
    undirected = StrikeResult(None, -0.5, -0.2, (0.5, 0.5), 1)
    change = predicted_change(undirected, apart=True)
    assert (change["predicted"], change["text"]) == (None, "has no direction, really −0.500")
    assert [bar["label"] for bar in strike_comparison(RECORD, undirected)["bars"]] == ["real"]


def test_bars_are_the_probabilities_in_the_model_s_order() -> None:
    assert [(bar["label"], bar["value"], bar["explained"]) for bar in prediction_bars(RECORD)] == [
        ("negative", "0.38", ""),
        ("positive", "0.62", "explained"),
    ]


def test_a_cut_text_says_where_and_how_much() -> None:
    note = truncation_note(record(text="Not bad. And more", truncated_at=8))
    assert note is not None
    assert "first 8 of 17 characters" in note
    assert "“…Not bad.”" in note
    assert "last 9 characters" in note
    assert truncation_note(RECORD) is None


def test_all_zero_scores_are_drawn_without_colour() -> None:
    (run,) = drawn_runs(of_one_token("x", target=RECORD.target), STYLE, own_scale([0.0]))
    assert run["units"][0]["strength"] == 0.0


def test_tokens_that_share_a_character_are_one_unit() -> None:
    shared = record(text="😀", tokens=(Token("Ġ", 0, 1), Token("Ł", 0, 1)), scores=(0.25, 0.5))
    assert unit_scores(shared, "token") == (0.75,)


def test_a_method_without_a_direction_has_a_one_sided_scale() -> None:
    attention = record(method="attention", additive=False, scores=(0.1, 0.5, 0.2, 0.1, 0.05, 0.05))
    style = Style(PALETTES["blue-orange"])
    drawn = legend(attention, style, Scale(0.5, "rule"))
    assert drawn["numbers"] == ["0", "0.500"] and drawn["ends"] == ["no weight", "most weight"]
    assert PALETTES["blue-orange"].shade(-1, "light").background not in drawn["light"]
    units = [
        unit
        for run in drawn_runs(attention, style, Scale(0.5, "rule"))
        if run["kind"] == "unit"
        for unit in run["units"]
    ]
    assert units[0]["tip"] == "0.500 · weight without a direction"


def test_a_sum_that_is_the_logit_is_marked_and_another_is_written_out() -> None:
    exact = sum_mark(record(logit=0.3))
    assert exact is not None and exact["exact"] and exact["text"] == "✓ adds up"
    near = sum_mark(record(logit=0.8))
    assert near is not None and not near["exact"] and near["text"] == "adds to 0.300 of 0.800"
    assert near["tip"] == "The contributions add to 0.300 of 0.800, the logit. Difference 0.500."
    assert sum_mark(record(additive=False)) is None


def test_what_is_pending_has_the_text_and_the_added_tokens_in_their_places() -> None:
    shown = [(run["kind"], run["text"]) for run in pending_runs(RECORD.text, RECORD.tokens)]
    assert shown == [("added", "[CLS]"), ("gap", "Not bad."), ("added", "[SEP]")]
    pair = pending_runs("Not bad.\x1fGood.", RECORD.tokens)
    assert [run["text"] for run in pair] == ["First text", "[CLS]", "Not bad.", "[SEP]", "Second text", "Good."]


def test_the_answer_of_a_model_has_a_bar_for_each_class() -> None:
    kind = TASK_TYPES["single-label"]
    bars = answer_bars(Prediction((0.0, 1.0), (0.25, 0.75), 1, "good"), ("bad", "good"), kind, ("bad", None))
    assert [(bar["label"], bar["value"], bar["share"], bar["answers"], bar["explained"]) for bar in bars] == [
        ("bad", "0.25", 0.25, False, "explained"),
        ("good", "0.75", 0.75, True, ""),
    ]
    first, second = answer_bars(Prediction((1.0, 0.0), (0.75, 0.25), 0, ""), ("a", "b"), kind, ("b", "a"))
    assert (first["explained"], second["explained"]) == ("rather than", "explained")
    assert answer_bars(Prediction((float("nan"), 1.0), (), 1, ""), ("bad", "good"), kind, ("bad", None)) == []


def test_a_probability_is_written_one_way_in_bars_answers_and_hover() -> None:
    kind = TASK_TYPES["single-label"]
    sure = kind.prediction((-20.0, 20.0), ("bad", "good"))
    bad, good = answer_bars(sure, ("bad", "good"), kind, ("bad", None))
    assert (bad["value"], good["value"]) == ("< 0.01", "> 0.99")
    assert kind.answer(sure) == "good (> 0.99)" and "probability > 0.99, logit 20.0" in good["help"]


def test_one_legend_has_numbers_where_the_scale_is_shared() -> None:
    kind = TASK_TYPES["single-label"]
    assert shared_legend("good", kind, STYLE, None, signed=True)["ends"] == ["speaks against good", "supports good"]
    numbered = shared_legend("good", kind, STYLE, Scale(0.5, "rule"), signed=True)
    assert numbered["ends"] == ["speaks against good −0.500", "supports good +0.500"]
    assert shared_legend("good", kind, STYLE, Scale(0.5, "rule"), signed=False)["ends"] == [
        "no weight 0",
        "most weight 0.500",
    ]


def test_a_contrast_is_one_class_rather_than_another_and_its_sum_a_difference() -> None:
    contrast = record(target=Target(1, "positive", 0, "negative"))
    unit = next(run["units"][0] for run in drawn_runs(contrast, STYLE, Scale(2.0, "rule")) if "units" in run)
    assert unit["tip"].endswith("supports positive rather than negative")
    meter = completeness_meter(contrast)
    assert meter is not None and meter["bars"][1]["label"] == "difference of logits"
    block = strike_comparison(contrast, StrikeResult(1.0, 1.0, 0.5, (0.5, 0.5), 1))
    assert block["title"] == "Words struck out: change of the difference of logits"
