"""A part of an answer as a record: it is the sum of its tokens' own records, is kept whole, and is checked by rerun."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bcos_core import convert, explain
from bcos_core.attribution.answer_part import part_record
from bcos_core.attribution.answer_rows import MEASURES, Measure, answer_rows
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.rerun import rerun
from bcos_core.errors import InputError
from bcos_core.model.language_model import LanguageModel, wrap
from bcos_core.model.next_token import next_logits
from bcos_core.text.encoding import Encoded
from tests.attribution.test_answer_rows import log_odds, written
from tests.tiny_language_model import language_model, network, tokenizer

MODELS = {
    "gpt2, with biases": lambda: language_model("gpt2"),
    "converted": lambda: wrap(convert(network(), b=1.1), tokenizer(), name="converted"),
}


def made(model: LanguageModel, measure: Measure = "logit", first: int = 1, last: int = 4) -> Attribution:
    """The record of the written tokens `first` to `last`, from 0."""
    read, start = written(model)
    rows = list(answer_rows(model, read, start, measure=measure))
    return part_record(model, read, rows[first:last], measure)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("measure", MEASURES)
def test_it_is_the_sum_over_its_tokens(kind: str, measure: Measure) -> None:
    model = MODELS[kind]()
    record, (read, start) = made(model, measure), written(model)
    total, scores = 0.0, np.zeros(start + 3)
    for place in range(start + 1, start + 4):
        before = Encoded(read.text, read.ids[:place], read.tokens[:place], None)
        logits = next_logits(model, [before])[0].double().numpy()
        token = read.ids[place]
        total += log_odds(logits, token) if measure == "log-odds" else float(logits[token])
        if measure == "logit":
            scores[:place] += explain(model, before, target=token).scores
    assert record.logit == pytest.approx(total, rel=1e-5, abs=1e-4)
    assert record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))
    if measure == "logit":
        np.testing.assert_allclose(record.scores, scores, atol=1e-5)
    # The last token's own answer: its logit, and its probability by the softmax.
    assert record.logits[0] == pytest.approx(float(logits[token]), abs=1e-5)
    exponentials = np.exp(logits - logits.max())
    assert record.probabilities[0] == pytest.approx(exponentials[token] / exponentials.sum())
    assert record.target.label.startswith("“") and record.target.index == token
    assert len(record.tokens) == start + 3 and all((one.end or 0) <= len(record.text) for one in record.tokens)


@pytest.mark.parametrize("measure", MEASURES)
def test_it_is_kept_and_computed_again(measure: Measure) -> None:
    model = MODELS["converted"]()
    record = made(model, measure)
    kept = Attribution.from_dict(json.loads(record.to_json()))
    assert replace(kept, cost=record.cost) == record
    again = rerun(kept, model)
    assert again.matches and not again.differences
    assert again.record.logit == pytest.approx(record.logit, abs=1e-5)
    assert again.record.target == record.target


def test_another_sum_does_not_match() -> None:
    """Other scores, another beginning, another measure, another last token, other weights: each is found out."""
    model = MODELS["converted"]()
    record = made(model)
    assert record.prompt is not None and record.prompt.part is not None
    changed = {
        "scores": replace(record, scores=(record.scores[0] + 1.0, *record.scores[1:])),
        "start": replace(
            record, prompt=replace(record.prompt, part=replace(record.prompt.part, start=len(record.tokens)))
        ),
        "measure": replace(record, prompt=replace(record.prompt, part=replace(record.prompt.part, measure="log-odds"))),
        "last": replace(record, target=replace(record.target, index=(record.target.index + 7) % model.vocabulary)),
    }
    for what, wrong in changed.items():
        assert not rerun(wrong, model).matches, what
    other = rerun(record, wrap(convert(network(seed=3), b=1.1), tokenizer(), name="other"))
    assert not other.matches and any("weights' hash" in one for one in other.differences)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"start": 0, "measure": "logit"}, "begins at 0"),
        ({"start": 999, "measure": "logit"}, "begins at 999"),
        ({"start": 3, "measure": "odds"}, "odds"),
        ({"start": "3", "measure": "logit"}, "start"),
    ],
)
def test_a_part_that_cannot_be_is_refused(part: dict[str, object], said: str) -> None:
    plain = json.loads(made(MODELS["converted"]()).to_json())
    plain["prompt"]["part"] = part
    with pytest.raises(InputError, match=said):
        Attribution.from_dict(plain)


def test_rows_with_a_gap_are_no_part() -> None:
    model = MODELS["converted"]()
    read, start = written(model)
    rows = list(answer_rows(model, read, start))
    with pytest.raises(InputError, match="follow one another"):
        part_record(model, read, [rows[0], rows[2]], "logit")
    with pytest.raises(InputError, match="at least one token"):
        part_record(model, read, [], "logit")
